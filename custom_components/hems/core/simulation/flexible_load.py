"""A load that is on or off, and only where somebody wants it."""

from collections.abc import Mapping

from ..model import FlexibleLoad
from .days import Days
from .device import Measurement, Moment, State


class SimulatedFlexibleLoad:
    """Left to itself it is on whenever it is wanted."""

    def __init__(self, load: FlexibleLoad, days: Days, *, index: int) -> None:
        """`index` tells several loads' hours apart."""
        self._load = load
        self._days = days
        self.index = index

    def step(self, command_kw: float | None, moment: Moment) -> Measurement:
        """See `Device`. More than half of its power means on."""
        from_s, until_s = self._days.wanted(self.index, self._days.date_at(moment.start_s))
        wanted = from_s <= moment.start_s < until_s
        on = wanted and (command_kw is None or command_kw > self._load.power_kw / 2.0)
        return Measurement(power_kw=self._load.power_kw if on else 0.0, running=on)

    def state(self) -> State:
        """See `Device`."""
        return {}

    def restore(self, state: Mapping[str, object]) -> None:
        """See `Device`."""
