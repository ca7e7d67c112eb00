"""What another word would cost, from the same question asked again."""

from dataclasses import replace

import pytest

from custom_components.hems.core.explain import asked_with, can_be_compared, compared
from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import Override
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_battery,
    a_battery_state,
    a_heat_pump,
    a_heat_pump_state,
    a_request,
    a_series,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)


def a_car_at_night():
    """3.68 kW for 3 h; the first two hours are dear."""
    visit = an_ev_session(arrival=0.0, departure=10.0, energy_kwh=20.0, target_kwh=20.0 + 3 * 3.68, capacity_kwh=60.0)
    return a_request(
        an_ev_charger(phases=(1,), max_current_a=16.0, efficiency=1.0),
        an_ev_charger_state(visit),
        import_price=[0.40] * 2 + [0.20] * 22,
    )


def test_charging_at_once_costs_the_difference_of_the_prices():
    request = a_car_at_night()
    plan = solve(request)

    now = solve(asked_with(request, Override(asset="ev_charger", power_kw=3.68, until=hours(2))))
    answer = compared(plan, now, request)

    assert answer.extra_cost == pytest.approx(2 * 3.68 * 0.20, abs=1e-3)
    assert answer.extra_bill == pytest.approx(answer.extra_cost, abs=1e-3)
    assert answer.broken == ()


def test_a_limit_that_only_the_word_breaks_is_named():
    request = a_car_at_night()

    never = solve(asked_with(request, Override(asset="ev_charger", power_kw=0.0, until=hours(10))))
    answer = compared(solve(request), never, request)

    assert "ev_charger.target" in [violation.limit for violation in answer.broken]
    assert answer.extra_cost > 0.0


def test_the_new_word_takes_the_place_of_those_that_it_overlaps():
    request = a_car_at_night()
    kept = Override(asset="ev_charger", power_kw=0.0, start=hours(5), until=hours(6))
    old = Override(asset="ev_charger", power_kw=0.0, until=hours(2))
    new = Override(asset="ev_charger", power_kw=3.68, until=hours(1))

    asked = asked_with(asked_with(asked_with(request, kept), old), new)

    assert asked.overrides == (kept, new)


def test_a_plan_made_by_rule_is_compared_with_nothing():
    request = a_car_at_night()

    assert can_be_compared(solve(request))
    assert not can_be_compared(fallback_plan(request, "no engine"))


def test_emissions_of_another_word_are_those_of_what_is_imported_instead():
    """Two hours at 3.68 kW, moved from 0.1 to 0.5 kg a kWh."""
    request = replace(a_car_at_night(), co2_kg_per_kwh=a_series([0.5] * 2 + [0.1] * 22))

    now = solve(asked_with(request, Override(asset="ev_charger", power_kw=3.68, until=hours(2))))
    answer = compared(solve(request), now, request)

    assert answer.extra_co2_kg == pytest.approx(2 * 3.68 * 0.4, abs=1e-3)


def test_emissions_are_unknown_where_the_grids_are():
    request = a_car_at_night()
    plan = solve(request)

    assert compared(plan, plan, request).extra_co2_kg is None


def test_a_house_that_is_not_heated_is_told_with_how_cold_it_becomes():
    request = a_request(a_heat_pump(), a_heat_pump_state(20.5), a_battery(), a_battery_state(5.0), outdoor_c=-5.0)
    plan = solve(request)

    cold = solve(asked_with(request, Override(asset="heat_pump", power_kw=0.0, until=hours(12))))
    answer = compared(plan, cold, request)

    (warmth,) = answer.warmth
    assert warmth.asset == "heat_pump"
    assert warmth.planned_c >= 20.0 - 0.05
    assert warmth.other_c == pytest.approx(min(cold.asset("heat_pump").trajectories["indoor_c"]))
    assert warmth.other_c < warmth.planned_c - 1.0
    assert answer.extra_comfort == pytest.approx(cold.cost.comfort - plan.cost.comfort)
    assert answer.extra_comfort > 1.0


def test_a_limit_that_both_break_is_not_laid_to_the_word():
    request = a_request(a_battery(), a_battery_state(5.0), load_kw=[1.0] * 10 + [25.0] + [1.0] * 13)
    plan = solve(request)
    resting = solve(asked_with(request, Override(asset="battery", power_kw=0.0, until=hours(2))))
    assert [violation.limit for violation in plan.violations] == ["grid.unserved"]
    assert [violation.limit for violation in resting.violations] == ["grid.unserved"]
    assert compared(plan, resting, request).broken == ()
