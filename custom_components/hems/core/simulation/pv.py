"""A PV array behind its inverter."""

from collections.abc import Mapping

from ..model import Pv
from .days import Days
from .device import Measurement, Moment, State


class SimulatedPv:
    """Gives what the sun offers, unless it is held below that."""

    def __init__(self, pv: Pv, days: Days) -> None:
        """Stateless: its power follows from the day."""
        self._pv = pv
        self._days = days

    def available_kw(self, start_s: float, end_s: float) -> float:
        """Mean power the sun offers between two instants."""
        energy = sum(
            day.pv_per_kwp.integral(until_s) - day.pv_per_kwp.integral(from_s)
            for day, from_s, until_s in self._days.between(start_s, end_s)
        )
        return energy * self._pv.peak_kw / (end_s - start_s)

    def step(self, command_kw: float | None, moment: Moment) -> Measurement:
        """A command, of either sign, is the most it may give; an array that cannot be curtailed ignores it."""
        available_kw = self.available_kw(moment.start_s, moment.end_s)
        curtailed = command_kw is not None and self._pv.curtailable
        power_kw = min(available_kw, abs(command_kw)) if curtailed and command_kw is not None else available_kw
        return Measurement(power_kw=-power_kw, available_kw=available_kw, running=power_kw > 0.0)

    def state(self) -> State:
        """See `Device`."""
        return {}

    def restore(self, state: Mapping[str, object]) -> None:
        """See `Device`."""
