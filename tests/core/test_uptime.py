from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.accounting import Uptime
from tests.builders import START, hours


def looked_after(uptime: Uptime, start: datetime, duration: timedelta, every_s: float = 10.0) -> datetime:
    for number in range(int(duration.total_seconds() / every_s) + 1):
        uptime.decided(start + timedelta(seconds=number * every_s))
    return start + duration


def test_before_anything_was_counted_it_is_unknown():
    uptime = Uptime()
    assert uptime.share is None
    uptime.decided(START)
    assert uptime.share is None


def test_without_a_pause_it_is_all_of_the_time():
    uptime = Uptime()
    looked_after(uptime, START, timedelta(hours=2))
    assert uptime.share == 1.0


def test_a_pause_counts_against_it_for_its_whole_length():
    uptime = Uptime()
    end = looked_after(uptime, START, timedelta(hours=3))
    looked_after(uptime, end + timedelta(hours=1), timedelta(hours=4))
    assert uptime.share == pytest.approx(7 / 8)


def test_it_outlives_a_restart_whose_time_counts_too():
    uptime = Uptime()
    end = looked_after(uptime, START, timedelta(hours=1))
    again = Uptime.restore(uptime.state())
    again.decided(end + timedelta(hours=1))
    assert again.share == pytest.approx(1 / 2)


def test_what_is_older_than_thirty_days_is_forgotten():
    uptime = Uptime()
    uptime.decided(START)
    uptime.decided(START + timedelta(hours=10))
    assert uptime.share == 0.0
    for day in range(1, 40):
        looked_after(uptime, START + timedelta(days=day), timedelta(minutes=1))
    assert len(uptime.state()["days"]) <= 31
    # A minute a day: the rest of each day is a pause.
    assert uptime.share == pytest.approx(1 / (24 * 60), rel=0.1)


def test_a_clock_that_was_set_back_counts_nothing_twice():
    uptime = Uptime()
    looked_after(uptime, START, timedelta(hours=1))
    looked_after(uptime, START, timedelta(hours=1))
    assert uptime.share == 1.0
    assert sum(up + down for up, down in uptime.state()["days"].values()) == 3600.0


@pytest.mark.parametrize(
    "state", [{}, {"days": [], "last": None}, {"days": {"x": (1, 2)}, "last": None}, {"days": {}, "last": "2026-01-01"}]
)
def test_what_cannot_be_read_is_named(state):
    with pytest.raises(ValueError, match=r"uptime|isoformat"):
        Uptime.restore(state)


@given(st.lists(st.floats(-1e5, 1e7), max_size=60))
def test_it_is_a_share_whatever_the_clock_does(pauses_s):
    uptime, now = Uptime(), hours(0)
    for pause_s in pauses_s:
        now += timedelta(seconds=pause_s)
        uptime.decided(now)
        assert uptime.share is None or 0.0 <= uptime.share <= 1.0
