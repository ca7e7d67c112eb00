"""`scripts/bench footprint`: memory of the stack's processes, and what they write to the disk."""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
import json
from pathlib import Path
import signal
import sys
import tempfile
import time
from typing import Any

from .home import Home, a_home

LIMITS_MB = {"homeassistant": 600, "engine": 350, "mosquitto": 40, "influxdb": 300, "nginx": 32, "agent": 96}
"""mem_limit of docker-compose.yml; a test compares."""
SETTLE_S = 60.0
LOOK_EVERY_S = 2.0
DAY_S = 86400.0
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Used:
    """Of a service's process and its children."""

    rss: int
    """Bytes; pages that processes share count in each."""
    pss: int
    """Bytes; shared pages divided among those that share them."""
    written: int
    """Bytes given to the disk since the processes started."""


def add_parser(commands: Any) -> None:
    """The options of `scripts/bench footprint`."""
    footprint = commands.add_parser(
        "footprint",
        help="memory and writes of the stack's processes",
        description="Starts scripts/stack with a simulated home at the speed of the clock, and reads /proc. The "
        "database is the imitation of InfluxDB, so that its figures say nothing of InfluxDB; Grafana does not run.",
    )
    footprint.add_argument("--minutes", type=float, default=5.0, help="of watching (default %(default)g)")
    footprint.add_argument("--quick", action="store_true", help="20 s after 10 s: under 60 s")
    footprint.add_argument("--json", action="store_true", help='one {"bench", "case", "metric", "value"} a line')
    footprint.add_argument("--state", type=Path, help="keep logs and data in this directory (emptied first)")
    footprint.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """0 when every service stays within its limit, else 1."""
    settle_s, watch_s = (10.0, 20.0) if options.quick else (SETTLE_S, 60.0 * options.minutes)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory() as scratch:
        state = options.state or Path(scratch) / "stack"
        with a_home(state.absolute(), "--no-fleet") as home:
            home.set_up()
            time.sleep(settle_s)
            rows = list(figures(home, watch_s))
    for case, metric, value in rows:
        if options.json:
            print(json.dumps({"bench": "footprint", "case": case, "metric": metric, "value": value}))
        else:
            print(f"{case:<15}{metric:<22}{value:.4g}")
    most = {case: value for case, metric, value in rows if metric == "rss_worst_mb"}
    over = [f"{name} took {most[name]:.0f} MB of {limit}" for name, limit in LIMITS_MB.items() if most[name] > limit]
    for complaint in over:
        print(complaint, file=sys.stderr)
    return 1 if over else 0


def figures(home: Home, watch_s: float) -> Iterator[tuple[str, str, float]]:
    """Service, metric, value."""
    begun = time.monotonic()
    first = last = look(home)
    worst: dict[str, int] = {}
    while time.monotonic() - begun < watch_s:
        time.sleep(LOOK_EVERY_S)
        last = look(home)
        worst = {name: max(worst.get(name, 0), used.rss) for name, used in last.items()}
    days = (time.monotonic() - begun) / DAY_S
    for name, used in last.items():
        yield name, "rss_mb", used.rss / MIB
        yield name, "rss_worst_mb", worst[name] / MIB
        yield name, "pss_mb", used.pss / MIB
        yield name, "written_mb_per_day", (used.written - first[name].written) / MIB / days
    yield "all of these", "rss_mb", sum(used.rss for used in last.values()) / MIB
    yield "all of these", "pss_mb", sum(used.pss for used in last.values()) / MIB
    written = sum(last[name].written - first[name].written for name in last)
    yield "all of these", "written_mb_per_day", written / MIB / days


def look(home: Home) -> Mapping[str, Used]:
    """Each service with all of its processes; zeros for one that is down."""
    leaders = {int(service["pid"]): name for name, service in home.told()["services"].items()}
    found = dict.fromkeys(leaders.values(), Used(0, 0, 0))
    for process, leader in _processes():
        with suppress(FileNotFoundError, ProcessLookupError):
            if leader in leaders:
                name = leaders[leader]
                more, before = _of(process), found[name]
                found[name] = Used(before.rss + more.rss, before.pss + more.pss, before.written + more.written)
    return found


def group(leader: int) -> list[int]:
    """Each service leads a process group, to which its children belong."""
    return [int(process.name) for process, found in _processes() if found == leader]


def _processes() -> Iterator[tuple[Path, int]]:
    """Of this machine, with the leader of their group."""
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with suppress(FileNotFoundError, ProcessLookupError):
                yield process, int((process / "stat").read_text().rpartition(")")[2].split()[2])


def _of(process: Path) -> Used:
    memory = dict(line.split(":", 1) for line in (process / "smaps_rollup").read_text().splitlines()[1:])
    written = dict(line.split(": ") for line in (process / "io").read_text().splitlines())
    rss, pss = (1024 * int(memory[key].split()[0]) for key in ("Rss", "Pss"))
    return Used(rss, pss, int(written["write_bytes"]) - int(written["cancelled_write_bytes"]))
