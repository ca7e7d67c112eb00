"""Whole days that may come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import exp, sqrt
from random import Random
from statistics import NormalDist

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.forecast.scenarios import scenarios_of
from custom_components.hems.core.model import Quantile, Series

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def banded(values, spread=(0.5, 1.0, 1.5)) -> Series:
    """Hourly, with P10, P50 and P90 as shares of the values."""
    return Series(
        times=tuple(START + HOUR * i for i in range(len(values) + 1)),
        values=tuple(values),
        quantiles=tuple(
            Quantile(level=level, values=tuple(None if v is None else v * share for v in values))
            for level, share in zip((0.1, 0.5, 0.9), spread, strict=True)
        ),
    )


def mean_of(scenarios, pick) -> list[float]:
    return [
        sum(scenario.probability * value for scenario, value in zip(scenarios, column, strict=True))
        for column in zip(*(pick(scenario).values for scenario in scenarios), strict=True)
    ]


def mean_of_known(scenarios, pick) -> list[float | None]:
    columns = zip(*(pick(scenario).values for scenario in scenarios), strict=True)
    weights = [scenario.probability for scenario in scenarios]
    return [
        None if None in column else sum(w * kw for w, kw in zip(weights, column, strict=True)) for column in columns
    ]


LOAD = banded([0.5] * 24 + [1.0] * 24)
SUN = banded([0.0] * 8 + [3.0] * 8 + [0.0] * 16 + [2.0] * 8 + [0.0] * 8)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_probabilities_add_up_and_the_mean_is_the_forecast(count):
    scenarios = scenarios_of(LOAD, {"roof": SUN}, count)
    assert len(scenarios) == count
    assert sum(scenario.probability for scenario in scenarios) == pytest.approx(1.0)
    assert mean_of(scenarios, lambda scenario: scenario.load_kw) == pytest.approx(LOAD.values)
    assert mean_of(scenarios, lambda scenario: scenario.available_kw["roof"]) == pytest.approx(SUN.values)


def test_a_single_step_lies_at_its_quantiles():
    kw = [
        scenario.available_kw["roof"].at(START) for scenario in scenarios_of(banded([1.0]), {"roof": banded([3.0])}, 5)
    ]
    assert kw == pytest.approx([3.0, 1.5, 1.5, 4.5, 4.5])


@pytest.mark.parametrize("count", [1, 3, 5])
def test_the_first_is_the_forecast_itself_however_skewed_its_quantiles_are(count):
    skewed = banded(LOAD.values, (0.2, 0.6, 2.0))
    first = scenarios_of(skewed, {"roof": SUN}, count)[0]
    assert first.load_kw.values == skewed.values
    assert first.available_kw["roof"].values == SUN.values


def test_three_scenarios_bring_little_sun_with_much_load():
    _, bad, good = scenarios_of(LOAD, {"roof": SUN}, 3)
    noon = START + 12 * HOUR
    assert bad.available_kw["roof"].at(noon) < good.available_kw["roof"].at(noon)
    assert bad.load_kw.at(noon) > good.load_kw.at(noon)


def test_five_scenarios_hold_sun_and_load_apart():
    corners = scenarios_of(LOAD, {"roof": SUN}, 5)[1:]
    noon = START + 12 * HOUR
    seen = {
        (scenario.available_kw["roof"].at(noon) > 3.0, scenario.load_kw.at(noon) > 0.5) for scenario in corners
    }  # fmt: skip
    assert len(seen) == 4


def test_all_arrays_stand_under_one_sky():
    west = banded([0.0] * 8 + [1.0] * 8 + [0.0] * 32)
    for scenario in scenarios_of(LOAD, {"east": SUN, "west": west}, 5):
        east = scenario.available_kw["east"].at(START + 9 * HOUR) / 3.0
        assert scenario.available_kw["west"].at(START + 9 * HOUR) == pytest.approx(east)


@pytest.mark.parametrize("count", [3, 5])
def test_what_is_known_is_the_same_in_every_scenario_and_what_follows_is_not(count):
    known = replace(LOAD, quantiles=tuple(replace(q, values=(LOAD.values[0], *q.values[1:])) for q in LOAD.quantiles))
    scenarios = scenarios_of(known, {}, count)
    assert {scenario.load_kw.values[0] for scenario in scenarios} == {known.values[0]}
    assert len({scenario.load_kw.values[1] for scenario in scenarios}) == 3


@pytest.mark.parametrize("count", [3, 5])
def test_the_energy_is_the_less_certain_the_longer_it_is_counted(count):
    scenarios = scenarios_of(LOAD, {"roof": SUN}, count)
    for pick in (lambda scenario: scenario.load_kw, lambda scenario: scenario.available_kw["roof"]):
        spreads = [spread_kwh(scenarios, pick, hours) for hours in range(1, 49)]
        assert all(later >= earlier - 1e-9 for earlier, later in pairwise(spreads))
        assert spreads[-1] > spreads[8] > 0.0


def test_errors_that_fade_at_once_matter_less_than_errors_that_stay():
    hour, days = timedelta(hours=1), timedelta(days=1000)
    of = {memory: scenarios_of(LOAD, {}, 5, load_memory=memory) for memory in (hour, days)}
    single, whole = (spread_kwh(of[memory], lambda scenario: scenario.load_kw, 24) for memory in (hour, days))
    assert whole == pytest.approx(sum(0.5 * kw for kw in LOAD.values[:24]), rel=0.01)
    assert single < 0.35 * whole


@pytest.mark.parametrize("count", [3, 5])
def test_what_must_be_bought_in_all_is_as_spread_as_independent_errors_are(count):
    """The weighted variance of load less sun is the sum of both, whether three scenarios show it or five."""
    scenarios = scenarios_of(LOAD, {"roof": SUN}, count)
    net = [energy_kwh(s.load_kw, 24) - energy_kwh(s.available_kw["roof"], 24) for s in scenarios]
    alone = [
        [energy_kwh(s.load_kw, 24) for s in scenarios_of(LOAD, {}, 5)],
        [energy_kwh(s.available_kw["roof"], 24) for s in scenarios_of(banded([0.0] * 48), {"roof": SUN}, 5)],
    ]
    expected = sum(variance(values, [0.4, 0.15, 0.15, 0.15, 0.15]) for values in alone)
    assert variance(net, [scenario.probability for scenario in scenarios]) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("memory_h", [1.0, 4.0, 16.0])
def test_of_errors_that_fade_four_fifths_lie_between_the_scenarios_after_any_lead(memory_h):
    """A synthetic first-order process around the forecast, as wrong and as lasting as it is said to be."""
    steps, deviation_kw, kept = 96, 0.3, exp(-0.5 / memory_h)
    times = tuple(START + HOUR / 2 * i for i in range(steps + 1))
    bands = {level: 2.0 + NormalDist(0.0, deviation_kw).inv_cdf(level) for level in (0.1, 0.5, 0.9)}
    quantiles = tuple(Quantile(level=level, values=(kw,) * steps) for level, kw in bands.items())
    forecast = Series(times=times, values=(2.0,) * steps, quantiles=quantiles)
    scenarios = scenarios_of(forecast, {}, 5, load_memory=timedelta(hours=memory_h))
    rng = Random(1)
    inside = dict.fromkeys((3, 6, 12, 24, 48), 0)
    for _ in range(2000):
        error_kw, energies = rng.gauss(0.0, deviation_kw), [0.0]
        for _ in range(steps):
            energies.append(energies[-1] + 0.5 * (2.0 + error_kw))
            error_kw = kept * error_kw + rng.gauss(0.0, deviation_kw * sqrt(1.0 - kept**2))
        for hours in inside:
            ends = [energy_kwh(scenario.load_kw, hours) for scenario in scenarios]
            inside[hours] += min(ends) <= energies[2 * hours] <= max(ends)
    for hours, count in inside.items():
        assert count / 2000 == pytest.approx(0.8, abs=0.04), hours


def energy_kwh(series: Series, hours: float) -> float:
    until = series.start + HOUR * hours
    return series.mean(series.start, until) * hours


def spread_kwh(scenarios, pick, hours: float) -> float:
    return max(energy_kwh(pick(s), hours) for s in scenarios) - energy_kwh(pick(scenarios[0]), hours)


def variance(values, weights) -> float:
    mean = sum(w * v for w, v in zip(weights, values, strict=True))
    return sum(w * (v - mean) ** 2 for w, v in zip(weights, values, strict=True))


def test_what_has_no_quantiles_is_the_same_in_every_scenario_and_holes_stay():
    plain = Series(times=LOAD.times, values=(None, *LOAD.values[1:]))
    for scenario in scenarios_of(plain, {}, 3):
        assert scenario.load_kw == plain


def test_another_count_is_refused():
    with pytest.raises(ValueError, match="count must be 1, 3 or 5, got 4"):
        scenarios_of(LOAD, {}, 4)


@settings(max_examples=50, deadline=None)
@given(
    values=st.lists(st.none() | st.floats(0.0, 20.0), min_size=1, max_size=60),
    spread=st.tuples(st.floats(0.0, 1.0), st.floats(1.0, 1.2), st.floats(1.2, 3.0)),
    count=st.sampled_from([1, 3, 5]),
)
def test_any_forecast_gives_scenarios_between_nothing_and_the_most_it_knows(values, spread, count):
    series = banded(values, spread)
    top = max((value * spread[2] for value in values if value is not None), default=0.0)
    scenarios = scenarios_of(series, {"roof": series}, count)
    assert scenarios == scenarios_of(series, {"roof": series}, count)
    for found in (lambda scenario: scenario.load_kw, lambda scenario: scenario.available_kw["roof"]):
        for mean, value in zip(mean_of_known(scenarios, found), values, strict=True):
            assert mean == pytest.approx(value, abs=1e-6)
    for path in (s for scenario in scenarios for s in (scenario.load_kw, *scenario.available_kw.values())):
        assert path.times == series.times
        for value, expected in zip(path.values, values, strict=True):
            assert (value is None) == (expected is None)
            assert value is None or 0.0 <= value <= top + 1e-9
