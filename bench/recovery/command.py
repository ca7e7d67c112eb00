"""`scripts/bench recovery`: the kill matrix."""

import argparse
import json
from pathlib import Path
import signal
import sys
import tempfile
import time
from typing import Any

from .home import a_home
from .matrix import CONTROL, LOSES_NOTHING, Matrix, figures
from .sensors import Sensors

SENSORS = 200
STEADY_S = 3.0
MTBF_DAYS = 7.0


def add_parser(commands: Any) -> None:
    """The options of `scripts/bench recovery`."""
    recovery = commands.add_parser(
        "recovery",
        help="kill -9 of each service of the stack in turn, under load",
        description="Starts scripts/stack with a simulated home, lets sensors publish at 1 Hz (QoS 1), and kills each "
        "service in turn. back: until it works again (agent: connected with the broker; mosquitto: acknowledges and "
        "has the agent back; influxdb: answers; nginx: answers; engine, homeassistant: a new plan of the engine comes "
        "through the front door). data: until something measured after the kill is in the database. Lost is what the "
        "broker had acknowledged, or was sent again, and the database does not have in the end.",
    )
    recovery.add_argument("--times", type=int, default=3, help="kills of each service (default %(default)s)")
    recovery.add_argument("--sensors", type=int, default=SENSORS)
    recovery.add_argument("--only", nargs="+", choices=(*LOSES_NOTHING, *CONTROL), help="these services only")
    recovery.add_argument(
        "--mtbf-days",
        type=float,
        default=MTBF_DAYS,
        help="for the estimate of availability: each process dies once in so many days, an assumption that nobody has "
        "measured (default %(default)g)",
    )
    recovery.add_argument("--quick", action="store_true", help="agent, mosquitto, influxdb and nginx once: under 60 s")
    recovery.add_argument("--json", action="store_true", help='one {"bench", "case", "metric", "value"} a line')
    recovery.add_argument("--state", type=Path, help="keep logs and data in this directory (emptied first)")
    recovery.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """0 when everything came back and nothing was lost, else 1."""
    services = options.only or (*LOSES_NOTHING, *CONTROL)
    if options.quick:
        options.times, services = 1, options.only or (*LOSES_NOTHING, "nginx")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory() as scratch:
        state = options.state or Path(scratch) / "stack"
        with a_home(state.absolute(), "--no-fleet") as home:
            if {"engine", "homeassistant"} & set(services):
                home.set_up()
            password = home.secret("people/mqtt_sensors_password")
            sensors = Sensors(home.port("mqtt"), password, home.id, options.sensors)
            matrix = Matrix(home, sensors, wait_for_data=not options.quick)
            sensors.start()
            time.sleep(STEADY_S)
            try:
                for number in range(options.times):
                    for service in services:
                        matrix.kill(service)
                    print(f"round {number + 1} of {options.times}", file=sys.stderr, flush=True)
                matrix.settle()
            except TimeoutError as error:
                print(error, file=sys.stderr)
                return 1
            sent = sensors.seconds * options.sensors
    lost = sum(one.lost for one in matrix.found.values())
    rows = [*figures(matrix.found, options.mtbf_days), ("all of these", "messages_sent", sent)]
    rows.append(("all of these", "lost_messages", lost))
    for case, metric, value in rows:
        if options.json:
            print(json.dumps({"bench": "recovery", "case": case, "metric": metric, "value": value}))
        else:
            print(f"{case:<15}{metric:<22}{value:.6g}")
    if lost:
        print(f"{lost} messages were lost, asked is 0", file=sys.stderr)
    return 1 if lost else 0
