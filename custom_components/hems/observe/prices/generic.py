"""Lists as most integrations and templates publish them: a time and a price under usual names."""

from collections.abc import Mapping
from typing import Any

from .rows import Row, items, row

LISTS = (
    "prices",
    "prices_today",
    "prices_tomorrow",
    "forecast",
    "forecasts",
    "data",
    "rates",
    "raw_today",
    "raw_tomorrow",
    "today",
    "tomorrow",
    "price_info",
)
STARTS = ("start", "start_time", "starts_at", "startsAt", "from", "time", "timestamp", "datetime", "hour", "valid_from")
ENDS = ("end", "end_time", "ends_at", "endsAt", "to", "till", "until", "valid_to")
PRICES = (
    "price",
    "value",
    "total",
    "price_per_kwh",
    "per_kwh",
    "value_inc_vat",
    "rate",
    "electricity_price",
    "marketprice",
)


def rows(attributes: Mapping[str, Any]) -> list[Row] | None:
    """`[{start | start_time | ..., end | ..., price | value | total | ...}]`, in the unit of the entity."""
    for item in (found := items(attributes, *LISTS)):
        start = next((name for name in STARTS if name in item), None)
        price = next((name for name in PRICES if name in item), None)
        if start is None or price is None:
            return None
        end = next((name for name in ENDS if name in item), None)
        return [row(other, start, price, end) for other in found if other.get(price) is not None]
    return None
