from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.forecast import extend_prices, known_until, prices_by_clock
from custom_components.hems.core.model import HealthStatus, Series

BERLIN = "Europe/Berlin"


def night_tariff(clock: time) -> float:
    return 0.20 if clock < time(6) or clock >= time(22) else 0.35


def test_time_of_use_prices_follow_the_local_clock():
    start = datetime(2026, 1, 12, tzinfo=UTC)
    prices = prices_by_clock(night_tariff, (time(6), time(22)), start, start + timedelta(days=2), BERLIN)
    assert prices.at(datetime(2026, 1, 12, 4, 59, tzinfo=UTC)) == 0.20
    assert prices.at(datetime(2026, 1, 12, 5, 0, tzinfo=UTC)) == 0.35
    assert prices.at(datetime(2026, 1, 12, 20, 59, tzinfo=UTC)) == 0.35
    assert prices.at(datetime(2026, 1, 13, 21, 0, tzinfo=UTC)) == 0.20


@pytest.mark.parametrize(
    ("day", "length_h", "cheap_h"),
    [(datetime(2026, 3, 28, 23, tzinfo=UTC), 23, 7), (datetime(2026, 10, 24, 22, tzinfo=UTC), 25, 9)],
    ids=["spring: 23 hours", "autumn: 25 hours"],
)
def test_the_night_is_shorter_or_longer_by_the_clock_change(day, length_h, cheap_h):
    prices = prices_by_clock(night_tariff, (time(6), time(22)), day, day + timedelta(hours=length_h), BERLIN)
    hours = [prices.at(day + timedelta(hours=hour)) for hour in range(length_h)]
    assert hours.count(0.20) == cheap_h


def test_a_price_after_midnight_that_starts_inside_a_skipped_hour_holds_from_its_end():
    start = datetime(2026, 3, 29, tzinfo=UTC)
    prices = prices_by_clock(
        lambda clock: 1.0 if clock >= time(2, 30) else 0.0, (time(2, 30),), start, start + timedelta(hours=4), BERLIN
    )
    assert prices.at(datetime(2026, 3, 29, 0, 59, tzinfo=UTC)) == 0.0
    assert prices.at(datetime(2026, 3, 29, 1, 0, tzinfo=UTC)) == 1.0


def today(prices_of_hours=range(24)) -> Series:
    """Midnight to midnight in Berlin, in winter."""
    return Series.regular(
        datetime(2026, 1, 11, 23, tzinfo=UTC), timedelta(hours=1), [float(hour) for hour in prices_of_hours]
    )


def test_unpublished_prices_come_from_the_same_hour_of_the_last_known_day():
    start = datetime(2026, 1, 12, 11, tzinfo=UTC)
    series, health = extend_prices(today(), start, start + timedelta(hours=48), BERLIN)
    assert series.start == start
    assert series.end == start + timedelta(hours=48)
    assert series.at(datetime(2026, 1, 13, 8, 30, tzinfo=UTC)) == 9.0
    assert series.at(datetime(2026, 1, 14, 8, 30, tzinfo=UTC)) == 9.0
    (named,) = health
    assert named.status is HealthStatus.DEGRADED
    assert "from 2026-01-13T00:00+01:00 to 2026-01-14T12:00+01:00" in named.reason


def test_complete_prices_are_healthy_and_unchanged():
    series, health = extend_prices(today(), today().start, today().end, BERLIN)
    assert health == ()
    assert series == today()


def test_a_hole_in_the_list_is_filled_and_named():
    holed = Series(times=today().times, values=(*today().values[:5], None, *today().values[6:]))
    series, health = extend_prices(holed, holed.start, holed.end, BERLIN)
    assert series.at(holed.start + timedelta(hours=5, minutes=30)) == 23.0  # no other day: the last known price
    assert "from 2026-01-12T05:00+01:00 to 2026-01-12T06:00+01:00" in health[0].reason


def test_local_hours_are_carried_over_a_clock_change():
    before = Series.regular(datetime(2026, 3, 27, 23, tzinfo=UTC), timedelta(hours=1), [float(h) for h in range(24)])
    start = datetime(2026, 3, 28, 22, tzinfo=UTC)
    series, _ = extend_prices(before, start, start + timedelta(hours=24), BERLIN)
    # 09:00 in summer time is 07:00 UTC; the day before 09:00 was 08:00 UTC, the tenth hour of the list.
    assert series.at(datetime(2026, 3, 29, 7, 0, tzinfo=UTC)) == 9.0


@pytest.mark.parametrize("values", [[None, None], []], ids=["only unknown", "years ago"])
def test_no_price_is_ever_made_up(values):
    old = datetime(2020, 1, 1, tzinfo=UTC)
    series = Series.regular(old, timedelta(hours=1), values or [0.3])
    start = datetime(2026, 1, 12, tzinfo=UTC)
    with pytest.raises(ValueError, match=r"tariff\.import_price: no price is known near 2026-01-12"):
        extend_prices(series, start, start + timedelta(hours=2), BERLIN)


def weeks(count: int, price_at, end=datetime(2026, 2, 1, 23, tzinfo=UTC)) -> Series:
    """Hourly prices up to Monday 2 February 2026 at midnight in Berlin."""
    start = end - timedelta(weeks=count)
    hours = [start + timedelta(hours=hour) for hour in range(count * 7 * 24)]
    return Series.regular(start, timedelta(hours=1), [price_at(hour.astimezone(ZoneInfo(BERLIN))) for hour in hours])


def estimated(past: Series, days: int = 7, **kw) -> Series:
    return extend_prices(past, past.end, past.end + timedelta(days=days), BERLIN, **kw)[0]


def test_saturdays_are_estimated_from_saturdays_and_mondays_from_weekdays():
    past = weeks(4, lambda local: {5: 0.20, 6: 0.10}.get(local.weekday(), 0.30) + 0.01 * local.hour)
    found = estimated(past)
    at = {day: found.at(past.end + timedelta(days=day, hours=12)) for day in range(7)}
    assert at[0] > at[5] > at[6]
    assert at[0] == pytest.approx(0.42, abs=0.03)
    assert at[6] == pytest.approx(0.22, abs=0.05)


def test_half_of_an_unusually_dear_last_day_carries_on():
    usual = estimated(weeks(4, lambda local: 0.30), 1)
    dear = estimated(weeks(4, lambda local: 0.50 if local.day == 1 and local.month == 2 else 0.30), 1)
    assert usual.at(usual.start) == pytest.approx(0.30)
    assert 0.33 < dear.at(dear.start) < 0.40


def test_prices_that_have_been_help_a_list_of_one_day():
    past = weeks(4, lambda local: 0.30 + 0.01 * local.hour)
    today = Series(times=past.times[-25:], values=(0.5,) * 24)
    alone, informed = estimated(today, 1), estimated(today, 1, history=past)
    noon = today.end + timedelta(hours=12)
    assert alone.at(noon) == 0.5
    assert 0.42 <= informed.at(noon) < 0.5


def test_an_estimate_of_last_month_is_no_estimate():
    past = weeks(2, lambda local: 0.30)
    start = past.end + timedelta(days=9)
    with pytest.raises(ValueError, match="no price is known near"):
        extend_prices(past, start, start + timedelta(hours=2), BERLIN)


@pytest.mark.parametrize(
    ("description", "series", "expected_h"),
    [
        ("all known", today(), None),
        ("ends early", Series(times=today().times[:11], values=today().values[:10]), 10),
        ("a hole", Series(times=today().times, values=(*today().values[:5], None, *today().values[6:])), 5),
        ("nothing now", Series(times=today().times, values=(None, *today().values[1:])), 0),
    ],
)
def test_it_is_said_until_when_prices_are_published(description, series, expected_h):
    start = today().start
    expected = None if expected_h is None else start + timedelta(hours=expected_h)
    assert known_until(series, start, start + timedelta(hours=24)) == expected


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.none() | st.floats(-0.5, 2.0), min_size=25, max_size=24 * 15), hours=st.integers(1, 60))
def test_any_list_with_a_price_is_completed_without_touching_what_is_known(values, hours):
    end = datetime(2026, 3, 29, 5, tzinfo=UTC)
    series = Series.regular(end - timedelta(hours=len(values)), timedelta(hours=1), [*values[:-1], 0.3])
    start = end - timedelta(hours=12)
    full, _ = extend_prices(series, start, end + timedelta(hours=hours), BERLIN)
    known = [value for value in series.values if value is not None]
    spread = max(known) - min(known)
    for moment in (start + timedelta(hours=hour) for hour in range(12 + hours)):
        expected = series.at(moment)
        assert full.at(moment) is not None
        assert expected is None or full.at(moment) == expected
        assert min(known) - spread <= full.at(moment) <= max(known) + spread
