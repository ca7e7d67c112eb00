"""What methods say about homes that live by rules."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from custom_components.hems.core.learning.features import NAMES, features
from custom_components.hems.core.learning.learner import learn
from custom_components.hems.core.learning.methods import SEVEN_DAY_MEAN, SIMPLE, WEEKDAY_PROFILE
from custom_components.hems.core.learning.past import past_of
from custom_components.hems.core.learning.question import Question
from custom_components.hems.core.model.load_learning import Absence, ControlledLoad
from tests.core.learning.homes import HOUR, MONDAY, a_history, after, ahead, evening_peak

DAY = timedelta(days=1)
BY_NAME = {method.name: method for method in SIMPLE}


@pytest.fixture(scope="module")
def learned():
    past, _ = past_of(a_history(days=70, noise=0.05), 0)
    method, rows = learn(past, past.known)
    assert rows > 1000
    return method


@pytest.fixture(params=[*BY_NAME, "learned"])
def method(request, learned):
    return BY_NAME.get(request.param, learned)


def test_a_home_that_repeats_itself_is_foreseen(method):
    history = a_history()
    question = ahead(history)
    usual = [evening_peak(history.end + i * HOUR) for i in range(48)]
    assert method.answer(question).p50 == pytest.approx(usual, abs=0.2)


@settings(max_examples=40, deadline=None)
@given(origin=st.integers(24, 34 * 24), seed=st.integers(0, 2**32 - 1), hours=st.integers(1, 48))
def test_what_comes_after_the_origin_never_changes_a_forecast(learned, origin, seed, hours):
    past, _ = past_of(a_history(days=37, noise=0.2), 48)
    rng = np.random.default_rng(seed)
    other = past.load_kw.copy()
    other[origin:] = np.where(rng.random(len(other) - origin) < 0.3, np.nan, rng.uniform(0.0, 9.0, len(other) - origin))
    one, two = after(past, origin, hours), after(past.with_load(other), origin, hours)
    assert np.array_equal(features(one), features(two), equal_nan=True)
    for method in (*SIMPLE, learned):
        first, second = method.answer(one), method.answer(two)
        for name in ("p10", "p50", "p90", "expected"):
            assert np.array_equal(getattr(first, name), getattr(second, name))


def test_what_comes_before_the_origin_does_change_a_forecast(method):
    """The test above can fail: the same change a little earlier is seen."""
    past, _ = past_of(a_history(), 48)
    other = past.load_kw.copy()
    other[-14 * 24 :] += 1.0
    one, two = after(past, past.known, 24), after(past.with_load(other), past.known, 24)
    assert method.answer(two).p50.mean() > method.answer(one).p50.mean() + 0.3


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), gaps=st.floats(0.0, 0.95), days=st.integers(2, 40))
def test_quantiles_are_in_order_known_and_never_negative(learned, seed, gaps, days):
    rng = np.random.default_rng(seed)
    known = rng.random(days * 24) >= gaps
    known[:24] = True
    load_kw = tuple(float(kw) if seen else None for kw, seen in zip(rng.gamma(0.5, 1.0, days * 24), known, strict=True))
    question = ahead(a_history(days, load_kw=load_kw))
    for method in (*SIMPLE, learned):
        answer = method.answer(question)
        assert (answer.p10 >= 0.0).all()
        assert (answer.p10 <= answer.p50).all()
        assert (answer.p50 <= answer.p90).all()
        assert (answer.expected >= 0.0).all()
        assert np.isfinite(answer.p90).all()


def test_gaps_are_bridged_by_older_days(method):
    """The last three days were not recorded."""
    history = a_history()
    gap = (*history.load_kw[: -3 * 24], *(None,) * 72)
    answer = method.answer(ahead(replace(history, load_kw=gap)))
    assert answer.p50 == pytest.approx([evening_peak(history.end + i * HOUR) for i in range(48)], abs=0.25)


@pytest.mark.parametrize("change", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_people_live_by_the_local_clock_when_it_is_changed(method, change):
    zone = ZoneInfo("Europe/Paris")

    def by_local_clock(moment: datetime) -> float:
        return evening_peak(moment.astimezone(zone))

    start = change - 35 * DAY
    history = a_history(35, by_local_clock, start, time_zone=zone.key)
    usual = [by_local_clock(change + i * HOUR) for i in range(48)]
    # The hour that the clock skips has no yesterday; nothing happens in it here.
    assert method.answer(ahead(history)).p50 == pytest.approx(usual, abs=0.2)


def away_days(moment: datetime) -> float:
    """Nobody was at home from the 15th to the 20th."""
    return 0.1 if 15 <= moment.day < 20 and moment.month == 1 else evening_peak(moment)


def test_an_absence_is_foreseen_from_earlier_ones(method):
    past = Absence(start=datetime(2026, 1, 15, tzinfo=UTC), end=datetime(2026, 1, 20, tzinfo=UTC))
    end = MONDAY + 24 * DAY
    coming = Absence(start=end, end=end + DAY)
    answer = method.answer(ahead(a_history(24, away_days, away=(past, coming))))
    assert answer.p50[:24].max() < 0.5
    assert answer.p50[24:].max() == pytest.approx(2.0, abs=0.3)


def test_days_away_do_not_spoil_those_at_home():
    past = Absence(start=datetime(2026, 1, 15, tzinfo=UTC), end=datetime(2026, 1, 20, tzinfo=UTC))
    told, untold = (ahead(a_history(16, away_days, away=stretches), 24) for stretches in ((past,), ()))
    assert SEVEN_DAY_MEAN.answer(told).p50.max() == pytest.approx(2.0)
    assert SEVEN_DAY_MEAN.answer(untold).p50.max() < 1.5


def test_a_first_absence_is_foreseen_at_what_always_runs(method):
    end = MONDAY + 35 * DAY
    answer = method.answer(ahead(a_history(away=(Absence(start=end, end=end + DAY),), load=lazy_sundays)))
    assert answer.p50[:24].max() < 0.6


def lazy_sundays(moment: datetime) -> float:
    return 0.3 if moment.weekday() in {2, 6} else evening_peak(moment)


def weekend_noon(moment: datetime) -> float:
    return 3.0 if moment.weekday() >= 5 and moment.hour == 12 else 0.3


def test_a_holiday_is_lived_like_a_weekend():
    noon = 12
    end = (MONDAY + 35 * DAY).date()
    plain, holiday = (ahead(a_history(load=weekend_noon, holidays=days)) for days in ((), (end,)))
    assert WEEKDAY_PROFILE.answer(plain).p50[noon] == pytest.approx(0.3)
    assert WEEKDAY_PROFILE.answer(holiday).p50[noon] == pytest.approx(3.0)
    assert WEEKDAY_PROFILE.answer(holiday).p50[24 + noon] == pytest.approx(0.3)


def test_holidays_are_learned():
    holidays = (date(2026, 1, 14), date(2026, 2, 10))

    def lived(moment: datetime) -> float:
        return 3.0 if moment.date() in holidays and moment.hour == 12 else weekend_noon(moment)

    past, _ = past_of(a_history(70, lived, holidays=holidays), 0)
    method, _ = learn(past, past.known)
    end = (MONDAY + 35 * DAY).date()
    plain, holiday = (method.answer(ahead(a_history(load=weekend_noon, holidays=days))) for days in ((), (end,)))
    assert holiday.expected[12] > plain.expected[12] + 0.5


def test_cold_days_are_learned():
    """Electric heaters: 1 kW at 0 degrees, none at 10; the weather changes each day."""

    def outdoor(hour: int) -> float:
        return (0.0, 10.0)[hour // 24 % 5 in {1, 2}]

    temperatures = tuple(outdoor(hour) for hour in range(70 * 24 + 24))
    load_kw = tuple(0.3 + (10.0 - outdoor(hour)) / 10.0 for hour in range(70 * 24))
    past, _ = past_of(a_history(70, load_kw=load_kw, outdoor_c=temperatures[: 70 * 24]), 0)
    method, _ = learn(past, past.known)
    cold, warm = (
        ahead(a_history(70, load_kw=load_kw, outdoor_c=(*temperatures[: 70 * 24], *(degrees,) * 24)), 24)
        for degrees in (0.0, 10.0)
    )
    assert method.answer(cold).expected.mean() > method.answer(warm).expected.mean() + 0.5


def test_controlled_devices_are_taken_out():
    car = tuple(7.0 if 1 <= i % 24 < 4 else 0.0 for i in range(35 * 24))
    house = a_history()
    whole = replace(house, load_kw=tuple(kw + ev for kw, ev in zip(house.load_kw, car, strict=True)))
    without = replace(whole, controlled=(ControlledLoad(name="ev", power_kw=car),))
    past, health = past_of(without, 0)
    assert past.load_kw == pytest.approx(np.array(house.load_kw))
    assert health == ()


def test_an_unknown_controlled_device_leaves_a_named_gap():
    house = a_history(10)
    ev = ControlledLoad(name="ev", power_kw=(*(None,) * 24, *(0.0,) * 9 * 24))
    past, (health,) = past_of(replace(house, controlled=(ev,)), 0)
    assert np.isnan(past.load_kw[:24]).all()
    assert "unknown in 24 of 240 steps, some of them because a controlled device is unknown" in health.reason


def test_devices_that_take_more_than_everything_are_named():
    house = a_history(10)
    past, (health,) = past_of(replace(house, controlled=(ControlledLoad(name="ev", power_kw=(1.0,) * 240),)), 0)
    assert past.load_kw.min() == 0.0
    assert "more than the whole load" in health.reason


def test_features_have_their_names():
    past, _ = past_of(a_history(), 0)
    steps = np.array([500, 501])
    assert features(Question(past=past, targets=steps, origins=steps)).shape == (2, len(NAMES))


def test_every_method_takes_a_holiday_for_a_free_day(method):
    """A week of working days says nothing of it, nor past holidays of the working day after it."""
    free_noon = 12
    past_holiday = date(2026, 2, 5)
    history = a_history(37, lambda moment: weekend_noon(moment) if moment.date() != past_holiday else 3.0)
    holidays = (past_holiday, history.end.date())
    assert history.end.weekday() == 2
    plain, told = (method.answer(ahead(replace(history, holidays=days))).p50 for days in ((), holidays))
    assert told[free_noon] > plain[free_noon] + 0.8
    assert told[free_noon] > 1.6
    assert told[24 + free_noon] < 1.2  # the mean of five working days and a weekend; 1.46 with the holiday in it


def test_a_holiday_without_a_free_day_in_the_past_is_taken_for_any_day():
    history = a_history(3, lambda _: 0.7)
    answer = SEVEN_DAY_MEAN.answer(ahead(replace(history, holidays=(history.end.date(),)), 24))
    assert answer.p50 == pytest.approx([0.7] * 24)
