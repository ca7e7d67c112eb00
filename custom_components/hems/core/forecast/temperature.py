"""The outdoor temperature: a weather forecast, or the course of the last days as much warmer as it is now."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import exp

from ..model import HealthStatus, InputHealth, Series

DAY = timedelta(days=1)
DAYS_BACK = 10
MEMORY_DAYS = 4.0
ANOMALY_MEMORY = timedelta(hours=36)
"""How long it stays warmer than the last days were. On hours of Dresden and Fontana the error of a day ahead is 1.7
and 1.3 K with these three, 2.2 and 1.4 K if yesterday repeats."""
FRESH = timedelta(hours=3)


def temperature_forecast(
    forecast: Series | None, history: Series | None, now_c: float | None, start: datetime, end: datetime
) -> tuple[Series | None, tuple[InputHealth, ...]]:
    """Degrees over the whole time from `start` to `end`; None where nothing at all is known.

    Where no forecast reaches, the mean of the last days at that time of day, plus what the last known value, of the
    forecast or of the past, lay above it, fading; without a past the value of now, or else the last known one.
    """
    edges = _edges(forecast, start, end)
    course = _Course(history, now_c, edges[0])
    values: list[float] = []
    gap: datetime | None = None
    for edge, _ in pairwise(edges):
        value = forecast.at(edge) if forecast is not None else None
        if value is not None:
            course.seen(edge, value)
        else:
            gap = gap or edge
            value = course.at(edge)
            value = now_c if value is None else value
            value = values[-1] if value is None and values else value
        if value is None:
            reason = "neither a forecast nor a measurement"
            return None, (InputHealth(source="outdoor_c", status=HealthStatus.ERROR, reason=reason),)
        values.append(value)
    series = Series(times=tuple(edges), values=tuple(values))
    if gap is None:
        return series, ()
    reason = f"no forecast from {gap.isoformat(timespec='minutes')}; the course of the last days is assumed to go on"
    return series, (InputHealth(source="outdoor_c", status=HealthStatus.DEGRADED, reason=reason),)


class _Course:
    """The daily course of the last days, and how far the present lies above it."""

    def __init__(self, history: Series | None, now_c: float | None, now: datetime) -> None:
        self._history = history
        self._now = now
        self._since = now
        self._anomaly_c = self._first_anomaly_c(now_c)

    def at(self, moment: datetime) -> float | None:
        """Degrees; None where the past does not know that time of day."""
        usual = self._usual_c(moment)
        return None if usual is None else usual + self._anomaly_c * exp(-((moment - self._since) / ANOMALY_MEMORY))

    def seen(self, moment: datetime, value_c: float) -> None:
        """From here on the course joins on to this value."""
        usual = self._usual_c(moment)
        if usual is not None:
            self._since, self._anomaly_c = moment, value_c - usual

    def _first_anomaly_c(self, now_c: float | None) -> float:
        history = self._history
        if history is not None and self._now - history.end < FRESH:
            last = next(
                (
                    (value, usual)
                    for at, value in zip(reversed(history.times[:-1]), reversed(history.values), strict=True)
                    if at < self._now and value is not None and (usual := self._usual_c(at)) is not None
                ),
                None,
            )
            if last is not None:
                return last[0] - last[1]
        usual = self._usual_c(self._now)
        return 0.0 if usual is None or now_c is None else now_c - usual

    def _usual_c(self, moment: datetime) -> float | None:
        """Of the days before now at the same solar time (UTC), the late ones counting most."""
        if self._history is None:
            return None
        nearest = max(0, -((self._now - moment) // DAY))
        found = self._known(moment - days * DAY for days in range(nearest, nearest + DAYS_BACK + 1))
        weights = [exp(-age / MEMORY_DAYS) for age, _ in found]
        if not found:
            return None
        return sum(weight * value for weight, (_, value) in zip(weights, found, strict=True)) / sum(weights)

    def _known(self, moments: Iterable[datetime]) -> list[tuple[float, float]]:
        """Age in days and value of those moments that lie in the past and are known."""
        history = self._history
        return [
            ((self._now - moment) / DAY, value)
            for moment in moments
            if history is not None and moment < self._now and (value := history.at(moment)) is not None
        ]


def _edges(forecast: Series | None, start: datetime, end: datetime) -> list[datetime]:
    """Full hours from `start`, and the forecast's own."""
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    marks = {first + timedelta(hours=hour) for hour in range(int((last - first) / timedelta(hours=1)) + 1)}
    if forecast is not None:
        marks |= {moment for moment in forecast.times if first < moment < last}
    return sorted({first, last, *(mark for mark in marks if mark < last)})
