"""A plan as people speak of it: from when to when an asset charges, heats, runs or rests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from .core.model import Override, Plan

GRID = "grid"
"""Name under which the exchange with the grid is treated like an asset."""

REST_KW = 0.05
"""Below this an asset counts as resting: standby and rounding are no activity."""


class Activity(StrEnum):
    """What an asset does, in one word."""

    IDLE = "idle"
    CHARGE = "charge"
    DISCHARGE = "discharge"
    HEAT = "heat"
    RUN = "run"
    PRODUCE = "produce"
    IMPORT = "import"
    EXPORT = "export"


DRAWING = {
    "battery": Activity.CHARGE,
    "ev_charger": Activity.CHARGE,
    "heat_pump": Activity.HEAT,
    "hot_water": Activity.HEAT,
    GRID: Activity.IMPORT,
}
FEEDING = {"pv": Activity.PRODUCE, GRID: Activity.EXPORT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time in which an asset does one thing."""

    asset: str
    kind: str
    activity: Activity
    start: datetime
    end: datetime
    energy_kwh: float
    """Signed as everywhere: positive is drawn from the bus."""
    asked: bool = False
    """Somebody asked for it; the plan only follows."""

    @property
    def mean_kw(self) -> float:
        """Average power over the window."""
        return self.energy_kwh / ((self.end - self.start).total_seconds() / 3600)


def activity_of(kind: str, power_kw: float) -> Activity:
    """What that power means for an asset of that kind."""
    if abs(power_kw) < REST_KW:
        return Activity.IDLE
    return DRAWING.get(kind, Activity.RUN) if power_kw > 0 else FEEDING.get(kind, Activity.DISCHARGE)


def windows(plan: Plan, asset: str) -> tuple[Window, ...]:
    """Everything the plan has for an asset, idle times included, in order and without gaps."""
    if asset == GRID:
        return _windows(plan, GRID, GRID, plan.grid_kw)
    found = plan.asset(asset)
    return _windows(plan, found.asset, found.kind, found.power_kw) if found else ()


def _windows(plan: Plan, asset: str, kind: str, power_kw: Sequence[float]) -> tuple[Window, ...]:
    edges, steps_h = plan.horizon.edges, plan.horizon.steps_h
    found = []
    for activity, group in groupby(range(len(power_kw)), lambda slot: activity_of(kind, power_kw[slot])):
        slots = list(group)
        found.append(
            Window(
                asset=asset,
                kind=kind,
                activity=activity,
                start=edges[slots[0]],
                end=edges[slots[-1] + 1],
                energy_kwh=sum(power_kw[slot] * steps_h[slot] for slot in slots),
            )
        )
    return tuple(found)


def asked_window(override: Override, kind: str) -> Window | None:
    """The time for which somebody has taken an asset over; None where that began when it was asked for."""
    if override.start is None:
        return None
    return Window(
        asset=override.asset,
        kind=kind,
        activity=activity_of(kind, override.power_kw),
        start=override.start,
        end=override.until,
        energy_kwh=override.power_kw * ((override.until - override.start).total_seconds() / 3600),
        asked=True,
    )


def next_window(plan: Plan, asset: str, now: datetime) -> Window | None:
    """The first thing that an asset begins after `now`; None where nothing changes within the plan."""
    return next((window for window in windows(plan, asset)[1:] if window.start > now), None)
