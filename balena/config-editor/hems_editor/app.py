"""The routes, all under one path, as nginx passes them on."""

import asyncio
from http import HTTPStatus
import logging
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from .files import LARGEST_BYTES, Folder, Refused
from .login import SESSION_S, Login

LOGGER = logging.getLogger("hems.editor")
BASE = "/config-editor"
COOKIE = "hems_editor"
ASKED_BY_SCRIPT = "X-Hems-Editor"
"""A header that a form on another site cannot send."""
_STATIC = Path(__file__).parent / "static"
_FILES = {
    "": ("index.html", "text/html"),
    "editor.js": ("editor.js", "text/javascript"),
    "editor.css": ("editor.css", "text/css"),
}
_POLICY = "default-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Editor:
    """The handlers."""

    def __init__(self, folder: Folder, login: Login) -> None:
        self._folder = folder
        self._login = login

    async def enter(self, request: web.Request) -> web.Response:
        """POST /login {"password"}."""
        password = (await _fields(request, "password"))["password"]
        # Hashing takes a tenth of a second on purpose.
        session = await asyncio.to_thread(self._login.enter, password)
        if session is None:
            LOGGER.warning("a wrong password, or too many")
            status = HTTPStatus.TOO_MANY_REQUESTS if self._login.waits else HTTPStatus.UNAUTHORIZED
            return web.json_response({"error": "wrong password" if status == 401 else "too many tries"}, status=status)
        answer = web.json_response({})
        is_https = request.headers.get("X-Forwarded-Proto") == "https"
        answer.set_cookie(
            COOKIE, session, max_age=int(SESSION_S), path=BASE, httponly=True, samesite="Strict", secure=is_https
        )
        return answer

    async def leave(self, request: web.Request) -> web.Response:
        """POST /logout."""
        self._login.leave(request.cookies.get(COOKIE, ""))
        return web.json_response({})

    async def names(self, _: web.Request) -> web.Response:
        """GET /files."""
        return web.json_response(await asyncio.to_thread(self._folder.names))

    async def read(self, request: web.Request) -> web.Response:
        """GET /file?name=NAME."""
        text = await asyncio.to_thread(self._folder.read, request.query.get("name", ""))
        return web.json_response({"text": text.text, "version": text.version})

    async def save(self, request: web.Request) -> web.Response:
        """PUT /file {"name", "text", "version"}."""
        given = await _fields(request, "name", "text", "version")
        text = await asyncio.to_thread(self._folder.save, given["name"], given["text"], given["version"])
        LOGGER.info("saved %s", given["name"])
        return web.json_response({"version": text.version})

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Nothing but the page itself without a session, and nothing that changes without our own script."""
        answer = await self._guarded(request, handler)
        answer.headers.update(_HEADERS)
        return answer

    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        route = request.path.removeprefix(BASE).removeprefix("/")
        if request.method != "GET" and ASKED_BY_SCRIPT not in request.headers:
            return web.json_response({"error": "not from this page"}, status=HTTPStatus.FORBIDDEN)
        is_public = route in _FILES or route == "login" or request.path == "/health"
        if not is_public and not self._login.is_open(request.cookies.get(COOKIE, "")):
            return web.json_response({"error": "log in"}, status=HTTPStatus.UNAUTHORIZED)
        try:
            return await handler(request)
        except Refused as refusal:
            return web.json_response({"error": str(refusal)}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        except web.HTTPException as refusal:
            return web.json_response({"error": refusal.reason}, status=refusal.status)


async def _fields(request: web.Request, *names: str) -> dict[str, str]:
    try:
        given = await request.json()
    except ValueError as error:
        raise Refused("send JSON") from error
    if not isinstance(given, dict) or not all(isinstance(given.get(name), str) for name in names):
        raise Refused(f"send an object with {', '.join(names)} as text")
    return {name: given[name] for name in names}


def make_app(folder: Folder, login: Login) -> web.Application:
    """The editor as an application."""
    editor = Editor(folder, login)
    app = web.Application(middlewares=[editor.guard], client_max_size=2 * LARGEST_BYTES)
    for route, (name, kind) in _FILES.items():
        app.router.add_get(f"{BASE}/{route}", _page(name, kind))
    app.add_routes(
        [
            web.get("/health", _healthy),
            web.post(f"{BASE}/login", editor.enter),
            web.post(f"{BASE}/logout", editor.leave),
            web.get(f"{BASE}/files", editor.names),
            web.get(f"{BASE}/file", editor.read),
            web.put(f"{BASE}/file", editor.save),
        ]
    )
    return app


async def _healthy(_: web.Request) -> web.StreamResponse:
    return web.Response(text="ok\n")


def _page(name: str, kind: str) -> Handler:
    text = (_STATIC / name).read_text("utf-8")

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text, content_type=kind, charset="utf-8")

    return answer
