"""Whole days that may come."""

from datetime import UTC, datetime, timedelta

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


LOAD = banded([0.5] * 24 + [1.0] * 24)
SUN = banded([0.0] * 8 + [3.0] * 8 + [0.0] * 16 + [2.0] * 8 + [0.0] * 8)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_probabilities_add_up_and_the_mean_is_the_forecast(count):
    scenarios = scenarios_of(LOAD, {"roof": SUN}, count)
    assert len(scenarios) == count
    assert sum(scenario.probability for scenario in scenarios) == pytest.approx(1.0)
    assert mean_of(scenarios, lambda scenario: scenario.load_kw) == pytest.approx(LOAD.values)
    assert mean_of(scenarios, lambda scenario: scenario.available_kw["roof"]) == pytest.approx(SUN.values, rel=0.02)


def test_the_first_hours_lie_at_the_quantiles():
    kw = [scenario.available_kw["roof"].at(START + 8 * HOUR) for scenario in scenarios_of(LOAD, {"roof": SUN}, 3)]
    assert kw[0] == pytest.approx(3.0)
    assert 1.5 <= kw[1] < 2.2
    assert 3.8 < kw[2] <= 4.5


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


def test_a_cloudy_day_stays_cloudy_and_says_little_of_the_day_after_the_next():
    long = banded([2.0] * 96)
    dull = scenarios_of(banded([0.5] * 96), {"roof": long}, 5)[1].available_kw["roof"]
    below = [value < 2.0 for value in dull.values]
    assert all(below[:12])
    assert not any(below[48:])


def test_all_arrays_stand_under_one_sky():
    for scenario in scenarios_of(LOAD, {"east": SUN, "west": banded([1.0] * 48)}, 5):
        east = scenario.available_kw["east"].at(START + 9 * HOUR) / 3.0
        assert scenario.available_kw["west"].at(START + 9 * HOUR) == pytest.approx(east)


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
    for path in (s for scenario in scenarios for s in (scenario.load_kw, *scenario.available_kw.values())):
        assert path.times == series.times
        for value, expected in zip(path.values, values, strict=True):
            assert (value is None) == (expected is None)
            assert value is None or 0.0 <= value <= top + 1e-9
