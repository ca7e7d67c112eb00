"""A hot-water tank with its heater."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .asset import Asset, AssetState
from .checks import above, as_utc, at_least, within
from .comfort import ComfortBand
from .duty import check_duty
from .legionella import LegionellaCycle
from .series import Series

WATER_KWH_PER_L_K = 4.186 / 3600
"""Heat capacity of water."""
DEFAULT_COMFORT = ComfortBand(min_c=45.0, max_c=60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HotWater(Asset):
    """A well-mixed tank: C dT/dt = cop * electric - draw - heat_loss (T - ambient)."""

    kind: Literal["hot_water"] = "hot_water"
    volume_l: float
    min_electric_kw: float | None = None
    """Least power when on; None: the same as the maximum, i.e. on/off only."""
    max_electric_kw: float
    cop: float = 1.0
    """1 for an immersion heater, about 3 for a heat pump."""
    heat_loss_kw_per_k: float = 0.002
    ambient_c: float = 18.0
    comfort: ComfortBand = DEFAULT_COMFORT
    legionella: LegionellaCycle | None = None
    min_on_s: int = 0
    """Once on, it stays on this long."""
    min_off_s: int = 0
    start_price: float = 0.0
    """Currency per start."""

    def __post_init__(self) -> None:
        Asset.__post_init__(self)
        above(self.name, "volume_l", self.volume_l, 0.0)
        above(self.name, "max_electric_kw", self.max_electric_kw, 0.0)
        if self.min_electric_kw is not None:
            within(self.name, "min_electric_kw", self.min_electric_kw, 0.0, self.max_electric_kw)
        check_duty(self.name, self.least_electric_kw, self.min_on_s, self.min_off_s, self.start_price)
        within(self.name, "cop", self.cop, 0.5, 8.0)
        at_least(self.name, "heat_loss_kw_per_k", self.heat_loss_kw_per_k, 0.0)
        within(self.name, "ambient_c", self.ambient_c, -20.0, 50.0)

    @property
    def heat_capacity_kwh_per_k(self) -> float:
        """Of the water in the tank."""
        return self.volume_l * WATER_KWH_PER_L_K

    @property
    def least_electric_kw(self) -> float:
        """Least power when on."""
        return self.max_electric_kw if self.min_electric_kw is None else self.min_electric_kw


@dataclass(frozen=True, slots=True, kw_only=True)
class HotWaterState(AssetState):
    """How hot the tank is, and the heat that will be drawn from it."""

    kind: Literal["hot_water"] = "hot_water"
    tank_c: float
    draw_kw: Series
    """Thermal power drawn, >= 0."""
    on: bool | None = None
    since: datetime | None = None
    """When it was last switched; unknown: so long ago that it does not matter."""
    last_disinfected: datetime | None = None
    """End of the last legionella cycle; unknown means that one is due."""
    hot_since: datetime | None = None
    """Since when it has been as hot as the legionella cycle needs, while that lasts."""

    def __post_init__(self) -> None:
        AssetState.__post_init__(self)
        for field in ("since", "last_disinfected", "hot_since"):
            if getattr(self, field) is not None:
                object.__setattr__(self, field, as_utc(self.asset, field, getattr(self, field)))
        within(self.asset, "tank_c", self.tank_c, 0.0, 100.0)
        for value in self.draw_kw.values:
            if value is not None and value < 0.0:
                raise ValueError(f"{self.asset}: draw_kw must be at least 0, got {value:g}")
