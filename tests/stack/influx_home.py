"""A home with an InfluxDB, a fleet with another, and a clock for both."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import time

from hems_agent.influx import Influx
from hems_agent.late import LatePoints
from hems_agent.provision import QUARTERS, RAW, FleetOptions, HomeOptions, Provisioner, ReplicationStatus
from hems_agent.secrets import make_secrets
from stack_support.influx import FakeInflux

NOON_S = 1_795_262_400.0
MINUTE_S = 60.0


class Clock:
    """Goes only when it is told to."""

    def __init__(self) -> None:
        self.now_s = NOON_S

    def __call__(self) -> float:
        return self.now_s

    def wait(self, seconds: float) -> None:
        self.now_s += seconds


class Home:
    """What a test does with a home."""

    def __init__(self, directory: Path, clock: Clock, influx: FakeInflux, fleet: FakeInflux) -> None:
        self.secrets = directory / "secrets"
        make_secrets(self.secrets, {}, owners=None)
        self.options = HomeOptions(url=influx.url, secrets=self.secrets, state=directory / "state")
        self.clock, self.influx, self.fleet = clock, influx, fleet
        self.org_id, self.fleet_token = fleet.add_bucket("homes")
        self.wanted: FleetOptions | None = None
        self.late = LatePoints(directory / "late.json", clock)
        self.provisioner = Provisioner(self.options, None, clock=clock, late=self.late)
        self._directory = directory
        self.written = 0

    def joins(self, **changes) -> ReplicationStatus:
        """Its operator sets FLEET_INFLUX_*, which restarts the agent."""
        settings = {
            "url": self.fleet.url,
            "org": self.org_id,
            "bucket": "homes",
            "token": self.fleet_token,
            "source": RAW,
            "queue_bytes": self.influx.min_queue_bytes,
        }
        self.wanted = FleetOptions(**{**settings, **changes})
        return self.restarts()

    def mistypes(self, problem: str) -> ReplicationStatus:
        """Its operator sets a variable that fleet_of refuses."""
        self.provisioner.close()
        self.provisioner = Provisioner(self.options, None, problem=problem, clock=self.clock)
        return self.provisioner.step()

    def leaves(self) -> ReplicationStatus:
        self.wanted = None
        return self.restarts()

    def restarts(self) -> ReplicationStatus:
        """The agent does."""
        self.provisioner.close()
        self.late = LatePoints(self._directory / "late.json", self.clock)
        self.provisioner = Provisioner(self.options, self.wanted, clock=self.clock, late=self.late)
        return self.provisioner.step()

    def step(self, after_s: float = MINUTE_S) -> ReplicationStatus:
        self.clock.wait(after_s)
        return self.provisioner.step()

    def secret(self, name: str) -> str:
        return (self.secrets / name).read_text()

    def client(self, name: str) -> Influx:
        return Influx(self.influx.url, lambda: self.secret(name))

    def measures(self, points: int = 5, bucket: str = RAW) -> None:
        """Write some points, a second apart, until now."""
        now_ns = int(self.clock() * 1e9)
        lines = [
            f"telemetry,home=h-1,asset=a{number} power_kw={self.written + number}.5 {now_ns - number * 1_000_000_000}"
            for number in range(points)
        ]
        self.written += points
        name = "agent/write_token" if bucket == RAW else "agent/operator_token"
        client = self.client(name)
        status, message = client.write("hems", bucket, lines)
        client.close()
        assert status == 204, message

    def in_step(self, source: str = RAW) -> bool:
        """Whether the fleet has exactly what the home has."""
        with self.fleet.lock, self.influx.lock:
            return self.fleet.points("homes").checksum() == self.influx.points(source).checksum()

    def catches_up(self, within_s: float = 60.0) -> bool:
        """Whether the queue empties, in real time; the home's clock does not go on meanwhile."""
        until = time.monotonic() + within_s
        while (waiting := self._waiting()) and time.monotonic() < until:
            time.sleep(0.01)
        return not waiting

    def _waiting(self) -> int:
        with self.influx.lock:
            return self.influx.replication().remaining()


def troubles(status: ReplicationStatus) -> set[str]:
    return {str(alert.trouble) for alert in status.alerts} - {"plain_http"}


@contextmanager
def a_home(directory: Path, *, queue_bytes: int = 20_000, segment_bytes: int = 2_000) -> Iterator[Home]:
    clock = Clock()
    with (
        FakeInflux(clock=clock, min_queue_bytes=queue_bytes, segment_bytes=segment_bytes) as influx,
        FakeInflux(clock=clock) as fleet,
    ):
        home = Home(directory, clock, influx, fleet)
        try:
            yield home
        finally:
            home.provisioner.close()


__all__ = ["QUARTERS", "RAW", "Clock", "Home", "a_home", "troubles"]
