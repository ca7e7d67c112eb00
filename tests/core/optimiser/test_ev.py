"""What an EV charger is planned to do."""

from functools import cache

import pytest

from custom_components.hems.core.model import Override, SolverOptions
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_horizon,
    a_pv,
    a_pv_state,
    a_request,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)


def car_kw(plan):
    return plan.asset("ev_charger").power_kw


def car_kwh(plan):
    return plan.asset("ev_charger").trajectories["energy_kwh"]


def test_car_is_charged_in_the_cheap_hours_before_it_leaves():
    plan = solve(
        a_request(
            an_ev_charger(),
            an_ev_charger_state(an_ev_session(0, 8, target_kwh=36.0)),
            import_price=[0.4] * 5 + [0.1] * 2 + [0.4] + [0.05] * 16,
        )
    )
    assert car_kwh(plan)[8] == pytest.approx(36.0, abs=1e-3)
    assert sum(car_kw(plan)[5:7]) == pytest.approx(36.0 / 0.9 - 30.0 / 0.9, abs=1e-3)
    assert car_kwh(plan)[9:] == (0.0,) * 16


def test_earliest_hours_win_a_tie():
    plan = solve(a_request(an_ev_charger(), an_ev_charger_state(an_ev_session(0, 12, target_kwh=33.0))))
    charging = [index for index, kw in enumerate(car_kw(plan)) if kw > 0.0]
    assert charging[0] == 0
    assert charging == list(range(len(charging)))


def test_tiny_price_slope_is_honoured():
    slope = [0.30 - 0.0005 * index / 24 for index in range(24)]
    state = an_ev_charger_state(an_ev_session(0, 24, target_kwh=33.0))
    plan = solve(a_request(an_ev_charger(), state, import_price=slope, options=SolverOptions()))
    assert max(index for index, kw in enumerate(car_kw(plan)) if kw > 0.0) == 23
    assert sum(car_kw(plan)[:22]) == pytest.approx(0.0)


def test_car_that_comes_too_late_is_filled_as_far_as_it_goes():
    plan = solve(a_request(an_ev_charger(), an_ev_charger_state(an_ev_session(0, 2, target_kwh=45.0))))
    (violation,) = plan.violations
    assert (violation.limit, violation.asset, violation.unit) == ("ev_charger.target", "ev_charger", "kWh")
    assert violation.amount == pytest.approx(15.0 - 2 * 3.68 * 0.9, abs=1e-3)
    assert violation.end == hours(2)
    assert "time" in violation.reason
    assert plan.cost.comfort == pytest.approx(violation.amount, abs=1e-3)


def test_price_of_being_late_may_be_outweighed():
    request = a_request(
        an_ev_charger(late_price_per_kwh=0.2), an_ev_charger_state(an_ev_session(0, 8)), import_price=0.5
    )
    plan = solve(request)
    assert sum(car_kw(plan)) == pytest.approx(0.0)
    assert plan.violations[0].amount == pytest.approx(10.0)
    assert "price" in plan.violations[0].reason


def test_past_deadline_does_not_exist_for_the_plan():
    plan = solve(a_request(an_ev_charger(), an_ev_charger_state(an_ev_session(-5, -1))))
    assert sum(car_kw(plan)) == 0.0
    assert plan.violations == ()


def test_two_cars_are_charged_one_after_the_other():
    sessions = (an_ev_session(0, 6, target_kwh=35.0), an_ev_session(10, 16, energy_kwh=10.0, target_kwh=14.0))
    plan = solve(a_request(an_ev_charger(), an_ev_charger_state(*sessions)))
    assert car_kwh(plan)[6] == pytest.approx(35.0, abs=1e-3)
    assert car_kwh(plan)[7:10] == (0.0, 0.0, 0.0)
    assert car_kwh(plan)[16] == pytest.approx(14.0, abs=1e-3)


def test_car_that_stays_beyond_the_horizon_is_not_hurried():
    session = an_ev_session(0, 60, target_kwh=40.0)
    plan = solve(a_request(an_ev_charger(), an_ev_charger_state(session), import_price=0.3))
    assert plan.violations == ()
    assert sum(car_kw(plan)) == pytest.approx(0.0)


def test_car_that_stays_takes_a_cheap_hour_all_the_same():
    session = an_ev_session(0, 60, target_kwh=40.0)
    plan = solve(
        a_request(an_ev_charger(), an_ev_charger_state(session), import_price=[0.3] * 10 + [0.05] + [0.3] * 13)
    )
    assert car_kw(plan)[10] == pytest.approx(3.68)


@pytest.mark.parametrize(
    ("phases", "surplus", "expected_kw", "expected_phases"),
    [((1, 3), 2.0, 2.0, 1.0), ((1, 3), 5.0, 5.0, 3.0), ((3,), 2.0, 4.14, 3.0), ((1,), 5.0, 3.68, 1.0)],
    ids=["one phase follows the sun", "three phases follow it", "three start at their least", "one is full"],
)
def test_phases_are_chosen_for_the_sun(phases, surplus, expected_kw, expected_phases):
    plan = solve(
        a_request(
            an_ev_charger(phases=phases),
            an_ev_charger_state(an_ev_session(0, 60, energy_kwh=0.0, target_kwh=60.0)),
            a_pv(peak_kw=10.0),
            a_pv_state([surplus] * 4, a_horizon(4)),
            horizon=a_horizon(4),
            export_price=0.05,
        )
    )
    assert car_kw(plan)[0] == pytest.approx(expected_kw, abs=1e-3)
    assert plan.asset("ev_charger").trajectories["phases"][0] == expected_phases


def test_car_that_takes_less_than_the_least_current_is_not_charged_but_named():
    session = an_ev_session(0, 8, max_charge_kw=1.0)
    plan = solve(a_request(an_ev_charger(), an_ev_charger_state(session)))
    assert sum(car_kw(plan)) == 0.0
    assert plan.violations[0].amount == pytest.approx(10.0)


def test_override_of_a_charger_without_a_car_is_named():
    word = Override(asset="ev_charger", power_kw=3.0, until=hours(1))
    plan = solve(a_request(an_ev_charger(), overrides=(word,)))
    assert plan.violations[0].limit == "ev_charger.override"
    assert plan.violations[0].amount == pytest.approx(3.0)


def best_by_search(prices, need_kwh, late_price):
    """The cheapest way to charge by dynamic programming: 0 or 1.4 to 3.6 kW in steps of 0.2, exact in tenths of kWh."""
    powers = [0, *range(14, 37, 2)]

    @cache
    def best(index, charged):
        if index == len(prices):
            return late_price * max(0, need_kwh * 10 - charged) / 10
        return min(prices[index] * kw / 10 + best(index + 1, charged + kw) for kw in powers)

    return best(0, 0)


@pytest.mark.parametrize(
    ("prices", "need_kwh"),
    [([0.3, 0.1, 0.2, 0.4], 5.0), ([0.3, 0.1, 0.2, 0.4], 4.2), ([0.5, 0.45, 0.9, 0.4], 2.0), ([0.2] * 4, 20.0)],
    ids=["two hours", "the rest is less than the least power", "less than an hour", "too much"],
)
def test_cost_equals_a_search_over_all_schedules(prices, need_kwh):
    charger = an_ev_charger(min_current_a=1400 / 230, max_current_a=3600 / 230, efficiency=1.0)
    session = an_ev_session(0, 4, energy_kwh=0.0, target_kwh=need_kwh)
    plan = solve(
        a_request(charger, an_ev_charger_state(session), horizon=a_horizon(4), import_price=prices, export_price=0.0)
    )
    assert plan.cost.total == pytest.approx(best_by_search(tuple(prices), need_kwh, 1.0), abs=1e-3)
