from datetime import UTC, datetime, time, timedelta

import pytest

from custom_components.hems.core.forecast import extend_prices, prices_by_clock
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
