"""What a heat pump and a hot-water tank are planned to do."""

from dataclasses import replace
from itertools import product
from math import exp

import pytest

from custom_components.hems.core.model import ComfortBand, CopPoint, Quantile
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_building,
    a_heat_pump,
    a_heat_pump_state,
    a_horizon,
    a_hot_water,
    a_hot_water_state,
    a_request,
    a_series,
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
        # The one kelvin of the band above its lower end leaks as it does half way up.
        share = 1.0 / (1.0 + loss * 0.5 / (loss * (band[0] - outdoor) - gains))
        first, last = (min(c, band[0]) + share * min(max(c - band[0], 0.0), 1.0) for c in (start, temperature))
        cost -= value * (last - first)
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


def a_tank_with_a_shower_at(hour, level):
    """Nothing is expected to be drawn, but with that chance 1.4 kWh are, within that hour."""
    high_kw = tuple(1.4 if index == hour else 0.0 for index in range(24))
    draws = replace(a_series([0.0] * 24), quantiles=(Quantile(level=level, values=high_kw),))
    return replace(a_hot_water_state(46.0), draw_kw=draws)


@pytest.mark.parametrize(("level", "ready"), [(0.95, True), (0.5, False)])
def test_tank_is_ready_for_the_shower_that_may_come(level, ready):
    # Later hours are cheaper, so without a reason nothing is heated before.
    prices = [0.30] * 12 + [0.15] * 12
    tank = a_hot_water(min_electric_kw=0.0, comfort=ComfortBand(min_c=45.0, max_c=60.0, price_per_kh=2.0))
    plan = solve(a_request(tank, a_tank_with_a_shower_at(8, level), import_price=prices))
    assert (tank_c(plan)[8] >= 45.0 + 1.4 / tank.heat_capacity_kwh_per_k - 1e-3) == ready
    assert plan.violations == ()


def test_shower_that_finds_too_little_heat_is_priced_by_its_chance_and_breaks_no_limit():
    tank = a_hot_water(min_electric_kw=0.0, max_electric_kw=0.1, comfort=ComfortBand(min_c=45.0, max_c=60.0))
    plan = solve(a_request(tank, a_tank_with_a_shower_at(1, 0.9)))
    short_k = 45.0 + 1.4 / tank.heat_capacity_kwh_per_k - tank_c(plan)[1]
    assert short_k > 4.0
    # 0.1 kW makes up for it in 14 hours.
    assert plan.cost.comfort == pytest.approx(0.1 * 7.0 * tank.comfort.price_per_kh * short_k, rel=1e-3)
    assert plan.violations == ()


@pytest.mark.parametrize(("outdoor_c", "saved"), [(-10.0, True), (16.0, False)])
def test_house_is_warmed_for_after_the_horizon_in_a_frost_but_not_on_a_mild_day(outdoor_c, saved):
    # At the end it is cheaper than on the mean of the day that stands for the time after it.
    prices = [0.30] * 20 + [0.22] * 4
    heat_pump = a_heat_pump(comfort=ComfortBand(min_c=20.0, max_c=24.0, price_per_kh=5.0))
    plan = solve(a_request(heat_pump, a_heat_pump_state(20.5), import_price=prices, outdoor_c=outdoor_c))
    assert (indoor_c(plan)[-1] > 20.7) == saved


def test_bath_that_is_seldom_counts_less_than_the_shower_of_every_morning():
    rare, often = (
        solve(
            a_request(
                a_hot_water(min_electric_kw=0.0, max_electric_kw=0.1, comfort=ComfortBand(min_c=45.0, max_c=60.0)),
                a_tank_with_a_shower_at(1, level),
            )
        ).cost.comfort
        for level in (0.99, 0.9)
    )
    assert rare == pytest.approx(often / 10.0, rel=1e-2)


def test_levels_share_the_chance_between_them():
    high_kw = tuple(1.4 if index == 1 else 0.0 for index in range(24))
    tank = a_hot_water(min_electric_kw=0.0, max_electric_kw=0.1, comfort=ComfortBand(min_c=45.0, max_c=60.0))

    def comfort(*levels):
        draws = replace(
            a_series([0.0] * 24), quantiles=tuple(Quantile(level=level, values=high_kw) for level in levels)
        )
        return solve(a_request(tank, replace(a_hot_water_state(46.0), draw_kw=draws))).cost.comfort

    assert comfort(0.9, 0.98) == pytest.approx(comfort(0.9), rel=1e-2)
