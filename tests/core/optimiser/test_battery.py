"""What a battery is planned to do."""

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from custom_components.hems.core.model import GridLimit, Override
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_battery,
    a_battery_state,
    a_horizon,
    a_pv,
    a_pv_state,
    a_request,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)
from tests.invariants import assert_sound

CHEAP_NIGHT = [0.15] * 6 + [0.30] * 12 + [0.40] * 6
ALTERNATING = [0.1, 0.5] * 12
NOTHING = [0.0] * 24


def battery_kw(plan):
    return plan.asset("battery").power_kw


def energy_kwh(plan):
    return plan.asset("battery").trajectories["energy_kwh"]


def test_battery_waits_for_the_cheap_hours():
    plan = solve(a_request(a_battery(), a_battery_state(0.0), import_price=[0.4] * 4 + CHEAP_NIGHT[:20], load_kw=1.0))
    assert sum(battery_kw(plan)[:4]) == pytest.approx(0.0)
    assert max(battery_kw(plan)[4:10]) > 1.0
    assert min(battery_kw(plan)[10:]) == pytest.approx(-1.0)


def test_battery_does_not_cycle_for_less_than_its_wear():
    plan = solve(
        a_request(
            a_battery(wear_per_kwh=0.2),
            a_battery_state(0.0),
            import_price=[0.25, 0.35] * 12,
            load_kw=1.0,
        )
    )
    assert battery_kw(plan) == pytest.approx(NOTHING, abs=1e-6)


def test_battery_without_wear_does_not_cycle_for_nothing():
    plan = solve(a_request(a_battery(wear_per_kwh=0.0), a_battery_state(0.0), import_price=0.3, export_price=0.3))
    assert battery_kw(plan) == pytest.approx(NOTHING, abs=1e-6)


def test_negative_prices_do_not_charge_and_discharge_at_once():
    plan = solve(a_request(a_battery(), a_battery_state(9.0), import_price=[-0.2] * 24, export_price=-0.3))
    # What fits is taken once; energy is not burnt by going round in a circle.
    assert sum(kw for kw in battery_kw(plan) if kw > 0) == pytest.approx(
        (1.0 + sum(-kw for kw in battery_kw(plan) if kw < 0) / 0.95) / 0.95, rel=1e-3
    )
    assert_sound(plan, a_request(a_battery(), a_battery_state(9.0), import_price=[-0.2] * 24, export_price=-0.3))


def test_last_hours_do_not_dump_energy_on_a_flat_tariff():
    plan = solve(a_request(a_battery(), a_battery_state(6.0), load_kw=0.0))
    assert energy_kwh(plan)[-1] == pytest.approx(6.0)


def test_last_hour_does_not_charge_for_nothing_on_a_flat_tariff():
    plan = solve(a_request(a_battery(), a_battery_state(0.0), load_kw=1.0))
    assert battery_kw(plan) == pytest.approx(NOTHING, abs=1e-6)


@pytest.mark.parametrize("length", [12, 24, 48], ids=lambda steps: f"{steps} h")
def test_longer_horizon_does_not_empty_the_battery_at_its_end(length):
    horizon = a_horizon(length)
    prices = ([0.2] * 6 + [0.3] * 6) * (length // 12)
    plan = solve(a_request(a_battery(), a_battery_state(5.0), horizon=horizon, import_price=prices, load_kw=0.0))
    assert energy_kwh(plan)[-1] >= 5.0 - 1e-6


def test_start_below_the_reserve_is_refilled_whatever_the_price_and_named():
    plan = solve(
        a_request(a_battery(min_soc=0.3), a_battery_state(1.0), import_price=[0.6] * 12 + [0.1] * 12, load_kw=2.0)
    )
    assert min(energy_kwh(plan)) >= 1.0 - 1e-6
    assert min(energy_kwh(plan)[1:]) >= 3.0 - 1e-6
    (violation,) = plan.violations
    assert (violation.limit, violation.unit, violation.start) == ("battery.min_soc", "kWh", hours(0))
    assert (violation.amount, violation.end) == (pytest.approx(2.0), hours(1))
    assert "reserve" in violation.reason


def test_start_above_the_fullest_is_legal():
    plan = solve(a_request(a_battery(max_soc=0.8), a_battery_state(9.5), load_kw=0.2))
    assert max(energy_kwh(plan)) <= 9.5 + 1e-6


def test_battery_that_may_not_export_never_feeds_a_load_while_the_sun_is_sold():
    sun = [0.0] * 8 + [4.0] * 8 + [0.0] * 8
    plan = solve(
        a_request(
            a_battery(may_export=False),
            a_battery_state(8.0),
            a_pv(),
            a_pv_state(sun),
            load_kw=1.0,
            export_price=[0.05] * 10 + [0.9] * 4 + [0.05] * 10,
        )
    )
    for kw, sold in zip(battery_kw(plan), plan.export_kw, strict=True):
        assert min(max(0.0, -kw), sold) == pytest.approx(0.0, abs=1e-6)


def test_battery_that_may_export_sells_at_the_peak():
    plan = solve(a_request(a_battery(), a_battery_state(8.0), export_price=[0.05] * 10 + [0.9] * 4 + [0.05] * 10))
    assert min(battery_kw(plan)[10:14]) < -1.0


def test_battery_that_may_not_charge_the_car_is_silent_while_it_charges():
    request = a_request(
        a_battery(may_charge_ev=False),
        a_battery_state(10.0),
        an_ev_charger(),
        an_ev_charger_state(an_ev_session(0, 4, target_kwh=38.0)),
        import_price=[0.5] * 6 + [0.1] * 18,
        load_kw=1.0,
    )
    plan = solve(request)
    for kw, car_kw in zip(battery_kw(plan), plan.asset("ev_charger").power_kw, strict=True):
        assert min(max(0.0, -kw), car_kw) == pytest.approx(0.0, abs=1e-6)


def test_battery_helps_where_the_fuse_is_too_small():
    plan = solve(a_request(a_battery(), a_battery_state(5.0), load_kw=4.0, site={"max_import_kw": 3.9}))
    assert max(plan.import_kw) <= 3.9 + 1e-6
    assert plan.unserved_kw == pytest.approx(NOTHING, abs=1e-6)


def test_grid_event_is_prepared_for():
    event = GridLimit(start=hours(3), end=hours(5), max_import_kw=0.0)
    plan = solve(a_request(a_battery(), a_battery_state(0.0), load_kw=2.0, limits=(event,)))
    assert plan.import_kw[3:5] == pytest.approx((0.0, 0.0), abs=1e-6)
    assert plan.unserved_kw == pytest.approx(NOTHING, abs=1e-6)


def test_override_holds_until_its_end():
    word = Override(asset="battery", power_kw=2.0, until=hours(3))
    plan = solve(a_request(a_battery(), a_battery_state(0.0), overrides=(word,)))
    assert battery_kw(plan)[:3] == pytest.approx((2.0, 2.0, 2.0), abs=1e-5)
    assert plan.violations == ()


def test_override_that_begins_later_is_prepared_for_and_not_begun_before():
    word = Override(asset="battery", power_kw=-3.0, start=hours(4), until=hours(6))
    plan = solve(a_request(a_battery(), a_battery_state(0.0), overrides=(word,)))
    assert battery_kw(plan)[4:6] == pytest.approx((-3.0, -3.0), abs=1e-5)
    assert plan.violations == ()


def test_impossible_override_is_named_with_what_is_missing():
    word = Override(asset="battery", power_kw=8.0, until=hours(1))
    plan = solve(a_request(a_battery(), a_battery_state(0.0), overrides=(word,)))
    assert battery_kw(plan)[0] == pytest.approx(5.0, abs=1e-5)
    (violation,) = plan.violations
    assert (violation.limit, violation.asset, violation.unit) == ("battery.override", "battery", "kW")
    assert violation.amount == pytest.approx(3.0, abs=1e-3)
    assert (violation.start, violation.end) == (hours(0), hours(1))


def test_override_of_a_full_battery_does_not_burn_energy_in_a_circle():
    word = Override(asset="battery", power_kw=3.0, until=hours(2))
    plan = solve(a_request(a_battery(), a_battery_state(10.0), overrides=(word,)))
    assert battery_kw(plan)[:2] == pytest.approx((0.0, 0.0), abs=1e-5)
    assert plan.violations[0].amount == pytest.approx(3.0, abs=1e-3)


def independent_cost(load, buy, sell, start, end):
    """The battery as a MILP of its own for scipy: charge, discharge, import, export, and who goes first, per hour."""
    n, eta, capacity, most, wear = len(buy), 0.95, 10.0, 5.0, 0.02
    c, d, i, e, one_way, from_grid = (slice(k * n, (k + 1) * n) for k in range(6))
    cost = np.zeros(6 * n)
    cost[d], cost[i], cost[e] = wear / eta, buy, -np.array(sell)
    rows = []
    eye, sums = np.eye(n), np.tril(np.ones((n, n)))

    def row(parts, low, high):
        matrix = np.zeros((n, 6 * n))
        for where, block in parts:
            matrix[:, where] = block
        rows.append(LinearConstraint(matrix, low, high))

    row([(c, eye), (d, -eye), (i, -eye), (e, eye)], -np.array(load), -np.array(load))
    row([(c, eta * sums), (d, -sums / eta)], -start, capacity - start)
    row([(c, eye), (one_way, -most * eye)], -np.inf, 0.0)
    row([(d, eye), (one_way, most * eye)], -np.inf, most)
    row([(i, eye), (from_grid, -17.0 * eye)], -np.inf, 0.0)
    row([(e, eye), (from_grid, 10.0 * eye)], -np.inf, 10.0)
    final = np.zeros((1, 6 * n))
    final[0, c], final[0, d] = eta, -1.0 / eta
    rows.append(LinearConstraint(final, end - start, end - start))
    whole = np.concatenate([np.zeros(4 * n), np.ones(2 * n)])
    bounds = Bounds(np.zeros(6 * n), np.concatenate([np.full(2 * n, most), np.full(2 * n, 17.0), np.ones(2 * n)]))
    answer = milp(cost, constraints=rows, integrality=whole, bounds=bounds, options={"mip_rel_gap": 0.0})
    assert answer.success
    return answer.fun


@pytest.mark.parametrize(
    ("buy", "sell"),
    [
        (CHEAP_NIGHT[::2], [0.08] * 12),
        (ALTERNATING[:12], [0.05] * 12),
        ([0.3, -0.1, -0.1, 0.4] * 3, [-0.05] * 12),
        ([0.2] * 6 + [0.3] * 6, [0.25, 0.35] * 6),
    ],
    ids=["cheap night", "alternating", "negative", "dearer to sell than to buy"],
)
def test_cost_equals_an_independent_formulation(buy, sell):
    load = [0.5, 1.5, 3.0, 0.2] * 3
    request = a_request(
        a_battery(),
        a_battery_state(4.0),
        horizon=a_horizon(12),
        import_price=buy,
        export_price=sell,
        load_kw=load,
    )
    plan = solve(request)
    # Ending where the plan ends, no worth of stored energy is needed: only the way there is compared.
    best = independent_cost(load, buy, sell, start=4.0, end=energy_kwh(plan)[-1])
    assert plan.cost.bill + plan.cost.wear == pytest.approx(best, abs=1e-3)
