"""A battery from its powers."""

from collections.abc import Sequence

from ..battery import Battery
from ..horizon import Horizon
from ..plan import AssetPlan
from .digits import DIGITS


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
