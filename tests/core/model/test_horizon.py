"""The time grid: uneven steps, exact means, and clock changes that repeat or skip nothing."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.model import DEFAULT_TIERS, Horizon, Series
from tests.builders import START, a_horizon, hours

BERLIN = ZoneInfo("Europe/Berlin")

moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))  # noqa: DTZ001


def test_default_horizon_is_two_days_in_about_a_hundred_steps():
    horizon = Horizon.tiered(START)
    assert horizon.steps == 100
    assert horizon.end - horizon.start == timedelta(hours=48)


@given(now=moments)
def test_tiers_never_cut_a_quarter_or_an_hour_in_two(now):
    horizon = Horizon.tiered(now)
    for edge, step_s in zip(horizon.edges[1:-1], horizon.steps_s[1:], strict=True):
        assert edge.timestamp() % step_s == 0
    assert sum(horizon.steps_s) >= 48 * 3600 - 600
    assert min(horizon.steps_s) >= 60
    assert list(horizon.steps_s[1:]) == sorted(horizon.steps_s[1:])


@given(now=moments)
def test_first_step_begins_now_and_ends_on_the_finest_grid(now):
    horizon = Horizon.tiered(now)
    assert horizon.start == now.replace(microsecond=0)
    assert horizon.edges[1].timestamp() % DEFAULT_TIERS[0][0] == 0
    assert horizon.steps_s[0] <= 360


def test_naive_time_is_refused():
    with pytest.raises(
        ValueError, match="horizon: start must carry a time zone, got the naive time 2026-03-02T00:00:00"
    ):
        Horizon(start=datetime(2026, 3, 2), steps_s=(300,))  # noqa: DTZ001


@pytest.mark.parametrize(("steps_s", "message"), [((), "must not be empty"), ((300, 0), "must be positive, got 0")])
def test_steps_that_are_no_steps_are_refused(steps_s, message):
    with pytest.raises(ValueError, match=message):
        Horizon(start=START, steps_s=steps_s)


@pytest.mark.parametrize(
    ("day", "length"),
    [(datetime(2026, 3, 29, tzinfo=BERLIN), 23), (datetime(2026, 10, 25, tzinfo=BERLIN), 25)],
    ids=["an hour is skipped", "an hour is repeated"],
)
def test_day_of_a_clock_change_has_its_own_length(day, length):
    horizon = a_horizon(length, start=day)
    assert horizon.end.astimezone(BERLIN) == day + timedelta(days=1)
    assert horizon.steps == length
    quarters = Horizon.even(day, timedelta(minutes=15), 4 * length)
    assert len({edge.isoformat() for edge in quarters.edges}) == 4 * length + 1


def test_prices_of_the_repeated_hour_are_told_apart():
    start = datetime(2026, 10, 25, tzinfo=BERLIN)
    prices = Series.regular(start, timedelta(hours=1), list(range(25)))
    assert a_horizon(25, start=start).average(prices) == tuple(range(25))
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    assert (prices.at(first), prices.at(first.replace(fold=1))) == (2, 3)


def test_mean_over_a_step_is_exact():
    series = Series(times=(hours(0), hours(0.25), hours(1)), values=(4.0, 0.0))
    assert a_horizon(1).average(series) == (1.0,)


def test_hole_is_unknown_and_named_when_it_must_be_known():
    series = Series.from_rows([(hours(0), hours(1), 1.0), (hours(2), hours(3), 2.0)])
    horizon = a_horizon(3)
    assert horizon.average(series) == (1.0, None, 2.0)
    with pytest.raises(ValueError, match=r"price: no value between 2026-03-02T01:00:00\+00:00 and 2026-03-02T02:00"):
        horizon.known("price", series)


def test_list_that_is_too_short_is_named():
    with pytest.raises(ValueError, match="load_kw: no value between"):
        a_horizon(3).known("load_kw", Series.constant(1.0, hours(0), hours(2)))


def test_overlap_and_index_are_by_time():
    horizon = a_horizon(4)
    assert horizon.overlap(hours(0.5), hours(2.25)) == (0.5, 1.0, 0.25, 0.0)
    assert [horizon.index_at(hours(h)) for h in (-1, 0, 3.9, 4)] == [None, 0, 3, None]


@given(
    values=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20),
    steps=st.lists(st.integers(1, 7200), min_size=1, max_size=20),
)
def test_averaging_keeps_the_whole(values, steps):
    horizon = Horizon(start=START, steps_s=tuple(steps))
    length = timedelta(seconds=sum(steps)) / len(values)
    times = [START + length * index for index in range(len(values))] + [horizon.end]
    series = Series(times=tuple(times), values=tuple(values))
    averaged = sum(value * h for value, h in zip(horizon.known("x", series), horizon.steps_h, strict=True))
    whole = series.mean(horizon.start, horizon.end)
    assert averaged == pytest.approx(whole * sum(horizon.steps_h), rel=1e-6, abs=1e-6)


def test_zone_of_the_asker_does_not_matter():
    elsewhere = START.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert a_horizon(start=elsewhere) == a_horizon()
