"""The home now, from the states of its entities; called every few seconds, so without any I/O."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from homeassistant.core import HomeAssistant

from ..core.model import (
    Appliance,
    Asset,
    Battery,
    EvCharger,
    HealthStatus,
    HeatPump,
    HotWater,
    HybridInverter,
    InputHealth,
    Pv,
)
from ..core.model.inverter import behind_of
from ..home import Binding, Home
from ..runtime import AssetReading, Live
from .measurements import (
    INDOOR,
    OUTDOOR,
    POWER,
    RECORDED,
    STATE_OF_CHARGE,
    TANK,
    Measured,
    Quantity,
    measure,
    switched_on,
)

RUNNING_KW = 0.01
"""An appliance that draws more is in its programme: standby is a few watts."""
NO_PHASE_ENTITY = "nothing is bound that sets the phases: 3 are assumed. Choose such an entity, or a fixed number"
TEMPERATURES: Mapping[type[Asset], Quantity] = {HeatPump: INDOOR, HotWater: TANK}


def read_home(hass: HomeAssistant, home: Home, now: datetime) -> Live:
    """Every bound entity, with named health for what cannot be used."""
    assets = _with_losses(home, {asset.name: read_asset(hass, home, asset, now) for asset in home.site.assets})
    bound = home.grid_bindings
    grid = _measured(hass, bound.grid_power_entity, POWER, now, "grid_kw", HealthStatus.DEGRADED)
    grid_kw = grid.value if grid.value is None or not bound.grid_power_inverted else -grid.value
    load = _measured(hass, bound.load_power_entity, POWER, now, "load_kw", HealthStatus.DEGRADED)
    outdoor = _measured(hass, bound.outdoor_temperature_entity, OUTDOOR, now, "outdoor_c", HealthStatus.DEGRADED)
    load_kw = load.value if bound.load_power_entity else _rest_kw(grid_kw, home, assets)
    return Live(
        at=now,
        grid_kw=grid_kw,
        grid_at=grid.at,
        load_kw=None if load_kw is None else max(0.0, load_kw),
        outdoor_c=outdoor.value,
        assets=assets,
        grid_recorded=_recorded(hass, bound.recorded, now),
        health=(*grid.health, *load.health, *outdoor.health),
    )


def _with_losses(home: Home, assets: dict[str, AssetReading]) -> dict[str, AssetReading]:
    """What hybrid inverters lose follows from the meters of what is behind them, which are at their DC bus."""
    for inverter in home.site.assets:
        if isinstance(inverter, HybridInverter):
            members = [asset for asset in home.site.assets if behind_of(asset) == inverter.name]
            known = [kw for asset in members if (kw := assets[asset.name].power_kw) is not None]
            if len(known) == len(members):
                assets[inverter.name] = replace(assets[inverter.name], power_kw=inverter.loss_kw(sum(known)))
    return assets


def read_asset(hass: HomeAssistant, home: Home, asset: Asset, now: datetime) -> AssetReading:
    """One asset; what it is not bound to is None."""
    binding, name = home.bindings[asset.name], asset.name
    power = _measured(hass, binding.power_entity, POWER, now, f"{name}.power_kw", HealthStatus.DEGRADED)
    power_kw = None if power.value is None else power.value * power_sign(asset, binding)
    health = list(power.health)
    if power_kw is not None and (absurd := _absurd(asset, power_kw)):
        health.append(InputHealth(source=f"{name}.power_kw", status=HealthStatus.DEGRADED, reason=absurd))
        power_kw = None
    needed = HealthStatus.ERROR if isinstance(asset, Battery) else HealthStatus.DEGRADED
    soc = _measured(hass, binding.soc_entity, STATE_OF_CHARGE, now, f"{name}.soc", needed)
    temperature = _measured(
        hass,
        binding.temperature_entity,
        TEMPERATURES.get(type(asset), INDOOR),
        now,
        f"{name}.temperature_c",
        HealthStatus.ERROR,
    )
    connected: bool | None = None
    if isinstance(asset, EvCharger) and binding.connected_entity:
        connected, unplugged = switched_on(hass, binding.connected_entity, f"{name}.connected")
        health += unplugged
    if binding.lacks_phase_entity:
        health.append(InputHealth(source=f"{name}.phases", status=HealthStatus.DEGRADED, reason=NO_PHASE_ENTITY))
    capacity_kwh = asset.capacity_kwh if isinstance(asset, Battery) else None
    car = home.cars.get(name)
    return AssetReading(
        power_kw=power_kw,
        energy_kwh=soc.value * capacity_kwh if capacity_kwh and soc.value is not None else None,
        soc=soc.value,
        temperature_c=temperature.value,
        connected=connected,
        capacity_kwh=car.capacity_kwh if car else None,
        max_charge_kw=car.max_charge_kw if car else None,
        running=power_kw > RUNNING_KW if isinstance(asset, Appliance) and power_kw is not None else None,
        recorded=_recorded(hass, binding.recorded, now),
        health=(*health, *soc.health, *temperature.health),
    )


def _recorded(hass: HomeAssistant, bound: Mapping[str, str], now: datetime) -> dict[str, float]:
    """What can be said of now; what cannot is left out, and no plan is the worse for it."""
    found = {
        name: measure(hass, entity_id, RECORDED[name], now, name, HealthStatus.OK).value
        for name, entity_id in bound.items()
    }
    return {name: value for name, value in found.items() if value is not None}


def power_sign(asset: Asset, binding: Binding) -> float:
    """What a published power is multiplied by to be positive where it draws from the bus."""
    usual = -1.0 if isinstance(asset, Pv) else 1.0
    return -usual if binding.power_inverted else usual


def _absurd(asset: Asset, power_kw: float) -> str:
    """Why a device cannot have that power; empty where it can."""
    match asset:
        case Pv():
            most_kw = asset.peak_kw
        case Battery():
            most_kw = max(asset.max_charge_kw, asset.max_discharge_kw)
        case EvCharger():
            # Whatever the phases it should use: a charger that uses more of them must be seen.
            most_kw = asset.max_kw(3)
        case HeatPump() | HotWater():
            most_kw = asset.max_electric_kw
        case _:
            return ""
    # Ratings are exceeded for moments, and a watt read as a kilowatt is a thousand times too much.
    return f"{power_kw:g} kW is more than twice what it can do" if abs(power_kw) > 2.0 * most_kw + 1.0 else ""


def _measured(
    hass: HomeAssistant, entity_id: str | None, quantity: Quantity, now: datetime, source: str, missing: HealthStatus
) -> Measured:
    return measure(hass, entity_id, quantity, now, source, missing) if entity_id else Measured()


def _rest_kw(grid_kw: float | None, home: Home, assets: Mapping[str, AssetReading]) -> float | None:
    """The load that follows from the meter and the assets' own; those without a meter are part of it."""
    metered = [assets[name].power_kw for name, binding in home.bindings.items() if binding.power_entity]
    known = [power_kw for power_kw in metered if power_kw is not None]
    if grid_kw is None or len(known) < len(metered):
        return None
    lost = (assets[asset.name].power_kw or 0.0 for asset in home.site.assets if isinstance(asset, HybridInverter))
    return grid_kw - sum(known) - sum(lost)
