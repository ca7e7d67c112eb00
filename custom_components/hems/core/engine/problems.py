"""Refusals as RFC 9457 problem documents."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from .. import wire

CONTENT_TYPE = "application/problem+json"


def problem(
    status: int,
    detail: str = "",
    *,
    errors: tuple[wire.FieldError, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """One refusal; the type `about:blank` says that the status alone tells its kind."""
    body = wire.Problem(
        type="about:blank", title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors
    )
    return web.Response(status=status, body=wire.encode(body), content_type=CONTENT_TYPE, headers=headers)
