"""Prices over a horizon: from a contract, or from a list that ends too early."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

from ..model import HealthStatus, InputHealth, Series
from .local_time import moments_of, quarters, same_clock

DAYS_BACK = 7
"""A price is carried over from no further back."""


def prices_by_clock(
    price_at: Callable[[time], float], changes: Sequence[time], start: datetime, end: datetime, time_zone: str
) -> Series:
    """A price that depends on the local time of day and may change at `changes`, over absolute time."""
    zone = ZoneInfo(time_zone)
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    cuts = moments_of(tuple(changes), first, last, zone)
    # Clock changes happen on full hours: an hourly cut puts a price on the right side of each.
    hours = [piece for piece, _ in quarters(first, last, 60)]
    edges = sorted({first, last, *cuts, *hours})
    prices = [price_at(edge.astimezone(zone).time()) for edge in edges[:-1]]
    return _merged(edges, prices)


def extend_prices(
    series: Series, start: datetime, end: datetime, time_zone: str, source: str = "tariff.import_price"
) -> tuple[Series, tuple[InputHealth, ...]]:
    """`series` over the whole time from `start` to `end`.

    What is not published is taken from the same local time of the nearest known day before, or else of the
    nearest day after; the health says from when to when.

    Raises:
        ValueError: nothing at all is known near that time; no price is ever made up.
    """
    zone = ZoneInfo(time_zone)
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    edges = sorted({first, last, *(t for t in series.times if first < t < last)})
    times: list[datetime] = [first]
    prices: list[float] = []
    gaps: list[tuple[datetime, datetime]] = []
    for earlier, later in pairwise(edges):
        known = series.at(earlier)
        if known is not None:
            times.append(later)
            prices.append(known)
            continue
        gaps.append((earlier, later))
        for piece, until in quarters(earlier, later):
            times.append(until)
            prices.append(_carried_over(series, piece, zone, source))
    return _merged(times, prices), tuple(_gap_health(source, gap, zone) for gap in _joined(gaps))


def _carried_over(series: Series, moment: datetime, zone: ZoneInfo, source: str) -> float:
    for days in (*range(-1, -DAYS_BACK - 1, -1), *range(1, DAYS_BACK + 1)):
        price = series.at(same_clock(moment, days, zone))
        if price is not None:
            return price
    # A list shorter than a day: its last price, then its first.
    known = [price for price in series.values if price is not None]
    if not known or abs((series.end - moment).total_seconds()) > DAYS_BACK * 86400:
        raise ValueError(f"{source}: no price is known near {moment.isoformat()}")
    return known[-1] if moment >= series.start else known[0]


def _gap_health(source: str, gap: tuple[datetime, datetime], zone: ZoneInfo) -> InputHealth:
    start, end = (moment.astimezone(zone).isoformat(timespec="minutes") for moment in gap)
    return InputHealth(
        source=source,
        status=HealthStatus.DEGRADED,
        reason=f"not published from {start} to {end}; the prices of the nearest known day are used there",
    )


def _joined(gaps: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    joined: list[tuple[datetime, datetime]] = []
    for start, end in gaps:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _merged(times: Sequence[datetime], values: Sequence[float]) -> Series:
    """Equal neighbours as one."""
    kept_times, kept = [times[0]], [values[0]]
    for moment, value in zip(times[1:-1], values[1:], strict=True):
        if value != kept[-1]:
            kept_times.append(moment)
            kept.append(value)
    return Series(times=(*kept_times, times[-1]), values=tuple(kept))
