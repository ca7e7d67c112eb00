"""The weekly heat that keeps a tank free of legionella."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .checks import at_least, within
from .horizon import Horizon
from .value import Value

REACHED_K = 0.05
"""A tank this much below the temperature of its cycle counts as there."""
HOPELESS = timedelta(days=1)
"""What is not done within the horizon is counted as done this long after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegionellaCycle(Value):
    """The whole tank at `temperature_c` for `hold_s`, at least every so many days."""

    temperature_c: float = 60.0
    every_days: float = 7.0
    hold_s: int = 1800
    late_price_per_day: float = 3.0
    """Currency for each day that it comes too late: soft, so that a limit may delay it."""

    def __post_init__(self) -> None:
        within("legionella", "temperature_c", self.temperature_c, 50.0, 80.0)
        within("legionella", "every_days", self.every_days, 1.0, 365.0)
        within("legionella", "hold_s", self.hold_s, 0.0, 86400.0)
        at_least("legionella", "late_price_per_day", self.late_price_per_day, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From edge `first` to edge `last` the tank is hot."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disinfection:
    """A cycle that is due within the horizon."""

    cycle: LegionellaCycle
    due: datetime
    is_known: bool
    """Whether anybody knows when the last one was."""
    horizon: Horizon
    hot_since: datetime | None
    """Since when the tank has been hot enough, if it is."""

    @property
    def windows(self) -> tuple[Window, ...]:
        """Each way to lay the cycle onto the horizon's edges, the earliest first."""
        edges, hold = self.horizon.edges, timedelta(seconds=self.cycle.hold_s)
        windows = []
        last = 0
        for first, edge in enumerate(edges):
            since = edge if first or self.hot_since is None else min(edge, self.hot_since)
            last = max(last, first)
            while last < len(edges) and edges[last] < since + hold:
                last += 1
            if last == len(edges):
                break
            windows.append(Window(first=first, last=last))
            last = 0 if first == 0 else last
        return tuple(windows)

    def late(self, window: Window | None) -> timedelta:
        """How much too late that is; None: it is not done within the horizon."""
        done = self.horizon.end + HOPELESS if window is None else self.horizon.edges[window.last]
        return max(timedelta(0), done - self.due)

    def price(self, window: Window | None) -> float:
        """Currency for its being late."""
        return self.cycle.late_price_per_day * (self.late(window) / timedelta(days=1))

    def done_in(self, temperatures_c: tuple[float, ...]) -> Window | None:
        """The first window in which a tank with these temperatures at the edges is hot."""
        hot = [celsius >= self.cycle.temperature_c - REACHED_K for celsius in temperatures_c]
        return next((window for window in self.windows if all(hot[window.first : window.last + 1])), None)


def disinfection_of(
    cycle: LegionellaCycle | None,
    last_disinfected: datetime | None,
    hot_since: datetime | None,
    horizon: Horizon,
) -> Disinfection | None:
    """The cycle, if it is due before the horizon's end; a last time that nobody knows means that it is due now."""
    if cycle is None or (last_disinfected is not None and last_disinfected >= horizon.end):
        return None
    known = last_disinfected is not None
    due = horizon.start if last_disinfected is None else last_disinfected + timedelta(days=cycle.every_days)
    if due > horizon.end:
        return None
    return Disinfection(cycle=cycle, due=due, is_known=known, horizon=horizon, hot_since=hot_since)
