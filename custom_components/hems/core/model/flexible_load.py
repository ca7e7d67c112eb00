"""A load that may be switched off at a price: lights, an immersion heater, a thermostat's circuit."""

from dataclasses import dataclass
from typing import Literal

from .asset import Asset, AssetState
from .checks import above, at_least
from .series import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibleLoad(Asset):
    """On or off at a fixed power; each kWh that it is wanted and not given costs comfort."""

    kind: Literal["flexible_load"] = "flexible_load"
    power_kw: float
    comfort_price_per_kwh: float
    """Currency the household would pay for each wanted kWh: above it the load is switched off."""

    def __post_init__(self) -> None:
        Asset.__post_init__(self)
        above(self.name, "power_kw", self.power_kw, 0.0)
        at_least(self.name, "comfort_price_per_kwh", self.comfort_price_per_kwh, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibleLoadState(AssetState):
    """When the load is wanted."""

    kind: Literal["flexible_load"] = "flexible_load"
    wanted: Series
    """0 (not wanted) to 1 (wanted all the time); it is never switched on unwanted."""

    def __post_init__(self) -> None:
        AssetState.__post_init__(self)
        for value in self.wanted.values:
            if value is not None and not 0.0 <= value <= 1.0:
                raise ValueError(f"{self.asset}: wanted must be between 0 and 1, got {value:g}")
