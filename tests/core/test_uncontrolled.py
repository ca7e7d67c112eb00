import pytest

from custom_components.hems.core.fallback import fallback_plan, uncontrolled_plan
from custom_components.hems.core.model import GridLimit
from tests.builders import (
    a_battery,
    a_battery_state,
    a_pv,
    a_pv_state,
    a_request,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)


def test_a_battery_that_nobody_manages_rests():
    plan = uncontrolled_plan(a_request(a_battery(), a_battery_state(5.0), load_kw=1.0, import_price=0.30))

    battery = plan.asset("battery")
    assert battery is not None
    assert set(battery.power_kw) == {0.0}
    assert plan.cost.bill == pytest.approx(24 * 0.30)


def test_a_car_that_nobody_manages_charges_at_full_power_on_arrival():
    charger = an_ev_charger(max_current_a=16.0, phases=(1,), efficiency=1.0)
    visit = an_ev_session(arrival=2.0, departure=20.0, energy_kwh=10.0, target_kwh=10.0 + 3 * 3.68)
    plan = uncontrolled_plan(a_request(charger, an_ev_charger_state(visit), load_kw=0.0))

    car = plan.asset("ev_charger")
    assert car is not None
    assert car.power_kw[:2] == (0.0, 0.0)
    assert sum(car.power_kw) == pytest.approx(3 * 3.68)
    assert sum(car.power_kw[2:6]) == pytest.approx(3 * 3.68)
    assert plan.cost.comfort == pytest.approx(0.0)


def test_a_car_that_a_limit_keeps_from_charging_at_once_counts_as_late():
    charger = an_ev_charger(max_current_a=16.0, phases=(1,), efficiency=1.0, late_price_per_kwh=1.0)
    visit = an_ev_session(arrival=0.0, departure=20.0, energy_kwh=10.0, target_kwh=10.0 + 3.68)
    limit = GridLimit(start=hours(0), end=hours(10), max_import_kw=0.5)
    plan = uncontrolled_plan(a_request(charger, an_ev_charger_state(visit), load_kw=0.0, limits=(limit,)))

    assert 3.5 < plan.cost.comfort <= 3.68


def test_managing_the_sun_by_rule_saves_against_not_managing_it():
    request = a_request(
        a_battery(), a_battery_state(0.0), a_pv(), a_pv_state([0.0] * 8 + [3.0] * 8 + [0.0] * 8), load_kw=1.0
    )

    assert fallback_plan(request, "rule").cost.total < uncontrolled_plan(request).cost.total
