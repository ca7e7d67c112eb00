"""How a service of the stack is started without a container: its own entrypoint, other paths and ports.

The entrypoints in balena/ read every path and port from the environment and have the container's as defaults, so
what is started here is what the images start.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
import getpass
import os
from pathlib import Path
import shlex
import shutil
import subprocess
import sys
from types import MappingProxyType

ROOT = Path(__file__).parents[2]
LOOPBACK = "127.0.0.1"
ENDS_WITH_PARENT = ("setpriv", "--pdeathsig", "TERM")
NO_WAIT_S = 0
"""Secrets are there before a native service starts; in a container it waits for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A process to start."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    grace_s: float = 10.0
    """Between SIGTERM and SIGKILL when it is told to end: stop_grace_period of docker-compose.yml, or Docker's own."""

    def start(self, log: Path, *, own_group: bool = False) -> subprocess.Popen[bytes]:
        """Start it; what it says goes to the end of `log`. /usr/sbin is where Debian keeps servers.

        With `own_group` it is out of reach of the terminal's Ctrl-C, and ends with the process that started it.
        """
        path = f"{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin"
        guard = ENDS_WITH_PARENT if own_group and shutil.which(ENDS_WITH_PARENT[0]) else ()
        with log.open("ab") as output:
            return subprocess.Popen(
                [*guard, *self.command],
                env={**os.environ, "PATH": path, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=own_group,
            )


def mosquitto(directory: Path, secrets: Path, *, port: int, tls_port: int) -> Service:
    """The broker, with its data below `directory`; `secrets` is what a container sees as /secrets."""
    return Service(
        name="mosquitto",
        command=("/bin/sh", str(ROOT / "balena/mosquitto/entrypoint.sh")),
        environment={
            "SECRETS": str(secrets),
            "DATA": str(directory / "data"),
            "RUN": str(directory / "run"),
            "BIND": LOOPBACK,
            "PORT": str(port),
            "TLS_PORT": str(tls_port),
            "WAIT_S": str(NO_WAIT_S),
        },
        grace_s=30.0,
    )


def fleet_mosquitto(directory: Path, *, port: int) -> Service:
    """A fleet's broker as docs/fleet-broker has it, but for paths, port and the user that it runs as.

    Certificate, `passwd` and `acl` are put into `directory` by whoever starts it.
    """
    (directory / "data").mkdir(exist_ok=True)
    text = (ROOT / "docs/fleet-broker/mosquitto.conf").read_text()
    for there, here in (
        ("/etc/mosquitto/fleet", str(directory)),
        ("/var/lib/mosquitto/", f"{directory / 'data'}/"),
        ("listener 8883", f"user {getpass.getuser()}\nlistener {port} {LOOPBACK}"),
    ):
        text = text.replace(there, here)
    configuration = directory / "mosquitto.conf"
    configuration.write_text(text)
    return Service(name="fleet", command=("mosquitto", "-c", str(configuration)), environment={})


def end(process: subprocess.Popen[bytes], within_s: float = 20.0) -> None:
    """As a stop of its container does: SIGTERM, and SIGKILL for one that does not hear."""
    process.terminate()
    try:
        process.wait(timeout=within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def nginx(
    directory: Path, secrets: Path, *, http_port: int, https_port: int, upstreams: Mapping[str, str] | None = None
) -> Service:
    """The proxy; `upstreams` gives host:port of homeassistant, grafana and config-editor.

    Other variables of its entrypoint (CONFIG_EDITOR, TRUSTED_FRONT, …) come from this process's environment.
    """
    named = {f"{name.upper().replace('-', '_')}_UPSTREAM": address for name, address in (upstreams or {}).items()}
    return Service(
        name="nginx",
        command=("/bin/sh", str(ROOT / "balena/nginx/entrypoint.sh")),
        environment={
            "SECRETS": str(secrets),
            "RUN": str(directory / "run"),
            "BIND": f"{LOOPBACK}:",
            "HTTP_PORT": str(http_port),
            "HTTPS_PORT": str(https_port),
            "WAIT_S": str(NO_WAIT_S),
            **named,
        },
    )


def homeassistant(
    directory: Path,
    secrets: Path,
    *,
    port: int,
    mqtt_port: int,
    engine_url: str | None = None,
    python: str = sys.executable,
) -> Service:
    """Home Assistant with its configuration in `directory`, prepared by the stack's seed before each start."""
    seed = [python, str(ROOT / "balena/homeassistant/seed.py"), "--config", str(directory), "--secrets", str(secrets)]
    seed += ["--integration", str(ROOT / "custom_components/hems"), "--trust", f"{LOOPBACK}/32", "--host", LOOPBACK]
    seed += ["--port", str(port), "--mqtt-host", LOOPBACK, "--mqtt-port", str(mqtt_port)]
    start = [python, "-m", "homeassistant", "--config", str(directory)]
    engine = {"HEMS_ENGINE_URL": engine_url} if engine_url else {}
    return Service(
        name="homeassistant",
        command=("/bin/sh", "-c", f"{shlex.join(seed)} && exec {shlex.join(start)}"),
        environment={
            "HEMS_ENGINE_TOKEN_FILE": str(secrets / "homeassistant/engine_token"),
            "HEMS_HOME_ID_FILE": str(secrets / "home-id"),
            # The checkout's tests and scripts are no part of Home Assistant.
            "PYTHONPATH": "",
            **engine,
        },
        grace_s=120.0,
    )


def engine(directory: Path, secrets: Path, *, port: int, python: str = sys.executable) -> Service:
    """The HEMS Engine; what it learns is kept in `directory`."""
    options = ["--host", LOOPBACK, "--port", str(port), "--token-file", str(secrets / "engine/token")]
    return Service(
        name="engine",
        command=(python, "-P", "-m", "hems_core.engine", *options, "--data", str(directory / "learned")),
        environment={"PYTHONPATH": str(ROOT / "balena/agent")},
    )


def agent(
    directory: Path,
    secrets: Path,
    *,
    mqtt_port: int,
    metrics_port: int,
    urls: Mapping[str, str],
    variables: Mapping[str, str] = MappingProxyType({}),
    python: str = sys.executable,
) -> Service:
    """The agent; `urls` gives where influx, engine, home_assistant, grafana and nginx are.

    `variables` are those of an operator, beside the ones in this process's environment.
    """
    named = {f"{name.upper()}_URL": url for name, url in urls.items()}
    return Service(
        name="agent",
        command=(python, "-P", "-m", "hems_agent.guard", "run"),
        environment={
            "PYTHONPATH": str(ROOT / "balena/agent"),
            "SECRETS": str(secrets),
            "DATA": str(directory),
            "WIFI_STATE_FILE": str(directory / "wifi.json"),
            "UPDATE_LOCK": str(directory / "updates.lock"),
            "MQTT_HOST": LOOPBACK,
            "MQTT_PORT": str(mqtt_port),
            "METRICS_PORT": str(metrics_port),
            **named,
            **variables,
        },
        grace_s=30.0,
    )


def influxdb(directory: Path, *, port: int, python: str = sys.executable) -> Service:
    """The imitation of InfluxDB, with what it holds in `directory`."""
    return Service(
        name="influxdb",
        command=(python, "-P", "-m", "stack_support.influx", str(port), str(directory)),
        environment={"PYTHONPATH": str(ROOT / "scripts")},
        grace_s=60.0,
    )


def victoria_metrics(directory: Path, *, port: int) -> Service:
    """A fleet's database, which takes InfluxDB's writes; a repeated point overwrites, as in InfluxDB."""
    options = [f"-storageDataPath={directory}", f"-httpListenAddr={LOOPBACK}:{port}", "-memory.allowedBytes=128MB"]
    options += ["-retentionPeriod=10y", "-dedup.minScrapeInterval=1ms"]
    return Service(name="fleet", command=("victoria-metrics", *options), environment={})
