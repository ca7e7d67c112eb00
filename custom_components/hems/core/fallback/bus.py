"""What devices are connected to: the home's bus, or the DC bus of a hybrid inverter."""

from math import inf

from ..model import AssetPlan, HybridInverter
from ..model.schedules import inverter_plan


class Bus:
    """The power of what is on it, in the step that is being decided; the home's own bus has no limits and no loss."""

    def __init__(self, inverter: HybridInverter | None = None) -> None:
        self._inverter = inverter
        self._dc_kw = 0.0
        self._done_kw: list[float] = []

    @property
    def ac_kw(self) -> float:
        """What the home sees of it: no more than its inverter lets through, which clips the sun."""
        if self._inverter is None:
            return self._dc_kw
        return self._inverter.ac_kw(max(self._dc_kw, self._inverter.dc_range_kw[0]))

    @property
    def range_kw(self) -> tuple[float, float]:
        """Least and most power that one more device may have."""
        least_kw, most_kw = (-inf, inf) if self._inverter is None else self._inverter.dc_range_kw
        return least_kw - self._dc_kw, most_kw - self._dc_kw

    @property
    def excess_kw(self) -> float:
        """What is fed into it and cannot leave it."""
        return max(0.0, self.range_kw[0])

    def fed_for(self, ac_kw: float) -> float:
        """How much less must be fed into it, so that the home is fed `ac_kw` less; at most all that it feeds."""
        if self._inverter is None:
            return ac_kw
        return min(ac_kw / self._inverter.efficiency, max(0.0, -self._dc_kw))

    def to_reach(self, ac_kw: float) -> float:
        """The power of one more device that makes the home see `ac_kw`."""
        return (ac_kw if self._inverter is None else self._inverter.dc_kw(ac_kw)) - self._dc_kw

    def add(self, power_kw: float) -> None:
        """One more device."""
        self._dc_kw += power_kw

    def finish(self) -> None:
        """The step is decided."""
        self._done_kw.append(self._dc_kw)
        self._dc_kw = 0.0

    def plan(self) -> AssetPlan:
        """Of its inverter."""
        if self._inverter is None:
            raise LookupError("the home's bus is no device")
        return inverter_plan(self._inverter, self._done_kw)
