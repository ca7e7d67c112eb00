"""A stationary battery."""

from dataclasses import dataclass
from typing import Literal

from .asset import Asset, AssetState
from .checks import above, at_least, ordered, within


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery(Asset):
    """A battery behind its inverter; every power is meant at the AC terminals.

    Energy in the cells follows e[t+1] = e[t] + (charge_efficiency * c[t] - d[t] / discharge_efficiency) h[t].
    """

    kind: Literal["battery"] = "battery"
    capacity_kwh: float
    max_charge_kw: float
    max_discharge_kw: float
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    min_soc: float = 0.0
    """Reserve as a fraction of capacity; a hard limit, never planned to be crossed."""
    max_soc: float = 1.0
    wear_per_kwh: float = 0.02
    """Currency per kWh taken out of the cells; keeps it from cycling for cents."""
    end_price_per_kwh: float | None = None
    """Currency that a kWh in the cells is worth at the end of the horizon, wear deducted; None: estimated from the
    home's own demand and prices of the last day."""
    may_export: bool = True
    """Whether its energy may be sold; if not, nothing is exported while it discharges."""
    may_charge_ev: bool = True
    """Whether it may discharge while a car charges."""

    def __post_init__(self) -> None:
        Asset.__post_init__(self)
        above(self.name, "capacity_kwh", self.capacity_kwh, 0.0)
        at_least(self.name, "max_charge_kw", self.max_charge_kw, 0.0)
        at_least(self.name, "max_discharge_kw", self.max_discharge_kw, 0.0)
        within(self.name, "charge_efficiency", self.charge_efficiency, 0.5, 1.0)
        within(self.name, "discharge_efficiency", self.discharge_efficiency, 0.5, 1.0)
        within(self.name, "min_soc", self.min_soc, 0.0, 1.0)
        within(self.name, "max_soc", self.max_soc, 0.0, 1.0)
        ordered(self.name, "min_soc", self.min_soc, "max_soc", self.max_soc)
        at_least(self.name, "wear_per_kwh", self.wear_per_kwh, 0.0)
        if self.end_price_per_kwh is not None:
            at_least(self.name, "end_price_per_kwh", self.end_price_per_kwh, 0.0)

    @property
    def min_kwh(self) -> float:
        """Energy at the reserve."""
        return self.min_soc * self.capacity_kwh

    @property
    def max_kwh(self) -> float:
        """Most energy it is filled to."""
        return self.max_soc * self.capacity_kwh


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryState(AssetState):
    """How full it is."""

    kind: Literal["battery"] = "battery"
    energy_kwh: float
    """In the cells, 0 to the battery's capacity; may lie outside the reserve."""

    def __post_init__(self) -> None:
        AssetState.__post_init__(self)
        at_least(self.asset, "energy_kwh", self.energy_kwh, 0.0)
