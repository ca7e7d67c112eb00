"""Programmes laid onto a horizon."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.model import Appliance, Horizon, Series
from custom_components.hems.core.model.runs import programme_kw, runs_of
from tests.builders import a_horizon, a_run, an_appliance, an_appliance_state, hours
from tests.strategies import appliances, horizons, times_around


def by_definition(appliance: Appliance, at: datetime, horizon: Horizon) -> list[float]:
    """Mean of the profile over each step, nothing outside it: second by second of every overlap."""
    profile = Series.regular(at, timedelta(seconds=appliance.profile_step_s), appliance.profile_kw)
    edges = horizon.edges
    return [
        sum(
            kw * max(0.0, (min(edges[i + 1], until) - max(edges[i], since)).total_seconds())
            for kw, since, until in zip(appliance.profile_kw, profile.times, profile.times[1:], strict=False)
        )
        / horizon.steps_s[i]
        for i in range(horizon.steps)
    ]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.data())
def test_programme_is_the_mean_of_its_profile_over_each_step(data):
    horizon = data.draw(horizons())
    appliance, _ = data.draw(appliances("dishwasher", horizon))
    at = data.draw(times_around(horizon)) + timedelta(seconds=data.draw(st.integers(0, 59)))
    assert programme_kw(appliance, at, horizon) == pytest.approx(by_definition(appliance, at, horizon), abs=1e-9)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(data=st.data())
def test_every_start_is_the_programme_laid_there_and_says_how_long_it_runs_in_each_step(data):
    horizon = data.draw(horizons())
    appliance, state = data.draw(appliances("dishwasher", horizon))
    for run in runs_of(appliance, state, horizon):
        for start in run.starts:
            assert start.power_kw == pytest.approx(by_definition(appliance, start.at, horizon), abs=1e-9)
            shares = [0.0] * horizon.steps
            shares[start.running] = start.shares
            assert shares == pytest.approx(horizon.overlap(start.at, start.until), abs=1e-9)
            assert horizon.index_at(start.at) in {start.index, None}


def test_starts_are_shared_by_the_runs_of_one_machine():
    runs = runs_of(an_appliance(), an_appliance_state(a_run(0, 12), a_run(0, 12)), a_horizon())
    assert runs[0].starts[3] is runs[1].starts[3]


def test_run_under_way_keeps_what_is_left_of_it():
    (run,) = runs_of(an_appliance(), an_appliance_state(a_run(-1, 8, started=-0.5)), a_horizon(8, 15))
    assert run.is_under_way
    assert run.starts[0].until == hours(1)
    assert run.starts[0].running_kw == pytest.approx((0.2, 0.2, 1.5, 0.1))
