"""The fuse of each phase, where the phases are known."""

import pytest

from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model.phases import phase_kw
from custom_components.hems.core.model.terms import Terms
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_battery,
    a_battery_state,
    a_heat_pump,
    a_pv,
    a_pv_state,
    a_request,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)
from tests.invariants import assert_sound

FUSE = {"max_import_a_per_phase": 16.0}
FUSE_KW = 16.0 * 0.23


def drawn_kw(plan, request):
    return phase_kw(Terms.of(request), {schedule.asset: schedule for schedule in plan.assets})


@pytest.mark.parametrize("plan_of", [solve, lambda request: fallback_plan(request, "no engine")], ids=["plan", "rule"])
def test_car_on_one_phase_leaves_room_for_what_else_is_on_it(plan_of):
    request = a_request(
        an_ev_charger(phase="l2"),
        an_ev_charger_state(an_ev_session(0, 8, target_kwh=60.0)),
        load_kw=3.0,
        site=FUSE | {"load_phase_shares": (0.0, 0.5, 0.5)},
    )
    plan = plan_of(request)
    assert max(drawn_kw(plan, request)[1]) <= FUSE_KW + 1e-3
    assert max(plan.asset("ev_charger").power_kw) == pytest.approx(FUSE_KW - 1.5, abs=1e-3)
    assert_sound(plan, request)


def test_car_goes_to_three_phases_where_one_is_full():
    request = a_request(
        an_ev_charger(phases=(1, 3), max_current_a=32.0, phase="l1"),
        an_ev_charger_state(an_ev_session(0, 4, target_kwh=50.0)),
        load_kw=1.5,
        site=FUSE | {"load_phase_shares": (1.0, 0.0, 0.0)},
    )
    plan = solve(request)
    car = plan.asset("ev_charger")
    assert set(car.trajectories["phases"][:4]) == {3.0}
    assert max(car.trajectories["one_phase_kw"]) == pytest.approx(0.0)
    assert max(max(phase) for phase in drawn_kw(plan, request)) <= FUSE_KW + 1e-3
    assert_sound(plan, request)


def test_battery_on_a_phase_relieves_it():
    request = a_request(
        a_battery(phase="l1"),
        a_battery_state(10.0),
        load_kw=[0.0] * 6 + [5.0] + [0.0] * 17,
        site=FUSE | {"load_phase_shares": (1.0, 0.0, 0.0)},
    )
    plan = solve(request)
    assert plan.violations == ()
    assert plan.asset("battery").power_kw[6] <= FUSE_KW - 5.0 + 1e-3


@pytest.mark.parametrize("plan_of", [solve, lambda request: fallback_plan(request, "no engine")], ids=["plan", "rule"])
def test_load_over_the_fuse_of_its_phase_is_named(plan_of):
    request = a_request(
        a_pv(phase="l3"),
        a_pv_state(4.0),
        load_kw=[1.0] * 5 + [6.0] + [1.0] * 18,
        site=FUSE | {"load_phase_shares": (0.0, 1.0, 0.0)},
    )
    plan = plan_of(request)
    named = {violation.limit: violation for violation in plan.violations}
    assert set(named) == {"grid.max_phase_l2"}
    assert (named["grid.max_phase_l2"].start, named["grid.max_phase_l2"].end) == (hours(5), hours(6))
    assert named["grid.max_phase_l2"].amount == pytest.approx(6.0 - FUSE_KW, abs=1e-3)
    assert_sound(plan, request)


def test_phases_that_nobody_asked_for_change_nothing():
    parts = (a_heat_pump(), an_ev_charger(phases=(1, 3)), an_ev_charger_state(an_ev_session(0, 8)))
    plan = solve(a_request(*parts, load_kw=9.0))
    assert "one_phase_kw" not in plan.asset("ev_charger").trajectories
    assert plan.violations == ()
