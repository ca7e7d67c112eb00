"""Prices that nobody has published yet, estimated from the last weeks.

The same local time of past days, weighted by how long ago they are and how alike: weekday to weekday, Saturday to
Saturday, and the very same day of the week most. Half of what the last known days were dearer or cheaper than days of
their kind is added, as that lasts. On German day-ahead prices of 2020 this errs an eighth less than the nearest known
day (`scripts/bench forecast`, case prices); where only one day is known it is that day.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import exp
from zoneinfo import ZoneInfo

from ..model import Series
from .local_time import same_clock

DAYS_BACK = 28
NEAR_DAYS = 7
"""Without a day this near nothing is estimated."""
MEMORY_DAYS = 14.0
OTHER_KIND = 0.3
"""Weight of a day of another kind."""
SAME_WEEKDAY = 3.0
LEVEL_MEMORY_DAYS = 1.0
LEVEL_KEPT = 0.5
FULL_DAY_S = 23 * 3600.0


class Estimate:
    """The prices of a list as far as it is known, asked for other times."""

    def __init__(self, known: Series, zone: ZoneInfo) -> None:
        self._known = known
        self._zone = zone
        self._days = _daily_means(known, zone)
        self._kinds = _kind_means(self._days)

    def at(self, moment: datetime) -> float | None:
        """The estimated price; None where no day near is known at that time of day."""
        day = moment.astimezone(self._zone).date()
        behind = self._weighted(moment, day, range(-1, -DAYS_BACK - 1, -1))
        if behind is None:
            # Nothing before: a list that begins later.
            return self._weighted(moment, day, range(1, NEAR_DAYS + 1))
        return behind

    def _weighted(self, moment: datetime, day: date, offsets: range) -> float | None:
        total = price = 0.0
        used: dict[date, float] = {}
        for offset in offsets:
            found = self._known.at(same_clock(moment, offset, self._zone))
            if found is None:
                continue
            other = day + timedelta(days=offset)
            weight = exp(-abs(offset) / MEMORY_DAYS)
            weight *= SAME_WEEKDAY if offset % 7 == 0 else 1.0 if kind_of(other) == kind_of(day) else OTHER_KIND
            total += weight
            price += weight * found
            used[other] = weight
        if not used or min(abs((other - day).days) for other in used) > NEAR_DAYS:
            return None
        return price / total + LEVEL_KEPT * self._level(day, used)

    def _level(self, day: date, used: Mapping[date, float]) -> float:
        """How far the day's mean is expected above that of the days used; 0 where most of them are not fully known."""
        means = [(weight, self._days[other]) for other, weight in used.items() if other in self._days]
        past = [other for other in self._days if other < day]
        if not past or 2.0 * sum(weight for weight, _ in means) < sum(used.values()):
            return 0.0
        last = max(past)
        recent = [(exp(-(last - other).days / LEVEL_MEMORY_DAYS), other) for other in past]
        unusual = sum(weight * (self._days[other] - self._kinds[kind_of(other)]) for weight, other in recent)
        usual = self._kinds.get(kind_of(day), _mean(self._days))
        expected = usual + unusual / sum(weight for weight, _ in recent)
        return expected - sum(weight * mean for weight, mean in means) / sum(weight for weight, _ in means)


def kind_of(day: date) -> int:
    """Weekdays, Saturday, Sunday."""
    return max(0, day.weekday() - 4)


def _daily_means(known: Series, zone: ZoneInfo) -> dict[date, float]:
    """Of the local days that are known almost fully; a piece belongs to the day in which it begins."""
    energy: dict[date, float] = {}
    seconds: dict[date, float] = {}
    for price, (start, end) in zip(known.values, pairwise(known.times), strict=True):
        for begin, until in _by_day(start, end, zone):
            day = begin.astimezone(zone).date()
            length = (until - begin).total_seconds()
            if price is not None:
                energy[day] = energy.get(day, 0.0) + price * length
                seconds[day] = seconds.get(day, 0.0) + length
    return {day: energy[day] / length for day, length in seconds.items() if length >= FULL_DAY_S}


def _by_day(start: datetime, end: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """A stretch cut at local midnights."""
    cuts = [start]
    while cuts[-1] < end:
        local = cuts[-1].astimezone(zone)
        midnight = same_clock(datetime.combine(local.date(), datetime.min.time(), tzinfo=zone), 1, zone)
        cuts.append(min(midnight, end))
    return list(pairwise(cuts))


def _kind_means(days: Mapping[date, float]) -> dict[int, float]:
    kinds: dict[int, dict[date, float]] = {}
    for day, mean in days.items():
        kinds.setdefault(kind_of(day), {})[day] = mean
    return {kind: _mean(members) for kind, members in kinds.items()}


def _mean(days: Mapping[date, float]) -> float:
    return sum(days.values()) / len(days)
