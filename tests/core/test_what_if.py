"""What another word would cost, from the same question asked again."""

import pytest

from custom_components.hems.core.explain import asked_with, can_be_compared, compared
from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import Override
from custom_components.hems.core.optimiser import solve
from tests.builders import a_request, an_ev_charger, an_ev_charger_state, an_ev_session, hours


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
    answer = compared(plan, now)

    assert answer.extra_cost == pytest.approx(2 * 3.68 * 0.20, abs=1e-3)
    assert answer.extra_bill == pytest.approx(answer.extra_cost, abs=1e-3)
    assert answer.broken == ()


def test_a_limit_that_only_the_word_breaks_is_named():
    request = a_car_at_night()

    never = solve(asked_with(request, Override(asset="ev_charger", power_kw=0.0, until=hours(10))))
    answer = compared(solve(request), never)

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
