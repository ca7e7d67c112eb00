"""The routes: what may be asked, what is refused and how."""

import asyncio
from collections.abc import Awaitable, Callable
import hmac
from http import HTTPStatus
import logging
from time import monotonic

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from .. import wire
from ..model import PlanRequest
from ..model.load_learning import LearnLoadRequest, LoadForecastRequest
from . import logs
from .health import Health
from .learning import Learning, LearningFailed, LearningRefused
from .metrics import Metrics
from .openapi import document
from .planning import MAX_TIME_LIMIT_S, Busy, Planning
from .problems import PROBLEM_TYPE, problem, problem_body
from .worker_process import Worker

LOGGER = logging.getLogger("hems.engine.server")
MAX_BODY_BYTES = 4 * 1024 * 1024
_BODY_LIMIT_S = 30.0
"""A whole message arrives in a fraction of that, even from a small computer."""


class Api:
    """The handlers, around one worker for plans and processes for what is learned."""

    def __init__(self, health: Health, planning: Planning, metrics: Metrics, learning: Learning) -> None:
        self._health = health
        self._planning = planning
        self._metrics = metrics
        self._learning = learning

    async def plan(self, request: web.Request) -> web.Response:
        """POST /v1/plan."""
        message = await _read(request, PlanRequest)
        if isinstance(message, web.Response):
            return message
        if message.options.time_limit_s > MAX_TIME_LIMIT_S:
            said = f"time_limit_s must be at most {MAX_TIME_LIMIT_S:g}, got {message.options.time_limit_s:g}"
            wrong = wire.FieldError(field="options.time_limit_s", message=said)
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, said, errors=(wrong,))
        try:
            plan = await self._planning.plan(message)
        except Busy as busy:
            return _busy(busy)
        return web.Response(body=wire.encode(plan), content_type="application/json")

    async def learn_load(self, request: web.Request) -> web.Response:
        """POST /v1/learn/load."""
        message = await _read(request, LearnLoadRequest)
        return await _learning_answer(message, self._learning.learn)

    async def forecast_load(self, request: web.Request) -> web.Response:
        """POST /v1/forecast/load."""
        message = await _read(request, LoadForecastRequest)
        return await _learning_answer(message, self._learning.forecast)

    async def health(self, _: web.Request) -> web.Response:
        """GET /v1/health."""
        return web.Response(body=wire.encode(self._health()), content_type="application/json")

    async def openapi(self, _: web.Request) -> web.Response:
        """GET /openapi.json."""
        return web.json_response(document())

    async def metrics(self, _: web.Request) -> web.Response:
        """GET /metrics."""
        return web.Response(body=self._metrics.text(), headers={hdrs.CONTENT_TYPE: self._metrics.content_type})


async def _read[M](request: web.Request, message: type[M]) -> M | web.Response:
    """The body as a message, or what is wrong with it."""
    if request.content_type != "application/json":
        return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "questions come with Content-Type: application/json")
    try:
        async with asyncio.timeout(_BODY_LIMIT_S):
            body = await request.read()
    except TimeoutError:
        return problem(HTTPStatus.REQUEST_TIMEOUT, f"a message must arrive within {_BODY_LIMIT_S:g} s")
    try:
        # In a thread: a long request takes tens of milliseconds to check.
        return await asyncio.to_thread(wire.decode, message, body)
    except wire.WireError as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if error.is_json else HTTPStatus.BAD_REQUEST
        return problem(status, str(error), errors=error.errors)


async def _learning_answer(message: object, ask: Callable[[bytes], Awaitable[bytes]]) -> web.Response:
    if isinstance(message, web.Response):
        return message
    try:
        answer = await ask(await asyncio.to_thread(wire.encode, message))
    except Busy as busy:
        return _busy(busy)
    except LearningRefused as refusal:
        return problem(HTTPStatus.CONFLICT, str(refusal))
    except LearningFailed as failure:
        logs.event(LOGGER, logging.ERROR, "learning_failed", reason=str(failure))
        return problem(HTTPStatus.BAD_GATEWAY, str(failure))
    return web.Response(body=answer, content_type="application/json")


def _busy(busy: Busy) -> web.Response:
    wait = {str(hdrs.RETRY_AFTER): str(busy.retry_after_s)}
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(busy), headers=wait)


def make_app(
    worker: Worker, planning: Planning, metrics: Metrics, token: str | None, learning: Learning | None = None
) -> web.Application:
    """The application; without a token everyone who reaches it may ask (a private Unix socket)."""
    app = web.Application(
        client_max_size=MAX_BODY_BYTES, middlewares=[_record(metrics), _explain_refusals, _require_token(token)]
    )
    app.on_response_prepare.append(_word_faults)
    api = Api(Health(worker, planning), planning, metrics, learning or Learning(None))
    app.add_routes(
        [
            web.post("/v1/plan", api.plan),
            web.post("/v1/learn/load", api.learn_load),
            web.post("/v1/forecast/load", api.forecast_load),
            web.get("/v1/health", api.health),
            web.get("/openapi.json", api.openapi),
            web.get("/metrics", api.metrics),
        ]
    )
    return app


def _record(metrics: Metrics) -> Middleware:
    """Count and log each request: never its headers, where the token is."""

    @web.middleware
    async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
        started, status = monotonic(), int(HTTPStatus.INTERNAL_SERVER_ERROR)
        try:
            response = await handler(request)
            status = response.status
            return response
        finally:
            route = request.match_info.route.resource
            path = "unknown" if route is None else route.canonical
            method = request.method if request.method in hdrs.METH_ALL else "other"
            metrics.requested(method, path, status)
            level = logging.DEBUG if status < HTTPStatus.BAD_REQUEST else logging.INFO
            seconds = round(monotonic() - started, 4)
            logs.event(LOGGER, level, "request", method=method, path=path, status=status, seconds=seconds)

    return record


@web.middleware
async def _explain_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What aiohttp refuses by itself (unknown route, wrong method, too long), as a problem document too."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        kept = {str(name): refusal.headers[name] for name in (hdrs.ALLOW,) if name in refusal.headers}
        detail = {
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"a message may have at most {MAX_BODY_BYTES} bytes",
            HTTPStatus.NOT_FOUND: "there is no such path; see /openapi.json",
        }.get(HTTPStatus(refusal.status), refusal.reason)
        return problem(refusal.status, detail, headers=kept)


async def _word_faults(_: web.Request, response: web.StreamResponse) -> None:
    """A fault of our own, which aiohttp has logged and answers in plain text, as a problem document too."""
    if response.status == HTTPStatus.INTERNAL_SERVER_ERROR and isinstance(response, web.Response):
        body = problem_body(response.status, "a fault of the engine; its log says which")
        response.body = body
        response.headers.update({hdrs.CONTENT_TYPE: PROBLEM_TYPE, hdrs.CONTENT_LENGTH: str(len(body))})


def _require_token(token: str | None) -> Middleware:
    """Refuse everyone who does not bring the token."""
    expected = None if token is None else token.encode()

    @web.middleware
    async def require_token(request: web.Request, handler: Handler) -> web.StreamResponse:
        if expected is None:
            return await handler(request)
        scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        brought = given.strip().encode(errors="surrogateescape")
        if scheme.lower() != "bearer" or not hmac.compare_digest(brought, expected):
            challenge = {str(hdrs.WWW_AUTHENTICATE): "Bearer"}
            return problem(HTTPStatus.UNAUTHORIZED, "bring the token: Authorization: Bearer ...", headers=challenge)
        return await handler(request)

    return require_token
