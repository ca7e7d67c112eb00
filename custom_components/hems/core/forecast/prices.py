"""Prices over a horizon: from a contract, or from a list that ends too early."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from ..model import HealthStatus, InputHealth, Series
from .local_time import moments_of, quarters
from .unpublished import Estimate

REACH = timedelta(days=7)
"""A list further away than this says nothing."""


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
    series: Series,
    start: datetime,
    end: datetime,
    time_zone: str,
    source: str = "tariff.import_price",
    history: Series | None = None,
) -> tuple[Series, tuple[InputHealth, ...]]:
    """`series` over the whole time from `start` to `end`; what is not published is estimated, and named.

    The estimate is made from the past that `series` and `history` (prices that have been) know; see `unpublished`.

    Raises:
        ValueError: nothing at all is known near that time; no price is ever made up.
    """
    zone = ZoneInfo(time_zone)
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    past = joined_prices(series, history)
    estimate = Estimate(past, zone)
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
            found = estimate.at(piece)
            prices.append(_nearest(past, piece, source) if found is None else found)
    return _merged(times, prices), tuple(_gap_health(source, gap, zone) for gap in _joined(gaps))


def known_until(series: Series, start: datetime, end: datetime) -> datetime | None:
    """Until when, from `start`, prices are published without a hole; None if they are up to `end`."""
    moment = start.astimezone(UTC)
    if series.at(moment) is None:
        return moment
    hole = next(
        (at for at, price in zip(series.times, series.values, strict=False) if at > moment and price is None),
        series.end,
    )
    return hole if hole < end else None


def joined_prices(series: Series, history: Series | None, since: datetime | None = None) -> Series:
    """`series`, and `history` where it is silent; nothing of what ended before `since`."""
    if history is None:
        return series
    times = sorted({*series.times, *history.times})
    values = [history.at(at) if (own := series.at(at)) is None else own for at in times[:-1]]
    old = sum(end <= since for end in times[1:-1]) if since else 0
    return Series(times=tuple(times[old:]), values=tuple(values[old:]))


def _nearest(series: Series, moment: datetime, source: str) -> float:
    """Of a list shorter than a day: its last price, or its first before it begins."""
    known = [price for price in series.values if price is not None]
    if not known or min(abs(series.end - moment), abs(series.start - moment)) > REACH:
        raise ValueError(f"{source}: no price is known near {moment.isoformat()}")
    return known[-1] if moment >= series.start else known[0]


def _gap_health(source: str, gap: tuple[datetime, datetime], zone: ZoneInfo) -> InputHealth:
    start, end = (moment.astimezone(zone).isoformat(timespec="minutes") for moment in gap)
    return InputHealth(
        source=source,
        status=HealthStatus.DEGRADED,
        reason=f"not published from {start} to {end}; estimated there from the same times of past days",
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
