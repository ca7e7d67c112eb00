from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.forecast import load_forecast
from custom_components.hems.core.model import HealthStatus, Series

MONDAY = datetime(2026, 1, 12, tzinfo=UTC)


def history(days: int, kw=lambda moment: 0.5, until: datetime = MONDAY) -> Series:
    start = until - timedelta(days=days)
    values = [kw(start + timedelta(hours=hour)) for hour in range(days * 24)]
    return Series.regular(start, timedelta(hours=1), values)


def day(moment: datetime) -> tuple[datetime, datetime]:
    return moment, moment + timedelta(days=1)


def test_weekdays_are_forecast_from_weekdays_and_weekends_from_weekends():
    past = history(28, lambda moment: 2.0 if moment.weekday() >= 5 else 1.0)
    series, health = load_forecast(past, MONDAY, MONDAY + timedelta(days=6), "UTC")
    assert health == ()
    assert series.at(MONDAY + timedelta(days=1, hours=9)) == pytest.approx(1.0)
    assert series.at(MONDAY + timedelta(days=5, hours=9)) == pytest.approx(2.0)


def test_the_time_of_day_is_the_local_one():
    # 19:00 in Berlin in winter; the clock changes on the 29th.
    past = history(14, lambda moment: 3.0 if moment.hour == 18 else 0.3, datetime(2026, 3, 29, tzinfo=UTC))
    series, _ = load_forecast(past, *day(datetime(2026, 3, 30, tzinfo=UTC)), "Europe/Berlin")
    assert series.at(datetime(2026, 3, 30, 17, 15, tzinfo=UTC)) == pytest.approx(3.0)
    assert series.at(datetime(2026, 3, 30, 18, 15, tzinfo=UTC)) == pytest.approx(0.3)


def test_quantiles_show_how_much_days_differ():
    past = history(28, lambda moment: 0.2 + 0.1 * (moment.toordinal() % 7))
    series, _ = load_forecast(past, *day(MONDAY), "UTC")
    moment = MONDAY + timedelta(hours=20)
    low, middle, high = (series.quantile(level).at(moment) for level in (0.1, 0.5, 0.9))
    assert low < middle < high


def test_an_unusual_evening_carries_on_for_a_while():
    past = history(14, lambda moment: 2.0 if MONDAY - moment <= timedelta(hours=3) else 1.0)
    series, _ = load_forecast(past, *day(MONDAY), "UTC")
    assert series.at(MONDAY) > 1.5
    assert series.at(MONDAY + timedelta(hours=4)) == pytest.approx(1.0, abs=0.05)


def test_without_history_a_usual_household_is_assumed_and_said():
    series, (health,) = load_forecast(None, *day(MONDAY), "Europe/Berlin")
    assert health.status is HealthStatus.DEGRADED
    assert "0.4 kW on average is assumed" in health.reason
    assert series.mean(*day(MONDAY)) == pytest.approx(0.4, rel=0.01)


def test_a_few_days_are_used_and_named():
    series, (health,) = load_forecast(history(3), *day(MONDAY), "UTC")
    assert health.reason == "learned from 3 days only"
    assert series.mean(*day(MONDAY)) == pytest.approx(0.5)


def test_holes_in_the_history_are_not_taken_for_zero():
    full = history(14)
    holed = Series(times=full.times, values=tuple(None if i % 5 == 0 else v for i, v in enumerate(full.values)))
    series, _ = load_forecast(holed, *day(MONDAY), "UTC")
    assert all(value == pytest.approx(0.5) for value in series.values)


@settings(max_examples=20, deadline=None)
@given(values=st.lists(st.none() | st.floats(-5, 50), min_size=1, max_size=24 * 9), minute=st.integers(0, 59))
def test_any_history_gives_a_complete_forecast_that_is_never_negative(values, minute):
    past = Series.regular(MONDAY - timedelta(hours=len(values)), timedelta(hours=1), values)
    start = MONDAY + timedelta(minutes=minute)
    series, _ = load_forecast(past, start, start + timedelta(hours=30), "Europe/Berlin")
    assert (series.start, series.end) == (start, start + timedelta(hours=30))
    assert all(value is not None and 0.0 <= value <= 100.0 for value in series.values)
    for lower, upper in zip(series.quantiles, series.quantiles[1:], strict=False):
        assert all(a <= b + 1e-9 for a, b in zip(lower.values, upper.values, strict=True))
