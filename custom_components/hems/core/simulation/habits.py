"""What a forecast from history knows of a household: its usual day."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from .days import Day, Days

PAST_DAYS = 14
"""How many past days of each kind the profiles are made from."""
AROUND = (-2, -1, 0, 1, 2)
"""Quarter-hours around each that count for it."""
HIGH = (0.95, 0.99)
"""Levels of the quantiles that are told of the hot water: about a shower, and a bath, in their usual hours."""


class Habits:
    """Mean quarter-hour profiles of other days of the same household: what a forecast from history knows."""

    def __init__(self, days: Days) -> None:
        """Looks at the days of an earlier year, which are drawn from the same distribution."""
        self._days = days
        self._powers: dict[tuple[str, bool], Sequence[Sequence[float]]] = {}
        self._profiles: dict[tuple[str, float | None, bool], Sequence[float]] = {}

    def load_kw(self, time_s: float) -> float:
        """Expected power of the household at a local time of day."""
        return self._at(time_s, "load", None)

    def load_quantile_kw(self, time_s: float, level: float) -> float:
        """That much or less is taken in so many of the quarter-hours around that time of day."""
        return self._at(time_s, "load", level)

    def draw_kw(self, tank: int, time_s: float) -> float:
        """Expected hot water of the n-th tank at a local time of day."""
        return self._at(time_s, f"draw{tank}", None)

    def draw_quantile_kw(self, tank: int, time_s: float, level: float) -> float:
        """That much or less is drawn from the n-th tank in so many of the quarter-hours around that time of day."""
        return self._at(time_s, f"draw{tank}", level)

    def _at(self, time_s: float, name: str, level: float | None) -> float:
        """`level` None: the mean."""
        local = datetime.fromtimestamp(time_s, self._days.zone)
        key = (name, level, local.weekday() >= 5)
        if key not in self._profiles:
            powers = self._past(name, weekend=key[2])
            self._profiles[key] = _means(powers) if level is None else _quantiles(powers, level)
        return self._profiles[key][local.hour * 4 + local.minute // 15]

    def _past(self, name: str, *, weekend: bool) -> Sequence[Sequence[float]]:
        """Mean power in each quarter-hour of past days of that kind."""
        if (name, weekend) not in self._powers:
            # A Monday in a month without clock changes, long before any simulated time.
            monday = date(1990, 1, 8)
            shifts = (5, 6) if weekend else (0, 1, 2, 3, 4)
            dates = (
                monday + timedelta(days=7 * (i // len(shifts)) + shifts[i % len(shifts)]) for i in range(PAST_DAYS)
            )
            self._powers[name, weekend] = [self._powers_of(name, self._days.make(past)) for past in dates]
        return self._powers[name, weekend]

    def _powers_of(self, name: str, day: Day) -> Sequence[float]:
        edges_s = [day.start_s + 900.0 * i for i in range(97)]
        if name == "load":
            taken = [day.base_kw.integral(edge) + day.spikes.integral(edge) for edge in edges_s]
        else:
            draws = self._days.draws(int(name.removeprefix("draw")), day.date)
            taken = [draws.integral(edge) for edge in edges_s]
        return [(right - left) / 900.0 for left, right in pairwise(taken)]


def _means(powers: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Smoothed over an hour: two weeks are too few to tell one quarter-hour from the next."""
    raw = [sum(values) / len(values) for values in zip(*powers, strict=True)]
    return tuple(sum(raw[(i + shift) % 96] for shift in AROUND) / len(AROUND) for i in range(96))


def _quantiles(powers: Sequence[Sequence[float]], level: float) -> tuple[float, ...]:
    """Of the quarter-hours within an hour around each."""
    pools = (sorted(day[(i + shift) % 96] for day in powers for shift in AROUND) for i in range(96))
    return tuple(pool[int(level * len(pool))] for pool in pools)
