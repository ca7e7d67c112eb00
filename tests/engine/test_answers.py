"""What the engine answers and what it refuses."""

import asyncio
import json
import sys

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
import pytest

from custom_components.hems.core import wire
from custom_components.hems.core.engine import VERSION, app, logs
from custom_components.hems.core.engine.metrics import Metrics
from custom_components.hems.core.model import Optimal
from tests.builders import a_battery, a_request
from tests.core.messages import plain_json
from tests.engine.conftest import an_engine

NEVER_READY = (sys.executable, "-c", "import sys; sys.stdin.read()")
"""A worker that is always starting: enough where nothing is planned."""
ENDS_AT_ONCE = (sys.executable, "-c", "")
JSON = {"Content-Type": "application/json"}


async def test_a_request_is_answered_with_a_plan(start):
    async with start() as engine:
        plan = await engine.plan(a_request(a_battery()))
        assert isinstance(plan.outcome, Optimal)
        assert plan.asset("battery") is not None


async def test_the_same_request_gives_the_same_plan(start):
    async with start() as engine:
        assert await engine.plan(a_request(a_battery())) == await engine.plan(a_request(a_battery()))


REFUSALS = [
    ("form data", 415, {"Content-Type": "application/x-www-form-urlencoded"}, b"now=1", ""),
    ("no content type", 415, {"Content-Type": ""}, b"{}", ""),
    ("not JSON", 400, JSON, b"{now", ""),
    ("empty body", 400, JSON, b"", ""),
    ("another shape", 422, JSON, b"[]", ""),
    ("wrong field", 422, JSON, b'{"now": "yesterday"}', "now"),
    ("too long", 413, JSON, b" " * (4 * 1024 * 1024 + 1), None),
]


@pytest.mark.parametrize(
    ("status", "headers", "body", "field"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
async def test_a_refusal_is_a_problem_document(start, status, headers, body, field):
    async with start(NEVER_READY) as engine:
        response = await engine.client.post("/v1/plan", data=body, headers=headers)
        assert response.status == status
        assert response.content_type == "application/problem+json"
        problem = await response.json(content_type=None)
        assert problem["status"] == status
        assert problem["title"]
        assert problem["detail"]
        if field is not None and status != 415:
            assert problem["errors"][0]["field"] == field


async def test_a_message_that_does_not_arrive_is_not_waited_for(start, monkeypatch):
    monkeypatch.setattr(app, "_BODY_LIMIT_S", 0.05)
    answered = asyncio.Event()

    async def a_message_that_stops():
        yield b'{"now": '
        await answered.wait()

    async with start(NEVER_READY) as engine:
        async with engine.client.post("/v1/plan", data=a_message_that_stops(), headers=JSON) as response:
            answered.set()
            assert response.status == 408
            problem = await response.json(content_type="application/problem+json")
        assert problem["detail"] == "a message must arrive within 0.05 s"
        assert (await engine.post(b"{}")).status == 422


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
async def test_a_fault_of_the_engine_is_a_problem_document_that_tells_nothing(start, monkeypatch, caplog, accept):
    def stumble(_):
        raise RuntimeError("the reason")

    monkeypatch.setattr(Metrics, "text", stumble)
    async with start(NEVER_READY) as engine:
        response = await engine.client.get("/metrics", headers={"Accept": accept})
        assert response.status == 500
        problem = await response.json(content_type="application/problem+json")
        monkeypatch.undo()
        counted = await (await engine.client.get("/metrics")).text()
    assert problem["status"] == 500
    assert problem["title"] == "Internal Server Error"
    assert "reason" not in json.dumps(problem)
    (line,) = [logs.JsonFormatter().format(record) for record in caplog.records if record.exc_info]
    assert "\n" not in line
    assert "RuntimeError: the reason" in json.loads(line)["traceback"]
    assert 'hems_engine_requests_total{method="GET",route="/metrics",status="500"} 1.0' in counted


async def test_solving_for_hours_is_refused_by_name(start):
    message = wire.to_plain(a_request())
    message["options"]["time_limit_s"] = 86400.0
    async with start(NEVER_READY) as engine:
        response = await engine.post(json.dumps(message).encode())
        assert response.status == 422
        assert (await response.json(content_type=None))["errors"][0]["field"] == "options.time_limit_s"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("GET", "/v1/plan", 405), ("DELETE", "/v1/health", 405)]
)
async def test_an_unknown_route_is_a_problem_document(start, method, path, status):
    async with start(NEVER_READY) as engine:
        response = await engine.client.request(method, path)
        assert response.status == status
        assert (await response.json(content_type="application/problem+json"))["status"] == status


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic right"},
        {"Authorization": "right"},
        {"Authorization": "Bearer rïght"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/health", "/metrics", "/openapi.json", "/v1/plan", "/nowhere"])
async def test_without_the_token_nothing_is_told(start, headers, path):
    async with start(NEVER_READY, token="right") as engine:
        response = await engine.client.get(path, headers=headers)
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.content_type == "application/problem+json"


async def test_with_the_token_one_is_let_in(start):
    async with start(NEVER_READY, token="right") as engine:
        assert (await engine.client.get("/v1/health", headers={"Authorization": "bearer right"})).status == 200


async def test_health_says_what_runs(start):
    async with start() as engine:
        assert (await engine.health()).last_plan is None
        await engine.plan(a_request())
        health = await engine.health()
    assert (health.api, health.version, health.status) == (wire.API_VERSION, VERSION, "ok")
    assert (health.solver, health.worker) == ("stand-in 1.0", "ready")
    assert health.last_plan is not None
    assert health.last_plan.outcome == "optimal"


async def test_health_is_told_in_the_middle_of_a_solve(start):
    async with start() as engine:
        solve = asyncio.create_task(engine.plan(a_request(site={"name": "compute 2"})))
        while (await engine.health()).worker != "busy":  # noqa: ASYNC110  # only health tells
            await asyncio.sleep(0.02)
        loop = asyncio.get_running_loop()
        seconds = []
        for _ in range(10):
            began = loop.time()
            assert (await engine.health()).waiting == 1
            seconds.append(loop.time() - began)
        assert sorted(seconds)[len(seconds) // 2] < 0.05
        assert isinstance((await solve).outcome, Optimal)


async def test_metrics_count_what_was_asked(start):
    async with start() as engine:
        await engine.plan(a_request())
        await engine.plan(a_request(site={"name": "impossible"}))
        await engine.post(b"{}")
        text = await (await engine.client.get("/metrics")).text()
    assert 'hems_engine_plans_total{outcome="optimal"} 1.0' in text
    assert 'hems_engine_plans_total{outcome="infeasible"} 1.0' in text
    assert 'hems_engine_requests_total{method="POST",route="/v1/plan",status="422"} 1.0' in text
    assert 'hems_engine_plan_seconds_count{stage="total"} 2.0' in text
    assert "hems_engine_worker_ready 1.0" in text
    assert "hems_engine_waiting 0.0" in text


async def test_the_description_is_valid_openapi(start):
    async with start(NEVER_READY) as engine:
        document = await (await engine.client.get("/openapi.json")).json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    questions = {"/v1/plan", "/v1/learn/load", "/v1/forecast/load"}
    assert set(document["paths"]) == questions | {"/v1/health", "/openapi.json", "/metrics"}


async def test_answers_are_as_described(start):
    async with start() as engine:
        document = await (await engine.client.get("/openapi.json")).json()
        answers = {
            "Plan": await (await engine.post(wire.encode(a_request(a_battery())))).json(),
            "EngineHealth": await (await engine.client.get("/v1/health")).json(),
            "Problem": await (await engine.post(b"{}")).json(content_type=None),
        }
    for name, answer in answers.items():
        Draft202012Validator({"$ref": f"#/components/schemas/{name}"} | document).validate(answer)


@pytest.fixture
def runner():
    with asyncio.Runner() as loop:
        yield loop


def test_any_body_is_answered_or_refused(runner):
    """Whatever is sent, never a fault of the server's own."""
    context = an_engine(ENDS_AT_ONCE)
    engine = runner.run(context.__aenter__())
    whole = wire.to_plain(a_request(a_battery()))
    changed = st.tuples(st.sampled_from(sorted(whole)), plain_json()).map(lambda pair: whole | {pair[0]: pair[1]})
    bodies = st.binary(max_size=50) | (plain_json() | changed).map(lambda value: json.dumps(value).encode())

    async def status_of(body: bytes) -> int:
        response = await engine.post(body)
        await response.read()
        return response.status

    @settings(max_examples=150, deadline=None)
    @given(bodies)
    def check(body: bytes):
        assert runner.run(status_of(body)) in {200, 400, 422}

    try:
        check()
    finally:
        runner.run(context.__aexit__(None, None, None))
