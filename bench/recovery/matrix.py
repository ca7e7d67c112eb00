"""kill -9 of one service after the other, under load: how long until it works again, and what is lost."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from statistics import mean, median
import time

from .home import Home
from .sensors import Sensors

LOSES_NOTHING = ("agent", "mosquitto", "influxdb")
CONTROL = ("engine", "homeassistant", "nginx")
PATIENCE_S = 120.0
LOOK_EVERY_S = 0.05
REST_S = 2.0
"""Between the return of one service and the kill of the next."""
LATE_S = 2.0
"""What was sent so long before a kill may have been lost by it."""


@dataclass(slots=True)
class Found:
    """What was seen of one service."""

    back_s: list[float] = field(default_factory=list)
    """From each kill until it works again."""
    data_s: list[float] = field(default_factory=list)
    """Until a measurement made after the kill is in the database."""
    lost: int = 0

    @property
    def kills(self) -> int:
        """That it came back from."""
        return len(self.back_s)


class Matrix:
    """One run over a home that is up."""

    def __init__(self, home: Home, sensors: Sensors, *, wait_for_data: bool) -> None:
        self._home, self._sensors, self._wait_for_data = home, sensors, wait_for_data
        self.found: dict[str, Found] = {}
        self.killed: list[tuple[float, str]] = []
        """Unix time and service."""

    def kill(self, service: str) -> None:
        """And wait until it works again. Raises TimeoutError."""
        found = self.found.setdefault(service, Found())
        works = self._works_again(service)
        self._home.kill(service)
        begun_s, begun = self._home.victim_s, time.monotonic()
        self.killed.append((begun_s, service))
        found.back_s.append(_seconds_until(works, begun, f"{service} does not come back"))
        if self._wait_for_data and service in LOSES_NOTHING:
            arrived = partial(self._home.has_points_since, begun_s + 1.0)
            found.data_s.append(_seconds_until(arrived, begun, f"no data after the kill of {service}", 0.5))
        time.sleep(REST_S)

    def _works_again(self, service: str) -> Callable[[], bool]:
        """To be made before the kill."""
        home, sensors = self._home, self._sensors
        pid, size, connections = home.pid(service), home.log_size("agent"), sensors.connections

        def has_new_process() -> bool:
            return home.pid(service) != pid

        def agent_is_back() -> bool:
            return home.agent_connected_since(size)

        def broker_is_back() -> bool:
            return sensors.connections > connections and sensors.is_acknowledged and agent_is_back()

        works: Callable[[], bool] = home.plans
        match service:
            case "agent":
                works = agent_is_back
            case "mosquitto":
                works = broker_is_back
            case "influxdb" | "nginx":
                port = {"influxdb": "influxdb", "nginx": "http"}[service]
                works = partial(home.answers, f"{home.url(port)}/health")
        return lambda: has_new_process() and works()

    def settle(self, patience_s: float = PATIENCE_S) -> None:
        """End the load, wait until all of it is in the database, and name who lost what is missing."""
        for second in settled(self._home, self._sensors, patience_s):
            self.found[self._culprit(self._sensors.begun_s + second)].lost += 1

    def _culprit(self, sent_s: float) -> str:
        """Who was killed last, at that time or a little later."""
        before = [service for at_s, service in self.killed if at_s <= sent_s + LATE_S]
        return before[-1] if before else self.killed[0][1]


def settled(home: Home, sensors: Sensors, patience_s: float = PATIENCE_S) -> list[int]:
    """End the load; the second of each message that the database does not have in the end. Raises TimeoutError."""
    unacknowledged = sensors.end()
    if unacknowledged:
        raise TimeoutError(f"the broker never acknowledged {unacknowledged} messages")
    # The agent tries a database that was away at growing distances, half a minute at most.
    until = time.monotonic() + patience_s
    while (missing := _missing(home, sensors)) and time.monotonic() < until:
        time.sleep(3)
    return missing


def _missing(home: Home, sensors: Sensors) -> list[int]:
    arrived = Counter(count for _, count in set(home.counts(sensors.begun_s - 60)))
    return [second for second in range(sensors.seconds) for _ in range(sensors.count - arrived.get(second, 0))]


def figures(found: dict[str, Found], mtbf_days: float) -> Iterator[tuple[str, str, float | int]]:
    """Service, metric, value."""
    for service, one in found.items():
        yield service, "kills", one.kills
        yield service, "back_p50_s", median(one.back_s)
        yield service, "back_worst_s", max(one.back_s)
        if one.data_s:
            yield service, "data_p50_s", median(one.data_s)
            yield service, "data_worst_s", max(one.data_s)
        yield service, "lost_messages", one.lost
        yield service, "availability_percent", 100.0 * (1.0 - mean(one.back_s) / (mtbf_days * 86400.0))
    away_s = sum(mean(one.back_s) for one in found.values())
    yield "all of these", "kills", sum(one.kills for one in found.values())
    yield "all of these", "availability_percent", 100.0 * (1.0 - away_s / (mtbf_days * 86400.0))


def _seconds_until(condition: Callable[[], bool], begun: float, complaint: str, every_s: float = LOOK_EVERY_S) -> float:
    while not condition():
        if time.monotonic() - begun > PATIENCE_S:
            raise TimeoutError(complaint)
        time.sleep(every_s)
    return time.monotonic() - begun
