"""The time grid of a plan: uneven steps, short now and longer later."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate

from .checks import as_utc
from .series import Series, mean_of
from .value import Value

DEFAULT_TIERS = ((300, 24), (900, 40), (3600, 36))
"""(step in s, how many): 5 min for 2 h, 15 min for 10 h, 60 min for 36 h: 48 h in 100 steps."""

MAX_STEPS = 10_000
MAX_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon(Value):
    """`steps_s[i]` seconds between edge i and edge i + 1, from `start` (kept in UTC).

    Powers have `steps` values, energies and temperatures `steps + 1`.
    """

    start: datetime
    steps_s: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", as_utc("horizon", "start", self.start))
        if not self.steps_s:
            raise ValueError("horizon: steps_s must not be empty")
        for step_s in self.steps_s:
            if step_s <= 0:
                raise ValueError(f"horizon: steps_s must be positive, got {step_s}")
        if len(self.steps_s) > MAX_STEPS or sum(self.steps_s) > MAX_DAYS * 86400:
            raise ValueError(f"horizon: steps_s must be at most {MAX_STEPS} steps and {MAX_DAYS} days in all")
        if not 2 <= self.start.year <= MAXYEAR - 2:
            raise ValueError(f"horizon: start is too far from now, got {self.start.isoformat()}")

    @classmethod
    def tiered(cls, now: datetime, tiers: Sequence[tuple[int, int]] = DEFAULT_TIERS) -> Horizon:
        """Tiers of (step in s, count), starting at `now` (to the second).

        The first step ends at the next multiple of the finest step, or at the one after it where
        less than a fifth would be left. A tier runs a few steps longer than asked where that is
        needed to reach a multiple of the next tier's step, so that quarter-hours and hours are
        never cut in two.
        """
        finest_s = tiers[0][0]
        start_s = int(as_utc("horizon", "now", now).timestamp())
        first_s = finest_s - start_s % finest_s
        steps = [first_s if first_s * 5 >= finest_s else first_s + finest_s]
        time_s = start_s + steps[0]
        for index, (step_s, count) in enumerate(tiers):
            wanted = count - 1 if index == 0 else count
            next_s = tiers[index + 1][0] if index + 1 < len(tiers) else step_s
            while wanted > 0 or time_s % next_s:
                steps.append(step_s)
                time_s += step_s
                wanted -= 1
        return cls(start=datetime.fromtimestamp(start_s, UTC), steps_s=tuple(steps))

    @classmethod
    def even(cls, start: datetime, step: timedelta, steps: int) -> Horizon:
        """`steps` equal steps."""
        return cls(start=start, steps_s=(int(step.total_seconds()),) * steps)

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return len(self.steps_s)

    @property
    def steps_h(self) -> tuple[float, ...]:
        """Length of each step in hours."""
        return _hours(self.steps_s)

    @property
    def edges(self) -> tuple[datetime, ...]:
        """The `steps + 1` instants between the steps, in UTC."""
        return _edges(self.start, self.steps_s)

    @property
    def end(self) -> datetime:
        """When the last step ends."""
        return self.start + timedelta(seconds=sum(self.steps_s))

    def average(self, series: Series) -> tuple[float | None, ...]:
        """Exact mean of `series` over each step; None where a step is not fully covered."""
        edges = self.edges
        return tuple(mean_of(series.times, series.values, edges[i], edges[i + 1]) for i in range(self.steps))

    def known(self, name: str, series: Series) -> tuple[float, ...]:
        """Like `average`, but for input that must be complete.

        Raises:
            ValueError: a step is not fully covered; the message names the input and the first gap.
        """
        values = self.average(series)
        edges = self.edges
        for index, value in enumerate(values):
            if value is None:
                raise ValueError(
                    f"{name}: no value between {edges[index].isoformat()} and {edges[index + 1].isoformat()}; "
                    f"the series covers {series.start.isoformat()} to {series.end.isoformat()}"
                )
        return tuple(value for value in values if value is not None)

    def index_at(self, time: datetime) -> int | None:
        """The step in which `time` lies, or None outside the horizon."""
        index = bisect_right(self.edges, as_utc("horizon", "time", time)) - 1
        return index if 0 <= index < self.steps else None

    def overlap(self, start: datetime, end: datetime) -> tuple[float, ...]:
        """For each step the fraction (0 to 1) that lies between `start` and `end`."""
        first, last = as_utc("horizon", "start", start), as_utc("horizon", "end", end)
        edges = self.edges
        return tuple(
            max(0.0, (min(last, edges[i + 1]) - max(first, edges[i])).total_seconds()) / self.steps_s[i]
            for i in range(self.steps)
        )


# Asked for hundreds of times a plan, by every asset.
@lru_cache(maxsize=16)
def _hours(steps_s: tuple[int, ...]) -> tuple[float, ...]:
    return tuple(step_s / 3600 for step_s in steps_s)


@lru_cache(maxsize=16)
def _edges(start: datetime, steps_s: tuple[int, ...]) -> tuple[datetime, ...]:
    return tuple(start + timedelta(seconds=s) for s in accumulate(steps_s, initial=0))
