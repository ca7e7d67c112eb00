"""Asks the engine, wherever it runs: one method a question, one typed error a failure."""

import asyncio
from http import HTTPStatus
from typing import Any

import aiohttp

from .core import wire
from .core.model import Plan, PlanRequest
from .core.model.load_learning import LearnedLoad, LearnLoadRequest, LoadForecast, LoadForecastRequest

HEALTH_TIMEOUT_S = 5.0
LEARN_TIMEOUT_S = 660.0
"""A little more than the engine itself allows it."""
FORECAST_TIMEOUT_S = 70.0
_PLAN_GRACE_S = 40.0
"""Beyond the solver's own time: the engine may wait for a worker that starts and for one other request."""


class EngineError(Exception):
    """The engine gave no answer that can be used."""


class EngineUnreachable(EngineError):
    """Nobody answers at that address."""


class EngineTimeout(EngineError):
    """It was reached, and question or answer did not arrive in time."""


class EngineUnauthorized(EngineError):
    """The token is missing or wrong."""


class EngineBusy(EngineError):
    """Too many requests wait already."""

    def __init__(self, detail: str, retry_after_s: float) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class EngineRefused(EngineError):
    """The request is wrong."""

    def __init__(self, detail: str, errors: tuple[wire.FieldError, ...]) -> None:
        super().__init__(detail)
        self.errors = errors


class EngineFailed(EngineError):
    """The engine met a fault of its own."""


class EngineIncompatible(EngineError):
    """What answers is not an engine of this version."""


class EngineClient:
    """One engine at one address."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str | None = None) -> None:
        """`session` stays the caller's; `url` is the engine's root, e.g. `http://hems-engine:8124`."""
        self._session = session
        self._url = url.rstrip("/")
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    async def plan(self, request: PlanRequest) -> Plan:
        """A plan for this request.

        Raises:
            EngineError: the subclass says what went wrong.
        """
        timeout_s = 2 * request.options.time_limit_s + _PLAN_GRACE_S
        return await self._answer(Plan, "/v1/plan", timeout_s, wire.encode(request))

    async def learn_load(self, request: LearnLoadRequest) -> LearnedLoad:
        """Let the engine learn and keep how the home uses energy; takes up to minutes on a small computer.

        Raises:
            EngineError: the subclass says what went wrong; `EngineRefused` for too little history.
        """
        # In a thread: a year's history is more than a megabyte.
        body = await asyncio.to_thread(wire.encode, request)
        return await self._answer(LearnedLoad, "/v1/learn/load", LEARN_TIMEOUT_S, body)

    async def forecast_load(self, request: LoadForecastRequest) -> LoadForecast:
        """The load from the end of the request's history on.

        Raises:
            EngineError: the subclass says what went wrong; an engine of before is `EngineIncompatible`.
        """
        return await self._answer(LoadForecast, "/v1/forecast/load", FORECAST_TIMEOUT_S, wire.encode(request))

    async def _answer[T](self, message: type[T], path: str, timeout_s: float, question: bytes) -> T:
        body = await self._ask("POST", path, timeout_s, question)
        try:
            return wire.decode(message, body)
        except wire.WireError as error:
            raise EngineIncompatible(f"the engine's {message.__name__} cannot be read: {error}") from error

    async def health(self) -> wire.EngineHealth:
        """How the engine is; also the test of a connection.

        Raises:
            EngineError: the subclass says what went wrong.
        """
        body = await self._ask("GET", "/v1/health", HEALTH_TIMEOUT_S)
        try:
            health = wire.decode(wire.EngineHealth, body)
        except wire.WireError as error:
            raise EngineIncompatible(f"{self._url} is not a HEMS engine: {error}") from error
        if health.api != wire.API_VERSION:
            raise EngineIncompatible(f"the engine speaks version {health.api}, HEMS needs version {wire.API_VERSION}")
        return health

    async def _ask(self, method: str, path: str, timeout_s: float, body: bytes | None = None) -> bytes:
        if self._session.closed:
            raise EngineUnreachable(f"the connection to {self._url} was closed")
        options: dict[str, Any] = {"headers": self._headers, "timeout": aiohttp.ClientTimeout(total=timeout_s)}
        if body is not None:
            options |= {"data": body, "headers": self._headers | {"Content-Type": "application/json"}}
        try:
            # A redirect would carry the token to whoever is named in it.
            async with self._session.request(method, self._url + path, allow_redirects=False, **options) as response:
                answer = await response.read()
        except TimeoutError as error:
            raise EngineTimeout(f"no answer within {timeout_s:g} s") from error
        except aiohttp.InvalidURL as error:
            raise EngineUnreachable(f"{self._url} is not a URL") from error
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError) as error:
            raise EngineUnreachable(f"{self._url} cannot be reached: {error}") from error
        except aiohttp.ClientError as error:
            raise EngineIncompatible(f"{self._url} does not answer as a HEMS engine: {error}") from error
        if response.status != HTTPStatus.OK:
            raise _refusal(response, answer)
        return answer


def _refusal(response: aiohttp.ClientResponse, body: bytes) -> EngineError:
    """The error that an answer other than 200 stands for."""
    try:
        problem = wire.decode(wire.Problem, body)
    except wire.WireError:
        problem = wire.Problem(type="about:blank", title=response.reason or "", status=response.status)
    detail = problem.detail or f"{response.status} {problem.title}".strip()
    match response.status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return EngineUnauthorized(detail)
        case (
            HTTPStatus.BAD_REQUEST
            | HTTPStatus.CONFLICT
            | HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            | HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            | HTTPStatus.UNPROCESSABLE_ENTITY
        ):
            return EngineRefused(detail, problem.errors)
        case HTTPStatus.REQUEST_TIMEOUT:
            return EngineTimeout(detail)
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return EngineBusy(detail, _retry_after_s(response))
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return EngineFailed(detail)
        case _:
            return EngineIncompatible(detail)


def _retry_after_s(response: aiohttp.ClientResponse) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdecimal() else 10.0
