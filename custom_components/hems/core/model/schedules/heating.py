"""A building and a tank from the power of their heaters."""

from collections.abc import Sequence

from ..heat_pump import HeatPump
from ..hot_water import HotWater
from ..plan import AssetPlan
from ..thermal import Zone
from .digits import rounded


def heat_pump_plan(heat_pump: HeatPump, zone: Zone, power_kw: Sequence[float]) -> AssetPlan:
    """`indoor_c` and `heat_kw`."""
    return AssetPlan(
        asset=heat_pump.name,
        kind=heat_pump.kind,
        power_kw=tuple(power_kw),
        trajectories={
            "indoor_c": rounded(zone.run(tuple(power_kw))),
            "heat_kw": rounded([cop * kw for cop, kw in zip(zone.cop, power_kw, strict=True)]),
        },
    )


def hot_water_plan(hot_water: HotWater, zone: Zone, power_kw: Sequence[float]) -> AssetPlan:
    """`tank_c`."""
    return AssetPlan(
        asset=hot_water.name,
        kind=hot_water.kind,
        power_kw=tuple(power_kw),
        trajectories={"tank_c": rounded(zone.run(tuple(power_kw)))},
    )
