"""What a plan says of itself with money in it, and whether that is true."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.hems.core.explain import Action, Reason, reasons
from custom_components.hems.core.model import HybridInverterState, Override, Plan, PlanRequest, SolverOptions
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_battery,
    a_battery_state,
    a_flexible_load,
    a_hybrid_inverter,
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

EXACT = SolverOptions(time_limit_s=20.0, relative_gap=0.0, absolute_gap=1e-6, integer_h=24.0)
NEARLY = 0.005
"""Currency: the tastes that break ties are in the prices, but not in the cost."""
TWO_TARIFFS = [0.10] * 6 + [0.30] * 12 + [0.40] * 6


def told(plan: Plan, request: PlanRequest, asset: str, action: Action) -> Reason:
    return next(reason for reason in reasons(plan, request) if (reason.asset, reason.action) == (asset, action))


def without(request: PlanRequest, reason: Reason) -> PlanRequest:
    """The same question, with the asset told to rest in that time."""
    rest = Override(asset=reason.asset, power_kw=0.0, start=reason.start, until=reason.end)
    return replace(request, overrides=(rest,))


def a_home_with_a_battery(**changes: Any) -> PlanRequest:
    battery = a_battery(
        capacity_kwh=5.0, max_charge_kw=2.5, max_discharge_kw=2.5, wear_per_kwh=0.02, end_price_per_kwh=0.0
    )
    return a_request(battery, a_battery_state(0.0), load_kw=1.0, import_price=TWO_TARIFFS, options=EXACT, **changes)


def test_charging_is_told_with_what_it_spares_and_when() -> None:
    request = a_home_with_a_battery()
    plan = solve(request)

    reason = told(plan, request, "battery", Action.CHARGE)

    assert reason.price_per_kwh == pytest.approx(0.10, abs=1e-3)
    assert reason.counterpart is not None
    assert reason.counterpart.start == hours(18)
    assert reason.counterpart.price_per_kwh == pytest.approx(0.40, abs=1e-3)
    battery = request.site.assets[0]
    worth = battery.charge_efficiency * (battery.discharge_efficiency * 0.40 - 0.02)
    assert reason.worth_per_kwh == pytest.approx(worth, abs=1e-3)


def test_what_charging_gains_is_what_the_home_loses_without_it() -> None:
    """The whole cheap time is taken away, so nothing as good is left."""
    request = a_home_with_a_battery()
    plan = solve(request)
    reason = told(plan, request, "battery", Action.CHARGE)
    cheap = Override(asset="battery", power_kw=0.0, until=hours(6))

    dearer = solve(replace(request, overrides=(cheap,)))

    rise = dearer.cost.total - plan.cost.total
    assert reason.gain is not None
    # Charging at 0.30 for 0.40 still earns a little, so a little less than the gain is lost.
    assert 0.5 * reason.gain < rise <= reason.gain + NEARLY


def test_discharging_is_told_with_what_the_energy_has_cost() -> None:
    request = a_home_with_a_battery()
    plan = solve(request)

    reason = told(plan, request, "battery", Action.DISCHARGE)

    battery = request.site.assets[0]
    assert reason.worth_per_kwh == pytest.approx(
        (0.10 / battery.charge_efficiency + 0.02) / battery.discharge_efficiency, abs=1e-3
    )
    assert reason.gain is not None
    assert reason.gain > 0.0


def test_the_next_best_time_of_a_car_costs_at_least_what_is_said() -> None:
    charger = an_ev_charger(phases=(1,), max_current_a=16.0)
    visit = an_ev_session(arrival=0.0, departure=12.0, energy_kwh=20.0, target_kwh=26.0)
    request = a_request(
        charger,
        an_ev_charger_state(visit),
        import_price=[0.30, 0.30, 0.10, 0.10, 0.20, 0.20, *[0.30] * 18],
        load_kw=0.5,
        options=EXACT,
    )
    plan = solve(request)
    reason = told(plan, request, "ev_charger", Action.CHARGE)

    elsewhere = solve(without(request, reason))

    assert reason.alternative is not None
    assert reason.alternative_cost is not None
    assert reason.alternative.start == hours(4)
    rise = elsewhere.cost.total - plan.cost.total
    assert rise >= reason.alternative_cost - NEARLY
    assert rise == pytest.approx(reason.alternative_cost, rel=0.2)


def test_the_next_best_start_of_a_programme_costs_what_is_said() -> None:
    appliance = an_appliance()
    prices = [0.30] * 3 + [0.10] * 2 + [0.30] * 3 + [0.15] * 2 + [0.30] * 14
    request = a_request(
        appliance, an_appliance_state(a_run(0.0, 24.0)), import_price=prices, load_kw=0.5, options=EXACT
    )
    plan = solve(request)
    reason = told(plan, request, "appliance", Action.RUN)
    assert reason.alternative is not None
    assert reason.alternative_cost is not None

    state = an_appliance_state(a_run(reason.alternative.start.hour, 24.0))
    later = solve(replace(request, states=(state,)))

    assert reason.start < reason.alternative.start
    assert later.cost.total - plan.cost.total == pytest.approx(reason.alternative_cost, abs=NEARLY)


def test_a_load_that_is_worth_its_energy_is_told_with_its_comfort() -> None:
    load = a_flexible_load(comfort_price_per_kwh=0.50)
    request = a_request(load, import_price=0.30, load_kw=0.5, options=EXACT)
    plan = solve(request)

    reason = told(plan, request, load.name, Action.RUN)

    assert reason.worth_per_kwh == pytest.approx(0.50)
    assert reason.gain == pytest.approx(0.20 * reason.energy_kwh, abs=NEARLY)


def test_sun_that_is_held_back_names_the_limit() -> None:
    request = a_request(
        a_pv(peak_kw=10.0),
        a_pv_state([0.0] * 10 + [8.0] * 4 + [0.0] * 10),
        load_kw=0.5,
        export_price=0.08,
        options=EXACT,
        site={"max_export_kw": 4.0},
    )
    plan = solve(request)

    reason = told(plan, request, "pv", Action.CURTAIL)

    assert reason.energy_kwh == pytest.approx(4 * 3.5)
    assert "grid.max_export" in reason.limits


def test_battery_that_could_take_more_names_its_own_limit_and_not_that_of_another() -> None:
    large = a_battery("large", capacity_kwh=40.0, max_charge_kw=2.0, end_price_per_kwh=0.35)
    small = a_battery("small", capacity_kwh=2.0, max_charge_kw=5.0, end_price_per_kwh=0.35)
    empty = (a_battery_state(0.0, "large"), a_battery_state(0.0, "small"))
    request = a_request(large, small, *empty, load_kw=0.5, import_price=[0.10] * 3 + [0.40] * 21, options=EXACT)
    plan = solve(request)

    limits = {reason.asset: reason.limits for reason in reasons(plan, request) if reason.action is Action.CHARGE}

    assert any(name.startswith("large.") for name in limits["large"])
    assert not any(name.startswith("large.") for name in limits["small"])
    assert "small.max_soc" in limits["small"]


def test_reasons_come_in_the_order_of_time() -> None:
    request = a_home_with_a_battery()
    starts = [reason.start for reason in reasons(solve(request), request)]

    assert starts == sorted(starts)
    assert starts


def test_an_inverter_has_no_reasons_of_its_own() -> None:
    inverter = a_hybrid_inverter()
    behind = a_battery(inverter=inverter.name, wear_per_kwh=0.0)
    states = (a_battery_state(0.0), HybridInverterState(asset=inverter.name))
    request = a_request(behind, inverter, *states, load_kw=1.0, import_price=TWO_TARIFFS, options=EXACT)
    plan = solve(request)

    assert any(plan.asset(inverter.name).power_kw)
    assert {reason.asset for reason in reasons(plan, request)} == {behind.name}


def test_a_plan_that_no_program_made_has_none() -> None:
    request = a_home_with_a_battery()

    assert reasons(replace(solve(request), marginals=None), request) == ()
