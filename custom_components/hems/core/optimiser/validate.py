"""A last look at a plan before anybody acts on it: what the solver promised must hold in the schedule itself."""

from collections.abc import Iterator
from itertools import pairwise

from ..model import (
    Asset,
    AssetPlan,
    Battery,
    BatteryState,
    EvCharger,
    EvChargerState,
    HybridInverter,
    Infeasible,
    Plan,
)
from ..model.assessment.grid import export_excess_kw
from ..model.assessment.judgement import REPORTED
from ..model.asset import PHASES
from ..model.phases import over_phase_kw
from ..model.terms import Terms
from ..model.visits import visits_of
from .outcome import NoPlan

TOLERANCE = 1e-3
"""kW or kWh: above the rounding of a whole horizon, far below what any device notices."""


def check_plan(plan: Plan, terms: Terms) -> None:
    """Nothing if balance, limits and states hold.

    Raises:
        NoPlan: they do not; the names of what is broken are in it.
    """
    broken = tuple(dict.fromkeys(_broken(plan, terms)))
    if broken:
        raise NoPlan(Infeasible(broken=broken))


def _broken(plan: Plan, terms: Terms) -> Iterator[str]:
    grid_kw = plan.grid_kw
    for index in range(plan.horizon.steps):
        drawn_kw = sum(asset.power_kw[index] for asset in plan.assets) + plan.load_kw[index]
        if abs(drawn_kw - plan.unserved_kw[index] - grid_kw[index]) > TOLERANCE:
            yield "grid.balance"
        if plan.import_kw[index] > terms.max_import_kw[index] + TOLERANCE:
            yield "grid.max_import"
    over_kw = over_phase_kw(terms, {asset.asset: asset for asset in plan.assets})
    named = {violation.limit for violation in plan.violations}
    for phase, over in zip(PHASES, over_kw, strict=True):
        if max(over) > REPORTED["kW"] and f"grid.max_phase_{phase}" not in named:
            yield f"grid.max_phase_{phase}"
    excess_kw = max(export_excess_kw(terms, plan.export_kw))
    if excess_kw > REPORTED["kW"] and not any(violation.limit == "grid.max_export" for violation in plan.violations):
        yield "grid.max_export"
    for asset in terms.request.site.assets:
        yield from _broken_asset(asset, plan, terms)


def _broken_asset(asset: Asset, plan: Plan, terms: Terms) -> Iterator[str]:
    schedule = plan.asset(asset.name)
    if schedule is None:
        yield f"{asset.name}.schedule"
    elif isinstance(asset, Battery):
        yield from _broken_battery(asset, schedule, terms)
    elif isinstance(asset, HybridInverter):
        yield from _broken_inverter(asset, schedule)
    elif isinstance(asset, EvCharger):
        yield from _broken_charger(asset, schedule, terms)


def _broken_battery(battery: Battery, schedule: AssetPlan, terms: Terms) -> Iterator[str]:
    energy_kwh = schedule.trajectories["energy_kwh"]
    start_kwh = min(terms.request.state_of(battery, BatteryState).energy_kwh, battery.capacity_kwh)
    if max(energy_kwh) > max(battery.max_kwh, start_kwh) + TOLERANCE:
        yield f"{battery.name}.max_soc"
    for kw, before_kwh, after_kwh, h in zip(schedule.power_kw, energy_kwh, energy_kwh[1:], terms.steps_h, strict=False):
        if kw > battery.charge_limit_kw(before_kwh, h) + TOLERANCE:
            yield f"{battery.name}.charge_curve"
        if -kw > battery.discharge_limit_kw(before_kwh, h) + TOLERANCE:
            yield f"{battery.name}.discharge_curve"
        if after_kwh < battery.min_kwh - TOLERANCE and after_kwh < before_kwh - TOLERANCE:
            yield f"{battery.name}.min_soc"


def _broken_inverter(inverter: HybridInverter, schedule: AssetPlan) -> Iterator[str]:
    ac_kw = schedule.trajectories["ac_kw"]
    if -min(ac_kw) > inverter.max_ac_kw + TOLERANCE:
        yield f"{inverter.name}.max_ac"
    if max(ac_kw) > inverter.most_taken_kw + TOLERANCE:
        yield f"{inverter.name}.max_ac_charge"


def _broken_charger(charger: EvCharger, schedule: AssetPlan, terms: Terms) -> Iterator[str]:
    for visit in visits_of(charger, terms.request.state_of(charger, EvChargerState), terms.horizon):
        energy_kwh = visit.energy_kwh(charger, schedule.power_kw, terms.horizon)
        if max(energy_kwh) > visit.session.capacity_kwh + TOLERANCE:
            yield f"{charger.name}.capacity"
        for before_kwh, after_kwh in pairwise(energy_kwh):
            if after_kwh < visit.session.floor_kwh - TOLERANCE and after_kwh < before_kwh - TOLERANCE:
                yield f"{charger.name}.min"
