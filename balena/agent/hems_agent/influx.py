"""InfluxDB's HTTP interface, as far as the home's own and the fleet's are used.

Plain HTTP: the client library reads back some fields of replications as None.
"""

from collections.abc import Callable, Iterable, Iterator
import csv
from dataclasses import dataclass
from datetime import UTC, datetime
import gzip
import json
from typing import Any
from urllib.parse import urlencode

import certifi
import urllib3

TIMEOUT_S = 30.0
SECOND_NS = 1_000_000_000
WRITTEN = 204
NO_ORG = "0" * 16
"""What InfluxDB itself sends where it knows no organisation."""


_DIALECT = {
    "annotations": ["datatype", "group", "default"],
    "header": True,
    "delimiter": ",",
    "dateTimeFormat": "RFC3339",
}
"""Without the annotations, which are not sent unless asked for, nobody would know an integer from a float."""


class InfluxUnreachable(Exception):
    """Nobody answered, or not what HTTP is."""


class InfluxRefused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Row:
    """A value of a series at a time."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    field: str
    value: str
    kind: str
    """As the annotated CSV names it: double, long, unsignedLong, boolean, string."""
    time_ns: int

    def line(self) -> str:
        """The same as a line of line protocol."""
        tags = "".join(f",{_escaped(key)}={_escaped(tag)}" for key, tag in self.tags if tag)
        measurement = self.measurement.replace(",", "\\,").replace(" ", "\\ ")
        return f"{measurement}{tags} {_escaped(self.field)}={self._typed()} {self.time_ns}"

    def _typed(self) -> str:
        match self.kind:
            case "long":
                return f"{self.value}i"
            case "unsignedLong":
                return f"{self.value}u"
            case "string":
                escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
                return f'"{escaped}"'
            case _:
                return self.value


class Influx:
    """One server; `token` is asked each time, so that a new one is followed. Its methods raise InfluxUnreachable.

    `ca` is the PEM of the only certificates to trust; the public ones where empty.
    """

    def __init__(
        self, url: str, token: Callable[[], str] | None = None, *, ca: str = "", timeout_s: float = TIMEOUT_S
    ) -> None:
        self.url = url.rstrip("/")
        self._token = token
        trusted: dict[str, Any] = {"ca_cert_data": ca} if ca else {"ca_certs": certifi.where()}
        self._pool = urllib3.PoolManager(maxsize=2, timeout=urllib3.Timeout(timeout_s), retries=False, **trusted)

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.clear()

    def healthy(self) -> bool:
        """Whether it takes requests."""
        try:
            return self._request("GET", "/health", {}).status == 200
        except InfluxUnreachable:
            return False

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """A JSON object. Raises InfluxRefused."""
        return self._json(self._request("GET", path, query))

    def send(
        self, method: str, path: str, body: object = None, *, headers: dict[str, str] | None = None, **query: str
    ) -> dict[str, Any]:
        """A JSON object; empty where the answer has none. Raises InfluxRefused."""
        data = json.dumps(body).encode() if body is not None else b""
        headers = {"Content-Type": "application/json"} | (headers or {})
        return self._json(self._request(method, path, query, data, headers))

    def text(self, path: str) -> str:
        """What a page says. Raises InfluxRefused."""
        reply = self._request("GET", path, {})
        self._check(reply)
        return reply.data.decode()

    def sign_in(self, user: str, password: str) -> str:
        """The cookie of a session, for when the token is lost. Raises InfluxRefused."""
        headers = urllib3.make_headers(basic_auth=f"{user}:{password}")
        reply = self._request("POST", "/api/v2/signin", {}, b"", headers)
        self._check(reply)
        return reply.headers.get("Set-Cookie", "").partition(";")[0]

    def write(self, org: str, bucket: str, lines: Iterable[str]) -> tuple[int, str]:
        """Write lines with times in nanoseconds: the status, and what was said about it. No line only asks."""
        body = "\n".join(lines).encode()
        headers = {"Content-Type": "text/plain; charset=utf-8"} | ({"Content-Encoding": "gzip"} if body else {})
        query = {"org": org, "bucket": bucket, "precision": "ns"}
        reply = self._request("POST", "/api/v2/write", query, gzip.compress(body, mtime=0) if body else b"", headers)
        return reply.status, _message(reply)

    def run(self, flux: str, org: str) -> None:
        """Run a query for what it does. Raises InfluxRefused."""
        for _ in self.rows(flux, org):
            pass

    def rows(self, flux: str, org: str) -> Iterator[Row]:
        """What a query finds, read as it comes. Raises InfluxRefused."""
        headers = {"Content-Type": "application/json", "Accept": "application/csv"}
        body = json.dumps({"query": flux, "type": "flux", "dialect": _DIALECT}).encode()
        reply = self._request("POST", "/api/v2/query", {"org": org}, body, headers, stream=True)
        try:
            self._check(reply)
            yield from _rows(_lines(reply))
        except urllib3.exceptions.HTTPError as err:
            raise InfluxUnreachable(f"{self.url}: {type(err).__name__}") from err
        finally:
            reply.close()

    def _request(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        stream: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        headers = dict(headers or {})
        if self._token is not None and not {"Cookie", "authorization"} & headers.keys():
            headers["Authorization"] = f"Token {self._token()}"
        where = f"{self.url}{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            return self._pool.request(method, where, body=body or None, headers=headers, preload_content=not stream)
        except (urllib3.exceptions.HTTPError, UnicodeError) as err:
            raise InfluxUnreachable(f"{self.url}: {type(err).__name__}") from err

    def _json(self, reply: urllib3.BaseHTTPResponse) -> dict[str, Any]:
        self._check(reply)
        if not reply.data.strip():
            return {}
        try:
            found = json.loads(reply.data)
        except ValueError as err:
            raise InfluxRefused(reply.status, "the answer is no JSON") from err
        if not isinstance(found, dict):
            raise InfluxRefused(reply.status, "the answer is no JSON object")
        return found

    @staticmethod
    def _check(reply: urllib3.BaseHTTPResponse) -> None:
        if not 200 <= reply.status < 300:
            raise InfluxRefused(reply.status, _message(reply))


def rfc3339(time_s: float) -> str:
    """A time as Flux reads it."""
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def metric(text: str, name: str, **labels: str) -> float | None:
    """A value of Prometheus's text format; None where there is none."""
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    for line in text.splitlines():
        head, _, value = line.rpartition(" ")
        if head.partition("{")[0] == name and all(label in head for label in wanted):
            return float(value)
    return None


def _message(reply: urllib3.BaseHTTPResponse) -> str:
    """InfluxDB's own words where the answer is its JSON."""
    text = reply.data[:2000].decode(errors="replace")
    try:
        found = json.loads(text)
    except ValueError:
        return text[:300]
    return str(found.get("message", ""))[:300] if isinstance(found, dict) else text[:300]


def _escaped(text: str) -> str:
    return text.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")


def _lines(reply: urllib3.BaseHTTPResponse) -> Iterator[str]:
    rest = b""
    for piece in reply.stream(65_536):
        *lines, rest = (rest + piece).split(b"\n")
        yield from (f"{line.decode()}\n" for line in lines)
    yield rest.decode()


def _rows(text: Iterable[str]) -> Iterator[Row]:
    """From annotated CSV. A table of errors in it, as InfluxDB sends when a query breaks half-way, is raised."""
    kinds: list[str] = []
    names: list[str] = []
    for cells in csv.reader(text):
        if not cells or cells == [""]:
            names = []
        elif cells[0] == "#datatype":
            kinds, names = cells, []
        elif cells[0].startswith("#"):
            continue
        elif not names:
            names = cells
        elif "error" in names:
            raise InfluxRefused(500, cells[names.index("error")])
        else:
            row = _row(dict(zip(names, cells, strict=True)), kinds[names.index("_value")])
            if row.value or row.kind == "string":
                yield row


def _row(cells: dict[str, str], kind: str) -> Row:
    tags = tuple(
        (name, value)
        for name, value in sorted(cells.items())
        if name and not name.startswith("_") and name not in {"result", "table"} and value
    )
    return Row(cells["_measurement"], tags, cells["_field"], cells["_value"], kind, _nanoseconds(cells["_time"]))


def _nanoseconds(text: str) -> int:
    whole, _, decimals = text.rstrip("Z").partition(".")
    return int(datetime.fromisoformat(f"{whole}+00:00").timestamp()) * SECOND_NS + int(decimals.ljust(9, "0") or 0)
