"""Which source feeds which sink."""

from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """From PV, battery and grid to load, battery and grid; all >= 0, in kW or kWh alike.

    Load is everything that consumes: the household and every device that is neither PV nor battery.
    """

    pv_to_load: float = 0.0
    pv_to_battery: float = 0.0
    pv_to_grid: float = 0.0
    battery_to_load: float = 0.0
    battery_to_grid: float = 0.0
    grid_to_load: float = 0.0
    grid_to_battery: float = 0.0

    def plus(self, other: Flows, factor: float = 1.0) -> Self:
        """The sum of both, the other one multiplied (by hours, to turn kW into kWh)."""
        return type(self)(
            **{field.name: getattr(self, field.name) + factor * getattr(other, field.name) for field in fields(self)}
        )

    @property
    def pv(self) -> float:
        """Everything that PV gave."""
        return self.pv_to_load + self.pv_to_battery + self.pv_to_grid

    @property
    def load(self) -> float:
        """Everything that was consumed."""
        return self.pv_to_load + self.battery_to_load + self.grid_to_load

    @property
    def imported(self) -> float:
        """From the grid."""
        return self.grid_to_load + self.grid_to_battery

    @property
    def exported(self) -> float:
        """To the grid."""
        return self.pv_to_grid + self.battery_to_grid

    @property
    def charged(self) -> float:
        """Into the batteries."""
        return self.pv_to_battery + self.grid_to_battery

    @property
    def discharged(self) -> float:
        """Out of the batteries."""
        return self.battery_to_load + self.battery_to_grid

    @property
    def self_consumption(self) -> float | None:
        """Share of the PV energy that was not fed into the grid; None without any."""
        return (self.pv_to_load + self.pv_to_battery) / self.pv if self.pv > 0.0 else None

    @property
    def self_sufficiency(self) -> float | None:
        """Share of the consumption that did not come from the grid; None without any."""
        return (self.pv_to_load + self.battery_to_load) / self.load if self.load > 0.0 else None


def split(pv_kw: float, battery_kw: float, load_kw: float) -> Flows:
    """The flows of one moment, with PV as produced (>= 0), battery positive when it charges, load >= 0.

    Near things first: PV serves the load, then the battery, then the grid; the battery serves the load
    before the grid; the grid serves what remains. What enters the bus is what leaves it.
    """
    pv_kw, load_kw = max(0.0, pv_kw), max(0.0, load_kw)
    charge_kw, discharge_kw = max(0.0, battery_kw), max(0.0, -battery_kw)
    pv_to_load = min(pv_kw, load_kw)
    pv_to_battery = min(pv_kw - pv_to_load, charge_kw)
    battery_to_load = min(discharge_kw, load_kw - pv_to_load)
    return Flows(
        pv_to_load=pv_to_load,
        pv_to_battery=pv_to_battery,
        pv_to_grid=pv_kw - pv_to_load - pv_to_battery,
        battery_to_load=battery_to_load,
        battery_to_grid=discharge_kw - battery_to_load,
        grid_to_load=load_kw - pv_to_load - battery_to_load,
        grid_to_battery=charge_kw - pv_to_battery,
    )
