"""What a flexible load is planned to do."""

import pytest

from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import FlexibleLoadState, GridLimit
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    START,
    a_flexible_load,
    a_flexible_load_state,
    a_horizon,
    a_request,
    a_series,
    hours,
)
from tests.invariants import assert_sound

FROM_MIDNIGHT = a_horizon(start=START.replace(hour=23, day=1))
"""A whole local day of Berlin."""
FALLING = [0.9 - 0.02 * hour for hour in range(24)]


def a_pump(**changes):
    """Runs for nothing but the sun, yet some hours of every day."""
    fields = {"power_kw": 1.0, "comfort_price_per_kwh": 0.05, "min_on_h_per_day": 4.0}
    return a_flexible_load("pump", **fields | changes)


def a_state(given_h=0.0, wanted=1.0, horizon=FROM_MIDNIGHT):
    return FlexibleLoadState(asset="pump", wanted=a_series(wanted, horizon), given_h_today=given_h)


def asked(state, pump=None, **changes):
    return a_request(pump or a_pump(), state, **{"horizon": FROM_MIDNIGHT, "import_price": FALLING} | changes)


def on(plan):
    return [index for index, kw in enumerate(plan.asset("pump").power_kw) if kw > 0.0]


def test_load_is_on_where_its_energy_is_worth_it():
    load = a_flexible_load(comfort_price_per_kwh=0.3)
    plan = solve(a_request(load, a_flexible_load_state(1.0), import_price=[0.2] * 6 + [0.4] * 18))
    assert plan.asset("flexible_load").power_kw == (0.5,) * 6 + (0.0,) * 18
    assert plan.violations == ()


def test_missing_hours_are_caught_up_when_they_are_cheapest():
    plan = solve(asked(a_state()))
    assert on(plan) == [20, 21, 22, 23]
    assert plan.violations == ()


@pytest.mark.parametrize(("given_h", "hours_on"), [(0.0, 4), (1.5, 3), (4.0, 0), (9.0, 0)])
def test_nothing_is_caught_up_once_the_minimum_is_met(given_h, hours_on):
    assert len(on(solve(asked(a_state(given_h))))) == hours_on


def test_what_the_sun_gives_counts():
    # Worth running in the first hours anyway.
    plan = solve(asked(a_state(), import_price=[0.01] * 3 + FALLING[3:]))
    assert on(plan) == [0, 1, 2, 23]


def test_each_local_day_has_its_own_hours():
    horizon = a_horizon(48, start=FROM_MIDNIGHT.start)
    prices = [0.9] * 20 + [0.1] * 4 + [0.5] * 20 + [0.2] * 4
    plan = solve(asked(a_state(2.0, horizon=horizon), horizon=horizon, import_price=prices))
    assert [index for index in on(plan) if index < 24] == [20, 21]
    assert [index for index in on(plan) if index >= 24] == [44, 45, 46, 47]


def test_day_that_goes_on_after_the_horizon_may_wait():
    horizon = a_horizon(6, start=FROM_MIDNIGHT.start)
    assert on(solve(asked(a_state(horizon=horizon), horizon=horizon, import_price=0.5))) == []
    # Twenty hours in six: fourteen at most are left for the rest of the day.
    late = a_horizon(22, start=FROM_MIDNIGHT.start)
    plan = solve(asked(a_state(horizon=late), horizon=late, import_price=0.5))
    assert len(on(plan)) == 2


@pytest.mark.parametrize(
    ("wanted", "changes", "words"),
    [
        ([1.0] * 2 + [0.0] * 22, {}, "not wanted for long enough"),
        (1.0, {"limits": (GridLimit(start=hours(-2), end=hours(30), max_import_kw=0.5),)}, "a limit"),
        (1.0, {"pump": a_pump(short_price_per_h=0.1)}, "dearer energy than it is worth"),
    ],
    ids=["unwanted", "no room", "too dear"],
)
def test_hours_that_are_missing_are_named(wanted, changes, words):
    plan = solve(asked(a_state(wanted=wanted), **changes))
    (short,) = [violation for violation in plan.violations if violation.limit == "pump.min_on_h_per_day"]
    assert short.unit == "h"
    assert short.amount == pytest.approx(4.0 - len(on(plan)))
    assert words in short.reason
    assert plan.cost.comfort > 0.0


def test_fallback_counts_the_same_hours():
    request = asked(a_state(wanted=[1.0] * 3 + [0.0] * 21))
    plan = fallback_plan(request, "no engine")
    assert [violation.amount for violation in plan.violations if violation.unit == "h"] == pytest.approx([1.0])
    assert_sound(plan, request)


def test_day_of_twenty_three_hours_is_a_day():
    horizon = a_horizon(23, start=START.replace(day=28, hour=23))
    prices = [0.5] * 19 + [0.2] * 4
    plan = solve(asked(a_state(horizon=horizon), horizon=horizon, import_price=prices))
    assert on(plan) == [19, 20, 21, 22]
    assert plan.violations == ()


@pytest.mark.parametrize("planner", [solve, lambda request: fallback_plan(request, "no engine")])
def test_what_is_wanted_for_a_part_of_a_step_is_on_or_off_for_all_of_it(planner):
    plan = planner(asked(a_state(wanted=[0.3, 0.5, 0.7] * 8), a_pump(comfort_price_per_kwh=2.0)))
    assert plan.asset("pump").power_kw == (0.0, 1.0, 1.0) * 8
    assert plan.asset("pump").trajectories["wanted_kw"] == (0.0, 1.0, 1.0) * 8
