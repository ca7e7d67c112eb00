from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.forecast import load_forecast
from custom_components.hems.core.model import HealthStatus, Series
from custom_components.hems.core.model.load_learning import Absence, OddDays

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


def test_a_holiday_is_lived_like_a_free_day_and_past_ones_do_not_spoil_working_days():
    christmas = date(2026, 1, 8)

    def lived(moment: datetime) -> float:
        return 2.0 if moment.weekday() >= 5 or moment.date() == christmas else 1.0

    odd = OddDays(holidays=(christmas, MONDAY.date()))
    series, _ = load_forecast(history(28, lived), MONDAY, MONDAY + timedelta(days=4), "UTC", odd=odd)
    assert series.at(MONDAY + timedelta(hours=9)) == pytest.approx(2.0)
    assert series.at(MONDAY + timedelta(days=3, hours=9)) == pytest.approx(1.0)


def test_an_absence_is_foreseen_from_an_earlier_one():
    gone = Absence(start=MONDAY - timedelta(days=12), end=MONDAY - timedelta(days=10))
    past = history(28, lambda moment: 0.1 if gone.start <= moment < gone.end else 1.0)
    coming = Absence(start=MONDAY + timedelta(days=1), end=MONDAY + timedelta(days=2))
    odd = OddDays(away=(gone, coming))
    series, _ = load_forecast(past, MONDAY, MONDAY + timedelta(days=3), "UTC", odd=odd)
    assert [series.at(MONDAY + timedelta(days=days, hours=9)) for days in range(3)] == pytest.approx([1.0, 0.1, 1.0])


def test_a_first_absence_takes_the_least_of_other_days_and_a_first_return_what_is_known():
    past = history(28, lambda moment: 0.2 if moment.day % 4 == 0 else 1.0)
    coming = OddDays(away=(Absence(start=MONDAY, end=MONDAY + timedelta(days=1)),))
    series, _ = load_forecast(past, *day(MONDAY), "UTC", odd=coming)
    assert series.at(MONDAY + timedelta(hours=9)) < 0.5
    never_home = OddDays(away=(Absence(start=MONDAY - timedelta(days=30), end=MONDAY),))
    series, _ = load_forecast(history(28), *day(MONDAY), "UTC", odd=never_home)
    assert series.at(MONDAY + timedelta(hours=9)) == pytest.approx(0.5)
