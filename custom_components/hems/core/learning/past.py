"""A history as arrays, and the questions that forecasts ask of it without looking beyond their origin."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ..model import HealthStatus, InputHealth
from ..model.load_learning import Absence, LoadHistory, Values

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Flags = NDArray[np.bool_]

DAYS_BACK = 28
"""How far same-clock days are looked for."""
_GAP_SHARE = 0.02
_NEGATIVE_KW = 0.02
_NEGATIVE_SHARE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """Steps 0 to `known` - 1 have been; later ones have only a calendar and a weather forecast.

    All arrays are by step. `load_kw` is NaN where it is unknown, and does not reach beyond `known`.
    """

    start: datetime
    step_s: int
    known: int
    load_kw: Floats
    outdoor_c: Floats
    offset: Ints
    """Of the local clock from UTC, in steps."""
    clock_h: Floats
    weekday: Ints
    """Of the local day, Monday 0."""
    free: Flags
    """Weekend or holiday."""
    holiday: Flags
    """Free where that is not plain from the weekday."""
    away: Flags
    total_kw: Floats
    """Running sum of the known loads, with a 0 in front."""
    count: Ints
    """Running number of the known loads, with a 0 in front."""

    @property
    def day(self) -> int:
        """Steps of 24 hours."""
        return 86400 // self.step_s

    @property
    def hour(self) -> int:
        """Steps of an hour."""
        return 3600 // self.step_s

    def time(self, step: int) -> datetime:
        """When a step begins."""
        return self.start + timedelta(seconds=self.step_s * step)

    def step_at(self, moment: datetime) -> int:
        """The step in which a moment lies."""
        return int((moment - self.start).total_seconds() // self.step_s)

    def at(self, steps: Ints, before: Ints) -> Floats:
        """The load at `steps`, NaN where it is not known before `before`."""
        seen = (steps >= 0) & (steps < np.minimum(before, self.known))
        return np.where(seen, self.load_kw[np.clip(steps, 0, self.known - 1)], np.nan)

    def mean(self, first: Ints, after: Ints, before: Ints) -> Floats:
        """Mean of the known loads of the steps from `first` up to but not `after`, none of them from `before` on."""
        end = np.clip(np.minimum(after, before), 0, self.known)
        begin = np.minimum(np.clip(first, 0, self.known), end)
        count = self.count[end] - self.count[begin]
        total = self.total_kw[end] - self.total_kw[begin]
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def same_clock(self, steps: Ints, days: Ints) -> Ints:
        """The steps with the same local time that many days earlier."""
        plain = steps - days * self.day
        return plain + self.offset[steps] - self.offset[np.clip(plain, 0, len(self.offset) - 1)]

    def with_load(self, load_kw: Floats) -> Past:
        """The same calendar with other loads."""
        return _past(self, load_kw)


def _past(calendar: Past, load_kw: Floats) -> Past:
    known = np.isfinite(load_kw)
    return Past(
        start=calendar.start,
        step_s=calendar.step_s,
        known=len(load_kw),
        load_kw=load_kw,
        outdoor_c=calendar.outdoor_c,
        offset=calendar.offset,
        clock_h=calendar.clock_h,
        weekday=calendar.weekday,
        free=calendar.free,
        holiday=calendar.holiday,
        away=calendar.away,
        total_kw=np.concatenate([[0.0], np.cumsum(np.where(known, load_kw, 0.0))]),
        count=np.concatenate([[0], np.cumsum(known)]).astype(np.int64),
    )


def past_of(history: LoadHistory, hours_ahead: int) -> tuple[Past, tuple[InputHealth, ...]]:
    """The uncontrolled load with a calendar that goes on `hours_ahead`, and what is poor about it."""
    load_kw, health = _uncontrolled(history)
    steps = len(load_kw) + hours_ahead * 3600 // history.step_s
    zone = ZoneInfo(history.time_zone)
    local = [(history.start + history.step * i).astimezone(zone) for i in range(steps)]
    offsets_s = [int((moment.utcoffset() or timedelta(0)).total_seconds()) for moment in local]
    holidays = frozenset(history.holidays)
    outdoor_c = np.full(steps, np.nan)
    told = _floats(history.outdoor_c)[:steps]
    outdoor_c[: len(told)] = told
    calendar = Past(
        start=history.start,
        step_s=history.step_s,
        known=len(load_kw),
        load_kw=load_kw,
        outdoor_c=outdoor_c,
        # Zones off by 15 or 30 minutes count as the nearest step; nobody's habits are that exact.
        offset=np.array([round(offset_s / history.step_s) for offset_s in offsets_s], np.int64),
        clock_h=np.array([moment.hour + moment.minute / 60 for moment in local]),
        weekday=np.array([moment.weekday() for moment in local], np.int64),
        free=np.array([moment.weekday() >= 5 or moment.date() in holidays for moment in local]),
        holiday=np.array([moment.weekday() < 5 and moment.date() in holidays for moment in local]),
        away=_away(history.away, history.start, history.step_s, steps),
        total_kw=np.zeros(1),
        count=np.zeros(1, np.int64),
    )
    return _past(calendar, load_kw), health


def _uncontrolled(history: LoadHistory) -> tuple[Floats, tuple[InputHealth, ...]]:
    health = []
    load_kw = _floats(history.load_kw)
    rest_kw = load_kw.copy()
    for device in history.controlled:
        rest_kw -= _floats(device.power_kw)
    known = int(np.isfinite(rest_kw).sum())
    below = int((rest_kw < -_NEGATIVE_KW).sum())
    if below > _NEGATIVE_SHARE * max(known, 1):
        reason = f"the controlled devices take more than the whole load in {below} of {known} steps; counted as 0"
        health.append(_degraded("load_kw", reason))
    gaps = len(rest_kw) - known
    if gaps > _GAP_SHARE * len(rest_kw):
        by = "" if np.isnan(load_kw).sum() == gaps else ", some of them because a controlled device is unknown"
        health.append(_degraded("load_kw", f"unknown in {gaps} of {len(rest_kw)} steps{by}; they are left out"))
    return np.maximum(rest_kw, 0.0), tuple(health)


def _away(stretches: tuple[Absence, ...], start: datetime, step_s: int, steps: int) -> Flags:
    """The steps that lie mostly in an absence."""
    flags = np.zeros(steps, np.bool_)
    for stretch in stretches:
        first = round((stretch.start - start).total_seconds() / step_s)
        last = round((stretch.end - start).total_seconds() / step_s)
        flags[max(first, 0) : max(last, 0)] = True
    return flags


def _floats(values: Values) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _degraded(source: str, reason: str) -> InputHealth:
    return InputHealth(source=source, status=HealthStatus.DEGRADED, reason=reason)


def epoch(moment: datetime) -> int:
    """Whole seconds since 1970."""
    return int(moment.astimezone(UTC).timestamp())
