"""From an asset to the device that stands for it, with what the truth has beside the asset's values."""

from dataclasses import dataclass, field
from typing import Literal

from ..model import Appliance, Asset, Battery, EvCharger, FlexibleLoad, HeatPump, HotWater, Pv, kind_of
from .appliance import SimulatedAppliance
from .battery import SimulatedBattery
from .building import SimulatedHeatPump
from .days import Days
from .device import Device
from .ev import Car, SimulatedEvCharger
from .flexible_load import SimulatedFlexibleLoad
from .hot_water import SimulatedHotWater
from .pv import SimulatedPv


@dataclass(frozen=True, slots=True, kw_only=True)
class Physics:
    """What the truth is beside what the site's values say; the factors make a plan's model wrong on purpose."""

    solar: Literal["clear_sky", "gaussian"] = "clear_sky"
    clouds: bool = True
    battery_standby_kw: float = 0.01
    heat_loss_factor: float = 1.0
    cop_factor: float = 1.0
    car: Car = field(default_factory=Car)
    start_soc: float = 0.5
    """Of batteries."""


AS_MODELLED = Physics()
"""The truth is what the plan believes."""


def device_of(asset: Asset, index: int, days: Days, physics: Physics, start_s: float) -> Device:
    """The device that stands for an asset; `index` tells those of one kind apart."""
    device: Device
    match asset:
        case Pv():
            device = SimulatedPv(asset, days)
        case Battery():
            device = SimulatedBattery(asset, soc=physics.start_soc, standby_kw=physics.battery_standby_kw)
        case EvCharger():
            device = SimulatedEvCharger(asset, days, index=index, car=physics.car, start_s=start_s)
        case HeatPump():
            device = SimulatedHeatPump(asset, heat_loss_factor=physics.heat_loss_factor, cop_factor=physics.cop_factor)
        case HotWater():
            device = SimulatedHotWater(asset, days, index=index)
        case Appliance():
            device = SimulatedAppliance(asset, days, index=index, start_s=start_s)
        case FlexibleLoad():
            device = SimulatedFlexibleLoad(asset, days, index=index)
        case _:
            raise ValueError(f"{asset.name}: a {kind_of(asset)} cannot be simulated")
    return device
