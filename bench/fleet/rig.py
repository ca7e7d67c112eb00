"""The fleet's broker and database, and the processes that play homes and consumers."""

from collections.abc import Iterator
from contextlib import contextmanager
import json
import os
from pathlib import Path
import resource
import secrets
import shutil
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlencode
import urllib.request

from hems_agent.broker_files import hashed
from hems_agent.secrets import make_secrets
from stack_support import native

from ..ingest import FOLDERS, ROOT
from ..ingest.rig import free_ports, listens, until
from . import mqtt
from .reader import dial
from .replication import FIELDS

CONFIGURATION = ROOT / "docs/fleet-broker"
ITERATIONS = 101
"""Of a password's hash, as mosquitto_passwd makes it unless told otherwise."""
SPARE_FILES = 200
_ESTABLISHED = "01"


class Fleet:
    """Everything below one directory."""

    def __init__(self, directory: Path, homes: int) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        self.directory = directory
        make_secrets(directory / "secrets", {}, owners=None)
        self.passwords = {f"h-{secrets.token_hex(8)}": secrets.token_urlsafe(24) for _ in range(homes)}
        self.operator = secrets.token_urlsafe(24)
        self.port, self.sink_port = free_ports(2)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        _allow_files(homes + SPARE_FILES)

    def start_broker(self) -> None:
        """With a user for each home, and one for the operator."""
        place = self.directory / "broker"
        place.mkdir()
        for name in ("server.crt", "server.key"):
            shutil.copy(self.directory / "secrets/mosquitto" / name, place / name)
        shutil.copy(CONFIGURATION / "acl", place / "acl")
        users = {**self.passwords, "operator": self.operator}
        lines = [f"{user}:{hashed(password, iterations=ITERATIONS)}\n" for user, password in users.items()]
        (place / "passwd").write_text("".join(lines))
        for name in ("passwd", "acl", "server.key"):
            (place / name).chmod(0o600)
        self._start("broker", list(native.fleet_mosquitto(place, port=self.port).command))
        until(lambda: listens(self.port), "the broker does not come up", self.processes["broker"])

    def start_sink(self) -> None:
        """VictoriaMetrics as `scripts/stack` starts it for a fleet."""
        sink = native.victoria_metrics(self.directory / "sink", port=self.sink_port)
        self._start("sink", list(sink.command))
        until(lambda: listens(self.sink_port), "the database does not come up", self.processes["sink"])

    def start_reader(self) -> Talk:
        """It says a line when it listens."""
        return self._talk("reader", {**self._link, "password": self.operator})

    def start_homes(self, seconds: float) -> Talk:
        """They say a line when all are connected."""
        file = self.directory / "passwords.json"
        file.write_text(json.dumps(self.passwords))
        return self._talk("homes", {**self._link, "passwords": str(file), "seconds": seconds})

    def start_replication(self, seconds: float) -> Talk:
        """It says a line after its first burst."""
        options = {"homes": list(self.passwords), "port": self.sink_port, "seconds": seconds}
        return self._talk("replication", options)

    def send_event(self, event: str) -> float:
        """One request to every home, as an operator's script sends them; when it began, by the monotonic clock."""
        said = bytearray()
        for number, home in enumerate(self.passwords, 1):
            request = {"schema": 1, "id": event, "kind": "import_limit", "limit_kw": 4.2, "duration_s": 900}
            topic = f"hems/{home}/events/request".encode()
            said += mqtt.publish(topic, json.dumps({**request, "home": home}).encode(), number)
        with dial(self._link, f"operator-{event}", self.operator) as link:
            begun = time.monotonic()
            link.sendall(said)
            link.settimeout(30)
            waited_for, buffer = len(self.passwords), bytearray()
            while waited_for and (data := link.recv(65_536)):
                buffer += data
                waited_for -= sum(packet.kind == mqtt.PUBACK for packet in mqtt.packets(buffer))
        return begun

    def connections(self) -> int:
        """Open ones at the broker."""
        rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        at_broker = f":{self.port:04X}"
        return sum(row[3] == _ESTABLISHED and row[1].endswith(at_broker) for row in rows)

    def values(self) -> int:
        """Different ones in the database, asked for field by field: all at once are too many for its memory."""
        self._ask("/internal/force_flush").read()
        found = 0
        for name in FIELDS:
            query = urlencode({"match[]": f"telemetry_{name}", "start": 0})
            with self._ask(f"/api/v1/export?{query}") as answer:
                found += sum(len(set(json.loads(row)["timestamps"])) for row in answer)
        return found

    def stop(self) -> None:
        """End everything that was started here."""
        for process in reversed(self.processes.values()):
            native.end(process)
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()

    @property
    def _link(self) -> dict[str, Any]:
        return {"port": self.port, "ca": str(self.directory / "secrets/mosquitto/ca.crt")}

    def _ask(self, path: str) -> Any:
        return urllib.request.urlopen(f"http://127.0.0.1:{self.sink_port}{path}", timeout=300)

    def _talk(self, name: str, options: dict[str, Any]) -> Talk:
        command = [sys.executable, "-m", f"bench.fleet.{name}", json.dumps(options)]
        return Talk(name, self._start(name, command, talks=True))

    def _start(self, name: str, command: list[str], *, talks: bool = False) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(str(folder) for folder in FOLDERS)
        with (self.directory / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - what this module names
                command,
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": path, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
            )
        self.processes[name] = process
        return process


class Talk:
    """A process that is told by lines, and tells by lines of JSON."""

    def __init__(self, name: str, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError(f"{name} was started without pipes")
        self.name, self._stdin, self._stdout = name, process.stdin, process.stdout

    def go(self) -> None:
        """Let it do the next thing."""
        self._stdin.write(b"\n")
        self._stdin.flush()

    def told(self) -> dict[str, Any]:
        """The next line, waited for. Raises RuntimeError if it ended instead."""
        line = self._stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} has ended; see its log")
        found: dict[str, Any] = json.loads(line)
        return found


@contextmanager
def a_fleet(directory: Path, homes: int) -> Iterator[Fleet]:
    """Broker and database, running."""
    fleet = Fleet(directory, homes)
    try:
        fleet.start_broker()
        fleet.start_sink()
        yield fleet
    finally:
        fleet.stop()


def _allow_files(needed: int) -> None:
    """For this process and those that it starts. Raises RuntimeError where the system does not let it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and needed > hard:
        raise RuntimeError(f"{needed} open files are needed, the system allows {hard} (ulimit -Hn)")
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
