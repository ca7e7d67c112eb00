"""Octopus Energy of HACS (BottlecapDave): event entities with the attribute `rates`."""

from collections.abc import Mapping
from typing import Any

from .rows import Row, items, row


def rows(attributes: Mapping[str, Any]) -> list[Row] | None:
    """`[{start, end, value_inc_vat}]` in pounds per kWh."""
    found = items(attributes, "rates")
    if not found or "value_inc_vat" not in found[0]:
        return None
    return [row(item, "start", "value_inc_vat", "end") for item in found]
