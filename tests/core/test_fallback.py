"""What a home does without a solver."""

import pytest

from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import GridLimit, Override
from custom_components.hems.core.wire import decode, encode
from tests.builders import (
    a_battery,
    a_battery_state,
    a_flexible_load,
    a_flexible_load_state,
    a_heat_pump,
    a_heat_pump_state,
    a_horizon,
    a_hot_water,
    a_hot_water_state,
    a_pv,
    a_pv_state,
    a_request,
    a_run,
    an_appliance,
    an_appliance_state,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)

SUN = [0.0] * 8 + [3.0] * 8 + [0.0] * 8


def planned(*parts, **changes):
    return fallback_plan(a_request(*parts, **changes), "no engine")


def powers(plan, asset):
    return plan.asset(asset).power_kw


def test_plan_says_why_nobody_optimised_it():
    plan = planned(a_battery())
    assert (plan.outcome.kind, plan.outcome.reason) == ("fallback", "no engine")
    assert decode(type(plan), encode(plan)) == plan


def test_battery_follows_the_meter():
    plan = planned(a_battery(), a_battery_state(3.0), a_pv(), a_pv_state(SUN), load_kw=1.0)
    assert powers(plan, "battery")[:2] == pytest.approx((-1.0, -1.0))
    assert powers(plan, "battery")[8:12] == pytest.approx((2.0,) * 4)
    assert min(plan.asset("battery").trajectories["energy_kwh"]) >= 0.0
    assert plan.export_kw[8] == pytest.approx(0.0)


def test_battery_keeps_its_reserve():
    plan = planned(a_battery(min_soc=0.2), a_battery_state(3.0), load_kw=1.0)
    assert min(plan.asset("battery").trajectories["energy_kwh"]) == pytest.approx(2.0)


def test_battery_below_its_reserve_is_refilled_and_gives_nothing():
    plan = planned(a_battery(min_soc=0.5), a_battery_state(1.0), load_kw=1.0)
    assert powers(plan, "battery") == pytest.approx((4.0 / 0.95,) + (0.0,) * 23)
    assert [violation.limit for violation in plan.violations] == ["battery.min_soc"]


def test_battery_does_not_drain_into_a_car_that_it_must_not_charge():
    plan = planned(
        a_battery(may_charge_ev=False),
        an_ev_charger(),
        an_ev_charger_state(an_ev_session(0, 4, target_kwh=36.0)),
        load_kw=1.0,
    )
    for kw, car in zip(powers(plan, "battery"), powers(plan, "ev_charger"), strict=True):
        assert kw >= 0.0 or car == 0.0


def test_sun_is_held_back_at_the_export_limit():
    plan = planned(a_pv(), a_pv_state(SUN), site={"max_export_kw": 1.0})
    assert max(plan.export_kw) == pytest.approx(1.0)
    assert plan.asset("pv").trajectories["curtailed_kw"][8] == pytest.approx(2.0)


def test_sun_that_cannot_be_held_back_is_named():
    plan = planned(a_pv(curtailable=False), a_pv_state(SUN), site={"max_export_kw": 1.0})
    assert plan.violations[0].limit == "grid.max_export"


@pytest.mark.parametrize(
    ("departure", "target", "first_kw"), [(8, 36.0, 1.38), (3, 38.0, 8.0 / 0.9 / 3), (60, 60.0, 1.38)]
)
def test_car_is_charged_evenly_and_in_time(departure, target, first_kw):
    session = an_ev_session(0, departure, target_kwh=target)
    plan = planned(an_ev_charger(), an_ev_charger_state(session))
    assert powers(plan, "ev_charger")[0] == pytest.approx(first_kw, abs=1e-3)
    assert plan.violations == ()


def test_car_catches_up_after_a_time_without_room():
    plan = planned(
        an_ev_charger(),
        an_ev_charger_state(an_ev_session(0, 6, target_kwh=40.0)),
        limits=(GridLimit(start=hours(0), end=hours(2), max_import_kw=0.5),),
    )
    assert powers(plan, "ev_charger")[:2] == (0.0, 0.0)
    assert plan.violations == ()


def test_two_phase_counts_are_used_as_needed():
    session = an_ev_session(0, 2, target_kwh=45.0)
    plan = planned(an_ev_charger(phases=(1, 3)), an_ev_charger_state(session))
    assert plan.asset("ev_charger").trajectories["phases"][:2] == (3.0, 3.0)
    assert plan.violations == ()


def test_thermostats_keep_the_lower_end_of_their_bands():
    plan = planned(a_heat_pump(), a_heat_pump_state(20.2), a_hot_water(), a_hot_water_state(46.0), outdoor_c=0.0)
    assert min(plan.asset("heat_pump").trajectories["indoor_c"]) >= 20.0 - 1e-6
    assert min(plan.asset("hot_water").trajectories["tank_c"]) >= 45.0 - 1e-6
    assert plan.violations == ()


def test_programme_starts_as_early_as_the_fuse_allows():
    quarters = a_horizon(32, 15)
    plan = planned(
        an_appliance(),
        an_appliance_state(a_run(0, 8)),
        horizon=quarters,
        load_kw=[2.5] * 8 + [0.5] * 24,
        site={"max_import_kw": 3.0},
    )
    assert plan.asset("appliance").trajectories["starts"].index(1.0) == 8


def test_programme_under_way_goes_on():
    plan = planned(an_appliance(), an_appliance_state(a_run(-1, 8, started=-0.5)), horizon=a_horizon(32, 15))
    assert powers(plan, "appliance")[:4] == pytest.approx((0.2, 0.2, 1.5, 0.1))


def test_programme_without_room_is_named():
    plan = planned(an_appliance(), an_appliance_state(a_run(0, 8)), load_kw=4.0, site={"max_import_kw": 5.0})
    assert [violation.limit for violation in plan.violations] == ["appliance.run"]


def test_flexible_load_is_on_when_wanted_unless_the_fuse_would_break():
    plan = planned(
        a_flexible_load(),
        a_flexible_load_state([1.0, 0.0] * 12),
        load_kw=[1.0] * 12 + [2.0] * 12,
        site={"max_import_kw": 2.0},
    )
    assert powers(plan, "flexible_load") == (0.5, 0.0) * 6 + (0.0,) * 12


def test_load_over_the_fuse_is_named():
    plan = planned(load_kw=[1.0] * 10 + [9.0] + [1.0] * 13, site={"max_import_kw": 5.0})
    assert max(plan.import_kw) == 5.0
    assert (plan.violations[0].limit, plan.violations[0].amount) == ("grid.unserved", pytest.approx(4.0))


def test_what_keeps_people_warm_comes_before_the_car():
    plan = planned(
        a_heat_pump(),
        a_heat_pump_state(18.0),
        an_ev_charger(),
        an_ev_charger_state(an_ev_session(0, 8)),
        outdoor_c=0.0,
        site={"max_import_kw": 3.0},
    )
    assert powers(plan, "heat_pump")[0] == pytest.approx(2.5)
    assert powers(plan, "ev_charger")[0] == 0.0


@pytest.mark.parametrize(
    ("asset", "state", "power_kw", "expected_kw"),
    [
        (a_battery(capacity_kwh=40.0), a_battery_state(20.0), 3.0, 3.0),
        (a_battery(capacity_kwh=40.0), a_battery_state(20.0), -9.0, -5.0),
        (a_battery(), a_battery_state(10.0), 3.0, 0.0),
        (a_battery(may_export=False), a_battery_state(5.0), -3.0, -1.0),
        (an_ev_charger(), an_ev_charger_state(an_ev_session()), 0.0, 0.0),
        (an_ev_charger(), an_ev_charger_state(an_ev_session()), 3.0, 3.0),
        (an_ev_charger(), an_ev_charger_state(), 3.0, 0.0),
        (a_heat_pump(), a_heat_pump_state(18.0), 0.0, 0.0),
        (a_heat_pump(), a_heat_pump_state(24.0), 9.0, 2.5),
        (a_hot_water(), a_hot_water_state(50.0), 2.0, 2.0),
        (a_pv(), a_pv_state(4.0), -1.5, -1.5),
        (a_flexible_load(), a_flexible_load_state(1.0), 0.0, 0.0),
        (an_appliance(), an_appliance_state(a_run(0, 12)), 0.0, 0.0),
    ],
    ids=lambda value: f"{value:g}" if isinstance(value, float) else value.kind,
)
def test_word_of_the_user_is_kept_as_far_as_the_device_can(asset, state, power_kw, expected_kw):
    word = Override(asset=asset.name, power_kw=power_kw, until=hours(2))
    plan = planned(asset, state, load_kw=1.0, overrides=(word,))
    assert powers(plan, asset.name)[:2] == pytest.approx((expected_kw,) * 2)


def test_word_of_the_user_ends():
    word = Override(asset="battery", power_kw=3.0, until=hours(1))
    plan = planned(a_battery(), a_battery_state(5.0), load_kw=1.0, overrides=(word,))
    assert powers(plan, "battery")[1] == pytest.approx(-1.0)


def test_word_of_the_user_begins_when_it_shall():
    word = Override(asset="battery", power_kw=3.0, start=hours(2), until=hours(3))
    plan = planned(a_battery(), a_battery_state(5.0), load_kw=1.0, overrides=(word,))
    assert powers(plan, "battery")[:4] == pytest.approx((-1.0, -1.0, 3.0, -1.0))


def test_battery_that_may_not_export_does_not_make_room_for_one_that_is_told_to():
    word = Override(asset="told", power_kw=-1.0, until=hours(2))
    plan = planned(
        a_battery("kept", may_export=False),
        a_battery("told"),
        load_kw=0.5,
        overrides=(word,),
    )
    assert powers(plan, "told")[:2] == (-1.0, -1.0)
    # What the told one gives beyond the load is not sold: the other takes it in.
    assert powers(plan, "kept")[:2] == pytest.approx((0.5, 0.5))
    assert plan.export_kw[:2] == (0.0, 0.0)
