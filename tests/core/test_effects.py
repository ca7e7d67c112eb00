"""What a reason says of emissions and comfort, beside what becomes of the home without that stretch."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.hems.core.explain import Action, Comfort, Reason, reasons
from custom_components.hems.core.model import ComfortBand, Plan, PlanRequest, SolverOptions
from custom_components.hems.core.model.assessment.whole import judged_plan
from custom_components.hems.core.model.schedules import heat_pump_plan
from custom_components.hems.core.model.terms import Terms
from custom_components.hems.core.model.zones import building_zone
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_battery,
    a_battery_state,
    a_flexible_load,
    a_flexible_load_state,
    a_heat_pump,
    a_heat_pump_state,
    a_hot_water,
    a_hot_water_state,
    a_pv,
    a_pv_state,
    a_request,
    a_run,
    a_series,
    an_appliance,
    an_appliance_state,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
)

EXACT = SolverOptions(time_limit_s=20.0, relative_gap=0.0, absolute_gap=1e-6, integer_h=24.0)
DIRTY_EVENING = [0.1] * 18 + [0.6] * 6


def told(request: PlanRequest, asset: str, action: Action, plan: Plan | None = None) -> Reason:
    plan = plan or solve(request)
    return next(reason for reason in reasons(plan, request) if (reason.asset, reason.action) == (asset, action))


def comfort(request: PlanRequest, asset: str, action: Action) -> Comfort:
    found = told(request, asset, action).comfort
    assert found is not None
    return found


def a_home_with_a_battery(**changes: Any) -> PlanRequest:
    battery = a_battery(capacity_kwh=5.0, max_charge_kw=2.5, max_discharge_kw=2.5, end_price_per_kwh=0.0)
    prices = [0.10] * 6 + [0.30] * 12 + [0.60] * 6
    fields = {"load_kw": 2.0, "import_price": prices, "options": EXACT} | changes
    return a_request(battery, a_battery_state(0.0), **fields)


def test_charging_from_the_grid_emits_and_its_use_spares_what_the_grid_would_have() -> None:
    request = a_home_with_a_battery(co2_kg_per_kwh=a_series(DIRTY_EVENING))

    charge, use = (told(request, "battery", action) for action in (Action.CHARGE, Action.DISCHARGE))

    assert charge.co2_kg == pytest.approx(0.1 * charge.energy_kwh)
    assert use.co2_kg == pytest.approx(-0.6 * use.energy_kwh)


def test_storing_the_sun_emits_nothing() -> None:
    request = a_request(
        a_battery(capacity_kwh=5.0, end_price_per_kwh=0.25),
        a_battery_state(0.0),
        a_pv(),
        a_pv_state([0.0] * 10 + [3.0] * 4 + [0.0] * 10),
        load_kw=0.5,
        co2_kg_per_kwh=a_series(0.4),
        options=EXACT,
    )
    assert told(request, "battery", Action.CHARGE).co2_kg == pytest.approx(0.0, abs=1e-6)


def test_selling_out_of_the_battery_is_not_said_to_spare_the_grids_emissions() -> None:
    """Only what the home does not import counts: of 2.5 kW, 0.5 kW serve the load."""
    sold = [0.0] * 18 + [0.9] * 6
    request = a_home_with_a_battery(load_kw=0.5, export_price=sold, co2_kg_per_kwh=a_series(DIRTY_EVENING))
    plan = solve(request)
    reason = told(request, "battery", Action.DISCHARGE, plan)

    hours_of_it = (reason.end - reason.start).total_seconds() / 3600.0
    assert max(plan.export_kw) > 1.5
    assert reason.co2_kg == pytest.approx(-0.6 * 0.5 * hours_of_it, rel=0.05)


def test_emissions_are_unknown_where_the_grids_are() -> None:
    assert told(a_home_with_a_battery(), "battery", Action.CHARGE).co2_kg is None


def test_heat_is_told_with_how_cold_it_would_become() -> None:
    request = a_request(a_heat_pump(), a_heat_pump_state(20.5), outdoor_c=-5.0, load_kw=0.5, options=EXACT)
    plan = solve(request)
    reason = told(request, "heat_pump", Action.HEAT, plan)
    assert reason.comfort is not None

    first = next(i for i, edge in enumerate(plan.horizon.edges) if edge == reason.start)
    last = next(i for i, edge in enumerate(plan.horizon.edges) if edge == reason.end)
    pump, terms = request.site.assets[0], Terms.of(request)
    zone = building_zone(pump, request.states[0], terms)
    rest_kw = tuple(0.0 if first <= slot < last else kw for slot, kw in enumerate(plan.asset("heat_pump").power_kw))
    cold = judged_plan(terms, plan.outcome, (heat_pump_plan(pump, zone, rest_kw),), (0.0,) * 24, plan.unserved_kw)

    assert reason.comfort.unit == "degC"
    assert reason.comfort.planned == pytest.approx(min(plan.asset("heat_pump").trajectories["indoor_c"][1:]), abs=1e-4)
    assert reason.comfort.without == pytest.approx(
        min(cold.asset("heat_pump").trajectories["indoor_c"][first + 1 :]), abs=1e-4
    )
    assert reason.comfort.without < reason.comfort.planned
    assert reason.comfort.worth == pytest.approx(cold.cost.comfort - plan.cost.comfort, abs=1e-4)
    assert reason.comfort.worth > 0.0


def test_heating_early_what_stays_warm_anyway_is_worth_no_comfort() -> None:
    """The house would stay in its band all day: heat is bought for the time after."""
    request = a_request(
        a_heat_pump(comfort=ComfortBand(min_c=15.0, max_c=23.0)),
        a_heat_pump_state(21.0),
        outdoor_c=10.0,
        import_price=[0.05] * 4 + [0.60] * 20,
        options=EXACT,
    )
    found = comfort(request, "heat_pump", Action.HEAT)
    assert found.worth == pytest.approx(0.0, abs=1e-6)
    assert found.without < found.planned


def test_a_tank_is_told_with_its_lowest_temperature() -> None:
    request = a_request(a_hot_water(), a_hot_water_state(46.0, 0.4), options=EXACT)
    found = comfort(request, "hot_water", Action.HEAT)
    assert (found.unit, found.without < found.planned) == ("degC", True)
    assert found.worth > 0.0


def test_a_car_is_told_with_what_would_be_missing_at_its_departure() -> None:
    visit = an_ev_session(departure=10.0, energy_kwh=30.0, target_kwh=36.0)
    charger = an_ev_charger(phases=(1,), efficiency=0.9, late_price_per_kwh=2.0)
    prices = [0.40] * 2 + [0.20] * 22
    request = a_request(charger, an_ev_charger_state(visit), import_price=prices, options=EXACT)
    reason = told(request, "ev_charger", Action.CHARGE)

    assert reason.comfort is not None
    assert reason.comfort.planned == pytest.approx(0.0, abs=1e-4)
    assert reason.comfort.without == pytest.approx(0.9 * reason.energy_kwh, abs=1e-3)
    assert reason.comfort.worth == pytest.approx(2.0 * reason.comfort.without, abs=1e-3)


def test_a_run_is_worth_what_skipping_it_costs() -> None:
    appliance = an_appliance(skip_price=3.0)
    request = a_request(appliance, an_appliance_state(a_run(0.0, 12.0)), load_kw=0.5, options=EXACT)
    found = comfort(request, "appliance", Action.RUN)
    assert found == Comfort(unit="kWh", planned=0.0, without=pytest.approx(appliance.energy_kwh), worth=3.0)


def test_a_run_under_way_is_no_question_of_comfort() -> None:
    appliance = an_appliance_state(a_run(started=-0.5, earliest=-1.0))
    request = a_request(an_appliance(), appliance, load_kw=0.5, options=EXACT)
    assert told(request, "appliance", Action.RUN).comfort is None


def test_a_load_is_told_with_the_energy_that_would_be_withheld() -> None:
    load = a_flexible_load(power_kw=0.5, comfort_price_per_kwh=0.4)
    request = a_request(load, a_flexible_load_state([1.0] * 4 + [0.0] * 20), import_price=0.3, options=EXACT)
    found = comfort(request, "flexible_load", Action.RUN)
    assert found == Comfort(
        unit="kWh",
        planned=pytest.approx(0.0, abs=1e-6),
        without=pytest.approx(2.0),
        worth=pytest.approx(0.8),
    )


def test_a_battery_has_no_comfort() -> None:
    request = replace(a_home_with_a_battery(), co2_kg_per_kwh=None)
    assert {reason.comfort for reason in reasons(solve(request), request)} == {None}
