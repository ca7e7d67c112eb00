"""Learning, choosing between methods, forecasting."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from custom_components.hems.core.learning import forecast_load
from custom_components.hems.core.learning.learner import TooLittle, learn_load
from custom_components.hems.core.learning.methods import SEVEN_DAY_MEAN, SIMPLE
from custom_components.hems.core.learning.past import past_of
from custom_components.hems.core.learning.scores import chosen, errors_of, recent_origins, scores, tempered
from custom_components.hems.core.model import HealthStatus
from custom_components.hems.core.model.load_learning import Absence, LearnLoadRequest, LoadForecastRequest, MethodScore
from tests.core.learning.homes import MONDAY, a_history, evening_peak

DAY = timedelta(days=1)


def no_clock() -> float:
    return 0.0


@pytest.fixture(scope="module")
def learned():
    return learn_load(LearnLoadRequest(home="home", history=a_history(70, noise=0.05)), no_clock)


def asked(history, hours=48):
    return LoadForecastRequest(home="home", history=history, hours=hours)


def test_a_forecast_has_a_value_and_quantiles_for_each_step(learned):
    history = a_history(70, noise=0.05)
    forecast = forecast_load(asked(history), learned)
    assert forecast.load_kw.start == history.end
    assert forecast.load_kw.end == history.end + 2 * DAY
    assert [quantile.level for quantile in forecast.load_kw.quantiles] == [0.1, 0.5, 0.9]
    assert len(forecast.expected_kw) == len(forecast.load_kw.values) == 48
    assert forecast.health == ()


def test_the_same_question_has_the_same_answer(learned):
    again = learn_load(LearnLoadRequest(home="home", history=a_history(70, noise=0.05)), no_clock)
    assert again.told == learned.told
    assert forecast_load(asked(a_history(70)), again) == forecast_load(asked(a_history(70)), learned)


def test_all_methods_are_scored_best_first(learned):
    forecast = forecast_load(asked(a_history(70, noise=0.05)), learned)
    assert {score.method for score in forecast.scores} == {"learned", *(method.name for method in SIMPLE)}
    errors = [score.mae_kw for score in forecast.scores]
    assert errors == sorted(errors)


def test_the_learned_method_is_never_scored_on_days_that_it_learned_from(learned):
    """Made perfect on them, it still has only the errors of the trial that did not know them."""
    cheat = replace(learned, errors=dict.fromkeys(learned.errors, 9.9))
    forecast = forecast_load(asked(a_history(70, noise=0.05)), cheat)
    (score,) = [score for score in forecast.scores if score.method == "learned"]
    assert score.mae_kw == pytest.approx(9.9)
    assert forecast.method != "learned"


def moved_out(moment: datetime) -> float:
    """From the 15th of March on the home is used by night."""
    return 2.0 if moment >= MONDAY + 70 * DAY and 1 <= moment.hour < 9 else evening_peak(moment)


@pytest.mark.parametrize("days_after", [3, 7, 10, 14, 21])
def test_the_choice_follows_a_change_of_habits(learned, days_after):
    """What was learned before the change does not outlive it for long."""
    history = a_history(70 + days_after, moved_out, noise=0.05)
    forecast = forecast_load(asked(history), learned)
    by_name = {score.method: score.mae_kw for score in forecast.scores}
    assert by_name[forecast.method] <= by_name["seven_day_mean"]
    assert by_name[forecast.method] <= 1.1 * forecast.scores[0].mae_kw


def test_never_worse_for_long_than_the_seven_day_mean(learned):
    """Over the five weeks after a change of habits, day by day."""
    whole, _ = past_of(a_history(108, moved_out, noise=0.05), 0)
    used, mean = [], []
    for day in range(70, 105):
        history = a_history(day, moved_out, noise=0.05)
        forecast = forecast_load(asked(history, 24), learned)
        actual = whole.load_kw[day * 24 : day * 24 + 24]
        used.append(np.abs(np.array(forecast.load_kw.values) - actual).mean())
        mean.append(errors_of([SEVEN_DAY_MEAN], whole, [day * 24])["seven_day_mean"].popitem()[1])
    assert sum(used) <= 1.02 * sum(mean)
    assert sum(used[14:]) <= 1.1 * sum(mean[14:]) + 0.01


def test_scores_use_origins_that_all_methods_have():
    errors = {"one": dict.fromkeys(range(10), 0.2), "two": dict.fromkeys(range(5, 12), 0.1), "three": {3: 0.0}}
    first, second = scores(errors)
    assert (first.method, first.mae_kw, first.origins) == ("two", 0.1, 5)
    assert (second.method, second.origins) == ("one", 5)


def rated(**errors: float) -> tuple[MethodScore, ...]:
    ranked = sorted(errors.items(), key=lambda pair: pair[1])
    return tuple(MethodScore(method=name, mae_kw=error, origins=10) for name, error in ranked)


@pytest.mark.parametrize(
    ("errors", "used"),
    [
        ({}, None),
        ({"mean": 0.3}, "mean"),
        ({"mean": 0.3, "yesterday": 0.29}, "yesterday"),
        ({"learned": 0.2, "mean": 0.3, "yesterday": 0.19}, "learned"),
        ({"learned": 0.2, "mean": 0.3, "yesterday": 0.15}, "yesterday"),
        ({"learned": 0.2, "mean": 0.199}, "mean"),
        ({"learned": 0.2, "mean": 0.199, "yesterday": 0.19}, "yesterday"),
    ],
    ids=["nothing", "one", "the better", "a small lead", "a clear lead", "behind the mean", "behind both"],
)
def test_the_learned_method_is_used_until_another_is_clearly_better(errors, used):
    assert chosen(rated(**errors), "learned", "mean") == used


def test_two_days_that_nobody_foresaw_do_not_decide_who_foresees_the_next():
    past, _ = past_of(a_history(20), 24)
    usual_kw = float(past.load_kw[: past.known].mean())
    off = {"learned": 0.2, "mean": 0.22, "yesterday": 0.3}
    odd = dict.fromkeys(range(4), 10.0 * usual_kw)
    errors = {name: dict.fromkeys(range(27), share * usual_kw) | odd for name, share in off.items()}
    # Guests who stay a second day are foreseen by whoever repeats the first.
    errors["yesterday"] |= dict.fromkeys((2, 3), 0.3 * usual_kw)
    assert chosen(scores(errors), "learned", "mean") == "yesterday"
    assert chosen(scores(tempered(errors, past)), "learned", "mean") == "learned"


def test_only_days_that_are_over_are_scored():
    past, _ = past_of(a_history(20), 48)
    origins = recent_origins(past)
    assert max(origins) + 24 == past.known
    assert {past.time(origin).hour for origin in origins} == {0, 12}
    assert min(origins) >= past.known - 14 * 24


def test_too_short_a_history_cannot_be_learned():
    with pytest.raises(TooLittle, match="42 days"):
        learn_load(LearnLoadRequest(home="home", history=a_history(30)), no_clock)


def test_a_day_of_history_is_enough_for_a_forecast_that_says_so():
    forecast = forecast_load(asked(a_history(1)), None)
    assert forecast.method == "seven_day_mean"
    assert forecast.load_kw.values[18] == pytest.approx(2.0)
    assert "too few known days" in forecast.health[0].reason


def test_what_was_learned_in_other_steps_is_not_used(learned):
    forecast = forecast_load(asked(a_history(35)), replace(learned, step_s=900))
    assert forecast.learned_until is None
    assert "steps of 900 s" in forecast.health[0].reason


def test_what_was_learned_long_ago_is_named(learned):
    forecast = forecast_load(asked(a_history(90)), learned)
    assert [health.reason for health in forecast.health] == ["last learned 20 days ago"]
    assert forecast.health[0].status is HealthStatus.DEGRADED


def test_an_absence_of_which_none_is_known_is_named(learned):
    history = a_history(70, noise=0.05)
    away = Absence(start=history.end, end=history.end + DAY)
    forecast = forecast_load(asked(replace(history, away=(away,))), learned)
    assert "no absence is known" in forecast.health[0].reason
