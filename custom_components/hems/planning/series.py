"""Joining series that cover different times."""

from datetime import datetime

from ..core.model import Series


def completed(series: Series | None, spare: Series, start: datetime, end: datetime) -> tuple[Series, float]:
    """`series` from `start` to `end` with its holes filled from `spare`, and the share of the time that was missing.

    `spare` must cover the whole time.
    """
    if series is None:
        return spare, 1.0
    edges = sorted({start, end, *(time for time in (*series.times, *spare.times) if start < time < end)})
    own = [series.at(time) for time in edges[:-1]]
    values = tuple(spare.at(time) if value is None else value for time, value in zip(edges, own, strict=False))
    missing_s = sum(
        (later - earlier).total_seconds()
        for earlier, later, value in zip(edges, edges[1:], own, strict=False)
        if value is None
    )
    if not missing_s:
        return series, 0.0
    return Series(times=tuple(edges), values=values), missing_s / (end - start).total_seconds()


def raised(series: Series, by_kw: float, start: datetime, end: datetime) -> Series:
    """`series` with a power added between `start` and `end`, never below 0."""
    times = sorted({*series.times, *(time for time in (start, end) if series.start < time < series.end)})
    values = []
    for time in times[:-1]:
        value = series.at(time)
        values.append(None if value is None else max(0.0, value + (by_kw if start <= time < end else 0.0)))
    return Series(times=tuple(times), values=tuple(values))
