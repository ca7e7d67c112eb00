"""What the page is made of, and who may see it."""

from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from ... import wire
from ..health import Health
from ..openapi import document
from ..problems import problem
from .recent import LogTail, Recent

_STATIC = Path(__file__).parent / "static"
_FILES = {"/": "index.html", "/page.js": "page.js", "/page.css": "page.css", "/words.js": "words.js"}
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def make_page(health: Health, recent: Recent, log: LogTail, peers: frozenset[str]) -> web.Application:
    """The page as an application of its own: it reads, and nothing can be asked of the engine through it."""
    app = web.Application(middlewares=[_only_from(peers)])

    async def status(_: web.Request) -> web.Response:
        return web.json_response(
            {
                "health": wire.to_plain(health()),
                "plans": [asdict(planned) for planned in recent.plans],
                "plot": recent.plot(),
                "log": list(log.lines),
            }
        )

    async def openapi(_: web.Request) -> web.Response:
        return web.json_response(document())

    app.add_routes([web.get("/status.json", status), web.get("/openapi.json", openapi)])
    app.add_routes([web.get(route, _file(name)) for route, name in _FILES.items()])
    return app


def _file(name: str) -> Handler:
    text = (_STATIC / name).read_text("utf-8")
    kind = _TYPES[Path(name).suffix]

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text, content_type=kind, charset="utf-8")

    return answer


def _only_from(peers: frozenset[str]) -> Middleware:
    """Refuse everyone but the ingress: whoever comes another way was not asked for a password."""

    @web.middleware
    async def only_from(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.remote not in peers:
            return problem(HTTPStatus.FORBIDDEN, "this page is opened in Home Assistant")
        try:
            response = await handler(request)
        except web.HTTPException as refusal:
            return problem(refusal.status, refusal.reason)
        for name, text in _HEADERS.items():
            response.headers[name] = text
        response.headers.popall(hdrs.SERVER, None)
        return response

    return only_from
