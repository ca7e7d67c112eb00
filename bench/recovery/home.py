"""A home that scripts/stack runs, and the means to hurt it and to ask how it is."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
import http.client
import json
import os
from pathlib import Path
import secrets
import signal
import subprocess
import sys
import time
from typing import Any
import urllib.error
import urllib.request

import aiohttp
from demo_support.home import command
from demo_support.server import Api, wait_until
from hems_agent.influx import Influx, InfluxRefused, InfluxUnreachable
from stack_support.household import become_owner, set_up_simulated_home

from . import FOLDERS

START_S = 300.0
CONNECTED = "Connected to the broker"
"""What the agent's log says then."""
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Home:
    """A state directory of scripts/stack, while it runs."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self._token = ""
        self.victim_s = 0.0
        """Unix time of the last kill."""

    def told(self) -> dict[str, Any]:
        """What scripts/stack says of itself; empty before that."""
        try:
            found: dict[str, Any] = json.loads((self.state / "stack.json").read_text())
        except FileNotFoundError:
            return {}
        return found

    @property
    def id(self) -> str:
        """The pseudonym."""
        return str(self.told()["home"])

    def port(self, name: str) -> int:
        """On 127.0.0.1."""
        return int(self.told()["ports"][name])

    def url(self, name: str) -> str:
        """Of a service that speaks HTTP."""
        return f"http://127.0.0.1:{self.port(name)}"

    def secret(self, place: str) -> str:
        """Below /secrets."""
        return (self.state / "secrets" / place).read_text().strip()

    def pid(self, service: str) -> int:
        """Of its main process."""
        return int(self.told()["services"][service]["pid"])

    @property
    def token(self) -> str:
        """Of the owner; empty before `set_up`."""
        return self._token

    def ask(self, wish: str, service: str) -> None:
        """Of what stands in for balena's Supervisor: stop, start or restart. Raises OSError where it refuses."""
        key = (self.state / "balena-key").read_text()
        address = f"{self.url('balena')}/v2/applications/1/{wish}-service?apikey={key}"
        body = json.dumps({"serviceName": service, "force": True}).encode()
        if asked(address, body) is None:
            raise OSError(f"{wish} of {service} was refused")

    def kill(self, service: str) -> None:
        """As the kernel does when there is no memory."""
        self.victim_s = time.time()
        os.kill(self.pid(service), signal.SIGKILL)

    def log_size(self, service: str) -> int:
        """How far its log is now."""
        return (self.state / f"logs/{service}.log").stat().st_size

    def agent_connected_since(self, size: int) -> bool:
        """Whether the agent has connected with the broker after its log had that size."""
        with (self.state / "logs/agent.log").open("rb") as file:
            file.seek(size)
            return CONNECTED.encode() in file.read()

    def answers(self, url: str) -> bool:
        """Whether somebody answers with 200."""
        return asked(url) is not None

    @property
    def is_set_up(self) -> bool:
        """Whether there is an owner and a simulated home."""
        return bool(self._token)

    def set_up(self) -> None:
        """Owner, simulated home with the stack's engine, and a token that lasts."""
        self._token = asyncio.run(self._set_up())

    async def _set_up(self) -> str:
        async with aiohttp.ClientSession() as session:
            url = self.url("http")
            token = await become_owner(session, url, name="Ada", password=secrets.token_urlsafe(16))
            api = Api(session, url, token)
            if not await wait_until(api.is_running, START_S):
                raise RuntimeError("Home Assistant does not finish its start")
            await set_up_simulated_home(api)
            async with api.websocket() as socket:
                return str(await command(socket, "auth/long_lived_access_token", client_name="bench", lifespan=1))

    def plans(self) -> bool:
        """Whether a new plan of the engine comes through the front door: all of the control works."""
        url = f"{self.url('http')}/api/services/hems/plan_now?return_response"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        answer = asked(url, b"{}", headers, timeout_s=60.0)
        return answer is not None and json.loads(answer)["service_response"]["status"] in {"optimal", "feasible"}

    def has_points_since(self, since_s: float) -> bool:
        """Whether the database has something that was measured after that Unix time."""
        try:
            return any(True for _ in self.counts(since_s))
        except InfluxUnreachable, InfluxRefused:
            return False

    def counts(self, since_s: float) -> Iterator[tuple[str, int]]:
        """Sensor and count of each message in the database. Raises InfluxUnreachable, InfluxRefused."""
        span = f"start: {_rfc3339(since_s)}, stop: {_rfc3339(time.time() + 60)}"
        flux = f'from(bucket: "hems") |> range({span}) |> filter(fn: (r) => r._measurement == "telemetry")'
        influx = Influx(self.url("influxdb"), lambda: self.secret("agent/operator_token"))
        try:
            for row in influx.rows(flux, "hems"):
                asset = dict(row.tags)["asset"]
                if asset.startswith("sensor"):
                    yield asset, round(float(row.value))
        finally:
            influx.close()


@contextmanager
def a_home(state: Path, *options: str) -> Iterator[Home]:
    """Started as scripts/stack does, ended as by Ctrl-C."""
    state.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "FIRST_SAVE_S": "12", "PYTHONPATH": os.pathsep.join(str(folder) for folder in FOLDERS)}
    with state.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "stack_support", "--state", str(state), "--fresh", *options],
            stdout=log,
            stderr=log,
            env=environment,
        )
    home, until = Home(state), time.monotonic() + START_S
    try:
        # A kill before the broker's first save would lose what comes until the agent is back; see its entrypoint.
        saved = state / "mosquitto/data/mosquitto.db"
        while not (home.told().get("ready") and saved.exists()):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the stack does not come up: {state.with_suffix('.log').read_text()[-2000:]}")
            time.sleep(0.2)
        yield home
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(120)


def asked(
    url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, timeout_s: float = 5.0
) -> bytes | None:
    """What is answered with 200; None for everything else."""
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}))  # noqa: S310 - our own services
    try:
        with _OPENER.open(request, timeout=timeout_s) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        error.close()
    except OSError, http.client.HTTPException:
        pass
    return None


def _rfc3339(time_s: float) -> str:
    return (datetime.fromtimestamp(0, UTC) + timedelta(seconds=time_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
