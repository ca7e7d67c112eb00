"""Step functions over time."""

from datetime import datetime, timedelta
from math import inf, nan

import pytest

from custom_components.hems.core.model import Quantile, Series
from tests.builders import START, hours


def a_day():
    return Series.regular(START, timedelta(hours=1), [1.0, None, 3.0])


def test_value_holds_until_the_next_time():
    assert [a_day().at(hours(h)) for h in (-1, 0, 0.9, 1, 2.5, 3)] == [None, 1.0, 1.0, None, 3.0, None]


def test_mean_is_unknown_where_a_part_is():
    assert a_day().mean(hours(0), hours(1)) == 1.0
    assert a_day().mean(hours(0), hours(1.1)) is None
    assert a_day().mean(hours(2.5), hours(3.5)) is None


def test_mean_of_nothing_is_refused():
    with pytest.raises(ValueError, match="end must be after start"):
        a_day().mean(hours(1), hours(1))


def test_rows_come_in_any_order_and_leave_holes():
    series = Series.from_rows([(hours(3), hours(4), 3.0), (hours(0), hours(1), 0.0), (hours(1), hours(2), 1.0)])
    assert series.values == (0.0, 1.0, None, 3.0)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "at least one row"),
        ([(hours(0), hours(2), 1.0), (hours(1), hours(3), 2.0)], "overlap at 2026-03-02T01"),
        ([(hours(2), hours(1), 1.0)], "times must rise"),
        ([(datetime(2026, 3, 2), hours(1), 1.0)], "naive time"),  # noqa: DTZ001
        ([(hours(0), hours(1), nan)], "finite number, got nan"),
        ([(hours(0), hours(1), inf)], "finite number, got inf"),
    ],
    ids=["none", "overlap", "backwards", "naive", "NaN", "infinite"],
)
def test_rows_that_mean_nothing_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        Series.from_rows(rows)


def test_number_of_times_and_values_must_fit():
    with pytest.raises(ValueError, match="one entry more than values, got 2 and 2"):
        Series(times=(hours(0), hours(1)), values=(1.0, 2.0))


def test_quantile_is_a_series_of_its_own():
    series = Series(times=(hours(0), hours(1)), values=(2.0,), quantiles=(Quantile(level=0.1, values=(1.0,)),))
    low = series.quantile(0.1)
    assert low is not None
    assert low.values == (1.0,)
    assert series.quantile(0.9) is None


def test_quantile_of_another_length_is_refused():
    with pytest.raises(ValueError, match="must have 1 values, got 2"):
        Series(times=(hours(0), hours(1)), values=(2.0,), quantiles=(Quantile(level=0.1, values=(1.0, 2.0)),))


@pytest.mark.parametrize("level", [-0.1, 1.1, nan])
def test_quantile_level_is_a_fraction(level):
    with pytest.raises(ValueError, match="level"):
        Quantile(level=level, values=())
