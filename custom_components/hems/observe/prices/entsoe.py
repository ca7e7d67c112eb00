"""ENTSO-e of HACS (JaccoR/hass-entso-e): `prices_today`, `prices_tomorrow`, `prices`."""

from collections.abc import Mapping
from typing import Any

from .rows import Row, items, row


def rows(attributes: Mapping[str, Any]) -> list[Row] | None:
    """`[{time, price}]` without ends, in the unit of the entity."""
    found = items(attributes, "prices_today", "prices_tomorrow") or items(attributes, "prices")
    if not found or "time" not in found[0]:
        return None
    return [row(item, "time", "price") for item in found]
