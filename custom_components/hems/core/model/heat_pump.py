"""A heat pump and the building that it heats."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from .asset import Asset, AssetState
from .checks import above, at_least, finite, ordered, within
from .value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Building(Value):
    """One thermal zone: C dT/dt = heat + gains - heat_loss (T - outdoor)."""

    heat_loss_kw_per_k: float
    heat_capacity_kwh_per_k: float
    gains_kw: float = 0.0
    """Constant gains from people and devices."""

    def __post_init__(self) -> None:
        above("building", "heat_loss_kw_per_k", self.heat_loss_kw_per_k, 0.0)
        above("building", "heat_capacity_kwh_per_k", self.heat_capacity_kwh_per_k, 0.0)
        at_least("building", "gains_kw", self.gains_kw, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComfortBand(Value):
    """Temperatures that are fine, and the price of each kelvin-hour outside them."""

    min_c: float
    max_c: float
    price_per_kh: float = 0.5
    """Currency per K h below or above the band: comfort is soft, this is its worth."""

    def __post_init__(self) -> None:
        within("comfort", "min_c", self.min_c, 0.0, 80.0)
        within("comfort", "max_c", self.max_c, 0.0, 80.0)
        ordered("comfort", "min_c", self.min_c, "max_c", self.max_c)
        at_least("comfort", "price_per_kh", self.price_per_kh, 0.0)


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

    def __post_init__(self) -> None:
        Asset.__post_init__(self)
        above(self.name, "max_electric_kw", self.max_electric_kw, 0.0)
        within(self.name, "min_electric_kw", self.min_electric_kw, 0.0, self.max_electric_kw)
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
    """How warm the building is."""

    kind: Literal["heat_pump"] = "heat_pump"
    indoor_c: float

    def __post_init__(self) -> None:
        AssetState.__post_init__(self)
        finite(self.asset, "indoor_c", self.indoor_c)
        within(self.asset, "indoor_c", self.indoor_c, -30.0, 60.0)
