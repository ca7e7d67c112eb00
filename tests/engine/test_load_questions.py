"""The engine asked about the load, as a process of its own, without Home Assistant."""

from dataclasses import replace
import json
from threading import Thread

import pytest

from custom_components.hems.core import wire
from custom_components.hems.core.model.load_learning import (
    LearnedLoad,
    LearnLoadRequest,
    LoadForecast,
    LoadForecastRequest,
)
from tests.builders import a_request
from tests.core.learning.homes import a_history

LEARN, FORECAST = "/v1/learn/load", "/v1/forecast/load"
WEEKS = a_history(50, noise=0.1)
QUESTION = wire.encode(LoadForecastRequest(home="home", history=WEEKS, hours=24))
HISTORY = wire.encode(LearnLoadRequest(home="home", history=WEEKS))


@pytest.fixture
def engine(launch, tmp_path):
    with launch("--port", "0", "--data", str(tmp_path / "data")) as running:
        yield running


def asked(engine, where, body):
    status, answer = engine.ask("POST", where, body)
    assert status == 200, answer
    return wire.decode(LearnedLoad if where == LEARN else LoadForecast, answer)


def test_a_history_is_learned_once_and_used(engine, tmp_path):
    before = asked(engine, FORECAST, QUESTION)
    assert before.method != "learned"
    assert [health.reason for health in before.health] == ["nothing is learned yet; simple methods are used"]
    first, again = asked(engine, LEARN, HISTORY), asked(engine, LEARN, HISTORY)
    assert (first.unchanged, again.unchanged) == (False, True)
    assert replace(again, unchanged=False) == first
    assert first.made_with.startswith("scikit-learn ")
    after = asked(engine, FORECAST, QUESTION)
    assert after.learned_until == WEEKS.end
    assert "learned" in {score.method for score in after.scores}
    assert after.health == ()
    # A damaged file is named, done without, and made anew.
    (tmp_path / "data" / "home.load").write_bytes(b"damaged")
    without = asked(engine, FORECAST, QUESTION)
    assert "home.load is damaged" in without.health[0].reason
    anew = asked(engine, LEARN, HISTORY)
    assert "it was learned anew" in anew.health[0].reason
    assert asked(engine, FORECAST, QUESTION) == after


def test_it_plans_and_tells_its_health_while_it_learns(engine):
    engine.wait_for("worker_ready")
    answers = []
    learning = Thread(target=lambda: answers.append(engine.ask("POST", LEARN, HISTORY)))
    learning.start()
    plans = 0
    while learning.is_alive():
        assert engine.ask("GET", "/v1/health")[0] == 200
        assert engine.ask("POST", "/v1/plan", wire.encode(a_request()))[0] == 200
        plans += 1
    assert plans >= 1
    assert answers[0][0] == 200


def without(body: bytes, **changed) -> bytes:
    message = json.loads(body)
    for path, value in changed.items():
        *parents, last = path.split("__")
        inner = message
        for parent in parents:
            inner = inner[parent]
        inner[last] = value
    return json.dumps(message).encode()


REFUSALS = [
    ("not JSON", FORECAST, b"{", 400, ""),
    ("unknown field", FORECAST, without(QUESTION, more=1), 422, "more"),
    ("a home that is a path", LEARN, without(HISTORY, home="../home"), 422, "home"),
    ("too far ahead", FORECAST, without(QUESTION, hours=1000), 422, "hours"),
    ("unequal series", FORECAST, without(QUESTION, history__outdoor_c=[1.0]), 422, "history.outdoor_c"),
    ("odd steps", FORECAST, without(QUESTION, history__step_s=1000), 422, "history.step_s"),
    ("no such zone", FORECAST, without(QUESTION, history__time_zone="Mars/Phobos"), 422, "history.time_zone"),
    ("nothing known", FORECAST, without(QUESTION, history__load_kw=[None] * 48), 422, "history.load_kw"),
    ("another age", FORECAST, without(QUESTION, history__start="9999-12-31T23:00:00Z"), 422, "history"),
    ("too little to learn", LEARN, without(HISTORY, history__load_kw=[0.5] * 480), 409, None),
]


def test_what_cannot_be_answered_is_refused_in_words(engine):
    for description, where, body, status, field in REFUSALS:
        answer = engine.ask("POST", where, body)
        problem = wire.decode(wire.Problem, answer[1])
        assert (answer[0], problem.status) == (status, status), (description, problem)
        assert field is None or problem.errors[0].field == field, (description, problem)
        assert problem.detail, description


def test_without_a_directory_nothing_is_learned_and_simple_methods_forecast(launch):
    with launch("--port", "0") as engine:
        status, body = engine.ask("POST", LEARN, HISTORY)
        assert status == 409
        assert "--data" in wire.decode(wire.Problem, body).detail
        forecast = asked(engine, FORECAST, QUESTION)
        assert "keeps nothing" in forecast.health[0].reason
        assert forecast.load_kw.start == WEEKS.end
