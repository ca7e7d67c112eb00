"""Plans against several ways in which load and sun may turn out."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core import wire
from custom_components.hems.core.model import PlanRequest, PvState, Scenario, Series, SolverOptions
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_battery,
    a_battery_state,
    a_horizon,
    a_pv,
    a_pv_state,
    a_request,
    a_run,
    a_series,
    an_appliance,
    an_appliance_state,
)
from tests.invariants import assert_sound
from tests.strategies import random_homes

CASES = Path(__file__).parents[2] / "cases"
NIGHT_AND_DAY = a_horizon(2)
EXACT = SolverOptions(time_limit_s=20.0, relative_gap=0.0, absolute_gap=1e-6)


def the_night_before(*scenarios: Scenario, sun_kw: float = 4.0) -> PlanRequest:
    """An hour at 0.10 to charge in, and then one at 0.30 with 4 kW of load; what is sold earns 0.05."""
    return a_request(
        a_battery(charge_efficiency=1.0, discharge_efficiency=1.0, wear_per_kwh=0.0, end_price_per_kwh=0.0),
        a_battery_state(0.0),
        a_pv(curtailable=False),
        a_pv_state([0.0, sun_kw], NIGHT_AND_DAY),
        horizon=NIGHT_AND_DAY,
        import_price=[0.10, 0.30],
        export_price=0.05,
        load_kw=[0.0, 4.0],
        scenarios=scenarios,
        options=EXACT,
    )


def sun_of(kw: float, probability: float) -> Scenario:
    return Scenario(
        probability=probability,
        load_kw=a_series([0.0, 4.0], NIGHT_AND_DAY),
        available_kw={"pv": a_series([0.0, kw], NIGHT_AND_DAY)},
    )


def charged_kw(request: PlanRequest) -> float:
    plan = solve(request)
    assert_sound(plan, request)
    return plan.asset("battery").power_kw[0]


def test_a_sure_sun_leaves_the_battery_empty() -> None:
    assert charged_kw(the_night_before()) == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize(
    ("without_sun", "expected_kw"),
    [
        # A kWh bought for 0.10 spares 0.30 without the sun and is sold for 0.05 with it: worth it above one in five.
        (0.5, 4.0),
        (0.3, 4.0),
        (0.1, 0.0),
    ],
)
def test_the_battery_is_charged_against_a_cloudy_day_where_that_is_likely_enough(
    without_sun: float, expected_kw: float
) -> None:
    request = the_night_before(sun_of(4.0, 1.0 - without_sun), sun_of(0.0, without_sun))
    assert charged_kw(request) == pytest.approx(expected_kw, abs=1e-3)


def test_a_forecast_that_no_scenario_equals_is_what_the_plan_reports() -> None:
    request = the_night_before(sun_of(5.0, 0.5), sun_of(0.0, 0.5))
    plan = solve(request)
    assert plan.asset("battery").power_kw[0] == pytest.approx(4.0, abs=1e-3)
    assert plan.asset("pv").power_kw == pytest.approx((0.0, -4.0))


def test_probabilities_count_in_proportion() -> None:
    half = the_night_before(sun_of(4.0, 0.25), sun_of(0.0, 0.25))
    assert charged_kw(half) == pytest.approx(4.0, abs=1e-3)


def test_scenarios_that_are_alike_count_together() -> None:
    cloudy = sun_of(0.0, 0.15)
    assert charged_kw(the_night_before(sun_of(4.0, 0.7), cloudy, cloudy)) == pytest.approx(4.0, abs=1e-3)


def test_decisions_after_the_shared_time_differ_between_scenarios() -> None:
    knowing = replace(EXACT, shared_h=0.0)
    request = replace(the_night_before(sun_of(4.0, 0.5), sun_of(0.0, 0.5)), options=knowing)
    assert charged_kw(request) == pytest.approx(0.0, abs=1e-4)


def test_nothing_is_bought_early_for_a_day_that_is_not_known_any_better_until_the_last_cheap_hour() -> None:
    """A dull day needs more than the last cheap hour can bring, but what it needs is known too late for the first."""
    hours = a_horizon(4)
    cloudy, bright = (
        Scenario(
            probability=probability,
            load_kw=a_series([0.0, 0.0, 3.0, 3.0], hours),
            available_kw={"pv": a_series([0.0, 0.0, sun_kw, sun_kw], hours)},
        )
        for probability, sun_kw in ((0.4, 0.0), (0.2, 4.0))
    )
    request = a_request(
        a_battery(charge_efficiency=1.0, discharge_efficiency=1.0, wear_per_kwh=0.0, end_price_per_kwh=0.0),
        a_battery_state(0.0),
        a_pv(),
        a_pv_state([0.0, 0.0, 2.0, 2.0], hours),
        horizon=hours,
        import_price=[0.10, 0.10, 0.20, 0.20],
        export_price=0.0,
        load_kw=[0.0, 0.0, 3.0, 3.0],
        site={"max_import_kw": 3.0, "max_export_kw": 0.0},
        options=replace(EXACT, shared_h=1.0),
    )
    likeliest = Scenario(probability=0.4, load_kw=request.load_kw, available_kw={"pv": request.states[1].available_kw})
    plan = solve(replace(request, scenarios=(likeliest, cloudy, bright)))
    assert plan.asset("battery").power_kw[:2] == pytest.approx((0.0, 2.0), abs=1e-3)


@pytest.mark.parametrize(
    ("sun_kw", "start_kwh", "load_kw", "price_now"),
    [(4.0, 0.0, 0.0, 0.20), (0.0, 4.0, 4.0, 0.60)],
    ids=["more sun", "more load"],
)
def test_the_battery_takes_up_what_comes_otherwise_without_being_moved_for_it_before(
    sun_kw: float, start_kwh: float, load_kw: float, price_now: float
) -> None:
    """What differs in the shared hour is stored or served by the battery as it comes, as it is between plans."""
    plain = a_request(
        a_battery(charge_efficiency=1.0, discharge_efficiency=1.0, wear_per_kwh=0.02, end_price_per_kwh=0.0),
        a_battery_state(start_kwh),
        a_pv(),
        a_pv_state(0.0, NIGHT_AND_DAY),
        horizon=NIGHT_AND_DAY,
        import_price=[price_now, 0.20],
        export_price=0.0,
        load_kw=[0.0, 4.0],
        options=EXACT,
    )
    other = Scenario(
        probability=0.5,
        load_kw=a_series([load_kw, 4.0 - load_kw], NIGHT_AND_DAY),
        available_kw={"pv": a_series([sun_kw, 0.0], NIGHT_AND_DAY)},
    )
    request = replace(plain, scenarios=(scaled(plain, 1.0, 1.0, 0.5), other))
    assert charged_kw(request) == pytest.approx(0.0, abs=1e-3)


def test_scenarios_that_are_all_like_the_forecast_change_nothing() -> None:
    plain = a_day()
    alike = scaled(plain, 1.0, 1.0, 0.2)
    assert timeless(solve(replace(plain, scenarios=(alike, alike, alike)))) == timeless(solve(plain))


@pytest.mark.parametrize("suns", [(), (1.0, 1.5), (0.8, 1.2, 2.0)])
def test_sun_that_cannot_be_sold_is_stored_while_it_shines_whatever_may_come(suns: tuple[float, ...]) -> None:
    """Two of the four sunny hours fill the battery, in every scenario: which two is a matter of taste."""
    horizon = a_horizon(8)
    plain = a_request(
        a_battery(capacity_kwh=2.0, charge_efficiency=1.0, min_soc=0.0, wear_per_kwh=0.0, end_price_per_kwh=0.0),
        a_battery_state(0.0),
        a_pv(),
        a_pv_state([1.0] * 4 + [0.0] * 4, horizon),
        horizon=horizon,
        load_kw=[0.0] * 4 + [2.0] * 4,
        site={"max_export_kw": 0.0},
    )
    plan = solve(replace(plain, scenarios=tuple(scaled(plain, 1.0, sun, 1.0 / len(suns)) for sun in suns)))
    assert plan.asset("battery").power_kw[:4] == pytest.approx((1.0, 1.0, 0.0, 0.0), abs=1e-4)


def test_prices_on_the_bus_are_those_of_the_forecast_and_not_of_its_share() -> None:
    plain = a_request(a_pv(), a_pv_state(0.5), load_kw=2.0, import_price=0.30)
    plan = solve(replace(plain, scenarios=(scaled(plain, 1.0, 1.0, 0.4), scaled(plain, 2.0, 0.5, 0.6))))
    assert plan.marginals is not None
    assert plan.marginals.bus_price_per_kwh == pytest.approx((0.30,) * 24, abs=1e-4)


def test_a_programme_whose_first_steps_are_shared_starts_whole() -> None:
    plain = a_day()
    plan = solve(replace(plain, scenarios=(scaled(plain, 1.3, 0.5, 0.5), scaled(plain, 0.7, 1.5, 0.5))))
    assert_sound(plan, plain)


FACTORS = st.tuples(st.sampled_from((0.5, 1.0, 1.6)), st.sampled_from((0.0, 1.0, 1.5)))


@settings(max_examples=20, deadline=None)
@given(random_homes(), st.lists(FACTORS, max_size=3))
def test_any_home_has_a_sound_plan_beside_any_scenarios(
    request: PlanRequest, factors: list[tuple[float, float]]
) -> None:
    scenarios = tuple(scaled(request, load, sun, 1.0 / len(factors)) for load, sun in factors)
    request = replace(request, scenarios=scenarios, options=SolverOptions())
    assert_sound(solve(request), request)


def test_a_full_battery_is_not_asked_to_burn_what_another_scenario_has_room_for() -> None:
    """A CityLearn home at noon: powers that are shared for 12 h once made it charge and discharge at once."""
    request = wire.decode(PlanRequest, (CASES / "001-a-full-battery-beside-scenarios.json").read_bytes())
    assert_sound(solve(request), request)


def a_day() -> PlanRequest:
    return a_request(
        a_battery(),
        a_pv(),
        a_pv_state([0.0] * 8 + [3.0] * 8 + [0.0] * 8),
        an_appliance(),
        an_appliance_state(a_run(latest_end=20.0)),
        import_price=[0.10, 0.20, 0.30, 0.25] * 6,
        load_kw=1.0,
        options=EXACT,
    )


def scaled(request: PlanRequest, load: float, sun: float, probability: float) -> Scenario:
    return Scenario(
        probability=probability,
        load_kw=times(load, request.load_kw),
        available_kw={
            state.asset: times(sun, state.available_kw) for state in request.states if isinstance(state, PvState)
        },
    )


def times(factor: float, series: Series) -> Series:
    return Series(times=series.times, values=tuple(None if kw is None else factor * kw for kw in series.values))


def timeless(plan):
    return replace(plan, stats=type(plan.stats)())
