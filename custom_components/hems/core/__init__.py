"""The energy library of HEMS: plain Python, no Home Assistant, relative imports only.

Who may know whom (checked by import-linter)::

    model <- forecast, optimiser, dispatch, demand_response, accounting, simulation, ... <- exchange, wire <- engine

Units are in the names (kW, kWh, h, degC, currency/kWh). Positive power draws from the site's bus,
negative power feeds it; see docs/units-and-signs.md.
"""
