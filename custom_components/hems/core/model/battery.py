"""A stationary battery."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .asset import Asset, AssetState
from .checks import above, as_utc, at_least, ordered, within
from .curve import Line, PowerPoint, check_curve, lines_of
from .value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery(Asset):
    """A battery with an inverter of its own, every power meant at AC; or behind a hybrid one, at its DC bus.

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
    refill_price_per_kwh_h: float = 1.0
    """Currency for each kWh missing of that reserve and hour, where it starts below: it is refilled first of all."""
    reserve_soc: float | None = None
    """A second, soft reserve above the hard one, e.g. for a power cut; None: there is none."""
    reserve_price_per_kwh_h: float = 0.05
    """Currency for each kWh missing of the soft reserve and hour."""
    max_soc: float = 1.0
    charge_curve: tuple[PowerPoint, ...] = ()
    """Most charging power over SoC where it narrows, concave; none: `max_charge_kw` at any SoC."""
    discharge_curve: tuple[PowerPoint, ...] = ()
    """Most discharging power over SoC where it narrows, concave; none: `max_discharge_kw` at any SoC."""
    wear_per_kwh: float = 0.02
    """Currency per kWh taken out of the cells; keeps it from cycling for cents."""
    end_price_per_kwh: float | None = None
    """Currency that a kWh in the cells is worth at the end of the horizon, wear deducted; None: estimated from the
    home's own demand and prices of the last day."""
    may_export: bool = True
    """Whether its energy may be sold; if not, nothing is exported while it discharges."""
    may_charge_ev: bool = True
    """Whether it may discharge while a car charges."""
    inverter: str | None = None
    """Name of the hybrid inverter that it is behind; None: it is on the home's bus."""

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
        for field in ("wear_per_kwh", "refill_price_per_kwh_h", "reserve_price_per_kwh_h"):
            at_least(self.name, field, getattr(self, field), 0.0)
        if self.reserve_soc is not None:
            ordered(self.name, "min_soc", self.min_soc, "reserve_soc", self.reserve_soc)
            ordered(self.name, "reserve_soc", self.reserve_soc, "max_soc", self.max_soc)
        check_curve(self.name, "charge_curve", self.charge_curve)
        check_curve(self.name, "discharge_curve", self.discharge_curve)
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

    @property
    def reserve_kwh(self) -> float:
        """Energy at the soft reserve; at the hard one where there is no other."""
        return self.min_kwh if self.reserve_soc is None else self.reserve_soc * self.capacity_kwh

    @property
    def charge_lines(self) -> tuple[Line, ...]:
        """Limits on the charging power beside `max_charge_kw`."""
        return lines_of(self.charge_curve, self.capacity_kwh, self.max_charge_kw)

    @property
    def discharge_lines(self) -> tuple[Line, ...]:
        """Limits on the discharging power beside `max_discharge_kw`."""
        return lines_of(self.discharge_curve, self.capacity_kwh, self.max_discharge_kw)

    def charge_limit_kw(self, energy_kwh: float, hours: float = 0.0) -> float:
        """Most power it can be charged with from there for so long without a break; fullest left aside."""
        steady = (line.steady_kw(energy_kwh, hours, self.charge_efficiency) for line in self.charge_lines)
        return min((self.max_charge_kw, *steady))

    def discharge_limit_kw(self, energy_kwh: float, hours: float = 0.0) -> float:
        """Most power it can give from there for so long without a break; reserves left aside."""
        steady = (line.steady_kw(energy_kwh, hours, -1.0 / self.discharge_efficiency) for line in self.discharge_lines)
        return min((self.max_discharge_kw, *steady))


@dataclass(frozen=True, slots=True, kw_only=True)
class SocTarget(Value):
    """A wish: so full by then, from where it may be used again."""

    by: datetime
    soc: float
    price_per_kwh: float = 1.0
    """Currency for each kWh missing then."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "by", as_utc("soc target", "by", self.by))
        within("soc target", "soc", self.soc, 0.0, 1.0)
        at_least("soc target", "price_per_kwh", self.price_per_kwh, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryState(AssetState):
    """How full it is."""

    kind: Literal["battery"] = "battery"
    energy_kwh: float
    """In the cells, 0 to the battery's capacity; may lie outside the reserve."""
    targets: tuple[SocTarget, ...] = ()
    """Wishes for certain times; one whose time has passed asks for nothing."""

    def __post_init__(self) -> None:
        AssetState.__post_init__(self)
        at_least(self.asset, "energy_kwh", self.energy_kwh, 0.0)
