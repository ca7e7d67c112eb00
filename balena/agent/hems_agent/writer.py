"""From the spool to InfluxDB: in order, compressed, in batches that spare the card, and never past a failure.

| answer | what happens |
|---|---|
| 2xx | the batch is forgotten |
| 400, 422 for the lines | halved until the bad lines are alone; these go to the reject file, the rest is written |
| 413 | halved |
| 429, 503 with Retry-After | as long as it says |
| anything else, or none | named, and tried again for ever, at growing distances: order is kept, nothing is lost |

A batch that is sent again after a lost answer carries the same times, so the database holds each point once.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
import gzip
import logging
from pathlib import Path
import random
import re
import threading
import time
from typing import Protocol
from urllib.parse import urlencode

import urllib3

from .late import LatePoints
from .spool import Batch, Spool

_LOGGER = logging.getLogger(__name__)

COMPRESSION = 1
"""Level 6 takes four times as long for a tenth less."""
LONGEST_WAIT_S = 600.0
"""Of what Retry-After may ask for."""
DROPPED = re.compile(r"dropped=(\d+)")
"""InfluxDB says how many points of a partial write it did not take."""
ABOUT_LINES = re.compile(r"unable to parse|partial write|field type conflict|beyond retention")


class Outcome(StrEnum):
    """How the last attempt went."""

    NONE = "none"
    WRITTEN = "written"
    UNREACHABLE = "unreachable"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    BUSY = "busy"
    FAILING = "failing"
    REFUSED = "refused"
    """An answer that the write interface does not have."""


_OUTCOMES = {
    401: Outcome.UNAUTHORISED,
    403: Outcome.FORBIDDEN,
    404: Outcome.NOT_FOUND,
    429: Outcome.BUSY,
    503: Outcome.BUSY,
}
_BAD_LINES = frozenset({400, 422})
_TOO_LARGE = 413


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the sink answered."""

    status: int
    """HTTP; 0: nobody answered."""
    message: str = ""
    retry_after_s: float | None = None


class Sink(Protocol):
    """Takes lines."""

    def write(self, lines: bytes) -> Reply:
        """All of them, or the reason why not; never raises for what a network does."""


class InfluxSink:
    """The write interface of InfluxDB 2; `token` is asked each time, so that a new one is followed."""

    def __init__(self, url: str, *, org: str, bucket: str, token: Callable[[], str], timeout_s: float = 20.0) -> None:
        self._url = f"{url.rstrip('/')}/api/v2/write?{urlencode({'org': org, 'bucket': bucket, 'precision': 'ms'})}"
        self._token = token
        self._pool = urllib3.PoolManager(num_pools=1, timeout=urllib3.Timeout(timeout_s), retries=False)

    def write(self, lines: bytes) -> Reply:
        """One compressed request."""
        headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}
        try:
            headers["Authorization"] = f"Token {self._token()}"
        except OSError as error:
            return Reply(status=0, message=f"the token cannot be read: {error.strerror}")
        try:
            reply = self._pool.request(
                "POST",
                self._url,
                body=gzip.compress(lines, COMPRESSION, mtime=0),
                headers=headers,
            )
        except urllib3.exceptions.HTTPError as error:
            return Reply(status=0, message=type(error).__name__)
        return Reply(
            status=reply.status,
            message=reply.data[:500].decode(errors="replace"),
            retry_after_s=_seconds(reply.headers.get("Retry-After")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterOptions:
    """Small homes write a batch every ten seconds, large ones and backlogs as soon as a batch is full."""

    batch_points: int = 5000
    batch_s: float = 10.0
    first_retry_s: float = 1.0
    longest_retry_s: float = 30.0
    rejects: Path | None = None
    """The last refused lines; this file and the one before it have at most twice `rejects_bytes` each."""
    rejects_bytes: int = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterState:
    """Figures since the process started."""

    outcome: Outcome
    message: str
    """What the sink said to the last failure; empty when it is well."""
    failing_s: float
    """Since the last write that went well, while writes fail; else 0."""
    points: int
    requests: int
    bytes: int
    """Of line protocol that has arrived, uncompressed."""
    failures: int
    rejected_points: int


@dataclass(slots=True)
class _Work:
    """A batch on its way: what of it is still to be sent, in order."""

    batch: Batch
    chunks: deque[list[bytes]]


@dataclass(slots=True)
class _Tally:
    outcome: Outcome = Outcome.NONE
    message: str = ""
    failing_since_s: float | None = None
    points: int = 0
    requests: int = 0
    bytes: int = 0
    failures: int = 0
    rejected_points: int = 0


@dataclass(slots=True)
class Writer:
    """Drains the spool; `step` does one thing and says how long to wait for the next."""

    spool: Spool
    sink: Sink
    options: WriterOptions = field(default_factory=WriterOptions)
    clock: Callable[[], float] = time.monotonic
    """Seconds."""
    jitter: Callable[[], float] = random.random
    """In [0, 1): homes that lost the same server do not come back in step."""
    late: LatePoints | None = None
    """Told of what has been delivered."""
    _work: _Work | None = None
    _read_s: float | None = None
    _in_a_row: int = 0
    _tally: _Tally = field(default_factory=_Tally)

    def run(self, stop: threading.Event) -> None:
        """Until stopped; what is not written then stays in the spool."""
        while not stop.is_set():
            stop.wait(self.step())

    def step(self) -> float:
        """Send one request, or find that it is not time; seconds until the next step."""
        if self._work is None:
            wait_s = self._take()
            if self._work is None:
                return wait_s
        work = self._work
        chunk = work.chunks[0]
        lines = b"".join(chunk)
        reply = self.sink.write(lines)
        self._tally.requests += 1
        if 200 <= reply.status < 300:
            self._tally.points += len(chunk)
            self._tally.bytes += len(lines)
            self._well()
            if self.late is not None:
                self.late.delivered(chunk)
            work.chunks.popleft()
        elif self._is_about_lines(reply):
            self._well()
            self._divide(work.chunks, reply)
        else:
            return self._failed(reply)
        if not work.chunks:
            self.spool.advance(work.batch.end)
            self._work = None
        return 0.0

    def state(self) -> WriterState:
        """The figures of this moment."""
        tally = self._tally
        return WriterState(
            outcome=tally.outcome,
            message=tally.message,
            failing_s=0.0 if tally.failing_since_s is None else self.clock() - tally.failing_since_s,
            points=tally.points,
            requests=tally.requests,
            bytes=tally.bytes,
            failures=tally.failures,
            rejected_points=tally.rejected_points,
        )

    def _take(self) -> float:
        """Read a batch when it is full or old enough; else seconds until that may be."""
        now_s = self.clock()
        full = self.spool.state().queued_points >= self.options.batch_points
        due_s = (self._read_s if self._read_s is not None else now_s) + self.options.batch_s
        if self._read_s is None:
            self._read_s = now_s
        if not full and now_s < due_s:
            return min(1.0, due_s - now_s)
        self._read_s = now_s
        batch = self.spool.read(self.options.batch_points)
        if batch is None:
            return min(1.0, self.options.batch_s)
        lines, size = batch.lines.splitlines(keepends=True), self.options.batch_points
        self._work = _Work(batch, deque(lines[start : start + size] for start in range(0, len(lines), size)))
        return 0.0

    def _well(self) -> None:
        if self._tally.failing_since_s is not None:
            _LOGGER.info("The time-series store takes points again")
        self._in_a_row = 0
        self._tally.outcome, self._tally.message, self._tally.failing_since_s = Outcome.WRITTEN, "", None

    def _is_about_lines(self, reply: Reply) -> bool:
        """A wrong bucket may be a 400 as well: then not even nothing can be written, and no line is to blame."""
        if reply.status == _TOO_LARGE or (reply.status in _BAD_LINES and ABOUT_LINES.search(reply.message)):
            return True
        if reply.status not in _BAD_LINES:
            return False
        self._tally.requests += 1
        return 200 <= self.sink.write(b"").status < 300

    def _divide(self, chunks: deque[list[bytes]], reply: Reply) -> None:
        chunk = chunks.popleft()
        told = DROPPED.search(reply.message)
        all_bad = reply.status in _BAD_LINES and told is not None and int(told[1]) >= len(chunk)
        if len(chunk) == 1 or all_bad:
            self._reject(chunk, reply)
            return
        middle = len(chunk) // 2
        chunks.extendleft((chunk[middle:], chunk[:middle]))

    def _reject(self, lines: list[bytes], reply: Reply) -> None:
        if not self._tally.rejected_points:
            _LOGGER.error("The time-series store refuses a point for good (%s): %.300s", reply.status, reply.message)
        self._tally.rejected_points += len(lines)
        path = self.options.rejects
        if path is None:
            return
        try:
            if path.exists() and path.stat().st_size >= self.options.rejects_bytes:
                path.replace(path.with_name(f"{path.name}.1"))
            reason = " ".join(reply.message.split())[:200]
            with path.open("ab") as file:
                file.write(f"# {reply.status} {reason}\n".encode())
                file.write(b"".join(lines)[: self.options.rejects_bytes])
        except OSError as error:
            _LOGGER.warning("The file of refused points cannot be written: %s", error.strerror)

    def _failed(self, reply: Reply) -> float:
        outcome = _OUTCOMES.get(reply.status, Outcome.FAILING if reply.status >= 500 else Outcome.REFUSED)
        if reply.status == 0:
            outcome = Outcome.UNREACHABLE
        tally = self._tally
        if outcome is not tally.outcome:
            _LOGGER.warning("No points can be written: %s (%s %.200s)", outcome, reply.status, reply.message)
        if tally.failing_since_s is None:
            tally.failing_since_s = self.clock()
        tally.outcome, tally.message = outcome, f"{reply.status or ''} {reply.message[:200]}".strip()
        tally.failures += 1
        longest_s = min(self.options.longest_retry_s, self.options.first_retry_s * 2.0 ** min(self._in_a_row, 20))
        self._in_a_row += 1
        wait_s = longest_s * (0.5 + 0.5 * self.jitter())
        if reply.retry_after_s is not None and outcome is Outcome.BUSY:
            wait_s = max(wait_s, min(reply.retry_after_s, LONGEST_WAIT_S))
        return wait_s


def _seconds(retry_after: str | None) -> float | None:
    """The header in seconds; its form with a date is not used by InfluxDB, and treated as absent."""
    return float(retry_after) if retry_after is not None and retry_after.isascii() and retry_after.isdigit() else None
