"""An appliance's runs laid onto a horizon."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .appliance import Appliance, ApplianceRun, ApplianceState
from .horizon import Horizon
from .series import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A time at which a run could begin, or did."""

    at: datetime
    index: int
    """The step it lies in."""
    until: datetime
    power_kw: tuple[float, ...]
    """Of the whole programme, averaged onto the steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """One wish with the starts that fulfil it within the horizon."""

    wish: ApplianceRun
    starts: tuple[Start, ...]
    """Just the one it has, if it is under way; otherwise in time order, perhaps none."""
    may_wait: bool
    """Whether it can also start after the horizon, or end after it."""

    @property
    def is_under_way(self) -> bool:
        """A run that has begun is finished and never moved."""
        return self.wish.started is not None

    def may_start_in(self, index: int) -> bool:
        """Whether one of its starts lies in that step."""
        return any(start.index == index for start in self.starts)


def runs_of(appliance: Appliance, state: ApplianceState, horizon: Horizon) -> tuple[PlannedRun, ...]:
    """The runs that touch the horizon, the most urgent first."""
    runs = (_planned(appliance, wish, horizon) for wish in sorted(state.runs, key=lambda wish: wish.latest_end))
    return tuple(run for run in runs if run is not None)


def _planned(appliance: Appliance, wish: ApplianceRun, horizon: Horizon) -> PlannedRun | None:
    if wish.started is not None:
        if not horizon.start - appliance.duration < wish.started < horizon.end:
            return None
        return PlannedRun(wish=wish, starts=(_start(appliance, wish.started, horizon),), may_wait=False)
    if wish.earliest_start >= horizon.end:
        return None
    latest = wish.latest_end - appliance.duration
    within = min(latest, horizon.end - appliance.duration)
    earliest = max(wish.earliest_start, horizon.start)
    at_edges = [edge for edge in horizon.edges[:-1] if earliest <= edge <= within]
    # Between two edges there may still be room for a tight window.
    times = at_edges or ([earliest] if earliest <= within else [])
    return PlannedRun(
        wish=wish,
        starts=tuple(_start(appliance, time, horizon) for time in times),
        may_wait=wish.latest_end > horizon.end and latest > horizon.start,
    )


def _start(appliance: Appliance, at: datetime, horizon: Horizon) -> Start:
    return Start(
        at=at,
        index=horizon.index_at(at) or 0,
        until=at + appliance.duration,
        power_kw=programme_kw(appliance, at, horizon),
    )


def programme_kw(appliance: Appliance, at: datetime, horizon: Horizon) -> tuple[float, ...]:
    """Mean power of each step if the programme begins at `at` (before the horizon, too)."""
    profile = Series.regular(at, timedelta(seconds=appliance.profile_step_s), appliance.profile_kw)
    edges = horizon.edges
    return tuple(_energy_kws(profile, edges[i], edges[i + 1]) / horizon.steps_s[i] for i in range(horizon.steps))


def _energy_kws(profile: Series, start: datetime, end: datetime) -> float:
    """Energy of a profile between two instants, in kW s; nothing outside it."""
    values: Sequence[float | None] = profile.values
    return sum(
        (value or 0.0) * max(0.0, (min(end, profile.times[i + 1]) - max(start, profile.times[i])).total_seconds())
        for i, value in enumerate(values)
    )
