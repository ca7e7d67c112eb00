"""How a solve ends, and what happens when it does not end well."""

from dataclasses import replace
from datetime import timedelta
import warnings

import cvxpy as cp
import numpy as np
import pytest

from custom_components.hems.core.model import (
    HealthStatus,
    Horizon,
    Infeasible,
    InputHealth,
    SolverOptions,
    TimedOut,
)
from custom_components.hems.core.model.terms import Terms
from custom_components.hems.core.optimiser import NoPlan, solve
from custom_components.hems.core.optimiser.constraints import at_least, at_most, equal
from custom_components.hems.core.optimiser.solver import minimise
from custom_components.hems.core.optimiser.validate import check_plan
from custom_components.hems.core.wire import decode, encode
from tests.builders import (
    START,
    a_battery,
    a_battery_state,
    a_heat_pump,
    a_hot_water,
    a_pv,
    a_request,
    a_run,
    an_appliance,
    an_appliance_state,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
)

OPTIONS = SolverOptions()


def a_whole_home(horizon=None, **changes):
    horizon = horizon or Horizon.tiered(START)
    prices = [0.25 + 0.1 * ((index * 7) % 5) / 5 for index in range(horizon.steps)]
    return a_request(
        a_battery(),
        a_pv(),
        an_ev_charger(phases=(1, 3)),
        an_ev_charger_state(an_ev_session(0, 8)),
        a_heat_pump(),
        a_hot_water(),
        an_appliance(),
        an_appliance_state(a_run(0, 12)),
        horizon=horizon,
        import_price=prices,
        load_kw=0.5,
        **{"options": OPTIONS} | changes,
    )


def test_whole_home_is_solved_to_the_gap():
    plan = solve(a_whole_home())
    assert plan.outcome.kind == "optimal"
    assert plan.outcome.gap <= 0.02
    assert all(seconds > 0.0 for seconds in (plan.stats.build_s, plan.stats.compile_s, plan.stats.solve_s))


def test_plan_travels_without_loss():
    plan = solve(a_whole_home())
    assert decode(type(plan), encode(plan)) == plan


def test_plan_says_when_it_was_made_and_when_it_expires():
    health = (InputHealth(source="load_kw", status=HealthStatus.DEGRADED, reason="yesterday's"),)
    request = a_whole_home(health=health, valid_for_s=600)
    plan = solve(request)
    assert (plan.made_at, plan.expires_at) == (request.now, request.now + timedelta(seconds=600))
    assert plan.health == health


@pytest.mark.parametrize("step_min", [5, 15, 30, 60])
def test_every_step_size_solves(step_min):
    plan = solve(a_whole_home(Horizon.even(START, timedelta(minutes=step_min), 24)))
    assert plan.outcome.kind == "optimal"


def test_out_of_time_without_a_schedule_is_no_plan():
    with pytest.raises(NoPlan) as refused:
        solve(a_whole_home(options=replace(OPTIONS, time_limit_s=1e-6)))
    assert refused.value.outcome == TimedOut(time_limit_s=1e-6)
    assert "within" in str(refused.value)


def a_hard_puzzle():
    """A market split: any choice is a schedule, and proving the best one takes far longer than a test may."""
    rows, columns = 5, 40
    weights = np.random.default_rng(1).integers(0, 100, (rows, columns))
    chosen = cp.Variable(columns, boolean=True, name="chosen")
    away = cp.Variable(rows, nonneg=True, name="away")
    half = weights.sum(axis=1) // 2
    limits = [at_least("over", away, weights @ chosen - half), at_least("under", away, half - weights @ chosen)]
    return np.ones(rows) @ away, limits, away


def test_out_of_time_with_a_schedule_is_feasible_and_says_how_far_from_proven():
    objective, limits, away = a_hard_puzzle()
    strict = SolverOptions(time_limit_s=0.5, relative_gap=0.0, absolute_gap=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = minimise(objective, limits, strict, frozenset())
    assert answer.outcome.kind == "feasible"
    assert answer.outcome.gap > 0.0
    assert away.value is not None


def test_contradicting_limits_are_named():
    power = cp.Variable(3, name="power")
    limits = [
        at_least("heater.min_power", power, 2.0),
        at_most("fuse.max_import", power, 1.0),
        equal("bystander", power[0], power[1]),
    ]
    with pytest.raises(NoPlan) as refused:
        minimise(power[0], limits, OPTIONS, frozenset())
    outcome = refused.value.outcome
    assert isinstance(outcome, Infeasible)
    assert set(outcome.broken) <= {"heater.min_power", "fuse.max_import"}
    assert outcome.broken
    assert outcome.broken[0] in str(refused.value)


@pytest.mark.parametrize(
    ("change", "limit"),
    [
        ({"import_kw": (99.0,) * 24}, "grid.balance"),
        ({"load_kw": (30.0,) * 24, "import_kw": (30.0,) * 24}, "grid.max_import"),
        ({"load_kw": (-30.0,) * 24, "export_kw": (30.0,) * 24, "import_kw": (0.0,) * 24}, "grid.max_export"),
    ],
    ids=["balance", "import", "export"],
)
def test_broken_plan_is_not_published(change, limit):
    request = a_request(a_battery(), load_kw=1.0)
    plan = solve(request)
    with pytest.raises(NoPlan) as refused:
        check_plan(replace(plan, **change), Terms.of(request))
    assert limit in refused.value.outcome.broken


def test_state_of_charge_out_of_range_is_not_published():
    request = a_request(a_battery(), a_battery_state(5.0))
    plan = solve(request)
    impossible = replace(plan.assets[0], trajectories={"energy_kwh": (5.0,) * 24 + (-24.7,)})
    with pytest.raises(NoPlan) as refused:
        check_plan(replace(plan, assets=(impossible,)), Terms.of(request))
    assert refused.value.outcome == Infeasible(broken=("battery.min_soc",))


@pytest.mark.parametrize(
    ("asset", "first_kw", "limit"),
    [
        ("battery", 5.5, "battery.charge_curve"),
        ("battery", -5.5, "battery.discharge_curve"),
        ("ev_charger", 40.0, "ev_charger.capacity"),
        ("ev_charger", -3.0, "ev_charger.min"),
    ],
)
def test_power_that_a_device_does_not_have_is_not_published(asset, first_kw, limit):
    visit = an_ev_session(0, 8, energy_kwh=30.0, target_kwh=30.0, min_kwh=30.0)
    car = an_ev_charger(max_discharge_kw=5.0)
    request = a_request(a_battery(), a_battery_state(5.0), car, an_ev_charger_state(visit), load_kw=1.0)
    plan = solve(request)
    changed = tuple(
        replace(schedule, power_kw=(first_kw, *schedule.power_kw[1:])) if schedule.asset == asset else schedule
        for schedule in plan.assets
    )
    with pytest.raises(NoPlan) as refused:
        check_plan(replace(plan, assets=changed), Terms.of(request))
    assert limit in refused.value.outcome.broken


def test_kind_without_equations_is_refused():
    from custom_components.hems.core.model import Asset, AssetState
    from custom_components.hems.core.optimiser.block import Context
    from custom_components.hems.core.optimiser.registry import block_of

    context = Context.of(Terms.of(a_request()))
    with pytest.raises(TypeError, match="windmill: there are no equations"):
        block_of(Asset(name="windmill"), AssetState(asset="windmill"), context)
