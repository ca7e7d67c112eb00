"""Where the stack of one home lives on this machine: ports, secrets, services."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import http.client
import json
import os
from pathlib import Path
import random
import secrets
import shutil
import socket
import urllib.error
import urllib.request

from hems_agent.secrets import make_secrets

from . import native
from .balena import APPLICATION
from .native import LOOPBACK, Service
from .supervisor import Child

PORTS = (
    *("http", "https", "mqtt", "mqtts", "homeassistant", "engine", "influxdb", "fleet", "agent", "balena", "nothing"),
)
"""`nothing` is where Grafana would be."""
FIRST_PORT, LAST_PORT = 15000, 32000
"""None that the kernel lends to clients: who restarts must find its port free."""
FLEET_ORG = "00000000000f1ee7"
"""VictoriaMetrics asks for no organisation, bucket or token; the agent does."""
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Mendable(Exception):
    """Something that a person can mend; the message says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One home."""

    state: Path
    ports: Mapping[str, int]
    has_fleet: bool

    @classmethod
    def at(cls, state: Path, *, port: int | None, has_fleet: bool) -> Stack:
        """Ports are chosen once for a state directory: Home Assistant keeps its own. Raises Mendable."""
        kept = state / "ports.json"
        ports: dict[str, int] = json.loads(kept.read_text()) if kept.exists() else {}
        for name in PORTS:
            ports.setdefault(name, _free_port(set(ports.values())))
        if port is not None:
            ports["http"] = port
        for name in PORTS:
            if not _is_free(ports[name]):
                other = "--port" if name == "http" else "--state"
                raise Mendable(f"port {ports[name]} ({name}) is taken; end who has it, or choose another {other}")
        kept.write_text(json.dumps(ports))
        return cls(state=state, ports=ports, has_fleet=has_fleet)

    @property
    def secrets(self) -> Path:
        """What is /secrets in the containers."""
        return self.state / "secrets"

    @property
    def key(self) -> str:
        """Of what stands in for balena's Supervisor; made once for a state directory."""
        kept = self.state / "balena-key"
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_hex(16))
        return kept.read_text()

    @property
    def home(self) -> str:
        """Its pseudonym."""
        return (self.secrets / "home-id").read_text().strip()

    def url(self, name: str) -> str:
        """Of a service that speaks HTTP."""
        return f"http://{LOOPBACK}:{self.ports[name]}"

    def make_secrets(self) -> tuple[str, ...]:
        """As `init` does at each boot; what could not be obeyed."""
        return make_secrets(self.secrets, os.environ, owners=None).problems

    def listening(self) -> list[str]:
        """A line for each place, the front door first."""
        mqtts, people = self.ports["mqtts"], self.secrets / "people"
        lines = [
            f"{self.url('http')}/  the front door: make the owner here (nginx; also https on {self.ports['https']})",
            f"mqtts://{LOOPBACK}:{mqtts}  MQTT for the home's network, users dr and sensors (passwords in {people})",
            f"mqtt://{LOOPBACK}:{self.ports['mqtt']}  MQTT inside the stack (Mosquitto)",
            f"{self.url('homeassistant')}/  Home Assistant without the front door",
            f"{self.url('engine')}/  HEMS Engine",
            f"{self.url('influxdb')}/  the home's database (imitation of InfluxDB 2)",
            f"{self.url('agent')}/metrics  the agent's figures",
        ]
        if self.has_fleet:
            lines.append(f"{self.url('fleet')}/vmui/  the fleet's database (VictoriaMetrics), copied to by replication")
        return lines

    def children(self) -> dict[str, Child]:
        """In the order in which they end: who writes first, who keeps what is written last."""
        ports, bearer = self.ports, f"Bearer {(self.secrets / 'agent/engine_token').read_text().strip()}"
        checks: list[tuple[Service, Callable[[], bool]]] = [
            (self._homeassistant(), lambda: _answers(f"{self.url('homeassistant')}/manifest.json")),
            (self._nginx(), lambda: _answers(f"{self.url('http')}/health")),
            (self._agent(), lambda: _has_looked(_get(f"{self.url('agent')}/metrics"))),
            (
                native.engine(self.state / "engine", self.secrets, port=ports["engine"]),
                lambda: _answers(f"{self.url('engine')}/v1/health", bearer),
            ),
            (
                native.mosquitto(self.state / "mosquitto", self.secrets, port=ports["mqtt"], tls_port=ports["mqtts"]),
                lambda: not _is_free(ports["mqtts"]),
            ),
            (
                native.influxdb(self.state / "influxdb", port=ports["influxdb"]),
                lambda: _answers(f"{self.url('influxdb')}/health"),
            ),
        ]
        if self.has_fleet:
            fleet = native.victoria_metrics(self.state / "fleet", port=ports["fleet"])
            checks.append((fleet, lambda: _answers(f"{self.url('fleet')}/health")))
        logs = self.state / "logs"
        return {service.name: Child(service, check, logs / f"{service.name}.log") for service, check in checks}

    def _homeassistant(self) -> Service:
        return native.homeassistant(
            self.state / "homeassistant",
            self.secrets,
            port=self.ports["homeassistant"],
            mqtt_port=self.ports["mqtt"],
            engine_url=self.url("engine"),
        )

    def _nginx(self) -> Service:
        named = {"homeassistant": "homeassistant", "grafana": "nothing", "config-editor": "nothing"}
        upstreams = {name: f"{LOOPBACK}:{self.ports[port]}" for name, port in named.items()}
        ports = {"http_port": self.ports["http"], "https_port": self.ports["https"]}
        return native.nginx(self.state / "nginx", self.secrets, **ports, upstreams=upstreams)

    def _agent(self) -> Service:
        named = {"influx": "influxdb", "engine": "engine", "home_assistant": "homeassistant"}
        urls = {name: self.url(port) for name, port in (named | {"grafana": "nothing", "nginx": "http"}).items()}
        fleet = {
            "FLEET_INFLUX_URL": self.url("fleet"),
            "FLEET_INFLUX_ORG": FLEET_ORG,
            "FLEET_INFLUX_BUCKET": "homes",
            "FLEET_INFLUX_TOKEN": "none-is-asked-for",
            # The imitation runs no tasks, so there are no quarters of an hour to copy.
            "FLEET_INFLUX_SOURCE": "hems",
        }
        balena = {
            "BALENA_SUPERVISOR_ADDRESS": self.url("balena"),
            "BALENA_SUPERVISOR_API_KEY": self.key,
            "BALENA_APP_ID": APPLICATION,
        }
        return native.agent(
            self.state / "agent",
            self.secrets,
            mqtt_port=self.ports["mqtt"],
            metrics_port=self.ports["agent"],
            urls=urls,
            variables=balena | (fleet if self.has_fleet else {}),
        )


def has_victoria_metrics() -> bool:
    """Whether it is installed and the operator names no fleet of their own."""
    return shutil.which("victoria-metrics") is not None and not os.environ.get("FLEET_INFLUX_URL")


def _get(url: str, authorization: str = "") -> bytes | None:
    request = urllib.request.Request(url, headers={"Authorization": authorization} if authorization else {})  # noqa: S310
    try:
        with _OPENER.open(request, timeout=5) as answer:
            found: bytes = answer.read()
    except urllib.error.HTTPError as error:
        error.close()
        return None
    except OSError, http.client.HTTPException:
        return None
    return found


def _has_looked(figures: bytes | None) -> bool:
    """Whether the agent has looked after the stack once."""
    return figures is not None and b"hems_agent_round_age_seconds +Inf" not in figures


def _answers(url: str, authorization: str = "") -> bool:
    return _get(url, authorization) is not None


def _free_port(taken: set[int]) -> int:
    while True:
        port = random.randrange(FIRST_PORT, LAST_PORT)
        if port not in taken and _is_free(port):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
