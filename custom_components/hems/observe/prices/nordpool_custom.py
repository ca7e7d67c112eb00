"""The Nord Pool integration of HACS (custom-components/nordpool): `raw_today`, `raw_tomorrow`."""

from collections.abc import Mapping
from typing import Any

from .rows import Row, items, row


def rows(attributes: Mapping[str, Any]) -> list[Row] | None:
    """`[{start, end, value}]`, in the unit of the entity; tomorrow's values are None until they are known."""
    found = items(attributes, "raw_today", "raw_tomorrow")
    if not found:
        return None
    return [row(item, "start", "value", "end") for item in found if item.get("value") is not None]
