"""An appliance whose programme, once started, runs through."""

from collections.abc import Mapping
from datetime import timedelta

from ..model import Appliance
from .days import Days, Wish
from .device import Measurement, Moment, State, flag, number, optional_number


class SimulatedAppliance:
    """Started by a command above 0, or by itself as soon as it is loaded.

    A command must have fallen to 0 before it can start the next run: a plan that is a few minutes
    behind would otherwise start the machine twice.
    """

    def __init__(self, appliance: Appliance, days: Days, *, index: int, start_s: float) -> None:
        """`index` tells several appliances' habits apart."""
        self._appliance = appliance
        self._days = days
        self.index = index
        self._armed = True
        self._handled_s = start_s
        self.duration_s = appliance.duration.total_seconds()
        self.started_s: float | None = None
        self.missed_runs = 0.0
        self.asked: Wish | None = None
        """A run that somebody asked for beside the household's habit."""

    @property
    def ends_s(self) -> float:
        """When the running programme ends; the past if none runs."""
        return 0.0 if self.started_s is None else self.started_s + self.duration_s

    def ask(self, wish: Wish) -> None:
        """Load it: one run within that window; replaces an earlier request that has not begun."""
        self.asked = wish

    def waiting(self, time_s: float) -> Wish | None:
        """The run it is loaded for at that instant and has not begun."""
        if self.asked is not None and self.asked.earliest_s <= time_s:
            return self.asked
        today = self._days.date_at(time_s)
        for day in (today - timedelta(days=1), today):
            wish = self._days.wish(self.index, day)
            if wish is not None and self._handled_s < wish.earliest_s <= time_s:
                return wish
        return None

    def step(self, command_kw: float | None, moment: Moment) -> Measurement:
        """See `Device`. Starts and ends in the middle of a step show in its mean power."""
        self._end_if_done(moment.start_s)
        self._give_up_if_late(moment.start_s)
        self._start_if_asked(command_kw, moment.start_s)
        self._armed = command_kw is None or command_kw <= 0.0 or (self._armed and self.started_s is None)
        power_kw = self._energy_kwh(moment.start_s, moment.end_s) / moment.dt_h
        return Measurement(power_kw=power_kw, running=self.started_s is not None, missed=self.missed_runs)

    def _start_if_asked(self, command_kw: float | None, time_s: float) -> None:
        if self.started_s is not None:
            return
        wish = self.waiting(time_s)
        if (command_kw is None and wish is not None) or (command_kw is not None and command_kw > 0.0 and self._armed):
            self.started_s = time_s
            self._drop(wish)

    def _end_if_done(self, time_s: float) -> None:
        if self.started_s is not None and time_s >= self.ends_s:
            self.started_s = None

    def _give_up_if_late(self, time_s: float) -> None:
        wish = self.waiting(time_s)
        late = wish is not None and time_s + self.duration_s > wish.latest_s
        if late and self.started_s is None:
            self.missed_runs += 1.0
            self._drop(wish)

    def _drop(self, wish: Wish | None) -> None:
        if wish is not None and wish is self.asked:
            self.asked = None
        elif wish is not None:
            self._handled_s = wish.earliest_s

    def _energy_kwh(self, start_s: float, end_s: float) -> float:
        if self.started_s is None:
            return 0.0
        step_s = self._appliance.profile_step_s
        energy_kwh = 0.0
        for index, power_kw in enumerate(self._appliance.profile_kw):
            from_s = self.started_s + index * step_s
            energy_kwh += power_kw * max(0.0, min(end_s, from_s + step_s) - max(start_s, from_s)) / 3600.0
        return energy_kwh

    def state(self) -> State:
        """See `Device`."""
        return {
            "armed": self._armed,
            "handled_s": self._handled_s,
            "started_s": self.started_s,
            "missed_runs": self.missed_runs,
            "asked_earliest_s": None if self.asked is None else self.asked.earliest_s,
            "asked_latest_s": None if self.asked is None else self.asked.latest_s,
        }

    def restore(self, state: Mapping[str, object]) -> None:
        """See `Device`."""
        self._armed = flag(state, "armed")
        self._handled_s = number(state, "handled_s")
        self.started_s = optional_number(state, "started_s")
        self.missed_runs = number(state, "missed_runs")
        earliest_s = optional_number(state, "asked_earliest_s")
        latest_s = optional_number(state, "asked_latest_s")
        self.asked = None if earliest_s is None or latest_s is None else Wish(earliest_s=earliest_s, latest_s=latest_s)
