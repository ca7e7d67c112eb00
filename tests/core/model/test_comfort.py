"""Comfort by the clock on the wall."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.model import ComfortBand, ComfortPeriod, Horizon
from custom_components.hems.core.wire import decode, encode
from tests.strategies import bands, horizons

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = ComfortPeriod(start=time(22), end=time(6, 30), min_c=17.0, max_c=21.0)
BY_NIGHT = ComfortBand(min_c=20.0, max_c=23.0, periods=(NIGHT,))


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("instant", "limits"),
    [
        (at(4, 21, 59), (20.0, 23.0)),
        (at(4, 22), (17.0, 21.0)),
        (at(5, 6, 29), (17.0, 21.0)),
        (at(5, 6, 30), (20.0, 23.0)),
        # The night in which the clock goes from two to three, and the one in which it shows two twice.
        (at(29, 1, 59), (17.0, 21.0)),
        (datetime(2026, 3, 29, 4, 29, tzinfo=UTC), (17.0, 21.0)),
        (datetime(2026, 3, 29, 4, 30, tzinfo=UTC), (20.0, 23.0)),
        (datetime(2026, 10, 25, 5, 29, tzinfo=UTC), (17.0, 21.0)),
        (datetime(2026, 10, 25, 5, 30, tzinfo=UTC), (20.0, 23.0)),
    ],
)
def test_period_holds_while_the_clock_shows_it(instant, limits):
    assert BY_NIGHT.limits_c(instant, BERLIN) == limits


def test_period_of_a_weekday_belongs_to_the_day_on_which_it_begins():
    friday = ComfortBand(
        min_c=20.0,
        max_c=23.0,
        periods=(ComfortPeriod(start=time(22), end=time(2), weekdays=(4,), min_c=21.0, max_c=24.0),),
    )
    assert [friday.limits_c(at(day, hour), BERLIN)[0] for day, hour in ((6, 23), (7, 1), (7, 23), (6, 1))] == [
        21.0,
        21.0,
        20.0,
        20.0,
    ]


def test_period_from_a_time_to_the_same_time_is_a_whole_day():
    sunday = ComfortPeriod(start=time(0), end=time(0), weekdays=(6,), min_c=22.0, max_c=23.0)
    band = ComfortBand(min_c=20.0, max_c=23.0, periods=(sunday,))
    assert [band.limits_c(at(day, hour), BERLIN)[0] for day, hour in ((7, 23), (8, 0), (8, 23), (9, 0))] == [
        20.0,
        22.0,
        22.0,
        20.0,
    ]


def test_room_shall_be_warm_when_its_time_begins_and_stay_so_until_it_ends():
    evening = ComfortPeriod(start=time(7), end=time(9), min_c=21.0, max_c=24.0)
    band = ComfortBand(min_c=18.0, max_c=23.0, periods=(evening,))
    least, most = band.over(Horizon.even(at(4, 5), timedelta(hours=1), 6), "Europe/Berlin")
    assert least == (18.0, 18.0, 21.0, 21.0, 21.0, 18.0, 18.0)
    assert most == (23.0, 23.0, 23.0, 24.0, 23.0, 23.0, 23.0)


def test_short_period_is_not_lost_in_a_long_step():
    shower = ComfortPeriod(start=time(6, 10), end=time(6, 20), min_c=50.0, max_c=60.0)
    band = ComfortBand(min_c=40.0, max_c=60.0, periods=(shower,))
    assert band.over(Horizon.even(at(4, 5), timedelta(hours=1), 3), "Europe/Berlin")[0] == (40.0, 40.0, 50.0, 40.0)


def test_contradiction_at_an_edge_is_decided_for_warmth():
    cool = ComfortPeriod(start=time(22), end=time(6), min_c=15.0, max_c=18.0)
    band = ComfortBand(min_c=20.0, max_c=23.0, periods=(cool,))
    least, most = band.over(Horizon.even(at(4, 21), timedelta(hours=1), 2), "Europe/Berlin")
    assert (least, most) == ((20.0, 20.0, 15.0), (23.0, 20.0, 18.0))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_every_edge_has_the_strictest_of_every_minute_of_its_step(data):
    horizon, zone = data.draw(horizons()), data.draw(st.sampled_from(("Europe/Berlin", "Asia/Kolkata", "UTC")))
    band = data.draw(bands(17.0, 25.0))
    # Minutes are what this test can count; seconds and less follow the same code.
    periods = tuple(
        period.__replace__(start=period.start.replace(second=0, microsecond=0), end=minute_of(period.end))
        for period in band.periods
    )
    band = band.__replace__(periods=periods)
    least, most = band.over(horizon, zone)
    edges = horizon.edges
    for index, edge in enumerate(edges):
        since = edges[max(0, index - 1)]
        minutes = [since + timedelta(minutes=m) for m in range(int((edge - since).total_seconds() // 60) + 1)]
        limits = [band.limits_c(minute, ZoneInfo(zone)) for minute in (*minutes, edge)]
        assert least[index] == max(low for low, _ in limits)
        assert most[index] == max(least[index], min(high for _, high in limits))


def minute_of(clock: time) -> time:
    return clock.replace(second=0, microsecond=0)


def test_band_with_periods_travels_without_loss():
    assert decode(ComfortBand, encode(BY_NIGHT)) == BY_NIGHT


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start": time(6, tzinfo=UTC)}, "start must be the site's local time without a zone"),
        ({"weekdays": (7,)}, "weekdays must be 0"),
        ({"min_c": 25.0}, "must not exceed max_c"),
    ],
)
def test_period_that_means_nothing_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        ComfortPeriod(**{"start": time(6), "end": time(8), "min_c": 20.0, "max_c": 23.0} | changes)
