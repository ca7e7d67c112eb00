"""A stand-in for InfluxDB 2 with what the agent uses of it, edge replication above all.

It is a real HTTP server on this machine and delivers what it replicates to a real URL: another one of these, or
VictoriaMetrics. `python -m stack_support.influx PORT DIRECTORY` runs one alone that outlives its process.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
import gzip
import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
import logging
from pathlib import Path
import re
import secrets
import threading
import time
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from . import routes
from .journal import Journal
from .points import SECOND_NS, Points
from .replication import Replication
from .routes import OPERATOR, Call, Refused

MIN_QUEUE_BYTES = 33_554_430
SEGMENT_BYTES = 10 * 1024 * 1024
_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class State:
    """What the server knows; lists by kind, each thing by its ID."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    orgs: dict[str, dict[str, Any]] = field(default_factory=dict)
    buckets: dict[str, dict[str, Any]] = field(default_factory=dict)
    authorizations: dict[str, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    remotes: dict[str, dict[str, Any]] = field(default_factory=dict)
    replications: dict[str, Replication] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    """ID of the authorization, by the hash of its token: the token itself is kept nowhere."""
    sessions: dict[str, str] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    points: dict[str, Points] = field(default_factory=dict)
    identities: int = 0x0A00000000000000

    def new_id(self) -> str:
        """As InfluxDB writes them."""
        self.identities += 1
        return f"{self.identities:016x}"


class FakeInflux:
    """The server. Its switches may be thrown while it runs."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        hashed_tokens: bool = True,
        min_queue_bytes: int = MIN_QUEUE_BYTES,
        segment_bytes: int = SEGMENT_BYTES,
        port: int = 0,
        directory: Path | None = None,
    ) -> None:
        """Without a `directory` everything is forgotten with the object."""
        self.clock = clock
        self.hashed_tokens = hashed_tokens
        self.min_queue_bytes = min_queue_bytes
        self.segment_bytes = segment_bytes
        self.batch_points = 5000
        self._journal = None if directory is None else Journal(directory)
        self.state = State()
        self.calls: list[tuple[str, str]] = []
        """Method and path of each request, in order."""
        self.fails_with: int | None = None
        """Every write and every question is answered by this status."""
        self.retry_after_s: int | None = None
        self.accepts: int | None = None
        """So many writes more, then 503."""
        self.refuses: set[tuple[str, str]] = set()
        """Methods, and ends of paths, that are answered by 500."""
        self.sleeps = False
        """Replications send nothing, as a stalled InfluxDB does (issue 23868)."""
        self.started_s = clock()
        self.lock = threading.RLock()
        self._port = port
        self._server: ThreadingHTTPServer | None = None
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        self._stop.clear()
        if self._journal:
            self._remember(self._journal)
        self.go_online()
        worker = threading.Thread(target=self._replicate, name="fake-influx-replication")
        worker.start()
        self._threads.append(worker)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.go_offline()
        for thread in self._threads:
            thread.join(timeout=30)
        self._threads.clear()
        if self._journal:
            self._journal.keep(self.state)
            self._journal.close()

    @property
    def url(self) -> str:
        """Where it listens, or will."""
        return f"http://127.0.0.1:{self._port}"

    def go_online(self) -> None:
        """Listen, on the same port as before."""
        if self._server is not None:
            return
        fake = self

        class Handler(_Handler):
            influx = fake

        self._server = _Server(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="fake-influx")
        thread.start()
        self._threads.append(thread)

    def go_offline(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def restart(self) -> None:
        """What only memory holds is lost: counters begin again, and a stalled replication goes on."""
        with self.lock:
            for replication in self.state.replications.values():
                replication.metrics.clear()
            self.sleeps = False
            self.started_s = self.clock()

    def points(self, bucket: str) -> Points:
        """Of a bucket, by name."""
        with self.lock:
            found = next((key for key, kept in self.state.buckets.items() if kept["name"] == bucket), None)
            return self.state.points[found] if found else Points()

    def replication(self) -> Replication:
        """The only one."""
        (only,) = self.state.replications.values()
        return only

    def add_bucket(self, name: str, org: str = "fleet") -> tuple[str, str]:
        """A bucket of a fleet's server; the ID of its organisation, and a token that may only write there."""
        with self.lock:
            org_id = next((key for key, kept in self.state.orgs.items() if kept["name"] == org), None)
            if org_id is None:
                org_id = self.state.new_id()
                self.state.orgs[org_id] = {"id": org_id, "name": org}
            bucket = routes.new_bucket(self, org_id, name, [])
            resource = {"type": "buckets", "id": bucket["id"], "orgID": org_id}
            return org_id, self.issue(org_id, [{"action": "write", "resource": resource}], "fleet")["token"]

    def issue(
        self, org_id: str, permissions: list[dict[str, Any]], description: str, token: str | None = None
    ) -> dict[str, Any]:
        """An authorization with its token, which is shown this once."""
        identity, token = self.state.new_id(), token or secrets.token_urlsafe(64)
        self.state.tokens[_hash(token)] = identity
        self.state.authorizations[identity] = {
            "id": identity,
            "orgID": org_id,
            "status": "active",
            "description": description,
            "permissions": permissions,
        }
        if not self.hashed_tokens:
            self.state.authorizations[identity]["token"] = token
        return {**self.state.authorizations[identity], "token": token}

    def rights(self, call: Call) -> list[dict[str, Any]] | None:
        """What the caller may do; None for anything."""
        cookie = re.search(r"influxdb-oss-session=(\w+)", call.headers.get("cookie", ""))
        if cookie and cookie[1] in self.state.sessions:
            return None
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        identity = self.state.tokens.get(_hash(token)) if kind == "Token" else None
        authorization = self.state.authorizations.get(identity or "")
        if authorization is None or authorization["status"] != "active":
            raise Refused(401, "unauthorized access")
        everything = authorization["permissions"] == OPERATOR
        return None if everything else authorization["permissions"]

    def answer(self, call: Call) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers."""
        with self.lock:
            self.calls.append((call.method, call.path))
            if self.fails_with is not None and call.path != "/metrics":
                after = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
                return self.fails_with, b'{"code":"made up","message":"as the test wishes"}', after
            if any(call.method == method and call.path.endswith(end) for method, end in self.refuses):
                return 500, b"{}", {}
            if self.accepts is not None and call.path == "/api/v2/write":
                self.accepts -= 1
                if self.accepts < 0:
                    return 503, b"{}", {}
            try:
                answer = routes.answer(self, call)
                self._note(call, answer[0])
            except Refused as err:
                return err.status, json.dumps({"code": "refused", "message": str(err)}).encode(), {}
            return answer

    def _note(self, call: Call, status: int) -> None:
        """On the disk before the caller is answered, as InfluxDB's own log is."""
        if self._journal is None or call.method == "GET" or call.path.endswith("/query") or status >= 300:
            return
        if call.path == "/api/v2/write":
            self._journal.wrote(call.query, call.body.decode(), int(self.clock() * SECOND_NS))
        else:
            _LOGGER.info("%s %s: %d", call.method, call.path, status)
        if call.path != "/api/v2/write" or self._journal.is_long:
            self._journal.keep(self.state)

    def _remember(self, journal: Journal) -> None:
        kept = journal.kept()
        if isinstance(kept, State):
            self.state = kept
        for query, text, now_ns in journal.written():
            routes.store(self, query, text, now_ns)
        self.restart()
        journal.keep(self.state)

    def _replicate(self) -> None:
        while not self._stop.wait(0.01):
            self.deliver()

    def deliver(self) -> None:
        """Send what is due now."""
        for replication in list(self.state.replications.values()):
            busy = not self.sleeps
            while busy and not self._stop.is_set():
                with self.lock:
                    remote = dict(self.state.remotes.get(replication.settings["remoteID"], {}))
                if not remote:
                    break
                busy = replication.step(remote, self.clock(), self.lock)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 64


class _Handler(BaseHTTPRequestHandler):
    influx: FakeInflux

    def _serve(self) -> None:
        where = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        query = {key: values[0] for key, values in parse_qs(where.query).items()}
        headers = {key.lower(): value for key, value in self.headers.items()}
        call = Call(self.command, where.path.rstrip("/") or "/", query, body, headers)
        status, answer, extra = self.influx.answer(call)
        with suppress(ConnectionError):
            self.send_response(status)
            for key, value in extra.items():
                self.send_header(key, value)
            if status != 204:
                self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if status != 204:
                self.wfile.write(answer)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815  # as http.server calls them

    def log_message(self, *_: object) -> None:
        pass


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
