"""What a forecast from history knows of a household: its usual day."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise

from .days import Day, Days

HABIT_DAYS = 14
"""How many past days of each kind the expected profiles are averaged over."""
HIGH = 0.95
"""Level of the quantile that is told of the hot water: about one shower in its usual hours."""


class Habits:
    """Mean quarter-hour profiles of other days of the same household: what a forecast from history knows."""

    def __init__(self, days: Days) -> None:
        """Looks at the days of an earlier year, which are drawn from the same distribution."""
        self._days = days
        self._profiles: dict[tuple[str, bool], tuple[float, ...]] = {}

    def load_kw(self, time_s: float) -> float:
        """Expected power of the household at a local time of day."""
        return self._value("load", time_s, lambda day, edge: day.base_kw.integral(edge) + day.spikes.integral(edge))

    def draw_kw(self, tank: int, time_s: float) -> float:
        """Expected hot water of the n-th tank at a local time of day."""
        return self._value(f"draw{tank}", time_s, lambda day, edge: self._days.draws(tank, day.date).integral(edge))

    def high_draw_kw(self, tank: int, time_s: float) -> float:
        """What the n-th tank gives in one quarter-hour out of twenty, at a local time of day."""
        local = datetime.fromtimestamp(time_s, self._days.zone)
        key = (f"high draw{tank}", local.weekday() >= 5)
        if key not in self._profiles:
            self._profiles[key] = self._high_profile(tank, weekend=key[1])
        return self._profiles[key][local.hour * 4 + local.minute // 15]

    def _high_profile(self, tank: int, *, weekend: bool) -> tuple[float, ...]:
        drawn = [
            [self._days.draws(tank, day.date).integral(day.start_s + 900.0 * i) for i in range(97)]
            for day in self._past(weekend=weekend)
        ]
        powers = [[(right - left) / 900.0 for left, right in pairwise(edges)] for edges in drawn]
        # An hour around each quarter-hour: two weeks are too few to tell one from the next.
        pools = (sorted(day[(i + shift) % 96] for day in powers for shift in (-2, -1, 0, 1, 2)) for i in range(96))
        return tuple(pool[int(HIGH * len(pool))] for pool in pools)

    def _value(self, name: str, time_s: float, integral: Callable[[Day, float], float]) -> float:
        local = datetime.fromtimestamp(time_s, self._days.zone)
        weekend = local.weekday() >= 5
        if (name, weekend) not in self._profiles:
            self._profiles[name, weekend] = self._profile(integral, weekend=weekend)
        return self._profiles[name, weekend][local.hour * 4 + local.minute // 15]

    def _profile(self, integral: Callable[[Day, float], float], *, weekend: bool) -> tuple[float, ...]:
        sums = [0.0] * 96
        for day in self._past(weekend=weekend):
            edges = [integral(day, day.start_s + 900.0 * i) for i in range(97)]
            sums = [total + (right - left) for total, left, right in zip(sums, edges, edges[1:], strict=False)]
        raw = [total / 900.0 / HABIT_DAYS for total in sums]
        # Smoothed over an hour: two weeks are too few to tell one quarter-hour from the next.
        return tuple(sum(raw[(i + shift) % 96] for shift in (-2, -1, 0, 1, 2)) / 5.0 for i in range(96))

    def _past(self, *, weekend: bool) -> list[Day]:
        # A Monday in a month without clock changes, long before any simulated time.
        monday = date(1990, 1, 8)
        shifts = (5, 6) if weekend else (0, 1, 2, 3, 4)
        past = [monday + timedelta(days=7 * (i // len(shifts)) + shifts[i % len(shifts)]) for i in range(HABIT_DAYS)]
        return [self._days.make(date_) for date_ in past]
