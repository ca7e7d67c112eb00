"""Broker, store, relay, agent and load, each a process with the stack's own configuration where it has one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import json
import os
from pathlib import Path
import random
import shutil
import subprocess
import sys
import time
from typing import Any
import urllib.request

from hems_agent.secrets import make_secrets
from stack_support import native

from . import FOLDERS

PATIENCE_S = 30.0
FIELDS = ("power_kw", "voltage_v", "imported_kwh")
FIRST_COUNT = 100_000
_LISTENING = "0A"


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a process, until now."""

    at_s: float
    cpu_s: float
    rss_kb: int
    written_bytes: int

    @classmethod
    def of(cls, process: subprocess.Popen[bytes]) -> Usage:
        """Read from /proc."""
        base = Path(f"/proc/{process.pid}")
        fields = (base / "stat").read_text().rpartition(")")[2].split()
        status = dict(line.split(":", 1) for line in (base / "status").read_text().splitlines())
        written = dict(line.split(": ") for line in (base / "io").read_text().splitlines())["write_bytes"]
        ticks = os.sysconf("SC_CLK_TCK")
        cpu_s = (int(fields[11]) + int(fields[12])) / ticks
        return cls(time.monotonic(), cpu_s, int(status["VmRSS"].split()[0]), int(written))


@dataclass(frozen=True, slots=True)
class Arrived:
    """What the store holds in the end."""

    samples: dict[str, int]
    """By field, with repetitions."""
    distinct: dict[str, int]
    missing: int
    """Counts of sensors that are not there."""
    disordered: int
    """Sensors whose counts do not rise with time."""


class Rig:
    """Everything below one directory; each part can be started, stopped and killed by itself."""

    def __init__(self, directory: Path) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        self.directory = directory
        self.secrets = directory / "secrets"
        make_secrets(self.secrets, {}, owners=None)
        self.home = (self.secrets / "home-id").read_text().strip()
        self.mqtt_port, self.tls_port, self.store_port, self.relay_port = free_ports(4)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start_broker(self) -> None:
        """Mosquitto by the stack's own entrypoint and configuration."""
        service = native.mosquitto(
            self.directory / "mosquitto", self.secrets, port=self.mqtt_port, tls_port=self.tls_port
        )
        (self.directory / "mosquitto").mkdir(exist_ok=True)
        self.processes["broker"] = service.start(self.directory / "mosquitto.log")
        self._await("broker", self.mqtt_port)

    def start_store(self) -> None:
        """VictoriaMetrics, with every repetition kept so that it can be counted."""
        command = ["victoria-metrics", f"-storageDataPath={self.directory / 'store'}", "-retentionPeriod=1y"]
        command += [f"-httpListenAddr=127.0.0.1:{self.store_port}", "-memory.allowedBytes=256MB"]
        self._start("store", command)
        self._await("store", self.store_port)

    def start_relay(self) -> None:
        """What looks at every line on its way to the store."""
        self._start_module(
            "relay",
            "bench.ingest.relay",
            str(self.relay_port),
            str(self.store_port),
            str(self.directory / "relay.json"),
        )
        self._await("relay", self.relay_port)

    def start_agent(self, batch_s: float = 10.0, patience_s: float = PATIENCE_S) -> subprocess.Popen[bytes]:
        """The telemetry path of the agent; its figures go to a file."""
        options = {
            "directory": str(self.directory),
            "home": self.home,
            "mqtt_port": self.mqtt_port,
            "password_file": str(self.secrets / "agent/mqtt_password"),
            "batch_s": batch_s,
            "sink": f"http://127.0.0.1:{self.relay_port}",
        }
        self.figures_file.unlink(missing_ok=True)
        agent = self._start_module("agent", "bench.ingest.agent", json.dumps(options))
        until(self._agent_is_connected, "the agent does not connect", agent, patience_s)
        return agent

    def start_load(self, sensors: int, seconds: int) -> subprocess.Popen[bytes]:
        """The sensors; ends by itself."""
        arguments = ["--port", str(self.mqtt_port), "--sensors", str(sensors), "--seconds", str(seconds)]
        arguments += ["--home", self.home, "--user", "sensors"]
        arguments += ["--password-file", str(self.secrets / "people/mqtt_sensors_password")]
        (self.directory / "load.json").unlink(missing_ok=True)
        return self._start_module("load", "bench.ingest.load", *arguments, output=self.directory / "load.json")

    def kill(self, name: str) -> None:
        """As the kernel does when there is no memory."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def end(self, name: str) -> None:
        """As a stop of its container does: the store then has on its disk what it has taken."""
        native.end(self.processes.pop(name))

    def figures(self) -> dict[str, Any]:
        """What the agent said last; empty before that."""
        return _json(self.figures_file)

    def relayed(self) -> dict[str, Any]:
        """What has passed the relay."""
        return _json(self.directory / "relay.json")

    def loaded(self) -> dict[str, Any]:
        """What the load has done; empty until it has ended."""
        return _json(self.directory / "load.json")

    @property
    def figures_file(self) -> Path:
        """Written by the agent once a second."""
        return self.directory / "figures.json"

    def await_empty(self, expected_points: int, patience_s: float) -> bool:
        """Whether so many points have passed the relay and the spool is empty, in time.

        What an agent that was killed sends again is not counted: it says nothing of what is still on its way.
        """
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            waiting = self.figures().get("spool", {}).get("queued_points", 1)
            if self.relayed().get("new", 0) >= expected_points and not waiting:
                return True
            time.sleep(0.25)
        return False

    def arrived(self, sensors: int, seconds: int) -> Arrived:
        """Read everything back: every count of every sensor once, rising with time."""
        self._ask("/internal/force_flush")
        samples, distinct, missing, disordered = {}, {}, 0, 0
        for name in FIELDS:
            samples[name] = distinct[name] = seen = 0
            for row in self._ask(f'/api/v1/export?match[]=telemetry_{name}{{home="{self.home}"}}').splitlines():
                series = json.loads(row)
                told = sorted(set(zip(series["timestamps"], series["values"], strict=True)))
                samples[name] += len(series["values"])
                distinct[name] += len(told)
                seen += 1
                if name == "imported_kwh":
                    counts = [round(value) - FIRST_COUNT for _, value in told]
                    missing += len(set(range(seconds)) - set(counts))
                    disordered += counts != sorted(counts)
            if name == "imported_kwh":
                missing += (sensors - seen) * seconds
        return Arrived(samples, distinct, missing, disordered)

    def stop(self) -> None:
        """End everything that was started here."""
        for name in reversed(list(self.processes)):
            self.end(name)

    def _ask(self, path: str) -> str:
        url = f"http://127.0.0.1:{self.store_port}{path.replace('{', '%7B').replace('}', '%7D')}"
        with urllib.request.urlopen(url.replace('"', "%22"), timeout=300) as answer:  # noqa: S310 - our own process
            return str(answer.read(), "utf-8")

    def _agent_is_connected(self) -> bool:
        return bool(self.figures().get("ingest", {}).get("connected"))

    def _start(self, name: str, command: list[str], output: Path | None = None) -> subprocess.Popen[bytes]:
        with (self.directory / f"{name}.log").open("ab") as log, (output or Path(os.devnull)).open("ab") as out:
            path = os.pathsep.join(str(folder) for folder in FOLDERS)
            process = subprocess.Popen(  # noqa: S603 - what this module names
                command,
                stdin=subprocess.DEVNULL,
                stdout=out if output else log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": path, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
            )
        self.processes[name] = process
        return process

    def _start_module(
        self, name: str, module: str, *arguments: str, output: Path | None = None
    ) -> subprocess.Popen[bytes]:
        return self._start(name, [sys.executable, "-m", module, *arguments], output)

    def _await(self, name: str, port: int) -> None:
        until(lambda: listens(port), f"{name} does not come up", self.processes[name])


@contextmanager
def a_rig(directory: Path, batch_s: float = 10.0) -> Iterator[Rig]:
    """Broker, store, relay and agent, running."""
    rig = Rig(directory)
    try:
        rig.start_broker()
        rig.start_store()
        rig.start_relay()
        rig.start_agent(batch_s)
        yield rig
    finally:
        rig.stop()


def until(
    condition: Callable[[], bool], complaint: str, process: subprocess.Popen[bytes], patience_s: float = PATIENCE_S
) -> None:
    """Wait. Raises RuntimeError if the process ends before, or time runs out."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{complaint}; see its log")
        time.sleep(0.05)


def listens(port: int) -> bool:
    """Whether something on this machine takes connections there."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return any(row[3] == _LISTENING and int(row[1].rpartition(":")[2], 16) == port for row in rows)


def free_ports(count: int) -> list[int]:
    """Of those that the kernel does not lend to clients, so that a store that restarts finds its port free."""
    used = {int(line.split()[1].rpartition(":")[2], 16) for line in Path("/proc/net/tcp").read_text().splitlines()[1:]}
    return random.sample([port for port in range(15000, 32000) if port not in used], count)


def _json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError, ValueError:
        return {}
    return found
