"""A home that scripts/stack runs, as its user sees it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import signal
import subprocess
import time

from hems_agent.influx import Influx
import pytest

from tests.stack.native_stack import ROOT, needs

START_S = 300


class Home:
    """Its state directory, while it runs."""

    def __init__(self, state: Path) -> None:
        self.state = state

    def told(self) -> dict:
        try:
            return json.loads((self.state / "stack.json").read_text())
        except FileNotFoundError:
            return {}

    @property
    def id(self) -> str:
        return self.told()["home"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port('http')}"

    def port(self, name: str) -> int:
        return self.told()["ports"][name]

    def pids(self) -> dict[str, int]:
        return {name: service["pid"] for name, service in self.told()["services"].items()}

    def secret(self, place: str) -> str:
        return (self.state / "secrets" / place).read_text().strip()

    def rows(self, measurement: str, minutes: int = 10) -> list[tuple[dict[str, str], str, str]]:
        """Tags, field and value of the last minutes."""
        now = datetime.now(UTC)
        span = f"start: {now - timedelta(minutes=minutes):%FT%TZ}, stop: {now + timedelta(minutes=minutes):%FT%TZ}"
        where = f'|> filter(fn: (r) => r._measurement == "{measurement}")'
        influx = Influx(f"http://127.0.0.1:{self.port('influxdb')}", lambda: self.secret("agent/operator_token"))
        try:
            found = influx.rows(f'from(bucket: "hems") |> range({span}) {where}', "hems")
            return [(dict(row.tags), row.field, row.value) for row in found]
        finally:
            influx.close()

    def log(self, name: str) -> str:
        return (self.state / f"logs/{name}.log").read_text(errors="replace")


def patiently(condition, what: str, patience_s: float = 90.0):
    """What the condition gives once it is something."""
    deadline = time.monotonic() + patience_s
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(what)
        time.sleep(0.25)
    return found


@contextmanager
def running_stack(state: Path, *options: str) -> Iterator[Home]:
    """As a user starts it, until Ctrl-C."""
    for program in ("mosquitto", "nginx", "victoria-metrics"):
        needs(program)
    home, said = Home(state), state.parent / "said"
    with said.open("w") as file:
        process = subprocess.Popen(
            [ROOT / "scripts/stack", "--state", state, *options], stdout=file, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + START_S
        while not home.told().get("ready"):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"scripts/stack did not come up:\n{said.read_text()[-4000:]}")
            time.sleep(0.2)
        yield home
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=120) == 0, said.read_text()[-4000:]
