"""PVPC, the regulated tariff of Spain (core): `price_00h` ... `price_23h`, tomorrow's with `price_next_day_`."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
import re
from typing import Any

from homeassistant.util import dt as dt_util

from .rows import Row, number

HOUR = re.compile(r"price_(?P<tomorrow>next_day_)?(?P<hour>\d\d)h(?P<again>_d)?")


def rows(attributes: Mapping[str, Any]) -> list[Row] | None:
    """One attribute for each local hour; `_d` marks the hour that comes twice when the clock goes back."""
    found = [(match, value) for key, value in attributes.items() if (match := HOUR.fullmatch(str(key)))]
    if not found:
        return None
    return [_row(match, value) for match, value in found]


def _row(match: re.Match[str], value: Any) -> Row:
    day = dt_util.now().date() + timedelta(days=1 if match["tomorrow"] else 0)
    local = datetime(
        day.year,
        day.month,
        day.day,
        int(match["hour"]),
        tzinfo=dt_util.get_default_time_zone(),
        fold=bool(match["again"]),
    )
    start = local.astimezone(UTC)
    return Row(start=start, end=start + timedelta(hours=1), price=number(value, match.group()))
