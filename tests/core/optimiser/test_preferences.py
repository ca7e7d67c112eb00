"""Ties are broken by taste, always the same way, and taste costs no more than it was given."""

from dataclasses import replace
from itertools import pairwise
import os
import subprocess
import sys

from hypothesis import HealthCheck, given, settings
import pytest

from custom_components.hems.core.model import PreviousPlan, SolverOptions
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_battery,
    a_battery_state,
    a_heat_pump,
    a_horizon,
    a_hot_water,
    a_pv,
    a_pv_state,
    a_request,
    a_run,
    a_series,
    an_appliance,
    an_appliance_state,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
)
from tests.strategies import random_homes

STEPS = [5, 15, 30, 60]
ODD_HOMES = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def running(power_kw):
    return [index for index, kw in enumerate(power_kw) if kw > 0.01]


def switched_on(power_kw):
    return sum(before <= 0.01 < after for before, after in pairwise((0.0, *power_kw)))


def a_washing_home(step_min, slope_ct):
    """A price that falls or rises by so many cents over the day, and the options of every day."""
    horizon = a_horizon(24 * 60 // step_min, step_min)
    prices = [0.30 + slope_ct / 100 * index / horizon.steps for index in range(horizon.steps)]
    return a_request(
        an_appliance(),
        an_appliance_state(a_run(0, 24)),
        an_ev_charger(),
        an_ev_charger_state(an_ev_session(0, 24)),
        horizon=horizon,
        import_price=prices,
        load_kw=0.5,
        options=SolverOptions(),
    )


@pytest.mark.parametrize("step_min", STEPS)
def test_flat_price_means_as_early_as_possible(step_min):
    plan = solve(a_washing_home(step_min, 0.0))
    for name in ("appliance", "ev_charger"):
        steps = running(plan.asset(name).power_kw)
        assert steps == list(range(len(steps)))


@pytest.mark.parametrize("slope_ct", [-0.05, -0.2], ids=["0.05 ct a day", "0.2 ct a day"])
@pytest.mark.parametrize("step_min", STEPS)
def test_tiny_price_slope_is_honoured(step_min, slope_ct):
    request = a_washing_home(step_min, slope_ct)
    plan, last = solve(request), request.horizon.steps
    for name in ("appliance", "ev_charger"):
        steps = running(plan.asset(name).power_kw)
        assert steps == list(range(last - len(steps), last))


def test_car_starts_few_times():
    horizon = a_horizon(48, 15)
    request = a_request(
        an_ev_charger(phases=(1, 3)),
        an_ev_charger_state(an_ev_session(0, 12)),
        a_battery(),
        a_pv(),
        a_pv_state([0.0] * 24 + [2.0] * 24, horizon),
        horizon=horizon,
        import_price=[0.30 + 0.02 * ((index // 4) % 3) for index in range(48)],
        load_kw=0.5,
        options=SolverOptions(integer_h=12.0, time_limit_s=5.0),
    )
    assert switched_on(solve(request).asset("ev_charger").power_kw) <= 3


def test_of_equal_plans_the_one_before_is_kept():
    request = a_request(an_ev_charger(), an_ev_charger_state(an_ev_session(0, 24)), load_kw=0.5, import_price=0.3)
    before = [3.68 if 9 <= index < 12 else 0.0 for index in range(24)]
    kept = replace(request, previous=PreviousPlan(powers_kw={"ev_charger": a_series(before)}))
    assert running(solve(kept).asset("ev_charger").power_kw)[-3:] == [9, 10, 11]
    assert solve(kept).cost.total == pytest.approx(solve(request).cost.total, abs=1e-4)
    cheaper_now = replace(kept, tariff=a_request(import_price=[0.298] * 4 + [0.3] * 20).tariff)
    assert running(solve(cheaper_now).asset("ev_charger").power_kw) == [0, 1, 2, 3]


@ODD_HOMES
@given(request=random_homes())
def test_taste_never_costs_more_than_its_budget(request):
    options = replace(request.options, preference_budget=0.001)
    indifferent = solve(replace(request, previous=None, options=replace(options, preference_budget=0.0)))
    assert solve(replace(request, options=options)).cost.total <= indifferent.cost.total + 0.001 + 1e-3


def a_home_of_many():
    return a_request(
        a_battery(),
        a_battery("second", capacity_kwh=6.0),
        a_battery_state(3.0),
        a_pv(),
        a_pv_state([0.0] * 8 + [4.0] * 8 + [0.0] * 8),
        an_ev_charger(phases=(1, 3)),
        an_ev_charger_state(an_ev_session(0, 8)),
        a_heat_pump(),
        a_hot_water(),
        an_appliance(),
        an_appliance_state(a_run(0, 20)),
        import_price=[0.25, 0.30, 0.35, 0.30] * 6,
        load_kw=0.5,
        options=SolverOptions(integer_h=2.0, relative_gap=0.0, absolute_gap=1e-4),
    )


def test_order_of_the_assets_does_not_matter_for_money():
    request = a_home_of_many()
    turned = replace(request, site=replace(request.site, assets=request.site.assets[::-1]))
    assert solve(turned).cost.total == pytest.approx(solve(request).cost.total, abs=2e-4)


def test_another_process_makes_the_same_plan():
    code = (
        "from tests.core.optimiser.test_preferences import a_home_of_many\n"
        "from custom_components.hems.core.optimiser import solve\n"
        "print(repr(solve(a_home_of_many()).assets))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": "1"}, capture_output=True, check=True
    )
    assert answer.stdout == f"{solve(a_home_of_many()).assets!r}\n".encode()
