"""What a heat pump and a hot-water tank are planned to do."""

from itertools import product
from math import exp

import pytest

from custom_components.hems.core.model import ComfortBand, CopPoint
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_building,
    a_heat_pump,
    a_heat_pump_state,
    a_horizon,
    a_hot_water,
    a_hot_water_state,
    a_request,
    hours,
)


def indoor_c(plan):
    return plan.asset("heat_pump").trajectories["indoor_c"]


def tank_c(plan):
    return plan.asset("hot_water").trajectories["tank_c"]


def test_house_is_heated_before_the_dear_hours():
    heat_pump = a_heat_pump(comfort=ComfortBand(min_c=20.0, max_c=23.0, price_per_kh=5.0))
    plan = solve(a_request(heat_pump, a_heat_pump_state(20.5), import_price=[0.1] * 6 + [0.5] * 18, outdoor_c=-5.0))
    assert max(indoor_c(plan)[:7]) > 22.0
    assert min(indoor_c(plan)) >= 20.0 - 1e-3
    assert plan.violations == ()


def test_house_that_starts_too_cold_is_warmed_up_and_named():
    plan = solve(a_request(a_heat_pump(), a_heat_pump_state(18.0), outdoor_c=0.0))
    cold = [violation for violation in plan.violations if violation.limit == "heat_pump.comfort_min"]
    assert 0.0 < cold[0].amount < 2.0
    assert (cold[0].start, cold[0].unit) == (hours(0), "K")
    assert indoor_c(plan)[-1] >= 20.0 - 1e-3


def test_warm_summer_breaks_no_limit():
    plan = solve(a_request(a_heat_pump(), a_heat_pump_state(24.0), outdoor_c=30.0))
    assert plan.violations == ()
    assert sum(plan.asset("heat_pump").power_kw) == 0.0
    assert max(indoor_c(plan)) > 24.0


def test_comfort_that_is_worth_little_gives_way_to_dear_energy():
    frugal = a_heat_pump(comfort=ComfortBand(min_c=20.0, max_c=23.0, price_per_kh=0.0))
    plan = solve(a_request(frugal, a_heat_pump_state(20.0), outdoor_c=0.0, import_price=[2.0] * 12 + [0.1] * 12))
    assert sum(plan.asset("heat_pump").power_kw[:12]) == pytest.approx(0.0, abs=1e-3)


def test_weight_of_comfort_counts():
    tepid = a_heat_pump(comfort=ComfortBand(min_c=20.0, max_c=23.0, price_per_kh=0.02))
    request = a_request(tepid, a_heat_pump_state(20.0), outdoor_c=0.0, import_price=[0.6] * 12 + [0.3] * 12)
    eager = request.__replace__(weights=request.weights.__replace__(comfort=50.0))
    assert min(indoor_c(solve(eager))) > min(indoor_c(solve(request)))


def test_house_is_not_left_cold_at_the_end():
    plan = solve(a_request(a_heat_pump(), a_heat_pump_state(21.0), outdoor_c=-5.0))
    assert indoor_c(plan)[-1] >= 20.0 - 1e-3


def test_heat_pump_with_one_power_is_on_or_off():
    plan = solve(a_request(a_heat_pump(min_electric_kw=2.5), a_heat_pump_state(20.2), outdoor_c=-5.0))
    assert all(kw in {0.0, 2.5} for kw in plan.asset("heat_pump").power_kw)


def test_decisions_beyond_the_whole_ones_may_be_shares():
    request = a_request(a_heat_pump(min_electric_kw=2.5), a_heat_pump_state(20.2), outdoor_c=-5.0)
    relaxed = request.__replace__(options=request.options.__replace__(integer_h=4.0))
    powers = solve(relaxed).asset("heat_pump").power_kw
    assert all(kw in {0.0, 2.5} for kw in powers[:4])
    assert any(0.0 < kw < 2.5 for kw in powers[4:])


def test_trajectory_follows_the_building():
    plan = solve(a_request(a_heat_pump(), a_heat_pump_state(21.0), outdoor_c=3.0))
    heat_kw = plan.asset("heat_pump").trajectories["heat_kw"]
    temperature = 21.0
    for kw, after in zip(heat_kw, indoor_c(plan)[1:], strict=True):
        steady = 3.0 + (kw + 0.3) / 0.15
        temperature = steady + (temperature - steady) * exp(-0.15 / 10.0)
        assert after == pytest.approx(temperature, abs=1e-3)


def test_tank_is_heated_in_the_cheap_hours():
    plan = solve(a_request(a_hot_water(), a_hot_water_state(50.0, 0.4), import_price=[0.1] * 4 + [0.5] * 20))
    assert tank_c(plan)[4] > 58.0
    assert min(tank_c(plan)) >= 45.0 - 1e-3


def test_tank_one_kelvin_too_cold_does_not_stop_the_plan():
    plan = solve(a_request(a_hot_water(), a_hot_water_state(44.0, 0.0)))
    assert plan.outcome.kind == "optimal"
    assert tank_c(plan)[1] >= 45.0


def test_tank_is_not_boiled_for_a_negative_price():
    plan = solve(a_request(a_hot_water(), a_hot_water_state(50.0), import_price=-0.05))
    assert max(tank_c(plan)) < 62.0


def cheapest_of_all(prices, outdoor, start, band, min_kw):
    """Every sequence of off and three powers, each simulated with the closed form: no solver at all."""
    loss, capacity, gains, cop = 0.15, 10.0, 0.3, 3.0
    keep = exp(-loss / capacity)
    best = float("inf")
    for powers in product((0.0, min_kw, 2.0), repeat=len(prices)):
        temperature, cost = start, 0.0
        for price, kw in zip(prices, powers, strict=True):
            steady = outdoor + (cop * kw + gains) / loss
            temperature = steady + (temperature - steady) * keep
            cost += price * kw + 0.5 * (max(0.0, band[0] - temperature) + max(0.0, temperature - band[1]))
        value = 0.9 * sum(prices) / len(prices) / cop * capacity
        cost -= value * (min(temperature, band[1]) - min(start, band[1]))
        best = min(best, cost)
    return best


@pytest.mark.parametrize(
    ("prices", "start"),
    [([0.1, 0.5, 0.5, 0.1, 0.6, 0.3], 20.1), ([0.3] * 6, 20.0), ([0.5, 0.4, 0.3, 0.2, 0.1, 0.05], 19.5)],
    ids=["cheap first", "flat", "falling"],
)
def test_cost_equals_the_best_of_all_on_off_schedules(prices, start):
    heat_pump = a_heat_pump(
        min_electric_kw=2.0,
        max_electric_kw=2.0,
        cop=(CopPoint(outdoor_c=0.0, cop=3.0),),
        building=a_building(),
        comfort=ComfortBand(min_c=20.0, max_c=21.0),
    )
    request = a_request(
        heat_pump, a_heat_pump_state(start), horizon=a_horizon(6), import_price=prices, outdoor_c=-5.0, export_price=0.0
    )
    expected = cheapest_of_all(prices, -5.0, start, (20.0, 21.0), 2.0)
    assert solve(request).cost.total == pytest.approx(expected, abs=1e-3)
