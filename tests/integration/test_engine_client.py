"""One typed error a failure, against a server that fails in each way."""

import asyncio
from contextlib import asynccontextmanager
import json
import socket

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.hems import engine_client
from custom_components.hems.core import wire
from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import Series, SolverOptions
from custom_components.hems.core.model.load_learning import (
    LearnedLoad,
    LearnLoadRequest,
    LoadForecast,
    LoadForecastRequest,
    LoadHistory,
)
from custom_components.hems.engine_client import (
    EngineBusy,
    EngineClient,
    EngineError,
    EngineFailed,
    EngineIncompatible,
    EngineRefused,
    EngineTimeout,
    EngineUnauthorized,
    EngineUnreachable,
)
from tests.builders import a_battery, a_request

pytestmark = pytest.mark.usefixtures("socket_enabled")

REQUEST = a_request(a_battery())
HEALTHY = wire.EngineHealth(api=wire.API_VERSION, version="1.2.3", status="ok")


@asynccontextmanager
async def a_server(handler, token=None):
    """A client of a server that has one answer for everything."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield EngineClient(session, str(server.make_url("/")), token)


def answers(status=200, body=b"", **headers):
    async def handler(_: web.Request) -> web.Response:
        return web.Response(
            status=status, body=body, headers={name.replace("_", "-"): headers[name] for name in headers}
        )

    return handler


def refuses(status, detail, *errors, **headers):
    problem = wire.Problem(type="about:blank", title="No", status=status, detail=detail, errors=errors)
    return answers(status, wire.encode(problem), **headers)


async def test_a_plan_comes_back_as_the_engine_made_it():
    plan = fallback_plan(REQUEST, "test")
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(
            (request.method, request.path, request.content_type, wire.decode(type(REQUEST), await request.read()))
        )
        return web.Response(body=wire.encode(plan))

    async with a_server(handler) as client:
        assert await client.plan(REQUEST) == plan
    assert asked == [("POST", "/v1/plan", "application/json", REQUEST)]


async def test_the_load_is_learned_and_foreseen():
    history = LoadHistory(time_zone="UTC", start=REQUEST.now, step_s=3600, load_kw=(0.5,) * 24)
    learned = LearnedLoad(home="home", until=history.end, rows=1, cpu_s=0.1, made_with="a test")
    forecast = LoadForecast(
        load_kw=Series.constant(0.5, history.end, history.end + history.step), expected_kw=(0.6,), method="yesterday"
    )
    answers_by_path = {"/v1/learn/load": learned, "/v1/forecast/load": forecast}

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=wire.encode(answers_by_path[request.path]))

    async with a_server(handler) as client:
        assert await client.learn_load(LearnLoadRequest(home="home", history=history)) == learned
        assert await client.forecast_load(LoadForecastRequest(home="home", history=history, hours=1)) == forecast


async def test_too_little_history_is_a_refusal():
    history = LoadHistory(time_zone="UTC", start=REQUEST.now, step_s=3600, load_kw=(0.5,) * 24)
    async with a_server(refuses(409, "42 days are needed")) as client:
        with pytest.raises(EngineRefused, match="42 days"):
            await client.learn_load(LearnLoadRequest(home="home", history=history))


async def test_health_is_read():
    async with a_server(answers(body=wire.encode(HEALTHY))) as client:
        assert await client.health() == HEALTHY


@pytest.mark.parametrize(("token", "header"), [("secret", "Bearer secret"), (None, None)])
async def test_the_token_is_brought_where_there_is_one(token, header):
    brought = []

    async def handler(request: web.Request) -> web.Response:
        brought.append(request.headers.get("Authorization"))
        return web.Response(body=wire.encode(HEALTHY))

    async with a_server(handler, token) as client:
        await client.health()
    assert brought == [header]


WRONG = wire.FieldError(field="site.name", message="must not be empty")
FAILURES = [
    ("wrong token", refuses(401, "bring the token"), EngineUnauthorized, "bring the token"),
    ("forbidden by a proxy", answers(403, b"no"), EngineUnauthorized, "403 Forbidden"),
    ("wrong field", refuses(422, "not valid", WRONG), EngineRefused, "not valid"),
    ("too slow", refuses(408, "too slow"), EngineTimeout, "too slow"),
    ("too long", refuses(413, "too long"), EngineRefused, "too long"),
    ("busy", refuses(503, "later", Retry_After="7"), EngineBusy, "later"),
    ("broken", answers(500, b"Server got itself in trouble"), EngineFailed, "500 Internal Server Error"),
    ("proxy without a server", answers(502, b"<html>"), EngineFailed, "502 Bad Gateway"),
    ("another service", answers(404, b"<html>"), EngineIncompatible, "404 Not Found"),
    ("sent elsewhere", answers(302, Location="http://127.0.0.1:1/"), EngineIncompatible, "302 Found"),
    ("a web page", answers(200, b"<html>"), EngineIncompatible, "Invalid JSON"),
    ("empty", answers(200, b""), EngineIncompatible, "Invalid JSON"),
    ("another shape", answers(200, b"{}"), EngineIncompatible, "required"),
]


@pytest.mark.parametrize(("handler", "error", "said"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
@pytest.mark.parametrize("question", ["plan", "health"])
async def test_each_failure_has_its_error(handler, error, said, question):
    async with a_server(handler) as client:
        with pytest.raises(error, match=said) as failure:
            await (client.plan(REQUEST) if question == "plan" else client.health())
    assert isinstance(failure.value, EngineError)


async def test_a_refusal_names_the_fields():
    async with a_server(refuses(422, "not valid", WRONG)) as client:
        with pytest.raises(EngineRefused) as refusal:
            await client.plan(REQUEST)
    assert refusal.value.errors == (WRONG,)


@pytest.mark.parametrize(
    ("header", "seconds"), [({"Retry_After": "7"}, 7.0), ({}, 10.0), ({"Retry_After": "soon"}, 10.0)]
)
async def test_a_busy_engine_says_when_to_come_back(header, seconds):
    async with a_server(refuses(503, "later", **header)) as client:
        with pytest.raises(EngineBusy) as busy:
            await client.plan(REQUEST)
    assert busy.value.retry_after_s == seconds


async def test_an_engine_of_another_version_is_incompatible():
    newer = json.dumps({"api": wire.API_VERSION + 1, "version": "9", "status": "ok", "mood": "fine"})
    async with a_server(answers(body=newer.encode())) as client:
        with pytest.raises(EngineIncompatible, match="speaks version"):
            await client.health()


async def test_silence_is_a_time_out(monkeypatch):
    monkeypatch.setattr(engine_client, "_PLAN_GRACE_S", 0.1)
    released = asyncio.Event()

    async def handler(_: web.Request) -> web.Response:
        await released.wait()
        return web.Response()

    async with a_server(handler) as client:
        with pytest.raises(EngineTimeout, match="no answer within"):
            await client.plan(a_request(options=SolverOptions(time_limit_s=0.05)))
        released.set()


async def test_a_closed_port_is_unreachable():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    async with aiohttp.ClientSession() as session:
        with pytest.raises(EngineUnreachable, match=str(port)):
            await EngineClient(session, f"http://127.0.0.1:{port}").health()


async def test_a_connection_that_breaks_is_unreachable():
    async def handler(request: web.Request) -> web.Response:
        request.transport.abort()
        return web.Response()

    async with a_server(handler) as client:
        with pytest.raises(EngineUnreachable):
            await client.plan(REQUEST)


@pytest.mark.parametrize("url", ["", "engine", "http://", "ftp://127.0.0.1", "http://127.0.0.1:99999", "http://[::1"])
async def test_what_is_no_address_is_unreachable(url):
    async with aiohttp.ClientSession() as session:
        with pytest.raises(EngineError):
            await EngineClient(session, url).health()


async def test_something_that_speaks_no_http_is_incompatible():
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, aiohttp.ClientSession() as session:
        with pytest.raises(EngineIncompatible, match="does not answer as a HEMS engine"):
            await EngineClient(session, f"http://127.0.0.1:{port}").health()


async def test_a_closed_session_is_unreachable():
    session = aiohttp.ClientSession()
    await session.close()
    with pytest.raises(EngineUnreachable, match="closed"):
        await EngineClient(session, "http://127.0.0.1:1").health()
