from datetime import timedelta

from hypothesis import example, given
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.forecast import emission_forecast
from custom_components.hems.core.model import Series
from tests.builders import START, hours

DAY = 24


def a_past(kg_by_hour, days=7):
    first = START - timedelta(days=days)
    hours_ = [first + timedelta(hours=hour) for hour in range(DAY * days + 1)]
    return Series(times=tuple(hours_), values=tuple(kg_by_hour(hour) for hour in range(DAY * days)))


def test_it_follows_the_course_of_the_last_days():
    sunny_noon = a_past(lambda hour: 0.1 if 10 <= hour % DAY < 16 else 0.4)
    found, (health,) = emission_forecast(sunny_noon, None, START, hours(48))
    assert found.at(hours(12)) == pytest.approx(0.1, abs=0.02)
    assert found.at(hours(20)) == pytest.approx(0.4, abs=0.02)
    assert health.status == "ok"


def test_what_is_unusual_about_now_fades():
    dirty_of_late = a_past(lambda hour: 0.5 if hour == 7 * DAY - 1 else 0.3)
    found, _ = emission_forecast(dirty_of_late, None, START, hours(48))
    assert 0.5 >= found.at(hours(1)) > found.at(hours(20)) > 0.3


def test_without_a_past_it_stays_as_it_is_now():
    found, _ = emission_forecast(None, 0.25, START, hours(48))
    assert found.at(hours(40)) == 0.25


def test_where_nothing_is_known_it_does_not_count_and_says_so():
    found, (health,) = emission_forecast(None, None, START, hours(48))
    assert found is None
    assert health.status == "degraded"
    assert "emissions do not count" in health.reason


@given(st.lists(st.floats(0.0, 3.0), min_size=24, max_size=24), st.floats(0.0, 3.0))
@example([0.1] * 23 + [2.0], 0.0)
def test_it_is_never_below_nothing(course, last):
    """However far below the usual the last hour was."""
    past = a_past(lambda hour: last if hour == 7 * DAY - 1 else course[hour % DAY])
    found, _ = emission_forecast(past, None, START, hours(48))
    assert min(found.values) >= 0.0
