"""`scripts/bench fleet`: many homes at one broker and one database of a fleet."""

import argparse
from collections import Counter
from collections.abc import Iterator
import json
import os
from pathlib import Path
import signal
from statistics import median
import sys
import tempfile
import time
from typing import Any

from ..ingest.rig import Usage
from .rhythm import MESSAGES_S, QUARTERS, VALUES
from .rig import Fleet, a_fleet

EVENTS = 3
LOOK_EVERY_S = 1.0
BURSTS = 2
"""Each with other quarters than the one before; the writes between them hold nothing that these do not."""


def add_parser(commands: Any) -> None:
    """The options of `scripts/bench fleet`."""
    fleet = commands.add_parser(
        "fleet",
        help="many homes at one broker and one database",
        description="Homes dial in to a Mosquitto as docs/fleet-broker has it (TLS, a user and a connection each) and "
        "say what the bridge of a home says; a consumer reads everything; three events go to every home; "
        "VictoriaMetrics takes the quarters of an hour that the homes replicate, spread over the time and all at "
        "once. Everything runs on this machine, homes and consumer too.",
    )
    fleet.add_argument("--homes", type=int, default=1000)
    fleet.add_argument("--minutes", type=float, default=5.0, help="of the load (default %(default)g)")
    fleet.add_argument("--quick", action="store_true", help="20 s: under 60 s")
    fleet.add_argument("--json", action="store_true", help='one {"bench", "case", "metric", "value"} a line')
    fleet.add_argument("--state", type=Path, help="keep logs and data in this directory (emptied first)")
    fleet.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """0 when nothing is missing, repeated or out of order, else 1."""
    seconds = 20.0 if options.quick else 60.0 * options.minutes
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with (
        tempfile.TemporaryDirectory() as scratch,
        a_fleet((options.state or Path(scratch) / "fleet").absolute(), options.homes) as fleet,
    ):
        found = measured(fleet, seconds)
    case = f"{options.homes} homes, {seconds:g} s"
    for metric, value in found.items():
        if options.json:
            print(json.dumps({"bench": "fleet", "case": case, "metric": metric, "value": value}))
        else:
            print(f"{metric:<28} {value:.4g}" if isinstance(value, float) else f"{metric:<28} {value}")
    wrong = [f"{metric} is {found[metric]}, asked is 0" for metric in SHALL_BE_NONE if found[metric]]
    for complaint in wrong:
        print(complaint, file=sys.stderr)
    return 1 if wrong else 0


SHALL_BE_NONE = (
    "lost_qos0",
    "lost_qos1",
    "repeated",
    "out_of_order",
    "unacknowledged",
    "connections_lost",
    "events_not_received",
    "writes_refused",
    "values_missing",
)


def measured(fleet: Fleet, seconds: float) -> dict[str, float | int]:
    """Metric and value of one run."""
    reader, homes = fleet.start_reader(), fleet.start_homes(seconds)
    reader.told()
    dialled = homes.told()
    sink_before = Usage.of(fleet.processes["sink"])
    replication = fleet.start_replication(seconds)
    first = replication.told()
    load_before = os.getloadavg()[0]
    watch = Watch(fleet)
    replication.go()
    homes.go()
    sent_at = watch.through(seconds)
    said, spread = homes.told(), replication.told()
    sink_steady = Usage.of(fleet.processes["sink"])
    replication.go()
    burst = replication.told()
    sink_after = Usage.of(fleet.processes["sink"])
    reader.go()
    came = reader.told()
    found: dict[str, float | int] = {"homes": len(fleet.passwords), "load_average_before": load_before}
    found["load_average_after"] = os.getloadavg()[0]
    found |= {"connections": watch.connections, "connect_s": dialled["connect_s"]}
    found |= dict(_messages(said, came, seconds)) | dict(watch.figures())
    found |= dict(_fan_out(said, came, sent_at))
    found |= dict(_writes(first, spread, burst))
    found["first_burst_sink_cpu_s"] = watch.sink[0].cpu_s - sink_before.cpu_s
    found["burst_sink_cpu_s"] = sink_after.cpu_s - sink_steady.cpu_s
    found["values_missing"] = (QUARTERS + BURSTS) * VALUES * len(fleet.passwords) - fleet.values()
    return found


class Watch:
    """Broker and database under load, and the events meanwhile."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.broker: list[Usage] = []
        self.sink: list[Usage] = []
        self.players: list[float] = []
        self.connections = 0
        self.look()

    def look(self) -> None:
        """At the processes, now."""
        processes = self._fleet.processes
        self.broker.append(Usage.of(processes["broker"]))
        self.sink.append(Usage.of(processes["sink"]))
        self.players.append(sum(Usage.of(processes[name]).cpu_s for name in ("homes", "reader", "replication")))
        self.connections = max(self.connections, self._fleet.connections())

    def through(self, seconds: float) -> dict[str, float]:
        """When each event was sent."""
        sent: dict[str, float] = {}
        begun = time.monotonic()
        while (gone_s := time.monotonic() - begun) < seconds:
            if len(sent) < EVENTS and gone_s >= seconds * (len(sent) + 1) / (EVENTS + 1):
                event = f"limit-{len(sent) + 1}"
                sent[event] = self._fleet.send_event(event)
            self.look()
            time.sleep(max(0.0, min(LOOK_EVERY_S, begun + seconds - time.monotonic())))
        self.look()
        return sent

    def figures(self) -> Iterator[tuple[str, float]]:
        """CPU in percent of one core, from the first look to the last."""
        took_s = self.broker[-1].at_s - self.broker[0].at_s
        for name, looks in (("broker", self.broker), ("sink", self.sink)):
            yield f"{name}_cpu_percent", 100 * (looks[-1].cpu_s - looks[0].cpu_s) / took_s
            yield f"{name}_rss_mb", max(look.rss_kb for look in looks) / 1024
        yield "homes_and_reader_cpu_percent", 100 * (self.players[-1] - self.players[0]) / took_s


def _messages(said: dict[str, Any], came: dict[str, Any], seconds: float) -> Iterator[tuple[str, float | int]]:
    missing: Counter[str] = Counter()
    repeated = 0
    for home, kinds in said["sent"].items():
        for kind, sent in kinds.items():
            lost = sent - came["counts"].get(home, {}).get(kind, 0)
            missing["qos0" if kind == "telemetry" else "qos1"] += max(0, lost)
            repeated += max(0, -lost)
    sent = sum(sum(kinds.values()) for kinds in said["sent"].values())
    delivered = sum(sum(kinds.values()) for kinds in came["counts"].values())
    yield "messages_sent", sent
    yield "messages_per_s", delivered / seconds
    yield "expected_messages_per_s", MESSAGES_S * len(said["sent"])
    yield "kb_per_s_in", said["bytes"] / seconds / 1000
    yield "lost_qos0", missing["qos0"]
    yield "lost_qos1", missing["qos1"]
    yield "repeated", repeated
    yield "out_of_order", came["out_of_order"]
    yield "unacknowledged", said["unacknowledged"]
    yield "connections_lost", said["connections_lost"]
    yield "load_late_s", said["late_s"]


def _fan_out(
    said: dict[str, Any], came: dict[str, Any], sent_at: dict[str, float]
) -> Iterator[tuple[str, float | int]]:
    for name, got in (("event", said["received"]), ("answer", came["answered"])):
        took = [at - sent_at[event] for events in got.values() for event, at in events.items()]
        if took:
            yield f"{name}_p50_s", median(took)
            yield f"{name}_p99_s", sorted(took)[int(0.99 * (len(took) - 1))]
            yield f"{name}_worst_s", max(took)
        if name == "event":
            yield "events_not_received", len(sent_at) * len(said["sent"]) - len(took)


def _writes(first: dict[str, Any], spread: dict[str, Any], burst: dict[str, Any]) -> Iterator[tuple[str, float | int]]:
    yield "writes_per_s", spread["writes"] / spread["seconds"]
    yield "values_per_s", spread["values"] / spread["seconds"]
    yield "bytes_per_value", burst["bytes"] / max(1, burst["values"])
    yield "write_p50_s", median(spread["latencies_s"])
    yield "write_worst_s", max(spread["latencies_s"])
    yield "writes_refused", first["refused"] + spread["refused"] + burst["refused"]
    for name, told in (("first_burst", first), ("burst", burst)):
        yield f"{name}_s", told["seconds"]
        yield f"{name}_values_per_s", told["values"] / told["seconds"]
