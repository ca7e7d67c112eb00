"""The household's load from its own past: what it usually is at this time of a working day or a free one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ..model import HealthStatus, InputHealth, Quantile, Series
from ..model.load_learning import OddDays
from .local_time import quarters
from .quantiles import of_samples

SLOT_MIN = 30
ENOUGH_DAYS = 7.0
LEAST_DAYS = 1.0
LONGEST = timedelta(days=28)
QUANTILES = (0.1, 0.5, 0.9)
RECENT = timedelta(hours=3)
"""The last hours' ratio to the forecast carries on, and fades over the same time."""
RECENT_RANGE = (0.5, 2.0)
DEFAULT_MEAN_KW = 0.4
"""3,500 kWh in a year: a household of two to four in Germany (BDEW)."""
DEFAULT_SHAPE = (
    0.52, 0.45, 0.42, 0.42, 0.45, 0.62, 0.96, 1.12, 1.10, 1.04, 1.02, 1.10,
    1.20, 1.08, 0.98, 0.96, 1.04, 1.28, 1.58, 1.72, 1.62, 1.36, 1.10, 0.86,
)  # fmt: skip
"""By local hour, mean 1: the outline of the German standard profile H0, rounded."""

AWAY_LEVEL = 0.1
"""The quantile of the days at home that is taken for an absence of which none is known yet."""
NONE_ODD = OddDays()

type Slot = tuple[bool, bool, int]
"""Whether nobody is at home, weekend or holiday, and the half-hour of the local day."""


@dataclass(frozen=True, slots=True)
class _Calendar:
    """The local days."""

    zone: ZoneInfo
    odd: OddDays

    def slot(self, moment: datetime) -> Slot:
        local = moment.astimezone(self.zone)
        free = local.weekday() >= 5 or local.date() in self.odd.holidays
        away = any(stretch.start <= moment < stretch.end for stretch in self.odd.away)
        return away, free, (local.hour * 60 + local.minute) // SLOT_MIN


def load_forecast(
    history: Series | None,
    start: datetime,
    end: datetime,
    time_zone: str,
    source: str = "load_kw",
    odd: OddDays = NONE_ODD,
) -> tuple[Series, tuple[InputHealth, ...]]:
    """Mean load with P10, P50 and P90 from `start` to `end`; history is read back to 28 days before `start`."""
    zone = ZoneInfo(time_zone)
    calendar, now = _Calendar(zone, odd), start.astimezone(UTC)
    samples = _samples(history, now, calendar) if history else {}
    days = sum(len(values) for values in samples.values()) * SLOT_MIN / 60 / 24
    if history is None or days < LEAST_DAYS:
        reason = f"no day of history; a usual household's day with {DEFAULT_MEAN_KW} kW on average is assumed"
        return _default(start, end, zone), (_degraded(source, reason),)
    series = _corrected(_from_samples(samples, now, end, calendar), samples, history, now, calendar)
    if days < ENOUGH_DAYS:
        return series, (_degraded(source, f"learned from {days:.0f} days only"),)
    return series, ()


def _samples(history: Series, now: datetime, calendar: _Calendar) -> Mapping[Slot, list[float]]:
    """Means of the past half-hours that are fully known, by slot."""
    samples: dict[Slot, list[float]] = defaultdict(list)
    first = max(history.start, now - LONGEST)
    for piece, until in quarters(first, max(first, min(now, history.end)), SLOT_MIN):
        mean_kw = history.mean(piece, until) if until - piece == timedelta(minutes=SLOT_MIN) else None
        if mean_kw is not None:
            samples[calendar.slot(piece)].append(max(0.0, mean_kw))
    return {slot: sorted(values) for slot, values in samples.items()}


def _usual(samples: Mapping[Slot, list[float]], slot: Slot) -> Sequence[float]:
    """The samples of a slot; of the same time of other days, or of the whole day, where there are none."""
    away, free, clock = slot
    found = samples.get(slot) or samples.get((away, not free, clock))
    if found:
        return found
    if away:
        return [of_samples(_usual(samples, (False, free, clock)), AWAY_LEVEL)]
    home = sorted(value for (gone, _, _), values in samples.items() if not gone for value in values)
    return home or sorted(value for values in samples.values() for value in values)


def _from_samples(samples: Mapping[Slot, list[float]], start: datetime, end: datetime, calendar: _Calendar) -> Series:
    pieces = list(quarters(start, end, SLOT_MIN))
    usual = [_usual(samples, calendar.slot(piece)) for piece, _ in pieces]
    return Series(
        times=(pieces[0][0], *(until for _, until in pieces)),
        values=tuple(sum(values) / len(values) for values in usual),
        quantiles=tuple(
            Quantile(level=level, values=tuple(of_samples(values, level) for values in usual)) for level in QUANTILES
        ),
    )


def _corrected(
    series: Series, samples: Mapping[Slot, list[float]], history: Series, now: datetime, calendar: _Calendar
) -> Series:
    """Raised or lowered for the next hours as much as the last hours were above or below the usual."""
    until = min(now, history.end)
    recent = history.mean(until - RECENT, until) if history.start <= until - RECENT and now - until < RECENT else None
    if recent is None:
        return series
    usual = _from_samples(samples, until - RECENT, until, calendar).mean(until - RECENT, until)
    if not usual:
        return series
    ratio = min(max(recent / usual, RECENT_RANGE[0]), RECENT_RANGE[1])
    factors = [
        1.0 + (ratio - 1.0) * max(0.0, 1.0 - (moment - now) / RECENT) for moment in series.times[:-1]
    ]  # fmt: skip
    return Series(
        times=series.times,
        values=_scaled(series.values, factors),
        quantiles=tuple(Quantile(level=q.level, values=_scaled(q.values, factors)) for q in series.quantiles),
    )


def _scaled(values: Sequence[float | None], factors: Sequence[float]) -> tuple[float | None, ...]:
    return tuple(None if value is None else value * factor for value, factor in zip(values, factors, strict=True))


def _default(start: datetime, end: datetime, zone: ZoneInfo) -> Series:
    pieces = list(quarters(start, end, 60))
    values = tuple(DEFAULT_MEAN_KW * DEFAULT_SHAPE[piece.astimezone(zone).hour] for piece, _ in pieces)
    return Series(
        times=(pieces[0][0], *(until for _, until in pieces)),
        values=values,
        # Between half and twice the usual lie most households' hours.
        quantiles=tuple(
            Quantile(level=level, values=tuple(value * factor for value in values))
            for level, factor in zip(QUANTILES, (0.5, 0.9, 2.0), strict=True)
        ),
    )


def _degraded(source: str, reason: str) -> InputHealth:
    return InputHealth(source=source, status=HealthStatus.DEGRADED, reason=reason)
