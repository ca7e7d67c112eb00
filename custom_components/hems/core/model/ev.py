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
    """Currency for each kWh missing at departure: the target is soft, the price is its worth."""

    def __post_init__(self) -> None:
        Asset.__post_init__(self)
        above(self.name, "min_current_a", self.min_current_a, 0.0)
        ordered(self.name, "min_current_a", self.min_current_a, "max_current_a", self.max_current_a)
        if not self.phases or any(count not in (1, 3) for count in self.phases):
            raise ValueError(f"{self.name}: phases must be 1, 3 or both, got {self.phases}")
        within(self.name, "voltage_v", self.voltage_v, 100.0, 300.0)
        within(self.name, "efficiency", self.efficiency, 0.5, 1.0)
        at_least(self.name, "late_price_per_kwh", self.late_price_per_kwh, 0.0)

    def min_kw(self, phases: int) -> float:
        """Least power it charges with on that many phases."""
        return phases * self.min_current_a * self.voltage_v / 1000.0

    def max_kw(self, phases: int) -> float:
        """Most power it charges with on that many phases."""
        return phases * self.max_current_a * self.voltage_v / 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EvSession(Value):
    """One visit of a car: from arrival to departure it can be charged."""

    arrival: datetime
    departure: datetime
    capacity_kwh: float
    energy_kwh: float
    """In the car now, or at arrival if that is later."""
    target_kwh: float
    """Wanted in the car at departure; at most its capacity."""
    max_charge_kw: float | None = None
    """What the car itself takes from the bus; None: as much as the charger gives."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "arrival", as_utc("ev session", "arrival", self.arrival))
        object.__setattr__(self, "departure", as_utc("ev session", "departure", self.departure))
        if self.departure <= self.arrival:
            raise ValueError(
                f"ev session: departure ({self.departure.isoformat()}) must be after "
                f"arrival ({self.arrival.isoformat()})"
            )
        above("ev session", "capacity_kwh", self.capacity_kwh, 0.0)
        within("ev session", "energy_kwh", self.energy_kwh, 0.0, self.capacity_kwh)
        within("ev session", "target_kwh", self.target_kwh, 0.0, self.capacity_kwh)
        if self.max_charge_kw is not None:
            above("ev session", "max_charge_kw", self.max_charge_kw, 0.0)


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
