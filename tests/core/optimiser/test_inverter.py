"""What is planned behind a hybrid inverter."""

from dataclasses import replace

import pytest

from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import Override
from custom_components.hems.core.model.terms import Terms
from custom_components.hems.core.optimiser import NoPlan, solve
from custom_components.hems.core.optimiser.validate import check_plan
from tests.builders import (
    a_battery,
    a_battery_state,
    a_horizon,
    a_hybrid_inverter,
    a_pv,
    a_pv_state,
    a_request,
    hours,
)
from tests.invariants import assert_sound

SUN = [0.0] * 8 + [8.0] * 8 + [0.0] * 8


def a_hybrid_home(*, sun=SUN, energy_kwh=0.0, inverter=None, battery=None, pv=None, **changes):
    return a_request(
        a_hybrid_inverter(**inverter or {}),
        a_battery(inverter="inverter", **battery or {}),
        a_battery_state(energy_kwh),
        a_pv(inverter="inverter", **{"peak_kw": 10.0} | (pv or {})),
        a_pv_state(sun),
        **changes,
    )


def powers(plan, asset):
    return plan.asset(asset).power_kw


@pytest.mark.parametrize("planner", [solve, lambda request: fallback_plan(request, "no engine")], ids=["plan", "rules"])
def test_battery_stores_the_sun_that_the_inverter_would_clip(planner):
    # A price at which storing for later does not pay, so that only what cannot leave is stored.
    request = a_hybrid_home(load_kw=0.0, export_price=0.4, battery={"wear_per_kwh": 0.0})
    plan = planner(request)
    assert_sound(plan, request)
    stored = [kw for kw, sun in zip(powers(plan, "battery"), SUN, strict=True) if sun]
    assert sum(stored) == pytest.approx(10.0 / 0.95, abs=1e-3)
    assert max(plan.export_kw) <= 5.0 + 1e-6
    # 64 kWh of sun: clipped is what is neither stored nor passed on, and rules that store at once have no room at noon.
    clipped = sum(plan.asset("pv").trajectories["curtailed_kw"])
    passed_on = sum(plan.export_kw[8:16]) / 0.96
    assert clipped == pytest.approx(64.0 - passed_on - 10.0 / 0.95, abs=1e-3)
    assert planner is not solve or passed_on == pytest.approx(8 * 5.0 / 0.96, abs=1e-3)


def test_power_of_the_inverter_is_its_loss():
    plan = solve(a_hybrid_home(sun=0.0, energy_kwh=8.0, load_kw=2.0))
    loss = powers(plan, "inverter")[0]
    assert powers(plan, "battery")[0] == pytest.approx(-2.0 / 0.96)
    assert loss == pytest.approx(2.0 / 0.96 - 2.0, abs=1e-6)
    assert plan.asset("inverter").trajectories["ac_kw"][0] == pytest.approx(-2.0)
    assert plan.import_kw[0] == pytest.approx(0.0)


def test_inverter_charges_from_the_grid_within_its_own_limit():
    plan = solve(
        a_hybrid_home(
            sun=0.0,
            import_price=[0.1] * 4 + [0.6] * 20,
            load_kw=1.0,
            inverter={"max_ac_charge_kw": 1.5},
        )
    )
    assert powers(plan, "battery")[:4] == pytest.approx((1.5 * 0.96,) * 4)


def test_inverter_that_only_the_sun_charges_takes_nothing_from_the_grid():
    plan = solve(
        a_hybrid_home(sun=0.0, import_price=[0.1] * 4 + [0.6] * 20, load_kw=1.0, inverter={"max_ac_charge_kw": 0.0})
    )
    assert max(powers(plan, "battery")) == pytest.approx(0.0)


def test_two_batteries_share_the_way_out():
    request = a_request(
        a_hybrid_inverter(max_ac_kw=3.0),
        a_battery("battery", inverter="inverter"),
        a_battery("other", inverter="inverter"),
        load_kw=8.0,
    )
    plan = solve(request)
    assert_sound(plan, request)
    given = [-a - b for a, b in zip(powers(plan, "battery"), powers(plan, "other"), strict=True)]
    assert max(given) == pytest.approx(3.0 / 0.96)


def test_sun_that_nobody_may_hold_back_is_clipped_rather_than_impossible():
    request = a_hybrid_home(energy_kwh=10.0, pv={"curtailable": False})
    plan = solve(request)
    assert_sound(plan, request)
    assert plan.outcome.kind == "optimal"
    assert max(plan.asset("pv").trajectories["curtailed_kw"]) == pytest.approx(8.0 - 5.0 / 0.96, abs=1e-3)


def test_negative_prices_do_not_burn_energy_in_the_inverter():
    request = a_hybrid_home(sun=0.0, import_price=-0.2, export_price=-0.3, energy_kwh=9.0)
    plan = solve(request)
    assert_sound(plan, request)


def test_fallback_keeps_the_inverter_s_limits_under_a_word_of_the_user():
    word = Override(asset="battery", power_kw=5.0, until=hours(2))
    request = a_hybrid_home(sun=0.0, inverter={"max_ac_kw": 2.0}, overrides=(word,), horizon=a_horizon(24))
    plan = fallback_plan(request, "no engine")
    assert_sound(plan, request)
    assert powers(plan, "battery")[0] == pytest.approx(2.0 * 0.96)


def test_plan_beyond_the_inverter_is_not_published():
    request = a_hybrid_home()
    plan = solve(request)
    schedules = tuple(
        replace(asset, trajectories={"ac_kw": (-9.0,) * 24}) if asset.asset == "inverter" else asset
        for asset in plan.assets
    )
    with pytest.raises(NoPlan, match=r"inverter\.max_ac"):
        check_plan(replace(plan, assets=schedules), Terms.of(request))
