"""A heat pump and the building that it heats."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from .asset import Asset, AssetState
from .checks import above, as_utc, at_least, within
from .comfort import ComfortBand
from .duty import check_duty
from .value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalMass(Value):
    """Walls, floors and screed: C_m dM/dt = coupling (T - M)."""

    heat_capacity_kwh_per_k: float
    coupling_kw_per_k: float
    """Heat that passes between it and the rooms, per kelvin between them."""

    def __post_init__(self) -> None:
        above("mass", "heat_capacity_kwh_per_k", self.heat_capacity_kwh_per_k, 0.0)
        above("mass", "coupling_kw_per_k", self.coupling_kw_per_k, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Building(Value):
    """One thermal zone, C dT/dt = heat + gains - heat_loss (T - outdoor), perhaps with a slower mass beside it."""

    heat_loss_kw_per_k: float
    heat_capacity_kwh_per_k: float
    """Of all that is as warm as the rooms: the whole building, or with a `mass` air and furniture alone."""
    gains_kw: float = 0.0
    """Constant gains from people and devices."""
    mass: ThermalMass | None = None

    def __post_init__(self) -> None:
        above("building", "heat_loss_kw_per_k", self.heat_loss_kw_per_k, 0.0)
        above("building", "heat_capacity_kwh_per_k", self.heat_capacity_kwh_per_k, 0.0)
        at_least("building", "gains_kw", self.gains_kw, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopPoint(Value):
    """Coefficient of performance at one outdoor temperature."""

    outdoor_c: float
    cop: float

    def __post_init__(self) -> None:
        within("cop", "outdoor_c", self.outdoor_c, -60.0, 60.0)
        within("cop", "cop", self.cop, 0.5, 12.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatPump(Asset):
    """A heat pump: off, or between its minimum and maximum electric power (equal: on/off only)."""

    kind: Literal["heat_pump"] = "heat_pump"
    min_electric_kw: float = 0.0
    max_electric_kw: float
    cop: tuple[CopPoint, ...] = (
        CopPoint(outdoor_c=-7.0, cop=2.6),
        CopPoint(outdoor_c=2.0, cop=3.4),
        CopPoint(outdoor_c=7.0, cop=4.2),
        CopPoint(outdoor_c=15.0, cop=5.2),
    )
    """Curve over rising outdoor temperature, linear between its points and flat beyond them."""
    building: Building
    comfort: ComfortBand
    min_on_s: int = 0
    """Once on, it stays on this long."""
    min_off_s: int = 0
    start_price: float = 0.0
    """Currency per start: wear of the compressor."""

    def __post_init__(self) -> None:
        Asset.__post_init__(self)
        above(self.name, "max_electric_kw", self.max_electric_kw, 0.0)
        within(self.name, "min_electric_kw", self.min_electric_kw, 0.0, self.max_electric_kw)
        check_duty(self.name, self.min_electric_kw, self.min_on_s, self.min_off_s, self.start_price)
        if not self.cop:
            raise ValueError(f"{self.name}: cop must have at least one point")
        for colder, warmer in pairwise(self.cop):
            if warmer.outdoor_c <= colder.outdoor_c:
                raise ValueError(f"{self.name}: cop must be given over rising outdoor_c, got {warmer.outdoor_c:g}")

    def cop_at(self, outdoor_c: float) -> float:
        """COP at an outdoor temperature, from the curve."""
        if outdoor_c <= self.cop[0].outdoor_c:
            return self.cop[0].cop
        for colder, warmer in pairwise(self.cop):
            if outdoor_c <= warmer.outdoor_c:
                share = (outdoor_c - colder.outdoor_c) / (warmer.outdoor_c - colder.outdoor_c)
                return colder.cop + share * (warmer.cop - colder.cop)
        return self.cop[-1].cop


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatPumpState(AssetState):
    """How warm the building is, and whether the heat pump runs."""

    kind: Literal["heat_pump"] = "heat_pump"
    indoor_c: float
    mass_c: float | None = None
    """Of the building's mass; unknown: as warm as the rooms, as it would be after days without a change."""
    on: bool | None = None
    since: datetime | None = None
    """When it was last switched; unknown: so long ago that it does not matter."""

    def __post_init__(self) -> None:
        AssetState.__post_init__(self)
        within(self.asset, "indoor_c", self.indoor_c, -30.0, 60.0)
        if self.mass_c is not None:
            within(self.asset, "mass_c", self.mass_c, -30.0, 60.0)
        if self.since is not None:
            object.__setattr__(self, "since", as_utc(self.asset, "since", self.since))
