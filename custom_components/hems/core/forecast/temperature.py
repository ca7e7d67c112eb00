"""The outdoor temperature: a weather forecast, or tomorrow like today."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from ..model import HealthStatus, InputHealth, Series

DAY = timedelta(days=1)


def temperature_forecast(
    forecast: Series | None, history: Series | None, now_c: float | None, start: datetime, end: datetime
) -> tuple[Series | None, tuple[InputHealth, ...]]:
    """Degrees over the whole time from `start` to `end`; None where nothing at all is known.

    Where no forecast reaches, the last known value 24 hours (48, 72 ...) earlier; where there is none, the last
    value that is known.
    """
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    marks = {first + timedelta(hours=hour) for hour in range(int((last - first) / timedelta(hours=1)) + 1)}
    if forecast is not None:
        marks |= {moment for moment in forecast.times if first < moment < last}
    edges = sorted({first, last, *(mark for mark in marks if mark < last)})
    values: list[float] = []
    gap: datetime | None = None
    for edge, _ in pairwise(edges):
        value = forecast.at(edge) if forecast is not None else None
        if value is None:
            gap = gap or edge
            value = _yesterday(history, edge)
            value = now_c if value is None else value
            value = values[-1] if value is None and values else value
        if value is None:
            reason = "neither a forecast nor a measurement"
            return None, (InputHealth(source="outdoor_c", status=HealthStatus.ERROR, reason=reason),)
        values.append(value)
    series = Series(times=tuple(edges), values=tuple(values))
    if gap is None:
        return series, ()
    reason = f"no forecast from {gap.isoformat(timespec='minutes')}; the last 24 hours are assumed to repeat"
    return series, (InputHealth(source="outdoor_c", status=HealthStatus.DEGRADED, reason=reason),)


def _yesterday(history: Series | None, moment: datetime) -> float | None:
    """The value a whole number of days before, as late as the history reaches."""
    if history is None:
        return None
    for days in range(1, 8):
        value = history.at(moment - days * DAY)
        if value is not None:
            return value
    return None
