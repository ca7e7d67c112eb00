"""Amber Electric (core): `forecasts`."""

from collections.abc import Mapping
from typing import Any

from .rows import Row, items, row


def rows(attributes: Mapping[str, Any]) -> list[Row] | None:
    """`[{start_time, end_time, per_kwh}]` in dollars per kWh; feed-in prices are positive where they pay."""
    found = items(attributes, "forecasts")
    if not found or "per_kwh" not in found[0]:
        return None
    return [row(item, "start_time", "per_kwh", "end_time") for item in found]
