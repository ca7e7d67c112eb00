"""Edge replication of the stand-in for InfluxDB: queue, attempts and status as its source (2.9.1) has them.

A queue that is full takes nothing and says so only in a log line and a metric; only 204 is success; only 400 is given
up, if the replication is told to; everything else blocks the head until it is older than maxAgeSeconds.
"""

from collections import deque
from dataclasses import dataclass, field
import gzip
import threading
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

WEEK_S = 7 * 86400
LONGEST_BACKOFF_S = 15 * 60.0
_OPENER = build_opener(ProxyHandler({}))


@dataclass(slots=True)
class _Batch:
    data: bytes
    points: int


@dataclass(slots=True)
class _Segment:
    """A file of the queue; it is deleted when all of it has been sent."""

    modified_s: float
    batches: deque[_Batch] = field(default_factory=deque)
    bytes_on_disk: int = 0


@dataclass(slots=True)
class Replication:
    """One stream; `settings` is what the API was given."""

    settings: dict[str, Any]
    segment_bytes: int
    segments: deque[_Segment] = field(default_factory=deque)
    attempts: int = 0
    next_s: float = 0.0
    code: int | None = None
    message: str = ""
    metrics: dict[str, int] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def seen(self) -> dict[str, Any]:
        """As the API shows it: what was `remoteBucketName` is `RemoteBucketName`."""
        shown = dict(self.settings)
        shown["RemoteBucketName"] = shown.pop("remoteBucketName", "")
        shown["currentQueueSizeBytes"] = self.on_disk()
        shown["remainingBytesToBeSynced"] = self.remaining()
        if self.code is not None:
            shown |= {"latestResponseCode": self.code, "latestErrorMessage": self.message}
        return shown

    def on_disk(self) -> int:
        """Bytes of the queue's files, with what has been sent of them."""
        return sum(segment.bytes_on_disk for segment in self.segments)

    def remaining(self) -> int:
        """Bytes that wait."""
        return sum(len(batch.data) for segment in self.segments for batch in segment.batches)

    def enqueue(self, lines: list[str], now_s: float, batch_points: int) -> None:
        """After the local write; the writer never hears of what happens here."""
        for start in range(0, len(lines), batch_points):
            chosen = lines[start : start + batch_points]
            batch = _Batch(gzip.compress("\n".join(chosen).encode()), len(chosen))
            if self.on_disk() + len(batch.data) > self.settings["maxQueueSizeBytes"]:
                self.log.append("Failed to enqueue points for replication: queue is full")
                self._count("points_failed_to_queue", batch.points)
                self._count("bytes_failed_to_queue", len(batch.data))
                continue
            if not self.segments or self.segments[-1].bytes_on_disk + len(batch.data) > self.segment_bytes:
                self.segments.append(_Segment(now_s))
            segment = self.segments[-1]
            segment.batches.append(batch)
            segment.bytes_on_disk += len(batch.data)
            segment.modified_s = now_s
            self._count("total_points_queued", batch.points)
            self._count("total_bytes_queued", len(batch.data))
        self.next_s = now_s  # a write makes the next attempt at once

    def step(self, remote: dict[str, Any], now_s: float, lock: threading.RLock) -> bool:
        """Purge, then send one batch if it is time; whether there may be more to do."""
        with lock:
            oldest_s = now_s - (self.settings.get("maxAgeSeconds") or WEEK_S)
            while self.segments and self.segments[0].modified_s < oldest_s:
                self.segments.popleft()
            if not self.segments or now_s < self.next_s:
                return False
            segment = self.segments[0]
            batch = segment.batches[0]
        answer = post(remote, bucket_of(self.settings), batch.data)
        with lock:
            return self._settle(segment, batch, answer, now_s)

    def _settle(self, segment: _Segment, batch: _Batch, answer: tuple[int, str, float | None], now_s: float) -> bool:
        self.code, self.message, retry_after_s = answer
        if self.code == 204:
            self._count("remote_write_bytes_sent", len(batch.data))
        elif self.code == 400 and self.settings.get("dropNonRetryableData"):
            self._count("remote_write_bytes_dropped", len(batch.data))
        else:
            self.attempts += 1
            wait_s = 0.25 * 2**self.attempts if self.attempts <= 10 else LONGEST_BACKOFF_S
            self.next_s = now_s + (retry_after_s if self.code == 429 and retry_after_s else wait_s)
            return False
        self.attempts = 0
        segment.batches.popleft()
        if not segment.batches:
            self.segments.popleft()
        return True

    def _count(self, name: str, by: int) -> None:
        self.metrics[name] = self.metrics.get(name, 0) + by


def bucket_of(settings: dict[str, Any]) -> str:
    """The bucket at the other end, by name or ID."""
    found: str = settings.get("remoteBucketName") or settings["remoteBucketID"]
    return found


def post(remote: dict[str, Any], bucket: str, data: bytes) -> tuple[int, str, float | None]:
    """What the remote says to a write: status (0 when nobody answers), message, Retry-After in seconds."""
    query = urlencode({"bucket": bucket, "org": remote.get("remoteOrgID") or "0" * 16})
    headers = {"Authorization": f"Token {remote['remoteAPIToken']}", "Content-Type": "text/plain"}
    if data:
        headers["Content-Encoding"] = "gzip"
    url = f"{remote['remoteURL']}/api/v2/write?{query}"
    request = Request(url, data=data, headers=headers, method="POST")  # noqa: S310  # as the remote was made
    try:
        with _OPENER.open(request, timeout=20) as answer:
            status, message, after = answer.status, "", None
    except HTTPError as err:
        with err:
            status, message, after = err.code, err.read().decode(errors="replace"), err.headers.get("Retry-After")
    except (URLError, ConnectionError, TimeoutError) as err:
        return 0, str(err), None
    if status != 204:
        message = f"invalid response code {status}, must be 204: {message}"
    return status, message, float(after) if after else None


def metrics_text(replications: dict[str, Replication], started_s: float) -> str:
    """Prometheus's text format, as on /metrics."""
    lines = [
        f'replications_queue_{name}{{replicationID="{identity}"}} {value}'
        for identity, replication in replications.items()
        for name, value in replication.metrics.items()
    ]
    return "\n".join([f"process_start_time_seconds {started_s}", *lines, ""])
