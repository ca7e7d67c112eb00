"""The quarters of an hour of every home, written as InfluxDB replicates them; as a process of its own.

All homes write two minutes after each quarter, for the clock starts their tasks. So there are two rates to look at: the
mean, with the writes spread over the time, and the burst, in which all homes write as soon as they are let.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
import gzip
from http.client import HTTPConnection
import json
from random import Random
import sys
import time
from typing import Any

from .rhythm import QUARTERS, SOURCES, VALUES, WRITE_EVERY_S

QUARTER_MS = 900_000
FIELDS = tuple(f"quantity_{number:02d}" for number in range(-(-VALUES // SOURCES)))
AT_ONCE = 32
NO_CONTENT = 204


def main() -> int:
    """A burst, at a line on stdin the spread writes, a burst again; what each was like is said as a line of JSON."""
    options = json.loads(sys.argv[1])
    homes, port, seconds = options["homes"], options["port"], options["seconds"]
    now_ms = time.time_ns() // 1_000_000 // QUARTER_MS * QUARTER_MS
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sender = Sender(port, pool)
        print(json.dumps(sender.burst(_bodies(homes, now_ms - 2 * QUARTER_MS))), flush=True)
        sys.stdin.readline()
        print(json.dumps(sender.spread(_bodies(homes, now_ms - QUARTER_MS), seconds)), flush=True)
        bodies = _bodies(homes, now_ms)
        sys.stdin.readline()
        print(json.dumps(sender.burst(bodies)), flush=True)
    return 0


class Sender:
    """Each write is a connection of its own, as each home has one."""

    def __init__(self, port: int, pool: ThreadPoolExecutor) -> None:
        self._port, self._pool = port, pool

    def burst(self, bodies: list[bytes]) -> dict[str, Any]:
        """All, as fast as they are taken."""
        begun = time.monotonic()
        return self._told(self._pool.map(self._post, bodies), begun, sum(map(len, bodies)))

    def spread(self, bodies: list[bytes], seconds: float) -> dict[str, Any]:
        """As many as a mean time of so many seconds has, one after the other."""
        due = bodies[: max(1, round(len(bodies) * seconds / WRITE_EVERY_S))]
        begun, found = time.monotonic(), []
        for number, body in enumerate(due):
            time.sleep(max(0.0, begun + number * seconds / len(due) - time.monotonic()))
            found.append(self._pool.submit(self._post, body))
        time.sleep(max(0.0, begun + seconds - time.monotonic()))
        return self._told((one.result() for one in found), begun, sum(map(len, due)))

    def _post(self, body: bytes) -> tuple[bool, float]:
        begun = time.monotonic()
        link = HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            link.request(
                "POST", "/api/v2/write?org=fleet&bucket=homes&precision=ms", body, {"Content-Encoding": "gzip"}
            )
            taken = link.getresponse().status == NO_CONTENT
        except OSError:
            taken = False
        finally:
            link.close()
        return taken, time.monotonic() - begun

    @staticmethod
    def _told(results: Iterable[tuple[bool, float]], begun: float, size: int) -> dict[str, Any]:
        done = list(results)
        took = [took_s for _, took_s in done]
        refused = sum(not taken for taken, _ in done)
        told = {"writes": len(done), "refused": refused, "values": (len(done) - refused) * VALUES * QUARTERS}
        return {**told, "bytes": size, "seconds": time.monotonic() - begun, "latencies_s": took}


def _bodies(homes: list[str], last_ms: int) -> list[bytes]:
    return [_body(home, last_ms) for home in homes]


def _body(home: str, last_ms: int) -> bytes:
    """One value a line, as `to()` writes and the replication sends."""
    draw, lines = Random(f"{home}{last_ms}"), []
    for number in range(VALUES):
        field, asset = divmod(number, SOURCES)
        series = f"telemetry,asset=asset_{asset:02d},home={home},kind=battery,site=home {FIELDS[field]}"
        times_ms = range(last_ms - (QUARTERS - 1) * QUARTER_MS, last_ms + 1, QUARTER_MS)
        lines += [f"{series}={draw.uniform(0, 10)!r} {time_ms}\n" for time_ms in times_ms]
    return gzip.compress("".join(lines).encode())


if __name__ == "__main__":
    sys.exit(main())
