"""The plan of an asset from its powers alone: what else develops follows from the model of the device.

Optimiser and fallback both end here, so a trajectory is never what a solver hoped for.
"""

from collections.abc import Sequence
from datetime import datetime

from .appliance import Appliance
from .battery import Battery
from .ev import EvCharger
from .heat_pump import HeatPump
from .horizon import Horizon
from .hot_water import HotWater
from .plan import AssetPlan
from .runs import Start
from .thermal import Zone
from .visits import Visit

DIGITS = 6


def battery_plan(battery: Battery, start_kwh: float, power_kw: Sequence[float], horizon: Horizon) -> AssetPlan:
    """`energy_kwh`: in the cells."""
    energy_kwh = [start_kwh]
    for kw, step_h in zip(power_kw, horizon.steps_h, strict=True):
        energy_kwh.append(energy_kwh[-1] + stored_kw(battery, kw) * step_h)
    return AssetPlan(
        asset=battery.name,
        kind=battery.kind,
        power_kw=tuple(power_kw),
        trajectories={"energy_kwh": tuple(round(max(0.0, kwh), DIGITS) for kwh in energy_kwh)},
    )


def stored_kw(battery: Battery, power_kw: float) -> float:
    """What reaches the cells, or (negative) leaves them, for a power at the terminals."""
    if power_kw > 0.0:
        return power_kw * battery.charge_efficiency
    return power_kw / battery.discharge_efficiency


def charging_plan(
    charger: EvCharger, visits: Sequence[Visit], power_kw: Sequence[float], horizon: Horizon
) -> AssetPlan:
    """`energy_kwh`: of the car that is there, 0 when none; `phases`: that it charges on, 0 when off."""
    energy_kwh = [0.0] * (horizon.steps + 1)
    phases = [0.0] * horizon.steps
    for visit in visits:
        kwh = visit.session.energy_kwh
        # The edge at which a car arrives within a step still belongs to nobody.
        if _is_there(visit, horizon.edges[visit.first]):
            energy_kwh[visit.first] = kwh
        for index in range(visit.first, visit.end):
            kwh += charger.efficiency * power_kw[index] * horizon.steps_h[index]
            if _is_there(visit, horizon.edges[index + 1]):
                energy_kwh[index + 1] = round(kwh, DIGITS)
            phases[index] = _phases(visit, power_kw[index], visit.shares[index - visit.first])
    return AssetPlan(
        asset=charger.name,
        kind=charger.kind,
        power_kw=tuple(power_kw),
        trajectories={"energy_kwh": tuple(energy_kwh), "phases": tuple(phases)},
    )


def _is_there(visit: Visit, time: datetime) -> bool:
    return visit.session.arrival <= time <= visit.session.departure


def _phases(visit: Visit, power_kw: float, share: float) -> float:
    """The fewest that carry the power."""
    if power_kw <= 0.0:
        return 0.0
    enough = [mode.phases for mode in visit.modes if mode.max_kw * share >= power_kw - 1e-6]
    return float(min(enough, default=max(mode.phases for mode in visit.modes)))


def heat_pump_plan(heat_pump: HeatPump, zone: Zone, power_kw: Sequence[float]) -> AssetPlan:
    """`indoor_c` and `heat_kw`."""
    return AssetPlan(
        asset=heat_pump.name,
        kind=heat_pump.kind,
        power_kw=tuple(power_kw),
        trajectories={
            "indoor_c": _rounded(zone.run(tuple(power_kw))),
            "heat_kw": _rounded([cop * kw for cop, kw in zip(zone.cop, power_kw, strict=True)]),
        },
    )


def hot_water_plan(hot_water: HotWater, zone: Zone, power_kw: Sequence[float]) -> AssetPlan:
    """`tank_c`."""
    return AssetPlan(
        asset=hot_water.name,
        kind=hot_water.kind,
        power_kw=tuple(power_kw),
        trajectories={"tank_c": _rounded(zone.run(tuple(power_kw)))},
    )


def appliance_plan(
    appliance: Appliance, under_way: Sequence[Start], taken: Sequence[Start], horizon: Horizon
) -> AssetPlan:
    """`starts`: how many programmes begin in each step."""
    power_kw = [0.0] * horizon.steps
    starts = [0.0] * horizon.steps
    for start in (*under_way, *taken):
        power_kw = [before + more for before, more in zip(power_kw, start.power_kw, strict=True)]
    for start in taken:
        starts[start.index] += 1.0
    return AssetPlan(
        asset=appliance.name,
        kind=appliance.kind,
        power_kw=_rounded(power_kw),
        trajectories={"starts": tuple(starts)},
    )


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(value, DIGITS) for value in values)
