"""What a stretch is held against: energy kept for later, and the next best time that could really serve."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.hems.core.explain import Action, Reason, reasons
from custom_components.hems.core.model import Override, Plan, PlanRequest, SolverOptions
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_battery,
    a_battery_state,
    a_heat_pump,
    a_heat_pump_state,
    a_pv,
    a_pv_state,
    a_request,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)

EXACT = SolverOptions(time_limit_s=20.0, relative_gap=0.0, absolute_gap=1e-6, integer_h=24.0)
NEARLY = 0.005


def asked(*parts: Any, **changes: Any) -> PlanRequest:
    return a_request(*parts, **{"load_kw": 0.5, "options": EXACT} | changes)


def told(plan: Plan, request: PlanRequest, asset: str, action: Action) -> Reason:
    return next(reason for reason in reasons(plan, request) if (reason.asset, reason.action) == (asset, action))


def lost_without(request: PlanRequest, plan: Plan, reason: Reason) -> float:
    """What the home loses if the battery rests in that time."""
    rest = Override(asset="battery", power_kw=0.0, start=reason.start, until=reason.end)
    return solve(replace(request, overrides=(rest,))).cost.total - plan.cost.total


def test_energy_that_was_there_is_worth_what_it_would_spare_later() -> None:
    """2 kWh for one hour at 0.50; kept, they would spare 0.30."""
    battery = a_battery(max_charge_kw=0.0, wear_per_kwh=0.02, end_price_per_kwh=0.0)
    prices = [0.30] * 12 + [0.50] + [0.30] * 11
    request = asked(battery, a_battery_state(2.0), import_price=prices, load_kw=3.0)
    plan = solve(request)
    reason = told(plan, request, "battery", Action.DISCHARGE)
    assert (reason.start, reason.end, reason.counterpart) == (hours(12), hours(13), None)
    assert reason.worth_per_kwh == pytest.approx(0.30, abs=1e-3)
    assert reason.gain == pytest.approx(2.0 * 0.95 * 0.20, abs=NEARLY)
    assert lost_without(request, plan, reason) == pytest.approx(reason.gain, abs=NEARLY)


@pytest.mark.parametrize("capacity_kwh", [5.0, 40.0], ids=["full", "half full"])
def test_energy_that_is_kept_beyond_the_plan_is_worth_what_it_will_spare_then(capacity_kwh: float) -> None:
    """Two hours at 0.10; what is stored is worth 0.25 at the end, and that is more than 0.24 would bring now."""
    battery = a_battery(capacity_kwh=capacity_kwh, wear_per_kwh=0.02, end_price_per_kwh=0.25)
    request = asked(battery, a_battery_state(0.0), import_price=[0.10] * 2 + [0.24] * 22)
    plan = solve(request)
    reason = told(plan, request, "battery", Action.CHARGE)
    assert reason.counterpart is None
    assert reason.worth_per_kwh == pytest.approx(0.95 * 0.25)
    assert reason.gain == pytest.approx((0.95 * 0.25 - 0.10) * reason.energy_kwh, abs=NEARLY)
    assert lost_without(request, plan, reason) == pytest.approx(reason.gain, abs=2 * NEARLY)


def test_energy_that_makes_room_for_the_sun_is_held_against_what_that_would_sell_for() -> None:
    """Kept over the morning, it would keep out sun that then sells for 0.08; the evening is served either way."""
    battery = a_battery(capacity_kwh=5.0, wear_per_kwh=0.02, end_price_per_kwh=0.0)
    sun_kw = [0.0] * 6 + [3.0] * 8 + [0.0] * 10
    prices = [0.40] * 3 + [0.10] * 13 + [0.50] * 8
    parts = (battery, a_battery_state(4.0), a_pv(), a_pv_state(sun_kw))
    request = asked(*parts, import_price=prices, export_price=0.08, load_kw=1.0)
    plan = solve(request)
    reason = told(plan, request, "battery", Action.DISCHARGE)
    assert (reason.start, reason.end) == (hours(0), hours(3))
    assert reason.worth_per_kwh == pytest.approx((0.08 / 0.95 + 0.02) / 0.95, abs=1e-3)
    # There is more than the dear hours take, so that a little more load would cost no more than this either.
    assert reason.price_per_kwh == pytest.approx(reason.worth_per_kwh, abs=1e-3)


def test_energy_given_to_the_last_is_held_against_what_is_left_in_the_end() -> None:
    """Four dear hours end the plan and could take twice what is there; kept, it would be worth 0.20."""
    battery = a_battery(max_charge_kw=0.0, wear_per_kwh=0.02, end_price_per_kwh=0.20)
    request = asked(battery, a_battery_state(10.0), import_price=[0.10] * 20 + [0.50] * 4, load_kw=5.0)
    plan = solve(request)
    reason = told(plan, request, "battery", Action.DISCHARGE)
    last = replace(plan.assets[0], power_kw=(0.0,) * 22 + (-4.75, -4.75))
    ends = told(
        replace(plan, assets=(replace(last, trajectories={"energy_kwh": (10.0,) * 23 + (5.0, 0.0)}),)),
        request,
        "battery",
        Action.DISCHARGE,
    )
    assert reason.gain is not None
    assert ends.worth_per_kwh == pytest.approx((0.20 + 0.02) / 0.95)
    assert ends.gain == pytest.approx((0.50 - ends.worth_per_kwh) * 9.5, abs=NEARLY)


def test_what_is_charged_after_its_use_is_no_other_time() -> None:
    """From noon energy is cheap again, but the dear hours are over then."""
    battery = a_battery(capacity_kwh=4.0, max_charge_kw=2.5, end_price_per_kwh=0.0)
    prices = [0.10] * 2 + [0.30] * 4 + [0.60] * 6 + [0.12] * 12
    request = asked(battery, a_battery_state(0.0), import_price=prices, load_kw=1.0)
    reason = told(solve(request), request, "battery", Action.CHARGE)
    assert reason.alternative is not None
    assert reason.alternative.end <= hours(6)
    assert reason.alternative_cost == pytest.approx(0.20 * reason.energy_kwh, abs=NEARLY)


@pytest.mark.parametrize(("stay_h", "has_another"), [(4.0, False), (6.0, True)], ids=["one hour left", "three"])
def test_time_without_room_for_all_of_it_is_no_other_time(stay_h: float, has_another: bool) -> None:
    """Three hours at full power."""
    visit = an_ev_session(departure=stay_h, energy_kwh=20.0, target_kwh=20.0 + 3 * 3.68 * 0.9)
    prices = [0.10] * 3 + [0.30] * 21
    request = asked(an_ev_charger(phases=(1,)), an_ev_charger_state(visit), import_price=prices)
    reason = told(solve(request), request, "ev_charger", Action.CHARGE)
    assert reason.energy_kwh == pytest.approx(3 * 3.68, abs=1e-3)
    assert (reason.alternative is not None, reason.alternative_cost is not None) == (has_another, has_another)


def test_cheaper_time_that_comfort_does_not_wait_for_is_not_offered() -> None:
    request = asked(a_heat_pump(), a_heat_pump_state(18.0), outdoor_c=0.0, import_price=[0.60] * 3 + [0.10] * 21)
    reason = told(solve(request), request, "heat_pump", Action.HEAT)
    assert reason.start == hours(0)
    assert (reason.alternative, reason.alternative_cost) == (None, None)


def test_heat_is_moved_by_some_hours_only() -> None:
    """Cheapest at midnight, which no heat of noon can wait for; next best at ten."""
    request = asked(a_heat_pump(), a_heat_pump_state(21.0))
    plan = solve(request)
    assert plan.marginals is not None
    bus = [0.30] * 24
    bus[0], bus[10], bus[12] = 0.05, 0.20, 0.10
    heating = replace(plan.assets[0], power_kw=(0.0,) * 12 + (2.0,) + (0.0,) * 11)
    marginals = replace(plan.marginals, bus_price_per_kwh=tuple(bus))
    reason = told(replace(plan, assets=(heating,), marginals=marginals), request, "heat_pump", Action.HEAT)
    assert reason.alternative is not None
    assert (reason.alternative.start, reason.alternative.price_per_kwh) == (hours(10), pytest.approx(0.20))
    assert reason.alternative_cost == pytest.approx(2.0 * 0.10)
