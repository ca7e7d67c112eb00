"""Setpoints at the edges of what is known, allowed and still valid."""

from datetime import timedelta

import pytest

from custom_components.hems.core.dispatch import LiveAsset, LiveHome, of_override, setpoints
from custom_components.hems.core.model import ComfortBand, Override
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    START,
    a_battery,
    a_battery_state,
    a_flexible_load,
    a_heat_pump,
    a_hot_water,
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


def told(site, live, plan=None, wishes_kw=None, **how):
    words = [of_override(Override(asset=name, power_kw=kw, until=hours(2))) for name, kw in (wishes_kw or {}).items()]
    now = how.pop("now", START)
    return {setpoint.asset: setpoint for setpoint in setpoints(site, plan, words, live, (), now, **how)}


def a_moment(grid_kw=0.0, load_kw=None, at=START, **assets):
    return LiveHome(at=at, grid_kw=grid_kw, load_kw=load_kw, assets=assets)


def test_plan_that_has_expired_counts_no_more_although_its_horizon_goes_on():
    request = a_request(a_battery(), a_battery_state(0.0), import_price=[0.1] + [0.5] * 23, load_kw=1.0)
    plan = solve(request)
    assert plan.asset("battery").power_kw[0] > 1.0
    resting = LiveAsset(power_kw=0.0, energy_kwh=0.0)
    for age_s, source in ((0, "plan"), (899, "plan"), (900, "fallback")):
        now = START + timedelta(seconds=age_s)
        battery = told(request.site, a_moment(1.0, at=now, battery=resting), plan, now=now)["battery"]
        assert (battery.source, battery.power_kw > 1.0) == (source, source == "plan"), age_s


def a_car_that_sells(**session):
    visit = an_ev_session(0, 20, energy_kwh=40.0, target_kwh=40.0, **session)
    car = an_ev_charger(max_discharge_kw=5.0)
    return a_request(
        car, an_ev_charger_state(visit), import_price=[0.9] * 4 + [0.1] * 20, export_price=[0.8] * 4 + [0.05] * 20
    )


def test_car_sells_what_the_plan_sells_and_nothing_that_the_plan_does_not():
    request = a_car_that_sells(may_export=True)
    plan = solve(request)
    assert plan.export_kw[0] == pytest.approx(5.0)
    car = LiveAsset(power_kw=0.0, connected=True, energy_kwh=40.0)
    live = a_moment(0.0, ev_charger=car)
    assert told(request.site, live, plan, states=request.states)["ev_charger"].power_kw == pytest.approx(-5.0)


def test_car_of_which_nobody_knows_how_empty_it_may_be_gives_nothing():
    request = a_car_that_sells(may_export=True)
    live = a_moment(3.0, ev_charger=LiveAsset(power_kw=0.0, connected=True, energy_kwh=40.0))
    assert told(request.site, live, solve(request), states=())["ev_charger"].power_kw == 0.0


@pytest.mark.parametrize(("connected", "power_kw"), [(True, -3.0), (None, 0.0)], ids=["there", "perhaps there"])
def test_car_gives_only_where_it_is_known_to_be_there(connected, power_kw):
    site = a_site(an_ev_charger(max_discharge_kw=5.0))
    live = a_moment(0.0, ev_charger=LiveAsset(power_kw=0.0, connected=connected, energy_kwh=40.0))
    assert told(site, live, wishes_kw={"ev_charger": -3.0})["ev_charger"].power_kw == power_kw


@pytest.mark.parametrize(("energy_kwh", "power_kw"), [(10.4, -1.0), (10.6, 0.0), (-0.1, 0.0)])
def test_battery_that_says_more_or_less_than_it_can_hold_is_held(energy_kwh, power_kw):
    live = a_moment(1.0, battery=LiveAsset(power_kw=0.0, energy_kwh=energy_kwh))
    assert told(a_site(a_battery(capacity_kwh=10.0)), live)["battery"].power_kw == pytest.approx(power_kw)


@pytest.mark.parametrize(
    ("grid_kw", "energy_kwh", "power_kw"),
    # 10 Wh in the cells for one minute.
    [(5.0, 2.01, -0.01 * 60 * 0.9), (-5.0, 7.99, 0.01 * 60 / 0.8)],
    ids=["reserve", "top"],
)
def test_battery_comes_to_its_reserve_or_top_within_one_command_and_no_further(grid_kw, energy_kwh, power_kw):
    battery = a_battery(min_soc=0.2, max_soc=0.8, charge_efficiency=0.8, discharge_efficiency=0.9)
    live = a_moment(grid_kw, battery=LiveAsset(power_kw=0.0, energy_kwh=energy_kwh))
    assert told(a_site(battery), live)["battery"].power_kw == pytest.approx(power_kw)


@pytest.mark.parametrize(("max_c", "power_kw"), [(60.0, 0.0), (78.0, 2.0)], ids=["75 degC", "78 degC"])
def test_tank_is_heated_no_further_than_any_tank_may_be_or_its_own_comfort_says(max_c, power_kw):
    tank = a_hot_water(comfort=ComfortBand(min_c=45.0, max_c=max_c))
    live = a_moment(0.0, hot_water=LiveAsset(power_kw=0.0, temperature_c=76.0))
    assert told(a_site(tank), live, wishes_kw={"hot_water": 2.0})["hot_water"].power_kw == power_kw


def test_array_stays_limited_where_its_new_limit_is_what_holds_it_back():
    """Limited to 5 kW before; now 2 kW are allowed, and it gives nearly that."""
    site = a_site(a_pv(peak_kw=10.0), max_export_kw=1.0)
    live = a_moment(-0.9, pv=LiveAsset(power_kw=-1.9, setpoint_kw=-5.0))
    assert told(site, live)["pv"].power_kw == pytest.approx(-2.0)


def test_array_that_gives_far_less_than_it_may_is_released():
    site = a_site(a_pv(peak_kw=10.0), max_export_kw=1.0)
    live = a_moment(0.0, pv=LiveAsset(power_kw=-1.0, setpoint_kw=-5.0))
    assert told(site, live)["pv"].power_kw is None


def test_battery_that_gives_all_it_can_is_not_said_to_be_held_by_the_limit_of_the_connection():
    site = a_site(a_battery(), max_import_kw=1.0)
    live = a_moment(9.0, battery=LiveAsset(power_kw=0.0, soc=0.9))
    battery = told(site, live)["battery"]
    assert (battery.power_kw, battery.source) == (-5.0, "fallback")


def test_battery_run_by_hand_stores_nothing_for_the_export_limit():
    site = a_site(a_battery(), a_pv(peak_kw=10.0), max_export_kw=1.0)
    live = a_moment(-6.0, battery=LiveAsset(power_kw=0.0, soc=0.2), pv=LiveAsset(power_kw=-6.0))
    found = told(site, live, manual={"battery"})
    assert (found["battery"].power_kw, found["pv"].power_kw) == (None, pytest.approx(-1.0))


def test_load_that_is_measured_counts_where_an_asset_does_not_say_what_it_draws():
    """The meter shows 5 kW: 1 kW of load, and the flexible load's 4 kW, which nobody measures."""
    unmeasured = {"battery": LiveAsset(power_kw=0.0, soc=0.5), "flexible_load": LiveAsset()}
    site = a_site(a_battery(), a_flexible_load(power_kw=4.0))
    assert told(site, a_moment(5.0, 1.0, **unmeasured))["battery"].power_kw == pytest.approx(-1.0)
    assert told(site, a_moment(5.0, None, **unmeasured))["battery"].power_kw == pytest.approx(-5.0)


def test_battery_behind_an_inverter_promises_no_room_for_sun_that_costs_to_sell():
    """The plan holds back what load and the inverter's 2 kW do not take; the battery itself could take 10 kW."""
    request = a_request(
        a_hybrid_inverter(max_ac_kw=2.0, efficiency=1.0),
        a_battery(max_charge_kw=10.0, inverter="inverter", end_price_per_kwh=0.3),
        a_battery_state(1.0),
        a_pv(peak_kw=10.0),
        a_pv_state([8.0] + [0.0] * 23),
        load_kw=1.0,
        export_price=-0.1,
    )
    plan = solve(request)
    assert plan.asset("pv").power_kw[0] == pytest.approx(-3.0, abs=1e-3)
    live = a_moment(0.0, battery=LiveAsset(power_kw=2.0, soc=0.1), pv=LiveAsset(power_kw=-3.0))
    assert told(request.site, live, plan)["pv"].power_kw == pytest.approx(-3.0, abs=1e-3)


def test_heat_pump_on_a_phase_with_room_is_left_to_itself():
    site = a_site(
        a_heat_pump(phase="l2"), max_import_kw=40.0, max_import_a_per_phase=20.0, load_phase_shares=(1.0, 0.0, 0.0)
    )
    live = a_moment(7.0, 6.0, heat_pump=LiveAsset(power_kw=1.0, temperature_c=21.0))
    assert told(site, live)["heat_pump"].power_kw is None


@pytest.mark.parametrize(
    ("rules", "power_kw"), [({}, -0.76), ({"may_charge_ev": False}, 0.0)], ids=["may feed the car", "may not"]
)
def test_battery_spares_a_fuse_only_where_it_may_feed_the_car_that_burdens_it(rules, power_kw):
    """The car is run by hand: 2 kW of load and its 3.68 kW are more than the 4.92 kW of their phase."""
    site = a_site(
        a_battery(phase="l1", **rules),
        an_ev_charger(phase="l1"),
        max_import_kw=40.0,
        max_import_a_per_phase=4920.0 / 230.0,
        load_phase_shares=(1.0, 0.0, 0.0),
    )
    car = LiveAsset(power_kw=3.68, connected=True)
    live = a_moment(5.68, 2.0, battery=LiveAsset(power_kw=0.0, soc=0.5), ev_charger=car)
    found = told(site, live, wishes_kw={"battery": 0.0}, manual={"ev_charger"})
    assert found["battery"].power_kw == pytest.approx(power_kw)
