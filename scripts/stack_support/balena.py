"""A stand-in for balena's Supervisor with what the agent asks of it: a service is restarted, stopped or started.

https://docs.balena.io/reference/supervisor/supervisor-api/
"""

from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
import re
import threading
from typing import Any, override
from urllib.parse import parse_qs, urlsplit

from .supervisor import WISHES, Wish

APPLICATION = "1"
_ROUTE = re.compile(r"/v2/applications/(\d+)/([a-z]+)-service")


@contextmanager
def listening(port: int, key: str, services: Container[str], ask: Callable[[tuple[Wish, str]], None]) -> Iterator[None]:
    """On the loopback, as long as the context; `ask` is called with what was wished, from another thread."""

    class Handler(_Handler):
        pass

    Handler.key, Handler.services, Handler.ask = key, services, staticmethod(ask)
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="balena", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    key: str
    services: Container[str]
    ask: Callable[[tuple[Wish, str]], None]

    def do_POST(self) -> None:
        """As the Supervisor answers: 401 without its key, 404 for what it does not know."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = self._status(body)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _status(self, body: bytes) -> int:
        url = urlsplit(self.path)
        if parse_qs(url.query).get("apikey") != [self.key]:
            return 401
        found = _ROUTE.fullmatch(url.path)
        wish = next((wish for wish in WISHES if found and found[2] == wish), None)
        if found is None or found[1] != APPLICATION or wish is None:
            return 404
        try:
            service = json.loads(body)["serviceName"]
        except ValueError, KeyError, TypeError:
            return 400
        if service not in self.services:
            return 404
        self.ask((wish, service))
        return 200

    @override
    def log_message(self, *arguments: Any) -> None:
        """The key is in each request's address."""
