"""Stands between the agent and the store and looks at every line: once, in order, how late.

A process of its own, so that its work is not counted as the agent's. While the store is away the agent finds nobody:
the connection is closed without an answer.
"""

import gzip
import http.client
from http.server import BaseHTTPRequestHandler, HTTPServer
import json
from pathlib import Path
import sys
import time
from typing import Any, override

MEASUREMENT = b"telemetry,"


class Seen:
    """What has arrived, by series."""

    def __init__(self) -> None:
        self.newest_ms: dict[bytes, int] = {}
        self.points = self.new = self.out_of_order = self.repeated = self.requests = 0
        self.writes: list[tuple[int, int, int, int]] = []
        """When, points, and how old the newest and the oldest of them were, in ms."""

    def look(self, content: bytes, now_ms: int) -> None:
        """Count every line of a request that the store has taken."""
        self.requests += 1
        lags = []
        for line in content.splitlines():
            if not line.startswith(MEASUREMENT):
                continue
            series = line[: line.index(b" ")]
            time_ms = int(line[line.rindex(b" ") :])
            before_ms = self.newest_ms.get(series, -1)
            self.points += 1
            self.new += time_ms > before_ms
            self.repeated += time_ms == before_ms
            self.out_of_order += time_ms < before_ms
            self.newest_ms[series] = max(time_ms, before_ms)
            lags.append(now_ms - time_ms)
        if lags:
            self.writes.append((now_ms, len(lags), min(lags), max(lags)))

    def told(self) -> str:
        """As JSON."""
        keys = ("points", "new", "repeated", "out_of_order", "requests", "writes")
        return json.dumps({key: getattr(self, key) for key in keys})


class Handler(BaseHTTPRequestHandler):
    """Hands a write on to the store and answers as it does."""

    protocol_version = "HTTP/1.1"
    seen = Seen()
    store_port = 0
    report = Path()

    def do_POST(self) -> None:
        """One batch."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        store = http.client.HTTPConnection("127.0.0.1", self.store_port, timeout=60)
        try:
            store.request("POST", self.path, body, {"Content-Encoding": self.headers["Content-Encoding"]})
            answer = store.getresponse()
            answer.read()
        except OSError, http.client.HTTPException:
            self.close_connection = True
            return
        finally:
            store.close()
        if answer.status == http.HTTPStatus.NO_CONTENT:
            self.seen.look(gzip.decompress(body), time.time_ns() // 1_000_000)
            partial = self.report.with_suffix(".new")
            partial.write_text(self.seen.told())
            partial.replace(self.report)
        self.send_response(answer.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    @override
    def log_message(self, *arguments: Any) -> None:
        """Say nothing of each request."""


def main() -> int:
    """Port to listen on, port of the store, file to report to."""
    Handler.store_port, Handler.report = int(sys.argv[2]), Path(sys.argv[3])
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
