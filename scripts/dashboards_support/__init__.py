"""Grafana's dashboards as Python: queries, panels, and the six dashboards made of them."""
