"""What was forecast of one array and what it gave: from both it learns what a forecast of it is worth.

```
providers ── foretold, by quarter-hour ─┐
readings ─── given, by quarter-hour ────┴─ an hour later ─► PvCalibration ─► pv_forecast
```

A quarter-hour counts where the array was read throughout, was not held back by HEMS, and its sensor was not stuck.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ..core.forecast import Panel, PvCalibration, PvObservation, ceiling_of, without_stuck
from ..core.forecast.pv_calibration import VERSION
from ..core.model import Series

QUARTER = timedelta(minutes=15)
LEADS = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24), timedelta(hours=40))
"""How far ahead a forecast is remembered, by the quarter of the hour that it speaks of: each lead is learned from
every hour of the day, at the price of one."""
LATER = timedelta(hours=1)
"""By then a stuck sensor is found out."""
GIVEN_FOR = timedelta(hours=8)
"""What an array gave is remembered that long, what was foretold until it is learned from or too old for that."""
READ_AT_LEAST = 0.9
"""Share of a quarter-hour in which the array was read."""
LONGEST_SAMPLE = timedelta(minutes=5)
"""What it gave in a longer silence is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What was said of a quarter-hour."""

    start: datetime
    said_at: datetime
    forecast_kw: Mapping[str, float]
    """By provider; none where nobody forecasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What an array gave in a quarter-hour."""

    start: datetime
    mean_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayPast:
    """All that is remembered of an array."""

    calibration: PvCalibration = field(default_factory=PvCalibration)
    foretold: tuple[Foretold, ...] = ()
    given: tuple[Given, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether this version can go on with it."""
        return self.calibration.version == VERSION

    def measured_kw(self) -> Series | None:
        """What it gave lately; unknown where that says nothing of the sun."""
        if not self.given:
            return None
        return Series.from_rows((one.start, one.start + QUARTER, one.mean_kw) for one in self.given)

    def with_given(self, new: tuple[Given, ...]) -> ArrayPast:
        """With these quarter-hours, without those that are long gone."""
        oldest = new[-1].start - GIVEN_FOR
        return replace(self, given=tuple(one for one in (*self.given, *new) if one.start >= oldest))

    def foretelling(self, providers: Mapping[str, Series], now: datetime) -> ArrayPast:
        """With what is said now of the quarter-hours whose time to be remembered has come."""
        known = {one.start for one in self.foretold}
        first = now + (QUARTER - timedelta(seconds=now.timestamp() % QUARTER.total_seconds()))
        starts = (first + QUARTER * i for i in range(int(LEADS[-1] / QUARTER)))
        new = [
            Foretold(start=start, said_at=now, forecast_kw=_said(providers, start))
            for start in starts
            if start not in known and start - now <= LEADS[start.minute // 15 % len(LEADS)]
        ]
        old = (one for one in self.foretold if one.start > now - GIVEN_FOR)
        return replace(self, foretold=tuple(sorted((*old, *new), key=lambda one: one.start)))

    def learned(self, panel: Panel, history_kw: Series | None, now: datetime) -> ArrayPast:
        """With what came of the forecasts for quarter-hours that are over; `history_kw` shows an inverter's limit."""
        measured_kw = self.measured_kw()
        due = [one for one in self.foretold if one.start + QUARTER <= now - LATER]
        if measured_kw is None or not due:
            return self
        moving_kw = without_stuck(measured_kw, ceiling_of(history_kw) if history_kw else None)
        seen = [
            PvObservation(
                start=one.start,
                end=one.start + QUARTER,
                given_kw=given_kw,
                forecast_kw=one.forecast_kw,
                lead_h=(one.start - one.said_at) / timedelta(hours=1),
            )
            for one in due
            if (given_kw := moving_kw.mean(one.start, one.start + QUARTER)) is not None
        ]
        waiting = tuple(one for one in self.foretold if one.start + QUARTER > now - LATER)
        return replace(self, calibration=self.calibration.observed(seen, panel), foretold=waiting)


class Meter:
    """Counts what an array gives, quarter-hour by quarter-hour."""

    def __init__(self) -> None:
        self._last: tuple[datetime, float | None] | None = None
        self._quarter: datetime | None = None
        self._read_s = 0.0
        self._energy_kws = 0.0

    def read(self, power_kw: float | None, now: datetime) -> tuple[Given, ...]:
        """Quarter-hours that are over; None is a power that is unknown, or that says nothing of the sun."""
        last, self._last = self._last, (now, power_kw)
        over: list[Given] = []
        if last is None or now <= last[0]:
            return ()
        moment, held_kw = last
        silent = now - moment > LONGEST_SAMPLE
        while moment < now:
            start = moment - timedelta(seconds=moment.timestamp() % QUARTER.total_seconds())
            until = min(now, start + QUARTER)
            if start != self._quarter:
                self._quarter, self._read_s, self._energy_kws = start, 0.0, 0.0
            # Held back or unknown at either end of a sample, it is so within.
            if held_kw is not None and power_kw is not None and not silent:
                self._read_s += (until - moment).total_seconds()
                self._energy_kws += held_kw * (until - moment).total_seconds()
            if until == start + QUARTER and self._read_s >= READ_AT_LEAST * QUARTER.total_seconds():
                over.append(Given(start=start, mean_kw=self._energy_kws / self._read_s))
            moment = until
        return tuple(over)


def _said(providers: Mapping[str, Series], start: datetime) -> Mapping[str, float]:
    said = {name: series.mean(start, start + QUARTER) for name, series in providers.items()}
    return {name: max(0.0, kw) for name, kw in said.items() if kw is not None}
