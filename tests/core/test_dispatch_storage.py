"""Setpoints behind a hybrid inverter, of batteries that narrow, and of cars that give back."""

from dataclasses import replace

import pytest

from custom_components.hems.core.dispatch import LiveAsset, LiveHome, setpoints
from custom_components.hems.core.model import GridLimit, PowerPoint
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    START,
    a_battery,
    a_battery_state,
    a_hybrid_inverter,
    a_pv,
    a_pv_state,
    a_request,
    a_site,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)


def told(site, live, plan=None, limits=(), states=()):
    chosen = setpoints(site, plan, (), live, limits, START, states=states)
    return {setpoint.asset: setpoint.power_kw for setpoint in chosen}


def a_moment(grid_kw=0.0, **assets):
    return LiveHome(at=START, grid_kw=grid_kw, assets=assets)


HYBRID = (a_hybrid_inverter(max_ac_kw=3.0, efficiency=1.0), a_battery(inverter="inverter"), a_pv(inverter="inverter"))


def test_inverter_itself_is_left_alone():
    live = a_moment(2.0, battery=LiveAsset(power_kw=0.0, soc=0.5), pv=LiveAsset(power_kw=0.0))
    assert told(a_site(*HYBRID), live)["inverter"] is None


def test_inverter_is_left_alone_where_a_plan_knows_its_loss():
    request = a_request(*HYBRID, a_battery_state(5.0), a_pv_state(0.0), load_kw=2.0)
    live = a_moment(2.0, battery=LiveAsset(power_kw=0.0, soc=0.5), pv=LiveAsset(power_kw=0.0))
    assert told(request.site, live, solve(request))["inverter"] is None


def test_battery_gives_no_more_than_passes_the_inverter():
    live = a_moment(6.0, battery=LiveAsset(power_kw=0.0, soc=0.5), pv=LiveAsset(power_kw=0.0))
    assert told(a_site(*HYBRID), live)["battery"] == pytest.approx(-3.0)


def test_battery_stores_the_sun_that_does_not_fit():
    # The house draws 6 kW, so that without the inverter the battery would give all it has.
    live = a_moment(3.0, battery=LiveAsset(power_kw=0.0, soc=0.5), pv=LiveAsset(power_kw=-4.0))
    assert told(a_site(*HYBRID), live)["battery"] == pytest.approx(1.0)


def test_battery_that_narrows_is_told_what_it_takes():
    curve = (PowerPoint(soc=0.0, max_kw=5.0), PowerPoint(soc=0.8, max_kw=5.0), PowerPoint(soc=1.0, max_kw=1.0))
    site = a_site(a_battery(charge_curve=curve))
    assert told(site, a_moment(-6.0, battery=LiveAsset(power_kw=0.0, soc=0.9)))["battery"] == pytest.approx(3.0)


CAR = an_ev_charger(max_discharge_kw=5.0)


def a_giving_home(**session):
    visit = an_ev_session(0, 20, energy_kwh=40.0, target_kwh=40.0, **session)
    return a_request(CAR, an_ev_charger_state(visit), import_price=[0.9] * 4 + [0.1] * 20, load_kw=2.0)


def test_car_gives_what_the_plan_says_and_no_more_than_the_home_draws():
    request = a_giving_home()
    plan = solve(request)
    car = LiveAsset(power_kw=0.0, connected=True, energy_kwh=40.0)
    assert told(request.site, a_moment(3.0, ev_charger=car), plan, states=request.states)["ev_charger"] == -2.0
    assert told(request.site, a_moment(0.5, ev_charger=car), plan, states=request.states)["ev_charger"] == -0.5


def test_car_at_its_floor_gives_nothing():
    request = a_giving_home(min_kwh=30.0)
    car = LiveAsset(power_kw=0.0, connected=True, energy_kwh=29.9)
    given = told(request.site, a_moment(3.0, ev_charger=car), solve(request), states=request.states)
    assert given["ev_charger"] == 0.0


def test_car_is_not_drained_for_a_limit_of_the_connection():
    request = a_giving_home()
    limit = GridLimit(start=START, end=hours(1), max_import_kw=0.0)
    car = LiveAsset(power_kw=2.0, connected=True, energy_kwh=40.0)
    assert told(request.site, a_moment(5.0, ev_charger=car), None, (limit,))["ev_charger"] == 0.0


def test_car_below_its_minimum_is_charged_without_a_plan():
    visit = an_ev_session(0, 20, energy_kwh=5.0, target_kwh=6.0, at_once_kwh=10.0)
    request = a_request(CAR, an_ev_charger_state(visit))
    car = LiveAsset(power_kw=0.0, connected=True, energy_kwh=5.0)
    assert told(request.site, a_moment(ev_charger=car), states=request.states)["ev_charger"] == pytest.approx(3.68)
    full = replace(car, energy_kwh=10.0)
    assert told(request.site, a_moment(ev_charger=full), states=request.states)["ev_charger"] == 0.0
