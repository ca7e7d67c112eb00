"""A car's minimum at once, targets that are overdue, and energy that a car gives back."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
import pytest

from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import GridLimit, SolverOptions
from custom_components.hems.core.model.terms import Terms
from custom_components.hems.core.optimiser import NoPlan, solve
from custom_components.hems.core.optimiser.validate import check_plan
from tests.builders import (
    a_battery,
    a_battery_state,
    a_horizon,
    a_pv,
    a_pv_state,
    a_request,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)
from tests.invariants import assert_sound
from tests.strategies import random_homes

PLANNERS = pytest.mark.parametrize(
    "planner", [solve, lambda request: fallback_plan(request, "no engine")], ids=["plan", "rules"]
)
SPARSE = SolverOptions(time_limit_s=20.0, relative_gap=0.0, absolute_gap=1e-4, integer_h=0.0)


def car_kw(plan):
    return plan.asset("ev_charger").power_kw


def car_kwh(plan):
    return plan.asset("ev_charger").trajectories["energy_kwh"]


def limits(plan):
    return [violation.limit for violation in plan.violations]


def a_visit(*sessions, charger=None, parts=(), **changes):
    return a_request(an_ev_charger(**charger or {}), an_ev_charger_state(*sessions), *parts, **changes)


@PLANNERS
def test_minimum_is_charged_at_once_with_full_power_whatever_the_price(planner):
    session = an_ev_session(2, 20, energy_kwh=5.0, target_kwh=40.0, at_once_kwh=12.0)
    plan = planner(
        a_visit(session, charger={"phases": (1, 3)}, import_price=[3.0] * 8 + [0.1] * 16, horizon=a_horizon(24))
    )
    assert car_kw(plan)[2] == pytest.approx(min(11.04, 7.0 / 0.9), abs=0.01)
    assert limits(plan) == []


def test_after_its_minimum_the_car_waits_for_the_cheap_hours():
    session = an_ev_session(0, 20, energy_kwh=5.0, target_kwh=20.0, at_once_kwh=8.0)
    plan = solve(a_visit(session, import_price=[3.0] * 8 + [0.1] * 16))
    assert car_kwh(plan)[1] == pytest.approx(8.0, abs=1e-3)
    assert max(car_kw(plan)[1:8]) == pytest.approx(0.0)


@PLANNERS
def test_minimum_that_a_limit_delays_is_named(planner):
    event = GridLimit(start=hours(0), end=hours(2), max_import_kw=2.0)
    session = an_ev_session(0, 20, energy_kwh=5.0, target_kwh=10.0, at_once_kwh=10.0)
    plan = planner(a_visit(session, limits=(event,)))
    (violation,) = [violation for violation in plan.violations if violation.limit == "ev_charger.at_once"]
    assert (violation.unit, violation.start) == ("kWh", hours(0))
    assert violation.amount == pytest.approx((3.68 - 2.0) * 0.9, abs=1e-3)
    assert "full power" in violation.reason


def test_target_by_a_time_is_met_although_the_car_stays():
    session = an_ev_session(0, 20, target_kwh=36.0, ready_by=hours(6))
    plan = solve(a_visit(session, import_price=[0.5] * 8 + [0.1] * 16))
    assert car_kwh(plan)[6] == pytest.approx(36.0, abs=1e-3)


def test_overdue_car_is_charged_soon_but_waits_for_a_much_cheaper_hour():
    session = an_ev_session(0, 20, target_kwh=33.0, ready_by=hours(-3))
    little = solve(a_visit(session, import_price=[0.34] * 2 + [0.32] * 22))
    much = solve(a_visit(session, import_price=[0.9] * 2 + [0.1] * 22))
    assert car_kwh(little)[1] == pytest.approx(33.0, abs=1e-3)
    assert max(car_kw(much)[:2]) == pytest.approx(0.0)
    assert car_kwh(much)[3] == pytest.approx(33.0, abs=1e-3)
    (violation,) = much.violations
    assert (violation.limit, violation.amount, violation.end) == ("ev_charger.target", pytest.approx(3.0), hours(3))
    assert "due before" in violation.reason


def test_overdue_car_pays_no_more_than_the_price_of_being_late():
    session = an_ev_session(0, 20, target_kwh=33.0, ready_by=hours(-3))
    plan = solve(a_visit(session, import_price=1.2))
    assert sum(car_kw(plan)) == pytest.approx(0.0)
    assert plan.cost.comfort == pytest.approx(3.0, abs=1e-3)


def test_overdue_car_does_not_starve_the_battery():
    # Buying for the car at 0.25 + 0.05 an hour beats draining what the battery saves at 0.60 in the evening.
    session = an_ev_session(0, 20, target_kwh=40.0, ready_by=hours(-3))
    plan = solve(
        a_visit(
            session,
            parts=(a_battery(), a_battery_state(9.0)),
            import_price=[0.25] * 6 + [0.60] * 6 + [0.25] * 12,
            load_kw=[0.0] * 6 + [1.4] * 6 + [0.0] * 12,
        )
    )
    assert min(plan.asset("battery").power_kw[:6]) == pytest.approx(0.0)
    assert sum(plan.import_kw[6:12]) == pytest.approx(0.0, abs=1e-3)


def test_rules_charge_an_overdue_car_with_full_power():
    session = an_ev_session(0, 20, target_kwh=33.0, ready_by=hours(-3))
    plan = fallback_plan(a_visit(session), "no engine")
    assert car_kwh(plan)[1] == pytest.approx(33.0, abs=1e-3)


TWO_WAYS = {"max_discharge_kw": 5.0, "wear_per_kwh": 0.02}


def test_car_feeds_the_home_in_the_dear_hours_and_is_full_when_it_leaves():
    session = an_ev_session(0, 16, energy_kwh=40.0, target_kwh=40.0)
    request = a_visit(session, charger=TWO_WAYS, import_price=[0.6] * 4 + [0.1] * 20, load_kw=2.0)
    plan = solve(request)
    assert_sound(plan, request)
    assert car_kw(plan)[:4] == pytest.approx((-2.0,) * 4)
    assert car_kwh(plan)[16] == pytest.approx(40.0, abs=1e-3)
    assert plan.cost.wear == pytest.approx(0.02 * 8.0 / 0.9)
    assert plan.asset("ev_charger").trajectories["phases"][:4] == (0.0,) * 4


def test_car_that_leaves_fuller_than_wanted_is_not_drained_for_nothing():
    session = an_ev_session(0, 8, energy_kwh=50.0, target_kwh=10.0)
    plan = solve(a_visit(session, charger=TWO_WAYS, import_price=0.3, load_kw=2.0))
    assert min(car_kw(plan)) == pytest.approx(0.0)


def test_car_keeps_its_floor():
    session = an_ev_session(0, 24, energy_kwh=40.0, target_kwh=30.0, min_kwh=36.0)
    request = a_visit(session, charger=TWO_WAYS, import_price=[0.9] * 12 + [0.1] * 12, load_kw=2.0)
    plan = solve(request)
    assert_sound(plan, request)
    assert min(car_kwh(plan)[:24]) == pytest.approx(36.0, abs=1e-3)


def test_car_below_its_floor_gives_nothing_until_it_is_above():
    session = an_ev_session(0, 24, energy_kwh=10.0, target_kwh=20.0, min_kwh=15.0)
    request = a_visit(session, charger=TWO_WAYS, import_price=[0.9] * 4 + [0.05] * 4 + [0.9] * 16, load_kw=2.0)
    plan = solve(request)
    assert_sound(plan, request)
    assert min(car_kw(plan)[:4]) == pytest.approx(0.0)
    assert min(car_kw(plan)) < -1.0


@pytest.mark.parametrize("may_export", [True, False], ids=["for sale", "not for sale"])
def test_energy_of_a_car_is_sold_only_where_it_may_be(may_export):
    session = an_ev_session(0, 24, energy_kwh=40.0, target_kwh=40.0, may_export=may_export)
    prices = [0.9] * 2 + [0.1] * 22
    request = a_visit(session, charger=TWO_WAYS, import_price=prices, export_price=prices, load_kw=1.0)
    plan = solve(request)
    assert_sound(plan, request)
    assert max(plan.export_kw) == pytest.approx(4.0 if may_export else 0.0, abs=1e-6)


def test_car_that_only_charges_never_gives_at_a_charger_that_could():
    session = an_ev_session(0, 24, energy_kwh=40.0, max_discharge_kw=0.0)
    plan = solve(a_visit(session, charger=TWO_WAYS, import_price=[0.9] * 4 + [0.05] * 20, load_kw=2.0))
    assert min(car_kw(plan)) >= 0.0


def test_rules_never_discharge_a_car():
    session = an_ev_session(0, 24, energy_kwh=40.0, target_kwh=40.0)
    assert min(car_kw(fallback_plan(a_visit(session, charger=TWO_WAYS, load_kw=2.0), "no engine"))) >= 0.0


def test_battery_that_must_not_charge_the_car_is_silent_in_the_whole_schedule():
    session = an_ev_session(0, 24, energy_kwh=10.0, target_kwh=60.0)
    request = a_visit(
        session,
        parts=(a_battery(may_charge_ev=False), a_battery_state(10.0)),
        import_price=[0.5, 0.1] * 12,
        load_kw=1.0,
        options=SPARSE,
    )
    plan = solve(request)
    for kw, car in zip(plan.asset("battery").power_kw, car_kw(plan), strict=True):
        assert min(max(0.0, -kw), max(0.0, car)) == pytest.approx(0.0, abs=1e-6)
    assert min(plan.asset("battery").power_kw) < -0.5


def test_battery_that_must_not_be_sold_is_silent_in_the_whole_schedule():
    sun = [0.0] * 6 + [4.0] * 12 + [0.0] * 6
    request = a_visit(
        an_ev_session(0, 24, energy_kwh=10.0, target_kwh=30.0),
        parts=(a_battery(may_export=False), a_battery_state(10.0), a_pv(), a_pv_state(sun)),
        import_price=0.5,
        export_price=[0.05] * 8 + [0.9] * 4 + [0.05] * 12,
        load_kw=1.0,
        options=SPARSE,
    )
    plan = solve(request)
    for kw, sold in zip(plan.asset("battery").power_kw, plan.export_kw, strict=True):
        assert min(max(0.0, -kw), sold) == pytest.approx(0.0, abs=1e-6)
    assert sum(plan.export_kw[8:12]) > 4.0


ODD_HOMES = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@ODD_HOMES
@given(request=random_homes(with_overrides=False))
def test_flows_keep_to_their_side_in_every_plan_and_every_fallback(request):
    for plan in (solve(request), fallback_plan(request, "no engine")):
        for asset in request.site.assets:
            if asset.kind in ("heat_pump", "hot_water", "appliance", "flexible_load"):
                assert min(plan.asset(asset.name).power_kw) >= 0.0
            if asset.kind == "ev_charger" and asset.max_discharge_kw == 0.0:
                assert min(plan.asset(asset.name).power_kw) >= 0.0
            if asset.kind == "pv":
                assert max(plan.asset(asset.name).power_kw) <= 0.0


@pytest.mark.parametrize("power_kw", [3.0, 5.0], ids=lambda kw: f"{kw} kW")
def test_limits_are_meant_at_ac_in_both_directions(power_kw):
    battery = a_battery(max_charge_kw=power_kw, max_discharge_kw=power_kw, wear_per_kwh=0.0)
    request = a_request(
        battery, a_battery_state(5.0), horizon=a_horizon(4, 15), import_price=[0.1] * 2 + [0.9] * 2, load_kw=9.0
    )
    plan = solve(request)
    assert plan.asset("battery").power_kw == pytest.approx((power_kw, power_kw, -power_kw, -power_kw))


def test_plan_that_drains_a_car_below_its_floor_is_not_published():
    request = a_visit(an_ev_session(0, 24, energy_kwh=40.0, target_kwh=40.0, min_kwh=38.0), charger=TWO_WAYS)
    plan = solve(request)
    drained = replace(plan.assets[0], power_kw=(-4.0,) * 24)
    with pytest.raises(NoPlan, match=r"ev_charger\.min"):
        check_plan(replace(plan, assets=(drained,)), Terms.of(request))
