"""Refusals as RFC 9457 problem documents."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from .. import wire

PROBLEM_TYPE = "application/problem+json"


def problem(
    status: int,
    detail: str = "",
    *,
    errors: tuple[wire.FieldError, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """One refusal."""
    body = problem_body(status, detail, errors)
    return web.Response(status=status, body=body, content_type=PROBLEM_TYPE, headers=headers)


def problem_body(status: int, detail: str, errors: tuple[wire.FieldError, ...] = ()) -> bytes:
    """Its document; the type `about:blank` says that the status alone tells its kind."""
    title = HTTPStatus(status).phrase
    return wire.encode(wire.Problem(type="about:blank", title=title, status=status, detail=detail, errors=errors))
