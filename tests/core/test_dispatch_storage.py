"""Setpoints behind a hybrid inverter, of batteries that narrow, and of cars that give back."""

from dataclasses import replace

import pytest

from custom_components.hems.core.dispatch import LiveAsset, LiveHome, of_override, setpoints
from custom_components.hems.core.model import GridLimit, Override, PowerPoint
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    START,
    a_battery,
    a_battery_state,
    a_flexible_load,
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


def told(site, live, plan=None, limits=(), states=(), wishes_kw=None, manual=()):
    words = [of_override(Override(asset=name, power_kw=kw, until=hours(1))) for name, kw in (wishes_kw or {}).items()]
    chosen = setpoints(site, plan, words, live, limits, START, states=states, manual=manual)
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


def behind_2_kw(*others, **site):
    """A large battery behind a small inverter that loses nothing."""
    battery = a_battery(max_charge_kw=10.0, max_discharge_kw=10.0, inverter="inverter")
    return a_site(a_hybrid_inverter(max_ac_kw=2.0, efficiency=1.0), battery, *others, **site)


def test_other_loads_do_without_what_the_inverter_does_not_let_the_battery_give():
    home = behind_2_kw(a_flexible_load(power_kw=3.0), max_import_kw=8.0)
    live = a_moment(12.0, battery=LiveAsset(power_kw=0.0, soc=0.8), flexible_load=LiveAsset(power_kw=3.0))
    found = told(home, live, wishes_kw={"flexible_load": 3.0})
    assert (found["battery"], found["flexible_load"]) == (pytest.approx(-2.0), 0.0)


def test_sun_is_held_back_that_the_inverter_does_not_let_the_battery_store():
    home = behind_2_kw(a_pv(peak_kw=10.0), max_export_kw=1.0)
    live = a_moment(-8.0, battery=LiveAsset(power_kw=0.0, soc=0.2), pv=LiveAsset(power_kw=-8.0))
    found = told(home, live)
    assert (found["battery"], found["pv"]) == (pytest.approx(2.0), pytest.approx(-3.0))


def test_second_battery_stores_what_the_inverter_of_the_first_does_not_let_through():
    home = behind_2_kw(a_battery("other"), a_pv(peak_kw=10.0), max_export_kw=1.0)
    resting = LiveAsset(power_kw=0.0, soc=0.2)
    live = a_moment(-8.0, battery=resting, other=resting, pv=LiveAsset(power_kw=-8.0))
    found = told(home, live, wishes_kw={"battery": 0.0, "other": 0.0})
    assert (found["battery"], found["other"], found["pv"]) == (pytest.approx(2.0), pytest.approx(5.0), None)


def test_second_battery_gives_what_the_inverter_of_the_first_does_not_let_through():
    resting = LiveAsset(power_kw=0.0, soc=0.8)
    found = told(behind_2_kw(a_battery("other")), a_moment(5.0, battery=resting, other=resting))
    assert (found["battery"], found["other"]) == (pytest.approx(-2.0), pytest.approx(-3.0))


def test_fuse_of_a_phase_counts_only_what_passes_the_inverter():
    home = behind_2_kw(a_flexible_load(power_kw=3.0), max_import_kw=40.0, max_import_a_per_phase=10.0)
    live = a_moment(12.0, battery=LiveAsset(power_kw=0.0, soc=0.8), flexible_load=LiveAsset(power_kw=3.0))
    found = told(home, live, wishes_kw={"battery": 0.0, "flexible_load": 3.0})
    assert (found["battery"], found["flexible_load"]) == (pytest.approx(-2.0), 0.0)


def test_other_loads_do_without_what_a_battery_may_not_give_beside_a_car():
    home = a_site(a_battery(may_charge_ev=False), an_ev_charger(), a_flexible_load(power_kw=3.0), max_import_kw=6.0)
    live = a_moment(
        8.68,
        battery=LiveAsset(power_kw=0.0, soc=0.8),
        ev_charger=LiveAsset(power_kw=3.68, connected=True),
        flexible_load=LiveAsset(power_kw=3.0),
    )
    found = told(home, live, wishes_kw={"flexible_load": 3.0}, manual={"ev_charger"})
    assert (found["battery"], found["flexible_load"]) == (0.0, 0.0)


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
