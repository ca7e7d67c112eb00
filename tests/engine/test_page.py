"""The page of the engine for people."""

from http.client import HTTPConnection
import json
from pathlib import Path
import re

import pytest

from custom_components.hems.core import wire
from tests.builders import a_battery, a_pv, a_request
from tests.engine.conftest import CORE
from tests.engine.running import TOKEN

STATIC = CORE / "engine/page/static"


@pytest.fixture
def engine(launch):
    with launch("--port", "0", "--page-port", "0", "--page-peer", "127.0.0.1") as running:
        yield running


def fetch(engine, where):
    connection = HTTPConnection(*engine.wait_for("page")["address"], timeout=60)
    connection.request("GET", where)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_it_shows_how_the_engine_does_and_what_it_planned(engine):
    request = a_request(a_battery("my secret battery"), a_pv())
    engine.ask("POST", "/v1/plan", wire.encode(request))
    answer, body = fetch(engine, "/status.json")
    status = json.loads(body)
    assert answer.status == 200
    assert status["health"]["status"] == "ok"
    assert [planned["outcome"] for planned in status["plans"]] == ["optimal"]
    assert status["plans"][0]["seconds"] >= status["plans"][0]["solve_s"] > 0.0
    assert {asset["kind"] for asset in status["plot"]["assets"]} == {"battery", "pv"}
    assert len(status["plot"]["grid_kw"]) == len(status["plot"]["steps_s"]) == request.horizon.steps
    assert "planned" in {line["event"] for line in status["log"]}


def test_it_holds_neither_the_token_nor_names_of_a_home(engine):
    engine.ask("POST", "/v1/plan", wire.encode(a_request(a_battery("my secret battery"))))
    _, body = fetch(engine, "/status.json")
    assert b"my secret battery" not in body
    assert TOKEN.encode() not in body


def test_before_the_first_plan_there_is_nothing_to_draw(engine):
    status = json.loads(fetch(engine, "/status.json")[1])
    assert status["plans"] == []
    assert status["plot"] is None


@pytest.mark.parametrize("where", ["/", "/page.js", "/words.js", "/page.css", "/openapi.json"])
def test_everything_it_is_made_of_comes_from_the_engine_itself(engine, where):
    answer, body = fetch(engine, where)
    assert answer.status == 200
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert not re.search(rb'(src|href)="(https?:)?//', body)


def test_nothing_can_be_asked_of_the_engine_through_it(engine):
    assert fetch(engine, "/v1/plan")[0].status == 404
    assert fetch(engine, "/v1/health")[0].status == 404


def test_others_than_the_ingress_are_refused(launch):
    with launch("--port", "0", "--page-port", "0") as running:
        answer, body = fetch(running, "/status.json")
    assert answer.status == 403
    assert b"Home Assistant" in body


def test_every_word_is_said_in_both_languages():
    words = (STATIC / "words.js").read_text()
    english, german = re.search(r"en: \{(.*?)\n  \},\n  de: \{(.*?)\n  \},", words, re.DOTALL).groups()
    keys = [set(re.findall(r"(\w+): \"", language)) for language in (english, german)]
    assert keys[0] == keys[1]
    used = set(re.findall(r"(?:word\(|data-word=)\"(\w+)\"", "".join(map(Path.read_text, STATIC.iterdir()))))
    assert used <= keys[0]
