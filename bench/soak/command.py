"""`scripts/bench soak`: hours of a home whose services are hurt at random."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
import json
import os
from pathlib import Path
import signal
import sys
import tempfile
import time
from typing import Any

from bench.recovery.footprint import look
from bench.recovery.home import Home, a_home, asked
from bench.recovery.matrix import settled
from bench.recovery.sensors import Sensors

from . import uptime
from .control import Control
from .faults import DECK, QUICK, SERVICES, Fault, Kind, drawn
from .figures import Row, availability, complaints, of_faults
from .injector import Injector, can_close
from .lives import Lives
from .probes import Probe

SENSORS = 20
EVERY_S = 140.0
TURN_S = 0.2
LOOK_EVERY_S = 20.0
LAST_RETURN_S = 60.0
ANSWERS_WITHIN_S = 2.0
HOUR_S = 3600.0
QUICK_S, QUICK_EVERY_S = 12.0, 3.0


def add_parser(commands: Any) -> None:
    """The options of `scripts/bench soak`."""
    soak = commands.add_parser(
        "soak",
        help="hours of the stack under random faults",
        description="Starts scripts/stack with a simulated home and sensors at 1 Hz (QoS 1), and at random moments "
        "kills or freezes a service, stops the database for minutes, or lets the agent's disk take nothing. Hangs last "
        "until the agent's watchdog has the service restarted, by what stands in for balena's Supervisor. Control is "
        "available in a second in which Home Assistant answers a ping within 2 s and has decided setpoints within 6 s. "
        "The availability found is that under these faults, far more frequent than any home has; it is no forecast.",
    )
    soak.add_argument("--hours", type=float, default=1.0, help="default %(default)g")
    soak.add_argument("--seed", type=int, default=1, help="of the faults (default %(default)s)")
    soak.add_argument("--every", type=float, default=EVERY_S, metavar="S", help="mean distance (default %(default)g s)")
    soak.add_argument("--sensors", type=int, default=SENSORS)
    soak.add_argument("--quick", action="store_true", help="no Home Assistant, a few kills and freezes: under 60 s")
    soak.add_argument("--json", action="store_true", help='one {"bench", "case", "metric", "value"} a line')
    soak.add_argument("--state", type=Path, help="keep logs and data in this directory (emptied first)")
    soak.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """0 when nothing was lost, and everything that was hurt came back, else 1."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory() as scratch:
        state = options.state or Path(scratch) / "stack"
        with a_home(state.absolute(), "--no-fleet") as home:
            run = Soak(home, options)
            run.go()
            rows = list(run.figures())
    case = "quick" if options.quick else f"seed {options.seed}, every {options.every:g} s"
    for what, metric, value in rows:
        if options.json:
            print(json.dumps({"bench": "soak", "case": f"{case}: {what}", "metric": metric, "value": value}))
        else:
            print(f"{what:<24}{metric:<52}{value:.6g}")
    missed = [row for row in rows if row[1] in {"lost_messages", "not_back"} and row[2]]
    for what, metric, value in missed:
        print(f"{what}: {metric} is {value}, asked is 0", file=sys.stderr)
    return 1 if missed else 0


class Soak:
    """One run over a home that is up."""

    def __init__(self, home: Home, options: argparse.Namespace) -> None:
        self._home, self._quick = home, options.quick
        self._seconds = QUICK_S if options.quick else options.hours * HOUR_S
        deck = QUICK if options.quick else DECK
        if not can_close(home.state):
            print("soak: chattr is not allowed here, so the disk is spared", file=sys.stderr)
            deck = tuple(card for card in deck if card[0] is not Kind.DISK)
        every_s = QUICK_EVERY_S if options.quick else options.every
        faults: list[Fault] = drawn(options.seed, self._seconds, every_s, deck)
        password = home.secret("people/mqtt_sensors_password")
        self._sensors = Sensors(home.port("mqtt"), password, home.id, options.sensors)
        if not options.quick:
            home.set_up()
            uptime.enable(home)
        self._control = None if options.quick else Control(home.url("homeassistant"), home.token)
        self._probes = {name: Probe(name, check) for name, check in self._checks().items()}
        self._injector = Injector(home, faults, self._is_well)
        self._lives = Lives()
        self._lost = 0
        self._took_s = 0.0
        self._uptime: float | None = None
        self._load = [0.0, 0.0]

    def _checks(self) -> dict[str, Callable[[], bool]]:
        home, sensors = self._home, self._sensors
        engine = {"Authorization": f"Bearer {home.secret('agent/engine_token')}"}

        def answers(url: str, headers: dict[str, str] | None = None) -> bool:
            return asked(url, headers=headers, timeout_s=ANSWERS_WITHIN_S) is not None

        return {
            "agent": partial(answers, f"{home.url('agent')}/metrics"),
            "mosquitto": lambda: time.monotonic() - sensors.acknowledged < ANSWERS_WITHIN_S + 1.0,
            "influxdb": partial(answers, f"{home.url('influxdb')}/health"),
            "engine": partial(answers, f"{home.url('engine')}/v1/health", engine),
            "homeassistant": partial(answers, f"{home.url('homeassistant')}/manifest.json"),
            "nginx": partial(answers, f"{home.url('http')}/health"),
            "through the front door": partial(answers, f"{home.url('http')}/manifest.json"),
        }

    def _is_well(self, service: str) -> bool:
        return self._probes[service].timeline.is_well

    def go(self) -> None:
        """All of it. Raises TimeoutError where the broker never acknowledges what was sent."""
        with ExitStack() as stack:
            for thread in (*self._probes.values(), *((self._control,) if self._control else ())):
                thread.start()
                stack.callback(thread.end)
            self._sensors.start()
            stack.callback(self._injector.end_all)
            time.sleep(2.0 if self._quick else 10.0)
            self._live()
            self._injector.end_all()
            self._await_return()
            if self._control:
                self._uptime = uptime.read(self._home)
        self._lost = len(settled(self._home, self._sensors))

    def _live(self) -> None:
        begun = time.monotonic()
        looked = -LOOK_EVERY_S
        self._load[0] = os.getloadavg()[0]
        while (now_s := time.monotonic() - begun) < self._seconds:
            for said in self._injector.look(begun):
                print(f"{now_s:7.1f} s  {said}", file=sys.stderr, flush=True)
            if now_s - looked >= LOOK_EVERY_S:
                looked = now_s
                services = self._home.told()["services"]
                self._lives.tell(now_s, look(self._home), {name: one["starts"] for name, one in services.items()})
            time.sleep(TURN_S)
        self._took_s = time.monotonic() - begun
        self._load[1] = os.getloadavg()[2]

    def _await_return(self) -> None:
        until = time.monotonic() + LAST_RETURN_S
        while time.monotonic() < until and not all(self._is_well(service) for service in SERVICES):
            time.sleep(TURN_S)

    def figures(self) -> Iterator[Row]:
        """What, metric, value."""
        yield "run", "hours", self._took_s / HOUR_S
        yield "run", "load_average_at_start", self._load[0]
        yield "run", "load_average_15_min_at_end", self._load[1]
        timelines = {name: probe.timeline for name, probe in self._probes.items()}
        yield from of_faults(self._injector.done, self._injector.left_out, timelines)
        if self._control:
            yield from availability("control", self._control.timeline)
            for outcome, count in self._control.outcomes.most_common():
                yield "plans", outcome, count
        if self._uptime is not None:
            yield "control", "uptime_sensor_percent", self._uptime
        for name, timeline in timelines.items():
            yield from availability(name, timeline)
        yield "messages", "sent", self._sensors.seconds * self._sensors.count
        yield "messages", "sent_again", self._sensors.sent_again
        yield "messages", "lost_messages", self._lost
        yield from self._lives.figures()
        log = self._home.state / "logs/homeassistant.log"
        yield from complaints(log.read_text(errors="replace").splitlines())
