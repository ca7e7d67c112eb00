"""What other optimisers were caught at, and what is planned here instead; see tests/cases/faults.toml."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import (
    ComfortBand,
    CopPoint,
    GridLimit,
    Horizon,
    PlanRequest,
    PreviousPlan,
    PriceSignal,
    SocTarget,
    SolverOptions,
)
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    START,
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
    a_series,
    an_appliance,
    an_appliance_state,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)
from tests.invariants import assert_sound

HALF_HOURS = a_horizon(48, 30)
FOUR_HOURS = (2.0,) * 16
"""The programme of a machine that takes four hours."""
PLANNERS = pytest.mark.parametrize(
    "planner", [solve, lambda request: fallback_plan(request, "no engine")], ids=["plan", "rules"]
)


def a_home_with(*faults: str) -> PlanRequest:
    """A home in which everything can be had, but for what `faults` names."""
    load_kw, sun_kw = [0.5] * 48, [0.0] * 18 + [3.0] * 12 + [0.0] * 18
    if "a load spike" in faults:
        load_kw[40] = 30.0
    if "too much sun" in faults:
        sun_kw[20] = 40.0
    full_at_once = (SocTarget(by=hours(1), soc=1.0),) if "an unreachable SoC" in faults else ()
    return a_request(
        a_battery(),
        a_battery_state(4.0, targets=full_at_once),
        a_pv(peak_kw=40.0, curtailable=False),
        a_pv_state(sun_kw, HALF_HOURS),
        an_ev_charger(),
        an_ev_charger_state(an_ev_session(0, 2 if "a car that leaves too early" in faults else 12)),
        a_hot_water(),
        a_hot_water_state(35.0 if "a cold tank" in faults else 52.0, horizon=HALF_HOURS),
        an_appliance(profile_kw=FOUR_HOURS),
        an_appliance_state(a_run(6, 8 if "four hours in two" in faults else 16)),
        horizon=HALF_HOURS,
        load_kw=load_kw,
        site={"max_export_kw": 3.0},
        import_price=[0.2] * 12 + [0.3] * 24 + [0.4] * 12,
        options=SolverOptions(),
    )


CONTRADICTIONS = {
    # More than the connection and the battery give together.
    "a load spike": ("grid.unserved", "kW", 30.0 - 17.0 - 5.0),
    # More than load, battery, car, tank, machine and the export limit take together.
    "too much sun": ("grid.max_export", "kW", 40.0 - 0.5 - 5.0 - 3.68 - 2.0 - 2.0 - 3.0),
    "four hours in two": ("appliance.run", "kWh", 8.0),
    "a car that leaves too early": ("ev_charger.target", "kWh", 10.0 - 2 * 3.68 * 0.9),
    # Half an hour of 2 kW in 200 l.
    "a cold tank": ("hot_water.comfort_min", "K", 10.0 - 0.5 * 2.0 / 0.2326),
    "an unreachable SoC": ("battery.target", "kWh", 6.0 - 5.0 * 0.95),
}
"""The limit that is named, and how far the wish is beyond what is possible."""


@pytest.mark.parametrize("fault", CONTRADICTIONS)
def test_one_contradiction_is_named_with_its_size_and_all_the_rest_is_planned(fault):
    request = a_home_with(fault)
    plan = solve(request)
    assert_sound(plan, request)
    (broken,) = plan.violations
    limit, unit, amount = CONTRADICTIONS[fault]
    assert (broken.limit, broken.unit) == (limit, unit)
    assert broken.amount == pytest.approx(amount, rel=0.1)
    assert broken.reason


def test_all_contradictions_at_once_are_all_named_and_the_rest_is_planned():
    request = a_home_with(*CONTRADICTIONS)
    plan = solve(request)
    assert_sound(plan, request)
    assert {violation.limit for violation in plan.violations} == {limit for limit, _, _ in CONTRADICTIONS.values()}
    assert sum(plan.asset("ev_charger").power_kw[:4]) == pytest.approx(4 * 3.68)
    assert plan.asset("hot_water").trajectories["tank_c"][4] >= 45.0


def test_tank_one_kelvin_under_its_minimum_is_heated_at_once():
    request = a_home_with()
    tank = a_hot_water_state(44.0, horizon=HALF_HOURS)
    states = tuple(tank if state.asset == "hot_water" else state for state in request.states)
    plan = solve(replace(request, states=states))
    assert plan.asset("hot_water").trajectories["tank_c"][1] >= 45.0 - 1e-3
    assert plan.violations == ()


def test_one_impossible_load_leaves_every_other_on_or_off():
    request = a_request(
        an_appliance(profile_kw=FOUR_HOURS),
        an_appliance_state(a_run(1, 3)),
        a_heat_pump(min_electric_kw=2.5, comfort=ComfortBand(min_c=20.0, max_c=23.0, price_per_kh=5.0)),
        a_heat_pump_state(20.5),
        a_flexible_load("pump", power_kw=1.5, comfort_price_per_kwh=0.0, min_on_h_per_day=2.25),
        a_flexible_load_state(asset="pump", horizon=HALF_HOURS),
        an_ev_charger(),
        an_ev_charger_state(an_ev_session(0, 10, target_kwh=36.5)),
        horizon=HALF_HOURS,
        import_price=[0.30 + 0.01 * (index % 7) for index in range(48)],
    )
    plan = solve(request)
    assert_sound(plan, request)
    assert {violation.limit for violation in plan.violations} == {"appliance.run"}
    assert set(plan.asset("heat_pump").power_kw) == {0.0, 2.5}
    assert set(plan.asset("pump").power_kw) == {0.0, 1.5}
    assert all(kw == 0.0 or 1.38 <= kw <= 3.68 for kw in plan.asset("ev_charger").power_kw)
    # Of the local day, which ends at 23:00 UTC: two hours and a quarter are rounded up to whole steps.
    assert sum(plan.asset("pump").power_kw[:46]) / 1.5 * 0.5 == pytest.approx(2.5)


def test_energy_that_must_not_be_sold_stays_unsold_beside_every_kind_of_load():
    """In the whole horizon, also far beyond the whole decisions."""
    request = a_request(
        a_battery(may_export=False),
        a_battery_state(10.0),
        a_pv(peak_kw=8.0),
        a_pv_state([0.0] * 12 + [6.0] * 24 + [0.0] * 12, HALF_HOURS),
        an_ev_charger(),
        an_ev_charger_state(an_ev_session(0, 20)),
        an_appliance(),
        an_appliance_state(a_run(2, 20)),
        a_flexible_load(),
        a_flexible_load_state(horizon=HALF_HOURS),
        a_hot_water(),
        a_hot_water_state(50.0, horizon=HALF_HOURS),
        horizon=HALF_HOURS,
        load_kw=0.8,
        import_price=0.35,
        export_price=[0.05] * 16 + [0.60] * 12 + [0.05] * 20,
        options=SolverOptions(),
    )
    plan = solve(request)
    assert_sound(plan, request)
    discharged = [max(0.0, -kw) for kw in plan.asset("battery").power_kw]
    assert [min(pair) for pair in zip(discharged, plan.export_kw, strict=True)] == pytest.approx([0.0] * 48, abs=1e-6)
    assert sum(plan.export_kw[16:28]) > 10.0
    assert sum(discharged) > 1.0


def cycled_kwh(battery):
    """Energy that leaves a battery of 10 kWh in a day whose price swings by 3.5 ct every two hours."""
    plan = solve(a_request(battery, a_battery_state(0.0), import_price=[0.25, 0.25, 0.285, 0.285] * 6, load_kw=4.0))
    return sum(max(0.0, -kw) for kw in plan.asset("battery").power_kw)


def test_battery_does_not_cycle_for_cents_by_default():
    assert cycled_kwh(a_battery(wear_per_kwh=0.0)) > 20.0
    assert cycled_kwh(a_battery()) <= 10.0


SHAPELESS = {"net metering": (0.3, 0.3), "dearer to sell than to buy": (0.2, 0.35), "flat": (0.3, 0.08)}


@pytest.mark.parametrize("prices", SHAPELESS.values(), ids=SHAPELESS)
def test_prices_without_a_shape_are_solved_in_time_and_the_answer_is_honest(prices):
    horizon = Horizon.tiered(START)
    request = a_request(
        a_battery(),
        a_battery("second", capacity_kwh=5.0),
        a_pv(),
        a_pv_state(3.0, horizon),
        an_ev_charger(phases=(1, 3)),
        an_ev_charger_state(an_ev_session(0, 9)),
        a_heat_pump(min_electric_kw=1.0),
        an_appliance(),
        an_appliance_state(a_run(0, 20)),
        a_flexible_load(),
        horizon=horizon,
        import_price=prices[0],
        export_price=prices[1],
        load_kw=0.7,
        options=SolverOptions(time_limit_s=2.0),
    )
    plan = solve(request)
    assert_sound(plan, request)
    assert plan.violations == ()
    asked = max(0.001, 0.02 / abs(plan.cost.total))
    assert plan.outcome.kind == ("optimal" if plan.outcome.gap <= asked else "feasible")
    assert plan.cost.total < fallback_plan(request, "no engine").cost.total


CHEAP_EVENING = [0.4] * 18 + [0.1] * 6


def charging_kw(*limits, **changes):
    """A car that has all day, but for the limits."""
    plan = solve(
        a_request(
            an_ev_charger(),
            an_ev_charger_state(an_ev_session(0, 24, target_kwh=39.0)),
            import_price=CHEAP_EVENING,
            load_kw=0.5,
            limits=limits,
            **changes,
        )
    )
    return plan.asset("ev_charger").power_kw


EVENT = GridLimit(start=hours(18), end=hours(24), max_import_kw=0.5)


def test_event_that_is_withdrawn_leaves_no_trace_in_the_next_plan():
    assert sum(charging_kw(EVENT)[18:]) == pytest.approx(0.0)
    assert sum(charging_kw()[18:]) == pytest.approx(10.0)


def test_event_that_is_shortened_frees_what_is_left_of_its_time():
    shortened = charging_kw(replace(EVENT, end=hours(20)))
    assert sum(shortened[18:20]) == pytest.approx(0.0)
    assert sum(shortened[20:]) == pytest.approx(10.0)


def test_of_events_that_overlap_the_strictest_counts_in_any_order():
    wide = GridLimit(start=hours(16), end=hours(24), max_import_kw=3.0)
    inner = GridLimit(start=hours(19), end=hours(22), max_import_kw=1.0)
    for limits in ((wide, inner), (inner, wide)):
        car_kw = charging_kw(*limits)
        assert car_kw[19:22] == (0.0,) * 3
        assert max(car_kw[16:19] + car_kw[22:]) == pytest.approx(2.5)


def test_price_events_that_overlap_add_up_and_one_that_is_withdrawn_is_gone():
    dear = PriceSignal(start=hours(18), end=hours(22), import_price_per_kwh=0.2)
    dearer = PriceSignal(start=hours(20), end=hours(24), import_price_per_kwh=0.5)
    both = solve(a_request(import_price=CHEAP_EVENING, price_signals=(dear, dearer)))
    assert both.import_price_per_kwh[18:] == pytest.approx((0.3, 0.3, 0.8, 0.8, 0.6, 0.6))
    assert sum(charging_kw(price_signals=(dear, dearer))[18:20]) == pytest.approx(2 * 3.68)
    assert sum(charging_kw(price_signals=(dear,))[22:]) == pytest.approx(2 * 3.68)


@PLANNERS
def test_cap_of_the_grid_operator_leaves_the_car_what_it_allows(planner):
    cap = GridLimit(start=hours(0), end=hours(6), max_import_kw=4.2)
    request = a_request(
        an_ev_charger(phases=(1, 3)),
        an_ev_charger_state(an_ev_session(0, 6, target_kwh=60.0)),
        limits=(cap,),
        load_kw=0.6,
        horizon=a_horizon(6),
    )
    plan = planner(request)
    assert plan.asset("ev_charger").power_kw == pytest.approx((3.6,) * 6, abs=0.01)
    assert max(plan.unserved_kw) == 0.0


def test_efficiency_is_that_of_each_device():
    """The better battery serves the dear hours; the other one would lose more than they are worth."""
    request = a_request(
        a_battery("good", charge_efficiency=0.97, discharge_efficiency=0.97),
        a_battery("poor", charge_efficiency=0.80, discharge_efficiency=0.80),
        a_battery_state(0.0, asset="good"),
        a_battery_state(0.0, asset="poor"),
        import_price=[0.25] * 12 + [0.35] * 12,
        load_kw=0.5,
    )
    plan = solve(request)
    assert sum(max(0.0, kw) for kw in plan.asset("good").power_kw) > 4.0
    assert plan.asset("poor").power_kw == pytest.approx((0.0,) * 24, abs=1e-6)


def test_heat_pump_is_planned_with_its_own_performance():
    def used_kwh(cop):
        heat_pump = a_heat_pump(cop=(CopPoint(outdoor_c=0.0, cop=cop),))
        return sum(solve(a_request(heat_pump, a_heat_pump_state(20.5))).asset("heat_pump").power_kw)

    assert used_kwh(2.0) == pytest.approx(2.0 * used_kwh(4.0), rel=0.05)


def test_plan_made_with_an_old_price_is_replaced_when_the_price_changes():
    request = a_request(
        an_ev_charger(),
        an_ev_charger_state(an_ev_session(0, 12, target_kwh=33.0)),
        import_price=[0.10] * 2 + [0.26] * 22,
    )
    before = solve(request).asset("ev_charger").power_kw
    assert before[0] > 1.0
    corrected = a_request(import_price=[0.26] * 2 + [0.10] * 22).tariff
    previous = PreviousPlan(powers_kw={"ev_charger": a_series(before)})
    later = replace(request, tariff=corrected, previous=previous, now=START + timedelta(minutes=5))
    assert max(solve(later).asset("ev_charger").power_kw[:2]) == pytest.approx(0.0)
