"""What an appliance is planned to do."""

from datetime import timedelta
from itertools import pairwise

import pytest

from custom_components.hems.core.model import Horizon, Override
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    START,
    a_horizon,
    a_request,
    a_run,
    an_appliance,
    an_appliance_state,
    hours,
)

QUARTERS = a_horizon(steps=32, step_min=15)


def starts(plan):
    return [index for index, count in enumerate(plan.asset("appliance").trajectories["starts"]) if count]


def a_day(*runs, horizon=QUARTERS, appliance=None, **changes):
    return a_request(appliance or an_appliance(), an_appliance_state(*runs), horizon=horizon, **changes)


def test_programme_starts_when_it_is_cheapest():
    prices = [0.5] * 16 + [0.1] * 6 + [0.5] * 10
    plan = solve(a_day(a_run(0, 8), import_price=prices))
    assert starts(plan) == [16]
    assert plan.asset("appliance").power_kw[16:22] == (2.0, 2.0, 0.2, 0.2, 1.5, 0.1)


def test_programme_starts_at_once_on_a_flat_tariff():
    assert starts(solve(a_day(a_run(1, 8)))) == [4]


def test_running_programme_is_finished_and_never_moved():
    plan = solve(a_day(a_run(-1, 8, started=-0.5), import_price=[0.9] * 16 + [0.1] * 16))
    assert starts(plan) == []
    assert plan.asset("appliance").power_kw[:5] == pytest.approx((0.2, 0.2, 1.5, 0.1, 0.0))


def test_window_that_is_too_short_is_named_and_the_rest_is_planned():
    plan = solve(a_day(a_run(0, 1)))
    (violation,) = plan.violations
    assert (violation.limit, violation.amount) == ("appliance.run", pytest.approx(1.5))
    assert "too short" in violation.reason
    assert plan.cost.comfort == pytest.approx(5.0)


def test_fuse_moves_the_programme():
    plan = solve(a_day(a_run(0, 8), load_kw=[2.5] * 20 + [0.0] * 12, site={"max_import_kw": 3.0}))
    assert starts(plan) == [20]


def test_no_room_at_all_is_named():
    plan = solve(a_day(a_run(0, 8), load_kw=2.5, site={"max_import_kw": 3.0}))
    assert plan.violations[0].limit == "appliance.run"
    assert max(plan.unserved_kw) == pytest.approx(0.0, abs=1e-6)


def test_run_that_may_wait_until_after_the_horizon_waits_for_a_better_price():
    plan = solve(a_day(a_run(0, 20), import_price=[0.9] * 8 + [0.3] * 24, horizon=QUARTERS))
    assert starts(plan) == [8]
    dear_now = solve(a_day(a_run(0, 20), import_price=[0.3] * 8 + [0.29] * 24, appliance=an_appliance()))
    assert starts(dear_now) in ([], [8])
    assert dear_now.violations == ()


def test_two_runs_of_one_machine_do_not_overlap():
    plan = solve(a_day(a_run(0, 8), a_run(0, 8), import_price=[0.1] * 6 + [0.5] * 26))
    first, second = starts(plan)
    assert second - first >= 6


def test_two_runs_under_way_at_once_are_taken_as_they_are():
    plan = solve(a_day(a_run(-1, 8, started=-0.5), a_run(-1, 8, started=-0.25)))
    assert plan.asset("appliance").power_kw[:2] == pytest.approx((2.2, 0.4))


def test_override_to_off_delays_the_programme():
    word = Override(asset="appliance", power_kw=0.0, until=hours(2))
    assert starts(solve(a_day(a_run(0, 8), overrides=(word,)))) == [8]


def test_start_between_two_edges_is_found_where_only_that_fits():
    run = a_run(1 / 60, 1.55)
    plan = solve(a_day(run))
    assert starts(plan) == [0]
    assert sum(plan.asset("appliance").power_kw) * 0.25 == pytest.approx(1.5, abs=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_cost_equals_trying_every_start(seed):
    prices = [0.1 + ((7 * index + 3 * seed) % 11) / 20 for index in range(32)]
    profile = (2.0, 2.0, 0.2, 0.2, 1.5, 0.1)
    by_start = [
        sum(0.25 * kw * prices[first + offset] for offset, kw in enumerate(profile)) for first in range(32 - 6 + 1)
    ]
    plan = solve(a_day(a_run(0, 8), import_price=prices, export_price=0.0))
    assert plan.cost.bill == pytest.approx(min(by_start), abs=1e-6)


def test_programme_over_a_clock_change_keeps_its_length():
    start = START.replace(month=3, day=29)
    horizon = a_horizon(steps=12, step_min=15, start=start)
    plan = solve(a_day(a_run(0, 3, start=start), horizon=horizon))
    assert sum(plan.asset("appliance").power_kw) * 0.25 == pytest.approx(1.5)
    assert plan.horizon.end - plan.horizon.start == timedelta(hours=3)


def test_programme_under_way_is_never_begun_again_from_plan_to_plan():
    # Replanned every quarter of an hour, with prices that always promise a better time later.
    started = None
    for quarter in range(8):
        horizon = a_horizon(32, 15, start=hours(quarter / 4))
        run = a_run(0, 10, started=started)
        prices = [0.1] * 2 + [0.5] * 30 if started is None else [0.9] * 16 + [0.05] * 16
        plan = solve(a_day(run, horizon=horizon, import_price=prices))
        if started is None:
            assert starts(plan) == [0]
            started = 0.0
        else:
            assert starts(plan) == []
            left = (2.0, 2.0, 0.2, 0.2, 1.5, 0.1)[quarter:]
            assert plan.asset("appliance").power_kw[: len(left)] == pytest.approx(left)
            assert sum(plan.asset("appliance").power_kw) == pytest.approx(sum(left))


def test_programme_stays_one_block_over_uneven_steps():
    horizon = Horizon.tiered(START, ((300, 6), (900, 4), (3600, 6)))
    plan = solve(a_day(a_run(0, 7), horizon=horizon, import_price=[0.5] * 12 + [0.1] * 6))
    powers, steps_h = plan.asset("appliance").power_kw, horizon.steps_h
    assert sum(kw * h for kw, h in zip(powers, steps_h, strict=True)) == pytest.approx(1.5)
    running = [index for index, kw in enumerate(powers) if kw > 0.0]
    assert running == list(range(running[0], running[-1] + 1))


def test_three_runs_take_three_places():
    plan = solve(a_day(a_run(0, 8), a_run(0, 8), a_run(0, 8), import_price=[0.1, 0.3, 0.2, 0.5] * 8))
    begun = starts(plan)
    assert len(begun) == 3
    assert all(later - earlier >= 6 for earlier, later in pairwise(begun))
