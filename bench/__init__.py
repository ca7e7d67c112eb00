"""Measurements of HEMS that take longer than a test may: `scripts/bench`."""
