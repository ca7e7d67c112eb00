"""The legionella cycle of a tank without a solver."""

from datetime import timedelta
from math import inf

from ..model.legionella import REACHED_K
from ..model.thermal import Zone

SPARE = timedelta(hours=1)
"""It begins this much earlier than full power would need."""
SURE_K = 0.01
"""Above the temperature of the cycle, so that rounding does not undo it."""


class DisinfectionRule:
    """In time for when it is due the tank is heated, and held hot as long as the cycle wants it."""

    def __init__(self, zone: Zone, most_kw: float) -> None:
        self._disinfection = zone.disinfection
        self._done = self._disinfection is None
        self._windows = () if self._disinfection is None else self._disinfection.windows
        self._hot = [zone.start.zone_c]
        if self._disinfection is None:
            return
        heated = zone.run((most_kw,) * len(zone.steps))
        hot_c = self._disinfection.cycle.temperature_c
        reached = next((edge for edge, celsius in enumerate(heated) if celsius >= hot_c), None)
        edges, hold = self._disinfection.horizon.edges, timedelta(seconds=self._disinfection.cycle.hold_s)
        # What full power cannot reach is not tried.
        self._done = reached is None
        self._needed = hold + SPARE + (edges[reached] - edges[0] if reached is not None else hold)

    def least_c(self, index: int) -> float:
        """What the tank has to be at the end of the step."""
        disinfection = self._disinfection
        if (
            self._done
            or disinfection is None
            or disinfection.horizon.edges[index + 1] + self._needed <= disinfection.due
        ):
            return -inf
        return disinfection.cycle.temperature_c + SURE_K

    def reached(self, edge: int, celsius: float) -> None:
        """The tank is that hot at an edge."""
        self._hot.append(celsius)
        disinfection = self._disinfection
        if self._done or disinfection is None:
            return
        hot_c = disinfection.cycle.temperature_c - REACHED_K
        self._done = any(
            window.last == edge and min(self._hot[window.first : edge + 1]) >= hot_c for window in self._windows
        )
