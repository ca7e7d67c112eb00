"""Curves, reserves and targets of a battery."""

import pytest

from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import GridLimit, PowerPoint, SocTarget
from custom_components.hems.core.optimiser import solve
from tests.builders import a_battery, a_battery_state, a_horizon, a_request, hours
from tests.invariants import assert_sound

NARROWS_WHEN_FULL = (
    PowerPoint(soc=0.0, max_kw=5.0),
    PowerPoint(soc=0.8, max_kw=5.0),
    PowerPoint(soc=1.0, max_kw=0.5),
)
NARROWS_WHEN_EMPTY = (
    PowerPoint(soc=0.0, max_kw=0.5),
    PowerPoint(soc=0.2, max_kw=5.0),
    PowerPoint(soc=1.0, max_kw=5.0),
)
PLANNERS = pytest.mark.parametrize(
    "planner", [solve, lambda request: fallback_plan(request, "no engine")], ids=["plan", "rules"]
)


def energy_kwh(plan):
    return plan.asset("battery").trajectories["energy_kwh"]


def limits(plan):
    return [violation.limit for violation in plan.violations]


def charged_live(battery, planned_kw, start_kwh, minutes):
    """What a device takes that is told a power and narrows by itself from second to second."""
    energy = start_kwh
    for _ in range(minutes * 60):
        energy += battery.charge_efficiency * min(planned_kw, battery.charge_limit_kw(energy)) / 3600
    return energy


@pytest.mark.parametrize("step_min", [5, 15, 60], ids=lambda minutes: f"{minutes} min")
def test_plan_promises_no_more_than_a_narrowing_battery_takes(step_min):
    battery = a_battery(charge_curve=NARROWS_WHEN_FULL)
    horizon = a_horizon(6 * 60 // step_min, step_min)
    request = a_request(
        battery,
        a_battery_state(6.5, targets=(SocTarget(by=horizon.end, soc=1.0, price_per_kwh=50.0),)),
        horizon=horizon,
        import_price=[-0.1] * (horizon.steps // 2) + [0.5] * (horizon.steps - horizon.steps // 2),
        export_price=-0.2,
    )
    plan = solve(request)
    assert_sound(plan, request)
    assert max(energy_kwh(plan)) > 9.0
    for index, kw in enumerate(plan.asset("battery").power_kw):
        if kw > 0.01:
            reached = charged_live(battery, kw, energy_kwh(plan)[index], step_min)
            assert reached == pytest.approx(energy_kwh(plan)[index + 1], abs=0.01)


@PLANNERS
def test_discharge_narrows_near_the_empty_end(planner):
    request = a_request(
        a_battery(discharge_curve=NARROWS_WHEN_EMPTY), a_battery_state(4.0), horizon=a_horizon(16, 15), load_kw=5.0
    )
    plan = planner(request)
    assert_sound(plan, request)
    powers = plan.asset("battery").power_kw
    assert powers[0] == pytest.approx(-5.0)
    assert -1.5 < min(powers[6:]) < 0.0


@PLANNERS
def test_hard_reserve_is_refilled_as_fast_as_the_limits_allow(planner):
    event = GridLimit(start=hours(0), end=hours(2), max_import_kw=1.0)
    request = a_request(a_battery(min_soc=0.4), a_battery_state(1.0), load_kw=0.5, limits=(event,))
    plan = planner(request)
    assert_sound(plan, request)
    assert energy_kwh(plan)[1:4] == pytest.approx((1.475, 1.95, 4.0), abs=1e-3)
    (violation,) = plan.violations
    assert (violation.limit, violation.amount, violation.end) == ("battery.min_soc", pytest.approx(3.0), hours(3))


def test_battery_below_its_reserve_gives_nothing_however_dear_energy_is():
    request = a_request(
        a_battery(min_soc=0.4, refill_price_per_kwh_h=0.0),
        a_battery_state(1.0),
        import_price=[0.05] * 2 + [9.0] * 22,
        load_kw=3.0,
        site={"max_import_kw": 3.0},
    )
    plan = solve(request)
    assert_sound(plan, request)
    assert min(plan.asset("battery").power_kw) >= 0.0


def test_soft_reserve_is_kept_for_little_and_given_up_for_much():
    def planned(dear):
        return solve(
            a_request(
                a_battery(reserve_soc=0.5, reserve_price_per_kwh_h=0.1),
                a_battery_state(5.0),
                horizon=a_horizon(6),
                import_price=[dear] * 2 + [0.3] * 4,
                load_kw=2.0,
            )
        )

    assert (min(energy_kwh(planned(0.35))), limits(planned(0.35))) == (pytest.approx(5.0), [])
    (violation,) = planned(2.0).violations
    assert (violation.limit, violation.unit) == ("battery.reserve", "kWh")
    assert violation.amount == pytest.approx(5.0 - min(energy_kwh(planned(2.0))), abs=1e-3)
    assert (violation.start, violation.end) == (hours(0), hours(3))


def test_fallback_leaves_the_soft_reserve_alone():
    request = a_request(a_battery(reserve_soc=0.5), a_battery_state(6.0), load_kw=2.0)
    plan = fallback_plan(request, "no engine")
    assert min(energy_kwh(plan)) == pytest.approx(5.0)


@PLANNERS
def test_target_is_reached_in_time_from_the_grid(planner):
    target = SocTarget(by=hours(6), soc=0.9)
    request = a_request(a_battery(), a_battery_state(2.0, targets=(target,)), load_kw=0.5)
    plan = planner(request)
    assert energy_kwh(plan)[6] >= 9.0 - 1e-3
    assert limits(plan) == []


def test_target_within_a_step_is_met_within_it():
    target = SocTarget(by=hours(1.5), soc=0.8)
    plan = solve(a_request(a_battery(), a_battery_state(2.0, targets=(target,))))
    assert (energy_kwh(plan)[1] + energy_kwh(plan)[2]) / 2 == pytest.approx(8.0, abs=1e-3)


def test_target_that_cannot_be_reached_is_named():
    target = SocTarget(by=hours(1), soc=1.0)
    plan = solve(a_request(a_battery(), a_battery_state(2.0, targets=(target,))))
    (violation,) = plan.violations
    assert (violation.limit, violation.end) == ("battery.target", hours(1))
    assert violation.amount == pytest.approx(8.0 - 5.0 * 0.95, abs=1e-3)


def test_target_is_not_bought_at_any_price():
    target = SocTarget(by=hours(6), soc=0.9, price_per_kwh=0.2)
    plan = solve(a_request(a_battery(), a_battery_state(2.0, targets=(target,)), import_price=0.5))
    assert max(energy_kwh(plan)[:7]) == pytest.approx(2.0)
    assert limits(plan) == ["battery.target"]


def test_target_after_the_horizon_does_not_hurry():
    target = SocTarget(by=hours(30), soc=0.9)
    plan = solve(a_request(a_battery(), a_battery_state(2.0, targets=(target,))))
    assert max(plan.asset("battery").power_kw) == pytest.approx(0.0)
    assert limits(plan) == []


def test_target_of_the_past_asks_for_nothing():
    target = SocTarget(by=hours(-1), soc=0.9)
    plan = solve(a_request(a_battery(), a_battery_state(2.0, targets=(target,))))
    assert limits(plan) == []
