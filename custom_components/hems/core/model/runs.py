"""An appliance's runs laid onto a horizon."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from .appliance import Appliance, ApplianceRun, ApplianceState
from .horizon import Horizon


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A time at which a run could begin, or did."""

    at: datetime
    index: int
    """The step it lies in."""
    until: datetime
    first: int
    """The first step of the horizon in which the programme runs."""
    running_kw: tuple[float, ...]
    """Of the programme, averaged onto the steps from `first` on, as far as the horizon goes."""
    shares: tuple[float, ...]
    """Which part of each of these steps it runs."""
    steps: int
    """Of the horizon."""

    @property
    def power_kw(self) -> tuple[float, ...]:
        """Of the whole programme, averaged onto all steps of the horizon."""
        after = self.steps - self.first - len(self.running_kw)
        return (0.0,) * self.first + self.running_kw + (0.0,) * after

    @property
    def running(self) -> slice:
        """The steps in which it runs."""
        return slice(self.first, self.first + len(self.running_kw))


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
    laid = _Laid(appliance, horizon)
    runs = (_planned(laid, wish) for wish in sorted(state.runs, key=lambda wish: wish.latest_end))
    return tuple(run for run in runs if run is not None)


def programme_kw(appliance: Appliance, at: datetime, horizon: Horizon) -> tuple[float, ...]:
    """Mean power of each step if the programme begins at `at` (before the horizon, too)."""
    return _Laid(appliance, horizon).start(at).power_kw


class _Laid:
    """A programme that can be laid anywhere onto a horizon: a start is worked out once, and only where it runs."""

    def __init__(self, appliance: Appliance, horizon: Horizon) -> None:
        self.duration = appliance.duration
        self.horizon = horizon
        self.edges = horizon.edges
        self._edges_s = tuple(accumulate(horizon.steps_s, initial=0))
        self._profile_kw, self._step_s = appliance.profile_kw, appliance.profile_step_s
        self._done_kws = tuple(accumulate((kw * self._step_s for kw in appliance.profile_kw), initial=0.0))
        self._starts: dict[datetime, Start] = {}

    def start(self, at: datetime) -> Start:
        """The start at an instant."""
        if at not in self._starts:
            self._starts[at] = self._laid(at)
        return self._starts[at]

    def _laid(self, at: datetime) -> Start:
        edges_s, last = self._edges_s, self.horizon.steps - 1
        from_s = (at - self.horizon.start).total_seconds()
        until_s = from_s + self.duration.total_seconds()
        index = min(max(0, bisect_right(edges_s, from_s) - 1), last)
        running_kw, shares = [], []
        step = index
        done_kws = self._kws_after(edges_s[index] - from_s)
        while step <= last and edges_s[step] < until_s:
            after_kws = self._kws_after(edges_s[step + 1] - from_s)
            length_s = edges_s[step + 1] - edges_s[step]
            running_kw.append((after_kws - done_kws) / length_s)
            shares.append(max(0.0, min(until_s, edges_s[step + 1]) - max(from_s, edges_s[step])) / length_s)
            done_kws = after_kws
            step += 1
        return Start(
            at=at,
            index=index,
            until=at + self.duration,
            first=index,
            running_kw=tuple(running_kw),
            shares=tuple(shares),
            steps=last + 1,
        )

    def _kws_after(self, seconds: float) -> float:
        """Energy of the programme's first `seconds`, in kW s."""
        if seconds <= 0.0:
            return 0.0
        part = int(seconds // self._step_s)
        if part >= len(self._profile_kw):
            return self._done_kws[-1]
        return self._done_kws[part] + self._profile_kw[part] * (seconds - part * self._step_s)


def _planned(laid: _Laid, wish: ApplianceRun) -> PlannedRun | None:
    horizon, duration = laid.horizon, laid.duration
    if wish.started is not None:
        if not horizon.start - duration < wish.started < horizon.end:
            return None
        return PlannedRun(wish=wish, starts=(laid.start(wish.started),), may_wait=False)
    if wish.earliest_start >= horizon.end:
        return None
    latest = wish.latest_end - duration
    return PlannedRun(
        wish=wish,
        starts=tuple(laid.start(time) for time in _times(laid, wish, latest)),
        may_wait=wish.latest_end > horizon.end and latest > horizon.start,
    )


def _times(laid: _Laid, wish: ApplianceRun, latest: datetime) -> Sequence[datetime]:
    """The edges inside the window; where there is none, its earliest time may still fit between two of them."""
    earliest = max(wish.earliest_start, laid.horizon.start)
    within = min(latest, laid.horizon.end - laid.duration)
    at_edges = [edge for edge in laid.edges[:-1] if earliest <= edge <= within]
    return at_edges or ([earliest] if earliest <= within else [])
