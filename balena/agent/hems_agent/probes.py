"""Whether the services of the stack are well, as one of them sees it."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
import json
from pathlib import Path

import urllib3

from .settings import Settings

TIMEOUT_S = 10.0
OK, ASKS_FOR_A_TOKEN = 200, 401


@dataclass(frozen=True, slots=True)
class Seen:
    """One service at one time."""

    is_well: bool
    said: str = ""
    """What is wrong, in a few words."""
    is_silent: bool = False
    """It refuses no connection and does not answer."""


class Probes:
    """Asks each service for its health; all at once, so that a round takes no longer than the slowest answer."""

    def __init__(self, settings: Settings, broker_trouble: Callable[[], str]) -> None:
        """`broker_trouble` says why the agent's own connection to the broker is not there, or nothing."""
        self._urls = {
            "homeassistant": f"{settings.homeassistant_url}/manifest.json",
            "engine": f"{settings.engine_url}/v1/health",
            "influxdb": f"{settings.influx_url}/health",
            "grafana": f"{settings.grafana_url}/grafana/api/health",
            "nginx": f"{settings.nginx_url}/health",
        }
        self._engine_metrics = f"{settings.engine_url}/metrics"
        self._token = settings.secret
        self._broker_trouble = broker_trouble
        self._pool = urllib3.PoolManager(timeout=TIMEOUT_S, retries=False)
        self._workers = ThreadPoolExecutor(len(self._urls), thread_name_prefix="probe")

    def look(self) -> Mapping[str, Seen]:
        """All of them."""
        asked = {name: self._workers.submit(self._ask, name, url) for name, url in self._urls.items()}
        trouble = self._broker_trouble()
        return {name: answer.result() for name, answer in asked.items()} | {"mosquitto": Seen(not trouble, trouble)}

    def engine_metrics(self) -> str:
        """The engine's page for Prometheus; empty where it does not give it."""
        headers = {"Authorization": f"Bearer {self._token('engine_token')}"}
        try:
            answer = self._pool.request("GET", self._engine_metrics, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError:
            return ""
        return answer.data.decode(errors="replace") if answer.status == OK else ""

    def close(self) -> None:
        """Let go of threads and connections."""
        self._workers.shutdown()
        self._pool.clear()

    def _ask(self, name: str, url: str) -> Seen:
        headers = {"Authorization": f"Bearer {self._token('engine_token')}"} if name == "engine" else {}
        try:
            answer = self._pool.request("GET", url, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            return Seen(is_well=False, said=type(error).__name__, is_silent=_is_silence(error))
        if answer.status == OK and name == "engine":
            try:
                status = answer.json()["status"]
            except ValueError, TypeError, LookupError:
                return Seen(is_well=False, said="answers no health")
            return Seen(is_well=status != "degraded", said="" if status == "ok" else f"the engine is {status}")
        # An engine that refuses our token lives; a token that does not fit is mended by a restart of nothing.
        is_well = answer.status in {OK, ASKS_FOR_A_TOKEN}
        return Seen(is_well=is_well, said="" if answer.status == OK else f"answers {answer.status}")


def _is_silence(error: urllib3.exceptions.HTTPError) -> bool:
    """Not even a connection is made with one that hangs, once its queue of them is full; a refused one is an answer."""
    is_timeout = isinstance(error, urllib3.exceptions.TimeoutError)
    return is_timeout and not isinstance(error, urllib3.exceptions.NewConnectionError)


def access_point(place: Path) -> dict[str, str]:
    """What wifi-repeater says of itself."""
    try:
        said = json.loads(place.read_text("utf-8"))
        return {key: str(said.get(key, "")) for key in ("mode", "reason", "name", "interface")}
    except OSError, ValueError, AttributeError:
        return {"mode": "unknown", "reason": "wifi-repeater has not said anything yet", "name": "", "interface": ""}
