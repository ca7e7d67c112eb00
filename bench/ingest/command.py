"""`scripts/bench ingest`: sensors at 1 Hz through broker and agent into a time-series store."""

import argparse
from collections.abc import Iterator
from itertools import pairwise, takewhile
import json
from pathlib import Path
import signal
from statistics import quantiles
import subprocess
import sys
import tempfile
import time
from typing import Any

from .rig import FIELDS, Rig, Usage, a_rig

TARGET_CPU_PERCENT = 50.0
"""Of one core in the agent, at 1000 sensors."""
FLAT_PERCENT = 10.0
"""More memory at the end than in the middle than this is not flat."""
SETTLED_S = 15
LOOKS = 120
"""How often the agent is looked at; `cpu_percent_worst` is of the worst stretch between two looks."""
BEFORE_OUTAGE_S = 60
UP_TO_DATE_MS = 15_000
"""No older is the newest point of a batch when the backlog is gone."""


def add_parser(commands: Any) -> None:
    """The options of `scripts/bench ingest`."""
    ingest = commands.add_parser(
        "ingest",
        help="telemetry of many sensors through Mosquitto and the agent into a store",
        description="Sensors at 1 Hz, three quantities each, through the stack's Mosquitto and the agent's telemetry "
        "path into VictoriaMetrics: CPU and memory of the agent, loss, repetitions, order, lag.",
    )
    ingest.add_argument("--sensors", type=int, default=1000)
    ingest.add_argument("--duration", type=_seconds, default=600, metavar="10m", help="of the load")
    ingest.add_argument("--outage", type=_seconds, default=0, metavar="30m", help="stop the store for so long")
    ingest.add_argument("--quick", action="store_true", help="20 s, an outage of 10 s: under 60 s")
    ingest.add_argument("--json", action="store_true", help='one {"bench", "case", "metric", "value"} a line')
    ingest.add_argument("--state", type=Path, help="keep logs and data in this directory (emptied first)")
    ingest.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """0 when nothing is missing or out of order and the bars are kept, else 1."""
    if options.quick:
        options.duration, options.outage = 25, min(options.outage, 10)
    settled_s = min(SETTLED_S, options.duration // 5)
    before_s = min(BEFORE_OUTAGE_S, options.duration // 5)
    if options.outage:
        # The load goes on while the backlog drains: that is when the agent has the most to do.
        options.duration = max(options.duration, before_s + options.outage + (10 if options.quick else 180))
    # So that what was started ends with this process, also in the background, where Ctrl-C is ignored.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory() as scratch, a_rig(options.state or Path(scratch) / "rig") as rig:
        run = Run(rig, options.sensors, options.duration, settled_s)
        run.go(before_s, options.outage)
        found = dict(run.found())
    case = f"{options.sensors} sensors, {options.duration} s" + (
        f", outage {options.outage} s" if options.outage else ""
    )
    for metric, value in found.items():
        if options.json:
            print(json.dumps({"bench": "ingest", "case": case, "metric": metric, "value": value}))
        else:
            print(f"{metric:<28} {value:.4g}" if isinstance(value, float) else f"{metric:<28} {value}")
    missed = list(_missed(found, options))
    for bar in missed:
        print(bar, file=sys.stderr)
    return 1 if missed else 0


class Run:
    """One measurement."""

    def __init__(self, rig: Rig, sensors: int, seconds: int, settled_s: int) -> None:
        self.rig, self.sensors, self.seconds, self.settled_s = rig, sensors, seconds, settled_s
        self.look_every_s = max(0.5, seconds / LOOKS)
        self.looks: list[Usage] = []
        self.back_ms = self.backlog_points = self.backlog_bytes = 0
        self.complete = False
        self.broker = [Usage.of(rig.processes["broker"])]

    @property
    def expected(self) -> int:
        """Points that must arrive."""
        return self.sensors * self.seconds

    def go(self, before_s: int, outage_s: int) -> None:
        """Load the agent, with an outage if asked for, and wait until all has arrived."""
        load = self.rig.start_load(self.sensors, self.seconds)
        begun = time.monotonic()
        if outage_s:
            self._watch(load, begun + before_s)
            self.rig.end("store")
            self._watch(load, begun + before_s + outage_s)
            spool = self.rig.figures()["spool"]
            self.backlog_points, self.backlog_bytes = spool["queued_points"], spool["queued_bytes"]
            self.rig.start_store()
            self.back_ms = time.time_ns() // 1_000_000
        self._watch(load, begun + self.seconds + 120.0)
        self.broker.append(Usage.of(self.rig.processes["broker"]))
        self.complete = self.rig.await_empty(self.expected, 120.0)

    def _draining(self, writes: list[tuple[int, int, int, int]]) -> Iterator[tuple[str, float]]:
        """From the first write after the outage to the first that is up to date; the load goes on meanwhile."""
        after = [write for write in writes if write[0] >= self.back_ms]
        late = [*takewhile(lambda write: write[2] > UP_TO_DATE_MS, after)]
        yield "first_write_s", (after[0][0] - self.back_ms) / 1000
        if late:
            drain_s = (late[-1][0] - late[0][0]) / 1000
            yield "drain_s", drain_s
            yield "drain_points_per_s", sum(write[1] for write in late) / max(drain_s, 1.0)

    def _watch(self, load: subprocess.Popen[bytes], until_s: float) -> None:
        while load.poll() is None and time.monotonic() < until_s:
            if not self.looks or time.monotonic() - self.looks[-1].at_s >= self.look_every_s:
                self.looks.append(Usage.of(self.rig.processes["agent"]))
            time.sleep(min(0.25, max(0.0, until_s - time.monotonic())))

    def found(self) -> Iterator[tuple[str, float | int | bool]]:
        """Metric and value."""
        loaded, relayed, figures = self.rig.loaded(), self.rig.relayed(), self.rig.figures()
        arrived = self.rig.arrived(self.sensors, self.seconds)
        settled = [look for look in self.looks if look.at_s - self.looks[0].at_s >= self.settled_s]
        yield "cpu_percent", _percent(settled[0], settled[-1])
        yield "cpu_percent_worst", max(_percent(*pair) for pair in pairwise(settled))
        yield "broker_cpu_percent", _percent(*self.broker)
        yield "rss_start_mb", settled[0].rss_kb / 1024
        yield "rss_middle_mb", settled[len(settled) // 2].rss_kb / 1024
        yield "rss_end_mb", settled[-1].rss_kb / 1024
        taken_s = settled[-1].at_s - settled[0].at_s
        yield "disk_kb_per_s", (settled[-1].written_bytes - settled[0].written_bytes) / 1024 / taken_s
        yield "messages_sent", loaded.get("sent", 0)
        yield "load_late_s", loaded.get("late_s", float("nan"))
        yield "unacknowledged", loaded.get("unacknowledged", -1)
        yield "points_arrived", relayed.get("points", 0)
        yield "lost_messages", arrived.missing
        yield "lost_values", len(FIELDS) * self.expected - sum(arrived.distinct.values())
        yield "repeated_points", relayed.get("repeated", 0)
        yield "out_of_order_points", relayed.get("out_of_order", 0) + arrived.disordered
        yield "duplicates_dropped", figures["ingest"]["counts"]["duplicates"]
        yield "bad_messages", sum(figures["ingest"]["counts"]["bad"].values())
        yield "spool_dropped_points", figures["spool"]["dropped_points"]
        _, _, newest, oldest = zip(*relayed["writes"], strict=True)
        yield "lag_newest_p50_s", _tenth(newest, 5) / 1000
        yield "lag_oldest_p50_s", _tenth(oldest, 5) / 1000
        yield "lag_oldest_worst_s", max(oldest) / 1000
        if self.back_ms:
            yield "backlog_points", self.backlog_points
            yield "backlog_mb", self.backlog_bytes / 2**20
            yield from self._draining(relayed["writes"])
        yield "complete", self.complete


def _missed(found: dict[str, Any], options: argparse.Namespace) -> Iterator[str]:
    for metric in ("lost_messages", "lost_values", "out_of_order_points", "repeated_points", "bad_messages"):
        if found[metric]:
            yield f"{metric} is {found[metric]}, asked is 0"
    if not found["complete"]:
        yield "not everything has arrived"
    if options.sensors == 1000 and found["cpu_percent"] >= TARGET_CPU_PERCENT:
        yield f"cpu_percent is {found['cpu_percent']:.1f}, asked is less than {TARGET_CPU_PERCENT:g}"
    growth = 100.0 * (found["rss_end_mb"] / found["rss_middle_mb"] - 1.0)
    if not options.quick and growth > FLAT_PERCENT:
        yield f"memory grew by {growth:.0f} % in the second half"


def _percent(before: Usage, after: Usage) -> float:
    return 100.0 * (after.cpu_s - before.cpu_s) / max(after.at_s - before.at_s, 1e-9)


def _tenth(values: tuple[int, ...], tenth: int) -> float:
    return quantiles(values, n=10, method="inclusive")[tenth - 1] if len(values) > 1 else float(values[0])


def _seconds(text: str) -> int:
    """`90`, `90s`, `10m` or `1h`."""
    factor = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
    try:
        return int(text[:-1]) * factor if factor else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be like 90, 90s, 10m or 1h, got {text!r}") from None
