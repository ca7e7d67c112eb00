"""A building and a tank from the power of their heaters."""

from collections.abc import Sequence

from ..heat_pump import HeatPump
from ..hot_water import HotWater
from ..plan import AssetPlan
from ..thermal import Zone
from .digits import rounded


def heat_pump_plan(heat_pump: HeatPump, zone: Zone, power_kw: Sequence[float]) -> AssetPlan:
    """`indoor_c` and `heat_kw`; `mass_c` where the building has one."""
    states = zone.states(tuple(power_kw))
    trajectories = {
        "indoor_c": rounded([state.zone_c for state in states]),
        "heat_kw": rounded([cop * kw for cop, kw in zip(zone.cop, power_kw, strict=True)]),
    }
    if zone.has_mass:
        trajectories["mass_c"] = rounded([state.mass_c for state in states])
    return AssetPlan(asset=heat_pump.name, kind=heat_pump.kind, power_kw=tuple(power_kw), trajectories=trajectories)


def hot_water_plan(hot_water: HotWater, zone: Zone, power_kw: Sequence[float]) -> AssetPlan:
    """`tank_c`; where a legionella cycle is due, `disinfecting`: 1 in the steps in which the tank is held hot."""
    temperatures = zone.run(tuple(power_kw))
    trajectories = {"tank_c": rounded(temperatures)}
    if zone.disinfection is not None:
        window = zone.disinfection.done_in(temperatures)
        held = range(0) if window is None else range(window.first, window.last)
        trajectories["disinfecting"] = tuple(float(step in held) for step in range(len(power_kw)))
    return AssetPlan(asset=hot_water.name, kind=hot_water.kind, power_kw=tuple(power_kw), trajectories=trajectories)
