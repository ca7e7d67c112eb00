"""An EV charging point and the visits of cars to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .asset import Asset, AssetState
from .checks import above, as_utc, at_least, ordered, within
from .value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class EvCharger(Asset):
    """A charging point: off, or between its minimum and maximum current on one of its phase counts."""

    kind: Literal["ev_charger"] = "ev_charger"
    min_current_a: float = 6.0
    max_current_a: float = 16.0
    phases: tuple[int, ...] = (1,)
    """Phase counts it can charge on: (1,), (3,) or (1, 3) where it can switch."""
    voltage_v: float = 230.0
    """Between phase and neutral."""
    efficiency: float = 0.9
    """Energy into the car per energy from the bus."""
    late_price_per_kwh: float = 1.0
    """Currency for each kWh missing when the target is due: the target is soft, the price is its worth."""
    overdue_price_per_kwh_h: float = 0.05
    """Currency for each kWh that is overdue, and hour, until a kWh has cost `late_price_per_kwh`: no more is paid for
    being quick."""
    at_once_price_per_kwh_h: float = 10.0
    """Currency for each kWh and hour by which a car's minimum comes later than full power would bring it."""
    max_discharge_kw: float = 0.0
    """What it can feed into the bus from a car that allows it; 0: one way only."""
    discharge_efficiency: float = 0.9
    """Energy onto the bus per energy from the car."""
    wear_per_kwh: float = 0.05
    """Currency per kWh taken out of a car."""

    def __post_init__(self) -> None:
        Asset.__post_init__(self)
        above(self.name, "min_current_a", self.min_current_a, 0.0)
        ordered(self.name, "min_current_a", self.min_current_a, "max_current_a", self.max_current_a)
        if not self.phases or any(count not in (1, 3) for count in self.phases):
            raise ValueError(f"{self.name}: phases must be 1, 3 or both, got {self.phases}")
        within(self.name, "voltage_v", self.voltage_v, 100.0, 300.0)
        within(self.name, "efficiency", self.efficiency, 0.5, 1.0)
        within(self.name, "discharge_efficiency", self.discharge_efficiency, 0.5, 1.0)
        for field in (
            "late_price_per_kwh",
            "overdue_price_per_kwh_h",
            "at_once_price_per_kwh_h",
            "max_discharge_kw",
            "wear_per_kwh",
        ):
            at_least(self.name, field, getattr(self, field), 0.0)

    def min_kw(self, phases: int) -> float:
        """Least power it charges with on that many phases."""
        return phases * self.min_current_a * self.voltage_v / 1000.0

    def max_kw(self, phases: int) -> float:
        """Most power it charges with on that many phases."""
        return phases * self.max_current_a * self.voltage_v / 1000.0

    def stored_kw(self, power_kw: float) -> float:
        """What reaches the car, or (negative) leaves it, for a power at the bus."""
        return power_kw * self.efficiency if power_kw > 0.0 else power_kw / self.discharge_efficiency


@dataclass(frozen=True, slots=True, kw_only=True)
class EvSession(Value):
    """One visit of a car: from arrival to departure it can be charged."""

    arrival: datetime
    departure: datetime
    capacity_kwh: float
    energy_kwh: float
    """In the car now, or at arrival if that is later."""
    target_kwh: float
    """Wanted in the car at departure, or at `ready_by`; at most its capacity."""
    ready_by: datetime | None = None
    """When the target is wanted, if not at departure. In the past: it is overdue, and met as soon as is sensible."""
    at_once_kwh: float = 0.0
    """Below this the car is charged with full power whatever the price."""
    max_charge_kw: float | None = None
    """What the car itself takes from the bus; None: as much as the charger gives."""
    max_discharge_kw: float | None = None
    """What the car itself gives to the bus; None: as much as the charger takes, 0: it only charges."""
    min_kwh: float = 0.0
    """Never discharged below this, nor below `at_once_kwh`."""
    may_export: bool = False
    """Whether its energy may be sold; if not, nothing is exported while it discharges."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "arrival", as_utc("ev session", "arrival", self.arrival))
        object.__setattr__(self, "departure", as_utc("ev session", "departure", self.departure))
        if self.ready_by is not None:
            object.__setattr__(self, "ready_by", as_utc("ev session", "ready_by", self.ready_by))
        if self.departure <= self.arrival:
            raise ValueError(
                f"ev session: departure ({self.departure.isoformat()}) must be after "
                f"arrival ({self.arrival.isoformat()})"
            )
        above("ev session", "capacity_kwh", self.capacity_kwh, 0.0)
        for field in ("energy_kwh", "target_kwh", "at_once_kwh", "min_kwh"):
            within("ev session", field, getattr(self, field), 0.0, self.capacity_kwh)
        if self.max_discharge_kw is not None:
            at_least("ev session", "max_discharge_kw", self.max_discharge_kw, 0.0)
        if self.max_charge_kw is not None:
            above("ev session", "max_charge_kw", self.max_charge_kw, 0.0)

    @property
    def floor_kwh(self) -> float:
        """Never discharged below this."""
        return max(self.min_kwh, self.at_once_kwh)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvChargerState(AssetState):
    """The visits that are known: the car that is here, and those expected."""

    kind: Literal["ev_charger"] = "ev_charger"
    sessions: tuple[EvSession, ...] = ()

    def __post_init__(self) -> None:
        AssetState.__post_init__(self)
        for earlier, later in zip(self.sessions, self.sessions[1:], strict=False):
            if later.arrival < earlier.departure:
                raise ValueError(
                    f"{self.asset}: sessions must not overlap, got an arrival at {later.arrival.isoformat()} "
                    f"before the departure at {earlier.departure.isoformat()}"
                )
