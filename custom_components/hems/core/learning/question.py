"""What methods are asked: the load at some steps, as seen from some origins."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .past import DAYS_BACK, Flags, Floats, Ints, Past

WEEK = 7
LEAST_LEVEL_KW = 0.03


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """Pairs of steps; `targets[i]` is asked for, `origins[i]` (not later) is the first step that is not known.

    The tables that several methods use are made once.
    """

    past: Past
    targets: Ints
    origins: Ints

    @cached_property
    def days_back(self) -> Ints:
        """The least number of whole days after which the same time of day is known at the origin."""
        return (self.targets - self.origins) // self.past.day + 1

    @cached_property
    def alike(self) -> Floats:
        """(DAYS_BACK, pairs): the load at the same local time of earlier days, latest first.

        NaN where it is unknown, where people were away then and will not be, or the reverse, and where one of both is
        a holiday and the other is no free day either.
        """
        return self._of_kin(np.stack([self._of_day(k) for k in range(DAYS_BACK)]))

    @cached_property
    def smooth(self) -> Floats:
        """As `alike`, averaged over the hour before and after, as far as it is before the origin."""
        return self._of_kin(np.stack([self._of_day(k, self.past.hour) for k in range(DAYS_BACK)]))

    @cached_property
    def alike_days(self) -> Floats:
        """(DAYS_BACK, pairs): whether that day and the target's are both free, or both working days."""
        past = self.past
        return np.stack(
            [
                past.free[np.clip(self._step_of_day(k), 0, len(past.free) - 1)] == past.free[self.targets]
                for k in range(DAYS_BACK)
            ]
        ).astype(np.float64)

    @cached_property
    def last_alike(self) -> Floats:
        """(7, pairs): the latest seven known rows of `alike`, whatever days they are of; NaN where fewer are known."""
        return latest(self.alike, WEEK)

    @cached_property
    def base_kw(self) -> Floats:
        """(pairs): what runs even when nobody does anything: the tenth of the last days, at this time of day."""
        table = np.stack([self._of_day(k, self.past.hour, any_presence=True) for k in range(DAYS_BACK)])
        return quantile(table, 0.1)

    @cached_property
    def level_kw(self) -> Floats:
        """(pairs): the mean of the week before the origin, never under 30 W. Learned values are relative to it."""
        past, origins = self.past, self.origins
        week = past.mean(origins - WEEK * past.day, origins, origins)
        level = np.where(np.isfinite(week), week, past.mean(0 * origins, origins, origins))
        return np.where(np.isfinite(level), np.maximum(level, LEAST_LEVEL_KW), LEAST_LEVEL_KW)

    @cached_property
    def _kin(self) -> Flags:
        """(DAYS_BACK, pairs): whether what is known of that day speaks of the target's.

        A holiday is told by free days; holidays tell nothing of an ordinary working day.
        """
        past = self.past
        rows = []
        for k in range(DAYS_BACK):
            steps = np.clip(self._step_of_day(k), 0, len(past.free) - 1)
            odd = past.holiday[steps] | past.holiday[self.targets]
            rows.append(~odd | (past.free[steps] & past.free[self.targets]))
        return np.stack(rows)

    def _of_kin(self, table: Floats) -> Floats:
        """Without days of another sort, as long as one of the same is known."""
        if not self.past.holiday.any():
            return table
        own = np.where(self._kin, table, np.nan)
        return np.where(np.isfinite(own).any(axis=0), own, table)

    def _step_of_day(self, k: int) -> Ints:
        return self.past.same_clock(self.targets, self.days_back + k)

    def _of_day(self, k: int, around: int = 0, *, any_presence: bool = False) -> Floats:
        past, steps = self.past, self._step_of_day(k)
        values = past.at(steps, self.origins)
        if around:
            values = past.mean(steps - around, steps + around + 1, np.minimum(self.origins, past.known))
        same = past.away[np.clip(steps, 0, len(past.away) - 1)] == past.away[self.targets]
        seen = (steps >= 0) & (steps < self.origins)
        return np.where(seen & (same | any_presence), values, np.nan)


def latest(table: Floats, count: int) -> Floats:
    """The first `count` known values of each column, moved up over the unknown ones; NaN below them."""
    order = np.argsort(np.isnan(table), axis=0, kind="stable")[:count]
    return np.take_along_axis(table, order, axis=0)


def mean(table: Floats) -> Floats:
    """Of the known values of each column; NaN where there are none."""
    known = np.isfinite(table)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, table, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def quantile(table: Floats, level: float) -> Floats:
    """Of the known values of each column, linear between them; NaN where there are none."""
    ordered = np.sort(table, axis=0)  # NaN last
    count = np.isfinite(ordered).sum(axis=0)
    place = level * np.maximum(count - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    low = np.take_along_axis(ordered, below[None], axis=0)[0]
    high = np.take_along_axis(ordered, above[None], axis=0)[0]
    between: Floats = low + (place - below) * (high - low)
    return between
