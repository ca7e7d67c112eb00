"""What the sun will offer, from nothing but what the array gave: past days that were as clear as today is now.

Weather lasts. How clear the last sunlit hours were is compared with how clear it was at the same time of the past
days, and what followed on days that were alike counts more. On four homes in Sydney and Fontana the clearness of the
last hours explains the next day's better than that of the whole day does (correlation 0.41 against 0.35, and 0.54
against 0.48); the day before adds nothing to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp

from ..model import HealthStatus, InputHealth, Quantile, Series
from .quantiles import of_weighted

SLOT = timedelta(minutes=30)
DAY = timedelta(days=1)
SLOTS = DAY // SLOT
LONGEST_DAYS = 28
"""Longer ago the sun stood elsewhere."""
LEAST_DAYS = 3
ENVELOPE_DAYS = 21
MEMORY_H = 4.0
"""Sunlit hours after which a past hour counts a third for how clear it is."""
ALIKE = 0.25
"""Difference in clearness (0 to 1) at which a day counts 0.6."""
STRANGER = 1e-3
"""The least that any day counts."""
QUANTILES = (0.1, 0.5, 0.9)
LATEST = timedelta(hours=3)
"""Statistics come after their hour; what is older than this says little of today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What came after a moment of the past that was like now."""

    weight: float
    """They add up to 1."""
    values_kw: tuple[float, ...]
    """Per `SLOT` from now on."""


def courses_alike(history_kw: Series, now: datetime, hours: float) -> tuple[Course, ...]:
    """What followed in the past weeks at this time of the day; empty where fewer than three days are known."""
    past = _folded(history_kw, now.astimezone(UTC))
    ahead = max(1, -(-round(hours * 3600) // round(DAY.total_seconds())))
    slots = -(-round(hours * 3600) // round(SLOT.total_seconds()))
    if len(past) < LEAST_DAYS + ahead - 1:
        return ()
    clear = _clearness(past)
    weights = [exp(-0.5 * ((then - clear[-1]) / ALIKE) ** 2) + STRANGER for then in clear[: len(past) - ahead + 1]]
    whole = sum(weights)
    return tuple(
        Course(weight=weight / whole, values_kw=tuple(kw for day in past[i : i + ahead] for kw in day)[:slots])
        for i, weight in enumerate(weights)
    )


def pv_from_history(
    history_kw: Series | None, start: datetime, end: datetime, source: str
) -> tuple[Series | None, tuple[InputHealth, ...]]:
    """AC power with P10, P50 and P90 in half-hours from `start` to at least `end`; None where too little is known.

    A history that ends up to three hours before `start` is continued from its own end.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if history_kw and start - LATEST <= history_kw.end < start:
        start = history_kw.end.astimezone(UTC)
    hours = (end - start).total_seconds() / 3600.0
    courses = courses_alike(history_kw, start, hours) if history_kw else ()
    if not courses:
        reason = f"no forecast, and fewer than {LEAST_DAYS} days of what the array gave"
        return None, (InputHealth(source=source, status=HealthStatus.DEGRADED, reason=reason),)
    weights = [course.weight for course in courses]
    columns = list(zip(*(course.values_kw for course in courses), strict=True))
    ordered = [sorted(zip(column, weights, strict=True)) for column in columns]
    series = Series.regular(start, SLOT, [_mean(column, weights) for column in columns])
    found = Series(
        times=series.times,
        values=series.values,
        quantiles=tuple(
            Quantile(level=level, values=tuple(of_weighted(column, level) for column in ordered)) for level in QUANTILES
        ),
    )
    reason = "no forecast; expected as it was after days like today"
    return found, (InputHealth(source=source, status=HealthStatus.DEGRADED, reason=reason),)


def _folded(history_kw: Series, now: datetime) -> list[list[float]]:
    """The known days that end at `now`'s time of the day, oldest first; from the first hole back nothing counts."""
    days: list[list[float]] = []
    for number in range(LONGEST_DAYS):
        end = now - number * DAY
        if end - DAY < history_kw.start:
            break
        means = [history_kw.mean(end - DAY + i * SLOT, end - DAY + (i + 1) * SLOT) for i in range(SLOTS)]
        known = [abs(mean) for mean in means if mean is not None]
        if len(known) < SLOTS:
            break
        days.append(known)
    return days[::-1]


def _clearness(past: Sequence[Sequence[float]]) -> list[float]:
    """How much of a bright day's power the last sunlit hours gave: before the first day and after each."""
    recent = past[-ENVELOPE_DAYS:]
    # The second brightest: one odd reading does not make the sky.
    bright_kw = [sorted(day[slot] for day in recent)[-2] for slot in range(SLOTS)]
    given = possible = 0.0
    clear = []
    kept = exp(-SLOT.total_seconds() / 3600.0 / MEMORY_H)
    threshold_kw = 0.02 * max(bright_kw)
    for day in past:
        for given_kw, bright in zip(day, bright_kw, strict=True):
            if bright > threshold_kw:
                given, possible = given * kept + min(given_kw, bright), possible * kept + bright
        clear.append(given / possible if possible else 0.0)
    # Of the moment before the first day nothing is known: it is taken for the usual.
    return [sum(clear) / len(clear), *clear]


def _mean(column: Sequence[float], weights: Sequence[float]) -> float:
    return sum(value * weight for value, weight in zip(column, weights, strict=True))
