"""How the best schedule is found: never worse than the gap allows, and the same whatever was solved before."""

from dataclasses import replace

from hypothesis import given, settings
import pytest

from bench.solve.cases import pv_battery_ev_48h, whole_home_48h
from bench.solve.reference import reference_cost
from custom_components.hems.core.model import EvCharger, Optimal, Plan, PlanRequest, SolverOptions
from custom_components.hems.core.optimiser import solve
from tests.builders import a_battery, a_battery_state, a_request
from tests.strategies import random_homes

COARSE = SolverOptions(time_limit_s=20.0, relative_gap=0.01, absolute_gap=0.05)
FINE = SolverOptions(time_limit_s=20.0, relative_gap=0.0, absolute_gap=1e-3)


def test_the_cost_is_that_of_an_independent_solver() -> None:
    request = pv_battery_ev_48h(1)
    assert solve(request).cost.total == pytest.approx(reference_cost(request), rel=1e-4)


@settings(max_examples=15, deadline=None)
@given(random_homes(with_overrides=False))
def test_a_plan_is_no_dearer_than_its_gap_allows(request: PlanRequest) -> None:
    coarse, fine = solve(replace(request, options=COARSE)), solve(replace(request, options=FINE))
    if not (isinstance(coarse.outcome, Optimal) and isinstance(fine.outcome, Optimal)):
        return
    # The tastes of both plans are in what was minimised, but not in the cost, and each has its budget.
    scale = max(1.0, abs(fine.cost.total))
    assert (
        coarse.cost.total <= fine.cost.total + max(0.05, 0.01 * scale) + 2.0 * COARSE.preference_budget + 1e-3 * scale
    )


def test_a_plan_does_not_depend_on_what_was_solved_before() -> None:
    request = whole_home_48h(0)
    other = with_least_current(request, 10.0)
    cold = solve(request)
    changed = solve(other)
    assert timeless(solve(request)) == timeless(cold)
    assert timeless(solve(other)) == timeless(changed)
    assert powers(changed) != powers(cold)


def test_nothing_is_bought_to_be_sold_at_once() -> None:
    request = a_request(
        a_battery(wear_per_kwh=0.0, charge_efficiency=1.0, discharge_efficiency=1.0, end_price_per_kwh=0.0),
        a_battery_state(0.0),
        import_price=0.10,
        export_price=0.40,
    )
    plan = solve(request)
    # Full in two hours, sold in two hours: six times a day, 10 kWh each.
    assert plan.cost.total == pytest.approx(-6 * 10.0 * 0.30, abs=0.01)


def with_least_current(request: PlanRequest, amperes: float) -> PlanRequest:
    assets = tuple(
        replace(asset, min_current_a=amperes) if isinstance(asset, EvCharger) else asset
        for asset in request.site.assets
    )
    return replace(request, site=replace(request.site, assets=assets))


def powers(plan: Plan) -> list[tuple[float, ...]]:
    return [asset.power_kw for asset in plan.assets]


def timeless(plan: Plan) -> Plan:
    return replace(plan, stats=type(plan.stats)())
