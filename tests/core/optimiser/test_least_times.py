"""Heaters that stay on or off for a while once they have been switched."""

from datetime import timedelta
from itertools import product
from math import exp

import pytest

from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import (
    ComfortBand,
    CopPoint,
    GridLimit,
    HeatPumpState,
    HotWaterState,
    Override,
    ThermalMass,
)
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    START,
    a_building,
    a_heat_pump,
    a_horizon,
    a_hot_water,
    a_request,
    a_series,
    hours,
)
from tests.invariants import assert_sound

QUARTERS = a_horizon(16, 15)
PLANNERS = {"optimiser": solve, "fallback": lambda request: fallback_plan(request, "no engine")}


def a_pump(**changes):
    """On or off with 2.5 kW; a flat COP of 3."""
    fields = {
        "min_electric_kw": 2.5,
        "cop": (CopPoint(outdoor_c=0.0, cop=3.0),),
        "building": a_building(heat_capacity_kwh_per_k=2.0),
        "comfort": ComfortBand(min_c=20.0, max_c=23.0),
    }
    return a_heat_pump(**fields | changes)


def a_state(indoor_c=21.0, on=None, minutes_ago=None):
    since = None if minutes_ago is None else START - timedelta(minutes=minutes_ago)
    return HeatPumpState(asset="heat_pump", indoor_c=indoor_c, on=on, since=since)


def asked(pump, state, **changes):
    return a_request(pump, state, **{"horizon": QUARTERS, "outdoor_c": 0.0} | changes)


def on(plan):
    return "".join("#" if kw > 0.0 else "." for kw in plan.assets[0].power_kw)


@pytest.mark.parametrize("planner", PLANNERS.values(), ids=PLANNERS)
@pytest.mark.parametrize(
    ("is_on", "minutes_ago", "first"),
    [(True, 20, "###."), (True, 90, "."), (True, None, "."), (False, 10, "..."), (None, None, "")],
    ids=["just begun", "long on", "on, who knows since when", "just stopped", "nobody knows"],
)
def test_what_has_just_been_switched_stays_so(planner, is_on, minutes_ago, first):
    # Warm enough, so that it would rather be off; or so cold that it would rather be on.
    indoor_c = 24.5 if is_on else 18.0
    pump = a_pump(min_on_s=3600, min_off_s=3000, comfort=ComfortBand(min_c=20.0, max_c=24.0, price_per_kh=9.0))
    request = asked(pump, a_state(indoor_c, is_on, minutes_ago))
    plan = planner(request)
    assert on(plan).startswith(first)
    assert_sound(plan, request)


def test_runs_and_pauses_are_long_enough():
    prices = [0.1, 0.5] * 8
    free = solve(asked(a_pump(), a_state(20.3), import_price=prices))
    bound = solve(asked(a_pump(min_on_s=2700, min_off_s=2700), a_state(20.3), import_price=prices))
    assert "#." in on(free)
    assert all(len(run) >= 3 for run in on(bound).rstrip("#").split(".") if run)
    assert all(len(rest) >= 3 for rest in on(bound).lstrip(".").rstrip(".").split("#") if rest)
    assert bound.cost.total >= free.cost.total


def test_run_that_begins_with_the_last_whole_step_goes_on_after_it():
    request = asked(a_pump(min_on_s=3600), a_state(21.5), import_price=[0.9] * 3 + [0.01] + [0.9] * 12)
    relaxed = request.__replace__(options=request.options.__replace__(integer_h=1.0))
    powers = solve(relaxed).assets[0].power_kw
    assert powers[2] == 0.0
    assert powers[3:7] == pytest.approx((2.5,) * 4)


def test_start_that_costs_more_than_it_spares_is_not_made():
    prices = [0.1, 0.1, 0.6, 0.6] * 4
    often = solve(asked(a_pump(), a_state(20.5, on=False), import_price=prices))
    seldom = solve(asked(a_pump(start_price=1.0), a_state(20.5, on=False), import_price=prices))
    assert on(seldom).count(".#") + on(seldom).startswith("#") < on(often).count(".#") + on(often).startswith("#")
    assert seldom.cost.wear == pytest.approx(on(seldom).count(".#") + on(seldom).startswith("#"))


@pytest.mark.parametrize("planner", PLANNERS.values(), ids=PLANNERS)
def test_only_a_limit_of_the_grid_stops_it_early_and_that_is_named(planner):
    event = GridLimit(start=hours(0.5), end=hours(2), max_import_kw=1.0)
    request = asked(a_pump(min_on_s=3600), a_state(20.5, on=True, minutes_ago=5), limits=(event,))
    plan = planner(request)
    assert on(plan)[:4] == "##.."
    (stopped,) = [violation for violation in plan.violations if violation.limit == "heat_pump.min_on"]
    assert (stopped.start, stopped.end, stopped.amount) == (hours(0.5), hours(1), 2.5)
    assert max(plan.unserved_kw) == 0.0


@pytest.mark.parametrize("planner", PLANNERS.values(), ids=PLANNERS)
def test_word_of_the_user_waits_for_the_least_time(planner):
    word = Override(asset="heat_pump", power_kw=0.0, until=hours(2))
    request = asked(a_pump(min_on_s=2700), a_state(20.5, on=True, minutes_ago=10), overrides=(word,))
    plan = planner(request)
    assert on(plan)[:8] == "###....."
    assert "heat_pump.override" in {violation.limit for violation in plan.violations}


def test_fallback_does_not_start_what_an_event_would_stop():
    event = GridLimit(start=hours(0.5), end=hours(2), max_import_kw=1.0)
    plan = fallback_plan(asked(a_pump(min_on_s=3600), a_state(19.0, on=False), limits=(event,)), "no engine")
    assert on(plan)[:8] == "........"
    assert "heat_pump.min_on" not in {violation.limit for violation in plan.violations}


def test_heater_of_a_tank_keeps_its_least_times_too():
    tank = a_hot_water(min_on_s=2700, min_off_s=3600)
    state = HotWaterState(
        asset="hot_water", tank_c=46.0, draw_kw=a_series(0.8, QUARTERS), on=False, since=START - timedelta(minutes=30)
    )
    request = a_request(tank, state, horizon=QUARTERS, import_price=[0.1, 0.5] * 8)
    plan = solve(request)
    assert on(plan)[:2] == ".."
    assert_sound(plan, request)


def counted(celsius):
    """Warmth above 20 degrees leaks the more the more there is of it; the house needs 2.7 kW there."""
    fading = (min(max(celsius - low, 0.0), 1.0) / (1.0 + 0.15 * (low - 19.5) / 2.7) for low in (20, 21, 22))
    return min(celsius, 20.0) + sum(fading)


def by_trying_all(prices, start, min_on, min_off, start_price, mass):
    """Every sequence that keeps its least times, from rest, simulated in many small steps."""
    best = float("inf")
    for sequence in product((0, 1), repeat=len(prices)):
        marks = "".join(map(str, (0, *sequence)))
        runs = [run for run in marks.split("0") if run]
        rests = marks.strip("0").split("1")[1:-1] if "1" in marks else []
        ends_on = marks.endswith("1")
        complete = runs[:-1] if ends_on else runs
        if any(len(run) < min_on for run in complete) or any(0 < len(rest) < min_off for rest in rests):
            continue
        zone, walls, cost = start, start, start_price * len(runs)
        for price, is_on in zip(prices, sequence, strict=True):
            for _ in range(300):
                flow = 1.0 * (zone - walls)
                heat = 7.5 * is_on + 0.3 - 0.15 * zone - flow
                zone, walls = zone + heat / 2.0 * 0.25 / 300, walls + flow / mass * 0.25 / 300
            cost += price * 2.5 * 0.25 * is_on + 0.5 * 0.25 * (max(0.0, 20.0 - zone) + max(0.0, zone - 23.0))
        value = 0.9 * sum(prices) / len(prices) / 3.0
        cost -= value * (2.0 * (counted(zone) - counted(start)) + mass * (counted(walls) - counted(start)))
        best = min(best, cost)
    return best


@pytest.mark.parametrize(("min_on", "min_off", "start_price"), [(3, 2, 0.0), (2, 3, 0.05), (1, 1, 0.2)])
def test_cost_equals_the_best_of_all_that_keep_their_times(min_on, min_off, start_price):
    prices = [0.1, 0.4, 0.2, 0.5, 0.1, 0.3, 0.6, 0.2]
    pump = a_pump(
        min_on_s=900 * min_on,
        min_off_s=900 * min_off,
        start_price=start_price,
        building=a_building(
            heat_capacity_kwh_per_k=2.0, mass=ThermalMass(heat_capacity_kwh_per_k=10.0, coupling_kw_per_k=1.0)
        ),
    )
    state = HeatPumpState(asset="heat_pump", indoor_c=20.2, mass_c=20.2, on=False)
    plan = solve(a_request(pump, state, horizon=a_horizon(8, 15), import_price=prices, outdoor_c=0.0, export_price=0.0))
    expected = by_trying_all(prices, 20.2, min_on, min_off, start_price, 10.0)
    assert plan.cost.total == pytest.approx(expected, abs=2e-3)


def test_closed_form_of_one_zone_is_the_limit_of_a_mass_that_holds_nothing():
    tiny = a_building(mass=ThermalMass(heat_capacity_kwh_per_k=1e-6, coupling_kw_per_k=1.0))
    plan = solve(a_request(a_heat_pump(building=tiny), HeatPumpState(asset="heat_pump", indoor_c=21.0), outdoor_c=3.0))
    temperature = 21.0
    indoor_c, heat_kw = (plan.assets[0].trajectories[name] for name in ("indoor_c", "heat_kw"))
    for kw, after in zip(heat_kw, indoor_c[1:], strict=True):
        steady = 3.0 + (kw + 0.3) / 0.15
        temperature = steady + (temperature - steady) * exp(-0.15 / 10.0)
        assert after == pytest.approx(temperature, abs=1e-3)


@pytest.mark.parametrize(("mass_c", "notes"), [(None, 1), (20.0, 0)])
def test_plan_says_that_the_mass_was_guessed(mass_c, notes):
    mass = ThermalMass(heat_capacity_kwh_per_k=10.0, coupling_kw_per_k=1.0)
    state = HeatPumpState(asset="heat_pump", indoor_c=21.0, mass_c=mass_c)
    plan = solve(a_request(a_heat_pump(building=a_building(mass=mass)), state))
    assert [entry.source for entry in plan.health] == ["heat_pump.mass_c"] * notes
    assert len(plan.assets[0].trajectories["mass_c"]) == 25


@pytest.mark.parametrize("field", ["min_on_s", "min_off_s", "start_price"])
def test_least_time_of_what_cannot_be_told_on_from_off_is_refused(field):
    with pytest.raises(ValueError, match=f"{field} needs a min_electric_kw above 0"):
        a_heat_pump(min_electric_kw=0.0, **{field: 60})
