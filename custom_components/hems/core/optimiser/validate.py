"""A last look at a plan before anybody acts on it: what the solver promised must hold in the schedule itself."""

from collections.abc import Iterator

from ..model import Battery, BatteryState, Infeasible, Plan
from ..model.assessment.grid import export_excess_kw
from ..model.assessment.judgement import REPORTED
from ..model.phases import over_phase_kw
from ..model.terms import Terms
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
    for index in range(plan.horizon.steps):
        drawn_kw = sum(asset.power_kw[index] for asset in plan.assets) + plan.load_kw[index]
        if abs(drawn_kw - plan.unserved_kw[index] - plan.grid_kw[index]) > TOLERANCE:
            yield "grid.balance"
        if plan.import_kw[index] > terms.max_import_kw[index] + TOLERANCE:
            yield "grid.max_import"
    over_kw = over_phase_kw(terms, {asset.asset: asset for asset in plan.assets})
    for left_out_kw, *over in zip(plan.unserved_kw, *over_kw, strict=True):
        if sum(over) > left_out_kw + TOLERANCE:
            yield "grid.max_phase"
    excess_kw = max(export_excess_kw(terms, plan.export_kw))
    if excess_kw > REPORTED["kW"] and not any(violation.limit == "grid.max_export" for violation in plan.violations):
        yield "grid.max_export"
    for asset in terms.request.site.assets:
        if isinstance(asset, Battery):
            yield from _broken_battery(asset, plan, terms)


def _broken_battery(battery: Battery, plan: Plan, terms: Terms) -> Iterator[str]:
    schedule = plan.asset(battery.name)
    energy_kwh = schedule.trajectories["energy_kwh"] if schedule else ()
    start_kwh = min(terms.request.state_of(battery, BatteryState).energy_kwh, battery.capacity_kwh)
    if min(energy_kwh) < min(battery.min_kwh, start_kwh) - TOLERANCE:
        yield f"{battery.name}.min_soc"
    if max(energy_kwh) > max(battery.max_kwh, start_kwh) + TOLERANCE:
        yield f"{battery.name}.max_soc"
