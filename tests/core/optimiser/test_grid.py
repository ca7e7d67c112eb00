"""What the connection, the tariff and the weights make of a plan."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from custom_components.hems.core.model import CapacityCharge, GridLimit, Weights
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_battery,
    a_battery_state,
    a_flexible_load,
    a_flexible_load_state,
    a_horizon,
    a_pv,
    a_pv_state,
    a_request,
    a_series,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)
from tests.invariants import assert_sound


def test_house_without_any_asset_is_planned():
    plan = solve(a_request(load_kw=1.5, import_price=0.3))
    assert plan.import_kw == (1.5,) * 24
    assert plan.cost.bill == pytest.approx(24 * 1.5 * 0.3)


def test_sun_is_held_back_at_the_export_limit():
    plan = solve(a_request(a_pv(), a_pv_state([4.0] * 24), site={"max_export_kw": 1.0}))
    assert plan.export_kw == pytest.approx((1.0,) * 24)
    assert plan.asset("pv").trajectories["curtailed_kw"] == pytest.approx((3.0,) * 24)
    assert plan.violations == ()


def test_sun_is_held_back_where_selling_costs():
    plan = solve(a_request(a_pv(), a_pv_state([4.0] * 24), export_price=-0.05, load_kw=1.0))
    assert plan.export_kw == pytest.approx((0.0,) * 24)


def test_sun_that_cannot_be_held_back_is_named_but_planned():
    plan = solve(a_request(a_pv(curtailable=False), a_pv_state([4.0] * 24), site={"max_export_kw": 1.0}))
    (violation,) = plan.violations
    assert (violation.limit, violation.unit, violation.amount) == ("grid.max_export", "kW", pytest.approx(3.0))
    assert (violation.start, violation.end) == (hours(0), hours(24))


def test_load_over_the_fuse_is_named_and_all_else_planned():
    request = a_request(
        a_battery(),
        a_battery_state(0.0),
        load_kw=[1.0] * 10 + [9.0] + [1.0] * 13,
        site={"max_import_kw": 5.0},
        import_price=[0.1] * 6 + [0.4] * 18,
        limits=(GridLimit(start=hours(0), end=hours(10), max_import_kw=1.0),),
    )
    plan = solve(request)
    (violation,) = plan.violations
    assert (violation.limit, violation.start, violation.end) == ("grid.unserved", hours(10), hours(11))
    assert violation.amount == pytest.approx(4.0, abs=1e-3)
    assert_sound(plan, request)


def test_net_metering_is_planned_without_simultaneous_exchange():
    request = a_request(a_battery(), a_pv(), a_pv_state([3.0] * 24), import_price=0.3, export_price=0.3, load_kw=1.0)
    assert_sound(solve(request), request)


def test_selling_dearer_than_buying_gives_no_phantom_money():
    request = a_request(import_price=0.2, export_price=0.5, load_kw=1.0)
    plan = solve(request)
    assert plan.cost.bill == pytest.approx(24 * 0.2)


def test_capacity_charge_spreads_the_charging_of_a_car():
    charge = CapacityCharge(price_per_kw=2.0, period="day")
    state = an_ev_charger_state(an_ev_session(0, 8, target_kwh=42.0))
    prices = [0.3] * 4 + [0.25] * 20
    spread = solve(a_request(an_ev_charger(), state, tariff={"capacity": charge}, import_price=prices))
    free = solve(a_request(an_ev_charger(), state, import_price=prices))
    assert max(spread.import_kw) == pytest.approx(12.0 / 0.9 / 8, abs=1e-2)
    assert max(free.import_kw) > 3.0
    assert spread.cost.capacity == pytest.approx(2.0 * max(spread.import_kw), abs=1e-6)


def test_import_up_to_the_peak_so_far_costs_nothing_more():
    charge = CapacityCharge(price_per_kw=5.0, period="month", peak_so_far_kw=4.0)
    plan = solve(a_request(load_kw=3.5, tariff={"capacity": charge}))
    assert plan.cost.capacity == 0.0


def test_capacity_days_are_local_days():
    # 22:00 UTC in March is 23:00 in Berlin: the first hour belongs to the day whose peak is known.
    start = datetime(2026, 3, 2, 22, tzinfo=UTC)
    horizon = a_horizon(4, start=start)
    charge = CapacityCharge(price_per_kw=1.0, period="day", peak_so_far_kw=9.0)
    plan = solve(a_request(horizon=horizon, load_kw=[8.0, 2.0, 3.0, 1.0], tariff={"capacity": charge}))
    assert plan.cost.capacity == pytest.approx(3.0)


@pytest.mark.parametrize(("month", "date", "length"), [(3, 29, 23), (10, 25, 25)], ids=["23 h", "25 h"])
def test_day_of_a_clock_change_has_one_capacity_period(month, date, length):
    day = datetime(2026, month, date, tzinfo=ZoneInfo("Europe/Berlin"))
    horizon = a_horizon(length, start=day)
    charge = CapacityCharge(price_per_kw=1.0, period="day")
    load = [1.0] * (length - 1) + [4.0]
    plan = solve(
        a_request(a_battery(), a_battery_state(0.0), horizon=horizon, load_kw=load, tariff={"capacity": charge})
    )
    assert plan.horizon.end.astimezone(day.tzinfo).hour == 0
    assert plan.cost.capacity == pytest.approx(max(plan.import_kw), abs=1e-6)
    assert len(plan.import_kw) == length


def test_price_of_co2_moves_energy_to_clean_hours():
    state = an_ev_charger_state(an_ev_session(0, 12, target_kwh=33.0))
    request = a_request(
        an_ev_charger(),
        state,
        import_price=[0.28] * 6 + [0.30] * 18,
        co2_kg_per_kwh=a_series([0.8] * 6 + [0.1] * 18),
        weights=Weights(co2_price_per_kg=0.2),
    )
    plan = solve(request)
    assert sum(plan.asset("ev_charger").power_kw[:6]) == pytest.approx(0.0, abs=1e-6)
    assert plan.cost.preference == pytest.approx(0.2 * 0.1 * sum(plan.import_kw), abs=1e-6)


def test_weight_of_exchange_makes_the_home_keep_its_sun():
    sun = [0.0] * 8 + [3.0] * 8 + [0.0] * 8
    frugal = a_request(
        a_battery(wear_per_kwh=0.2),
        a_battery_state(0.0),
        a_pv(),
        a_pv_state(sun),
        load_kw=0.5,
        import_price=0.3,
        export_price=0.15,
        weights=Weights(exchange_price_per_kwh=0.15),
    )
    indifferent = frugal.__replace__(weights=Weights())
    assert sum(solve(frugal).export_kw) < sum(solve(indifferent).export_kw) - 3.0


def test_flexible_load_is_off_where_energy_costs_more_than_it_is_worth():
    plan = solve(a_request(a_flexible_load(), a_flexible_load_state(1.0), import_price=[0.3] * 12 + [0.5] * 12))
    assert plan.asset("flexible_load").power_kw == (0.5,) * 12 + (0.0,) * 12
    assert plan.violations == ()
    assert plan.cost.comfort == pytest.approx(12 * 0.5 * 0.4)


def test_flexible_load_is_never_on_unwanted():
    plan = solve(a_request(a_flexible_load(), a_flexible_load_state([1.0, 0.0] * 12), import_price=-0.2))
    assert plan.asset("flexible_load").power_kw == (0.5, 0.0) * 12


def test_plan_costs_what_its_schedule_costs():
    sun = [0.0] * 8 + [4.0] * 8 + [0.0] * 8
    request = a_request(a_battery(), a_pv(), a_pv_state(sun), import_price=[0.2, 0.4] * 12, load_kw=1.0)
    plan = solve(request)
    energy = sum(price * kw for price, kw in zip(plan.import_price_per_kwh, plan.import_kw, strict=True))
    export = sum(price * kw for price, kw in zip(plan.export_price_per_kwh, plan.export_kw, strict=True))
    assert plan.cost.energy == pytest.approx(energy)
    assert plan.cost.export == pytest.approx(-export)


def test_adding_a_soft_wish_costs_at_most_its_price():
    plain = a_request(a_battery(), import_price=[0.2, 0.4] * 12, load_kw=1.0)
    wished = a_request(
        a_battery(),
        an_ev_charger(late_price_per_kwh=0.5),
        an_ev_charger_state(an_ev_session(0, 8)),
        import_price=[0.2, 0.4] * 12,
        load_kw=1.0,
    )
    assert solve(wished).cost.total <= solve(plain).cost.total + 10.0 * 0.5 + 1e-3
