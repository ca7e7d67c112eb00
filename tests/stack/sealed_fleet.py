"""A home and its fleet, each with a real Mosquitto, joined by TLS; the fleet's as docs/fleet-broker has it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
import json
from pathlib import Path
import shutil
import subprocess
import time

from hems_agent.broker_files import hashed
from hems_agent.sealing import PrivateKey

from tests.stack.native_stack import LOOPBACK, ROOT, free_ports, native, needs, patiently, running, the_secrets

FLEET_PASSWORD = "the fleet knows it"
OPERATOR_PASSWORD = "reads everything"
TIMED_OUT = 27
_ESTABLISHED = "01"


class FleetBroker:
    """What the operator runs; it also keeps everything that any home has sent."""

    def __init__(self, directory: Path, home: str) -> None:
        needs("mosquitto")
        needs("mosquitto_sub")
        self.directory, self.home = directory, home
        directory.mkdir()
        secrets = the_secrets(directory / "secrets")
        (self.port,) = free_ports(1)
        self.ca = secrets / "ca.crt"
        for name in ("server.crt", "server.key"):
            shutil.copy(secrets / "mosquitto" / name, directory / name)
        rights = (ROOT / "docs/fleet-broker/acl").read_text()
        (directory / "acl").write_text(f"{rights}\nuser admin\ntopic readwrite hems/#\n")
        users = {home: FLEET_PASSWORD, "operator": OPERATOR_PASSWORD, "admin": OPERATOR_PASSWORD}
        (directory / "passwd").write_text("".join(f"{user}:{hashed(word)}\n" for user, word in users.items()))
        self.broker = native.fleet_mosquitto(directory, port=self.port)

    def be_strict(self) -> None:
        """By the lines of the access list that are for homes which seal."""
        place = self.directory / "acl"
        text = place.read_text().replace("pattern readwrite hems/%u/#\n", "").replace("\n#pattern", "\npattern")
        assert text.count("\npattern ") == 3
        place.write_text(text)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The broker, and an operator who writes down all that comes."""
        with running(self.broker, self.directory, self.port), (self.directory / "heard").open("ab") as heard:
            listener = subprocess.Popen([*self._as_operator("mosquitto_sub"), "-v", "-q", "1", "-t", "#"], stdout=heard)
            try:
                yield
            finally:
                listener.terminate()
                listener.wait()

    def heard(self) -> list[bytes]:
        """Every line so far: topic and message."""
        return (self.directory / "heard").read_bytes().splitlines()

    def retained(self) -> dict[str, bytes]:
        """What the broker keeps, by topic."""
        command = [*self._as_operator("mosquitto_sub"), "-v", "-t", "hems/#", "-W", "1", "--retained-only"]
        answer = subprocess.run(command, check=False, capture_output=True, timeout=30)
        assert answer.returncode in {0, TIMED_OUT}, answer.stderr
        lines = (line.partition(b" ") for line in answer.stdout.splitlines())
        return {topic.decode(): payload for topic, _, payload in lines}

    def ask(self, topic: str, message: str) -> None:
        """As the operator's script does, but kept for a home that has not looked yet."""
        command = [
            *self._as_operator("mosquitto_pub"),
            "-r",
            "-q",
            "1",
            "-t",
            f"hems/{self.home}/{topic}",
            "-m",
            message,
        ]
        subprocess.run(command, check=True, timeout=30)

    def _as_operator(self, program: str) -> list[str]:
        return [
            *(program, "-h", "127.0.0.1", "-p", str(self.port), "--cafile", str(self.ca)),
            *("-u", "operator", "-P", OPERATOR_PASSWORD),
        ]


class Home:
    """Broker and agent, started by the files of the stack; what is not said of the household is not there."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.secrets = directory, the_secrets(directory / "secrets")
        self.home = (self.secrets / "home-id").read_text().strip()
        self.fleet = FleetBroker(directory / "fleet", self.home)
        self.port, self.tls_port, self.metrics_port = free_ports(3)

    @contextmanager
    def running(self, *, boots_init: bool = True, **variables: str) -> Iterator[None]:
        """A boot with these variables of an operator's, beside those of the fleet's broker."""
        there = {
            "FLEET_MQTT_HOST": "127.0.0.1",
            "FLEET_MQTT_PORT": str(self.fleet.port),
            "FLEET_MQTT_PASSWORD": FLEET_PASSWORD,
            "FLEET_MQTT_CA": self.fleet.ca.read_text(),
            **variables,
        }
        if boots_init:
            the_secrets(self.secrets, **there)
        broker = native.mosquitto(self.directory, self.secrets, port=self.port, tls_port=self.tls_port)
        key = {name: text for name, text in there.items() if name == "FLEET_PUBLIC_KEY"}
        broker = native.Service(name=broker.name, command=broker.command, environment={**broker.environment, **key})
        urls = dict.fromkeys(("influx", "engine", "home_assistant", "grafana", "nginx"), "http://127.0.0.1:9")
        data = self.directory / "agent"
        agent = native.agent(
            data, self.secrets, mqtt_port=self.port, metrics_port=self.metrics_port, urls=urls, variables=there
        )
        self._agent = (agent, data)
        with running(broker, self.directory, self.port) as self._broker, ExitStack() as self._agent_runs:
            self._start_agent()
            yield

    def _start_agent(self) -> None:
        service, data = self._agent
        self._process = self._agent_runs.enter_context(running(service, data, self.metrics_port))
        patiently(self._is_online, self._process, data / "agent.log")

    def _is_online(self) -> bool:
        return self.hears("stack/availability", retained=True) == b"online"

    @contextmanager
    def agent_away(self) -> Iterator[None]:
        """Killed in the middle of its work, and started again."""
        self._process.kill()
        self._agent_runs.close()
        yield
        self._start_agent()

    def say(self, topic: str, message: str, *more: str) -> None:
        """As Home Assistant does."""
        command = [*self._as_homeassistant("mosquitto_pub"), "-q", "1", "-t", f"hems/{self.home}/{topic}", *more]
        subprocess.run([*command, *(["-m", message] if message else ["-n"])], check=True, timeout=30)

    def say_file(self, topic: str, file: Path) -> None:
        """A message too long for a command line."""
        command = [*self._as_homeassistant("mosquitto_pub"), "-q", "1", "-t", f"hems/{self.home}/{topic}"]
        subprocess.run([*command, "-f", str(file)], check=True, timeout=30)

    def hears(self, topic: str, *, retained: bool = False) -> bytes:
        """The first message that comes, or what is retained at the home's own broker; empty where nothing is."""
        command = [*self._as_homeassistant("mosquitto_sub"), "-t", f"hems/{self.home}/{topic}", "-C", "1", "-N"]
        command += ["-W", "2", "--retained-only"] if retained else ["-W", "30"]
        return subprocess.run(command, check=False, capture_output=True, timeout=60).stdout

    def alerts(self) -> str:
        """Of the device "HEMS stack", as remote support reads them."""
        place = self.directory / "agent/diagnostics.json"
        return " · ".join(json.loads(place.read_text())["alerts"]) if place.exists() else ""

    def bridge_is_up(self) -> bool:
        """Whether the home's broker has a connection to the fleet's."""
        open_files = {str(path.readlink()) for path in Path(f"/proc/{self._broker.pid}/fd").iterdir()}
        rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        there = f"{LOOPBACK}:{self.fleet.port:04X}"
        return any(row[2] == there and row[3] == _ESTABLISHED and f"socket:[{row[9]}]" in open_files for row in rows)

    def log(self, service: str) -> str:
        """What a service has said."""
        place = self.directory / ("agent" if service == "agent" else ".") / f"{service}.log"
        return place.read_text()

    def fleet_heard(self, marker: str) -> set[str]:
        """Topics, below the home's, of what came in plain with this marker."""
        mine = [line for line in self.fleet.heard() if marker.encode() in line]
        return {line.split()[0].decode().removeprefix(f"hems/{self.home}/") for line in mine}

    def live(self, marker: str) -> None:
        """A home's life: measurements, a plan, a status, an event's answers; each message holds the marker."""
        self.say("telemetry/car_of_anna", f'{{"power_kw":11.04,"marker":"{marker}"}}')
        self.say("plan", f'{{"cost":3.21,"marker":"{marker}"}}', "-r")
        self.say("status", f'{{"online":true,"marker":"{marker}"}}', "-r")
        self.say("events/state/dso-1", f'{{"state":"refused","reason":"nobody home","marker":"{marker}"}}', "-r")
        self.say("events/state", f'{{"state":"refused","marker":"{marker}"}}')

    def _as_homeassistant(self, program: str) -> list[str]:
        password = (self.secrets / "homeassistant/mqtt_password").read_text()
        return [program, "-h", "127.0.0.1", "-p", str(self.port), "-u", "homeassistant", "-P", password]


def until(condition, what: str, patience_s: float = 40.0) -> None:
    """Wait for something at the fleet."""
    deadline_s = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.2)


def a_key(directory: Path) -> tuple[Path, str]:
    """A new pair: the operator's file, and what homes get."""
    key = PrivateKey.new()
    file = directory / f"{key.public.id}.key"
    file.write_text(key.text)
    return file, key.public.text
