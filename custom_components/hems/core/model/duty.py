"""Heaters that want to stay on or off for a while once they have been switched."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from .checks import at_least
from .horizon import Horizon

DAY_S = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """How a heater may be switched, and how it is now."""

    name: str
    least_kw: float
    """When on."""
    most_kw: float
    min_on_s: int = 0
    min_off_s: int = 0
    start_price: float = 0.0
    on: bool | None = None
    since: datetime | None = None

    @property
    def is_free(self) -> bool:
        """Whether it may be switched at any time for nothing."""
        return self.min_on_s == 0 and self.min_off_s == 0 and self.start_price <= 0.0

    def stays_s(self, *, on: bool) -> int:
        """How long it stays on, or off, at least."""
        return self.min_on_s if on else self.min_off_s

    def held(self, horizon: Horizon) -> int:
        """How many steps it stays what it is now, because of when it was switched.

        Of unknown age: none. Not known to be on or off at all: none either, but then whatever it does first counts
        as begun at the start.
        """
        if self.on is None or self.since is None:
            return 0
        until = min(self.since, horizon.start) + timedelta(seconds=self.stays_s(on=self.on))
        return sum(1 for _ in takewhile(lambda edge: edge < until, horizon.edges[:-1]))

    def free_from(self, horizon: Horizon, step: int, *, on: bool) -> int:
        """The first step in which it may be switched again after it was switched on, or off, at the start of `step`."""
        edges = horizon.edges
        until = edges[step] + timedelta(seconds=self.stays_s(on=on))
        return next((index for index in range(step + 1, horizon.steps) if edges[index] >= until), horizon.steps)


def whole_steps(horizon: Horizon, integer_h: float) -> int:
    """How many steps have whole on/off decisions."""
    offsets_s = ((edge - horizon.start).total_seconds() for edge in horizon.edges[:-1])
    return sum(offset_s / 3600.0 < integer_h for offset_s in offsets_s)


def check_duty(owner: str, least_kw: float, min_on_s: int, min_off_s: int, start_price: float) -> None:
    """Refuse times and prices that mean nothing for a device without a least power."""
    for field, value in (("min_on_s", min_on_s), ("min_off_s", min_off_s), ("start_price", start_price)):
        at_least(owner, field, value, 0.0)
        if field != "start_price" and value > DAY_S:
            raise ValueError(f"{owner}: {field} must be at most a day ({DAY_S}), got {value:g}")
        if value > 0.0 and least_kw <= 0.0:
            raise ValueError(f"{owner}: {field} needs a min_electric_kw above 0, which tells on from off")
