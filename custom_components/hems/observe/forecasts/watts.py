"""Open-Meteo of HACS (rany2) and others: `watts`, `wh_period` or `wh_hours` with a value for each time."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from homeassistant.util import dt as dt_util

from ...core.model import Series
from ..prices.rows import moment, number

LONGEST = timedelta(hours=1)


def series(attributes: Mapping[str, Any]) -> Series | None:
    """Watts that hold until the next time, or watt-hours of the time until the next."""
    for name, energy in (("watts", False), ("wh_period", True), ("wh_hours", True)):
        found = attributes.get(name)
        if isinstance(found, Mapping) and found:
            return from_mapping(found, energy=energy)
    return None


def from_mapping(found: Mapping[Any, Any], *, energy: bool) -> Series | None:
    """`{time: W or Wh}`; local times without a zone are Home Assistant's."""
    rows = sorted((_moment(key), max(0.0, number(value, "watts"))) for key, value in found.items())
    if not rows:
        return None
    step = min((later - earlier for (earlier, _), (later, _) in pairwise(rows)), default=LONGEST)
    ends = [*(start for start, _ in rows[1:]), rows[-1][0] + min(step, LONGEST)]
    # A gap is the night that the source leaves out, or a hole; both are no power that is known.
    return Series.from_rows(
        (start, end, _kw(value, start, end, energy=energy))
        for (start, value), end in ((row, min(end, row[0] + LONGEST)) for row, end in zip(rows, ends, strict=True))
        if end > start
    )


def _kw(value: float, start: datetime, end: datetime, *, energy: bool) -> float:
    return value / 1000.0 / ((end - start) / timedelta(hours=1)) if energy else value / 1000.0


def _moment(key: Any) -> datetime:
    parsed = dt_util.parse_datetime(key) if isinstance(key, str) else key
    if isinstance(parsed, datetime) and parsed.tzinfo is None:
        return parsed.replace(tzinfo=dt_util.get_default_time_zone()).astimezone(UTC)
    return moment(key, "time")
