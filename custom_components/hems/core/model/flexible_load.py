"""A load that may be switched off at a price: lights, an immersion heater, a thermostat's circuit."""

from dataclasses import dataclass
from typing import Literal

from .asset import Asset, AssetState
from .checks import above, at_least, within
from .series import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibleLoad(Asset):
    """On or off at a fixed power; each kWh that it is wanted and not given costs comfort."""

    kind: Literal["flexible_load"] = "flexible_load"
    power_kw: float
    comfort_price_per_kwh: float
    """Currency the household would pay for each wanted kWh: above it the load is switched off."""
    min_on_h_per_day: float = 0.0
    """Hours that it shall be on each local day whatever energy costs, as far as it is wanted."""
    short_price_per_h: float = 1.0
    """Currency for each of these hours that is missing."""

    def __post_init__(self) -> None:
        Asset.__post_init__(self)
        above(self.name, "power_kw", self.power_kw, 0.0)
        at_least(self.name, "comfort_price_per_kwh", self.comfort_price_per_kwh, 0.0)
        within(self.name, "min_on_h_per_day", self.min_on_h_per_day, 0.0, 24.0)
        at_least(self.name, "short_price_per_h", self.short_price_per_h, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibleLoadState(AssetState):
    """When the load is wanted."""

    kind: Literal["flexible_load"] = "flexible_load"
    wanted: Series
    """0 (not wanted) to 1 (wanted all the time); it is never switched on unwanted."""
    given_h_today: float = 0.0
    """Hours that it has been on since the last local midnight."""

    def __post_init__(self) -> None:
        AssetState.__post_init__(self)
        within(self.asset, "given_h_today", self.given_h_today, 0.0, 25.0)
        for value in self.wanted.values:
            if value is not None and not 0.0 <= value <= 1.0:
                raise ValueError(f"{self.asset}: wanted must be between 0 and 1, got {value:g}")
