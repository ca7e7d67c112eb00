"""The weekly heat that keeps a tank free of legionella."""

from datetime import timedelta

import pytest

from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import ComfortBand, GridLimit, HotWaterState, LegionellaCycle
from custom_components.hems.core.optimiser import solve
from tests.builders import START, a_horizon, a_hot_water, a_request, a_series, hours
from tests.invariants import assert_sound

QUARTERS = a_horizon(96, 15)
WEEKLY = LegionellaCycle(temperature_c=65.0, hold_s=1800)
PLANNERS = {"optimiser": solve, "fallback": lambda request: fallback_plan(request, "no engine")}


def a_tank(**changes):
    return a_hot_water(**{"legionella": WEEKLY, "comfort": ComfortBand(min_c=45.0, max_c=60.0)} | changes)


def a_state(days_ago=None, tank_c=52.0, hot_min=None, draw_kw=0.1):
    return HotWaterState(
        asset="hot_water",
        tank_c=tank_c,
        draw_kw=a_series(draw_kw, QUARTERS),
        last_disinfected=None if days_ago is None else START - timedelta(days=days_ago),
        hot_since=None if hot_min is None else START - timedelta(minutes=hot_min),
    )


def asked(state, tank=None, **changes):
    # Whole beyond two hours would be beside the point here, and slow.
    request = a_request(tank or a_tank(), state, horizon=QUARTERS, **changes)
    return request.__replace__(options=request.options.__replace__(integer_h=2.0))


def tank_c(plan):
    return plan.assets[0].trajectories["tank_c"]


def held(plan):
    return [index for index, hot in enumerate(plan.assets[0].trajectories["disinfecting"]) if hot]


@pytest.mark.parametrize("planner", PLANNERS.values(), ids=PLANNERS)
def test_cycle_is_done_before_it_is_due(planner):
    request = asked(a_state(6.5))
    plan = planner(request)
    last = held(plan)[-1]
    assert last < 48
    assert min(tank_c(plan)[index] for index in (last - 1, last, last + 1)) >= 65.0
    assert plan.violations == ()
    assert_sound(plan, request)


def test_cycle_is_done_when_it_is_cheapest():
    plan = solve(asked(a_state(6.5), import_price=[0.5] * 20 + [0.1] * 12 + [0.5] * 64))
    assert 20 <= held(plan)[0] <= 32


@pytest.mark.parametrize("planner", PLANNERS.values(), ids=PLANNERS)
def test_tank_is_not_heated_that_far_before_its_week_is_over(planner):
    plan = planner(asked(a_state(2.0)))
    assert max(tank_c(plan)) < 65.0
    assert "disinfecting" not in plan.assets[0].trajectories


@pytest.mark.parametrize("planner", PLANNERS.values(), ids=PLANNERS)
@pytest.mark.parametrize("days_ago", [None, 12.0], ids=["unknown", "overdue"])
def test_what_is_overdue_or_unknown_is_done_soon_and_named(planner, days_ago):
    plan = planner(asked(a_state(days_ago)))
    assert held(plan)[0] <= 12
    (late,) = plan.violations
    assert (late.limit, late.unit) == ("hot_water.legionella", "h")
    assert late.amount == pytest.approx((0.0 if days_ago is None else 5 * 24) + held(plan)[-1] / 4 + 0.25)
    assert ("nobody knows" in late.reason) == (days_ago is None)


def test_overdue_cycle_waits_a_little_for_a_much_better_price():
    plan = solve(asked(a_state(), import_price=[0.9] * 8 + [0.05] * 88))
    assert 8 <= held(plan)[0] <= 20


@pytest.mark.parametrize("planner", PLANNERS.values(), ids=PLANNERS)
def test_tank_that_cannot_become_so_hot_is_named_and_kept_warm(planner):
    weak = a_tank(max_electric_kw=0.3, volume_l=300.0)
    plan = planner(asked(a_state(6.9, draw_kw=0.2), weak))
    assert held(plan) == []
    late = [violation for violation in plan.violations if violation.limit == "hot_water.legionella"]
    assert late[0].end == hours(24)
    assert "does not let the tank become hot enough" in late[0].reason
    assert min(tank_c(plan)) >= 45.0 - 1e-3


def test_limit_of_the_grid_delays_the_cycle_and_nothing_else():
    event = GridLimit(start=hours(0), end=hours(10), max_import_kw=0.5)
    plan = solve(asked(a_state(6.9), limits=(event,)))
    assert held(plan)[0] >= 40
    assert [violation.limit for violation in plan.violations] == ["hot_water.legionella"]


@pytest.mark.parametrize("planner", PLANNERS.values(), ids=PLANNERS)
def test_hold_that_has_begun_is_not_begun_again(planner):
    plan = planner(asked(a_state(tank_c=65.5, hot_min=20)))
    assert held(plan) == [0]


def test_cycle_that_would_be_under_way_for_ever_ends():
    plan = solve(asked(a_state(tank_c=65.5, hot_min=40)))
    assert held(plan) == []
    assert plan.violations == ()


@pytest.mark.parametrize("planner", PLANNERS.values(), ids=PLANNERS)
@pytest.mark.parametrize("year", [1, 9999])
def test_last_time_that_nobody_can_mean_is_a_time_all_the_same(planner, year):
    state = a_state().__replace__(last_disinfected=START.replace(year=year))
    plan = planner(asked(state))
    assert ("disinfecting" in plan.assets[0].trajectories) == (year == 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"temperature_c": 40.0}, "temperature_c must be between 50 and 80"),
        ({"every_days": 0.0}, "every_days must be between 1 and 365"),
        ({"hold_s": -1}, "hold_s must be between"),
        ({"late_price_per_day": -1.0}, "late_price_per_day must be at least 0"),
    ],
)
def test_cycle_that_means_nothing_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        LegionellaCycle(**changes)
