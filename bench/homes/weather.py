"""What a weather service would tell of the sun, where a record holds none: as wrong as the simulated home's.

It tells how clear a day will be on average and nothing of its hours, with an error that grows with the days ahead and
is drawn once for each day and each number of days ahead. What a clear day gives is known from the record's own past.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from math import hypot
from random import Random
from statistics import NormalDist, fmean
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from custom_components.hems.core.model import Quantile, Series
from custom_components.hems.core.simulation.outlook import HOURS_SHARE, LEVELS, SKY_ERRORS

if TYPE_CHECKING:
    from .plant import Home

CLEAR_DAYS = 21
"""In which the second brightest of an hour is a clear one."""
LEAST_CLEARNESS = 0.05
BRIGHT = 0.2
"""Of the brightest hour: how clear a darker one is says nothing."""


def foreseen_sun_kw(home: Home, now: int, steps: int) -> Series:
    """What the array will offer from step `now` on, with quantiles; it reads the days of the record yet to come.

    Raises:
        ValueError: there are fewer than two days before `now`.
    """
    clear = _ClearDay(home, now)
    days: dict[date, tuple[float, float]] = {}
    today = clear.date_of(now)
    told = []
    for step in range(now, now + steps):
        day = clear.date_of(step)
        if day not in days:
            lead = min((day - today).days, len(SKY_ERRORS) - 1)
            error = Random(f"{day} {lead}").gauss(0.0, SKY_ERRORS[lead])
            mean = max(LEAST_CLEARNESS, clear.clearness(day) + error)
            days[day] = mean, hypot(SKY_ERRORS[lead], HOURS_SHARE * clear.deviation)
        told.append((clear.kw(step), *days[day]))
    series = Series.regular(home.start + now * home.step, home.step, [kw * mean for kw, mean, _ in told])
    return Series(
        times=series.times,
        values=series.values,
        quantiles=tuple(
            Quantile(level=level, values=tuple(max(0.0, kw * (mean + z * spread)) for kw, mean, spread in told))
            for level, z in zip(LEVELS, map(NormalDist().inv_cdf, LEVELS), strict=True)
        ),
    )


class _ClearDay:
    """What the last weeks say of a clear day, and how clear others are beside it."""

    def __init__(self, home: Home, now: int) -> None:
        self._home, self._zone = home, ZoneInfo(home.time_zone)
        self._a_day = home.steps_a_day
        days = min(CLEAR_DAYS, now // self._a_day)
        if days < 2:
            raise ValueError(f"weather: two days must lie before step {now} of {home.name}")
        past = home.sun_kw[now - days * self._a_day : now]
        self._now = now
        self._clear_kw = [sorted(past[slot :: self._a_day])[-2] for slot in range(self._a_day)]
        self.deviation = self._deviation([past[i : i + self._a_day] for i in range(0, len(past), self._a_day)])
        """How far a bright hour's clearness is from that of its day."""

    def kw(self, step: int) -> float:
        return self._clear_kw[(step - self._now) % self._a_day]

    def date_of(self, step: int) -> date:
        return (self._home.start + step * self._home.step).astimezone(self._zone).date()

    def clearness(self, day: date) -> float:
        """Of a whole local day of the record, as it was or will be; beyond the record's end that of its last day."""
        count = len(self._home.sun_kw)
        first = bisect_left(range(count), day, key=self.date_of)
        first = min(first, count - self._a_day)
        steps = range(first, first + self._a_day)
        possible = sum(self.kw(step) for step in steps)
        return sum(self._home.sun_kw[step] for step in steps) / possible if possible > 0.0 else 1.0

    def _deviation(self, days: Sequence[Sequence[float]]) -> float:
        """Root mean square over the bright hours of days that begin now."""
        bright = [slot for slot, kw in enumerate(self._clear_kw) if kw > BRIGHT * max(self._clear_kw)]
        squares = []
        for day in days:
            hours = [day[slot] / self._clear_kw[slot] for slot in bright]
            squares += [(hour - fmean(hours)) ** 2 for hour in hours]
        return fmean(squares) ** 0.5 if squares else 0.0
