"""The copy arrives in a database that is not ours: VictoriaMetrics takes InfluxDB's writes."""

from contextlib import contextmanager
import json
import subprocess
import time
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.demo_process import free_port
from tests.stack.influx_home import a_home, troubles
from tests.stack.native_stack import listens, needs

AN_ID = "0123456789abcdef"


class Victoria:
    def __init__(self, directory) -> None:
        needs("victoria-metrics")
        self.directory, self.port = directory, free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self):
        options = [
            f"-storageDataPath={self.directory}",
            f"-httpListenAddr=127.0.0.1:{self.port}",
            "-retentionPeriod=100y",
            "-dedup.minScrapeInterval=1ms",  # a repeat overwrites, as in InfluxDB
        ]
        with (self.directory.parent / "victoria.log").open("ab") as log:
            process = subprocess.Popen(["victoria-metrics", *options], stdout=log, stderr=log)
        try:
            until(lambda: listens(self.port))
            yield self
        finally:
            process.terminate()
            process.wait(timeout=30)

    def points(self) -> dict[tuple[str, str], dict[int, float]]:
        """Value by time [ms] by metric and asset; each point as often as it is kept."""
        with urlopen(f"{self.url}/internal/force_flush", timeout=20):
            pass
        found: dict[tuple[str, str], dict[int, float]] = {}
        query = urlencode({"match[]": '{home!=""}', "start": 0})
        with urlopen(f"{self.url}/api/v1/export?{query}", timeout=20) as answer:
            for line in answer:
                row = json.loads(line)
                name = (row["metric"]["__name__"], row["metric"]["asset"])
                assert len(set(row["timestamps"])) == len(row["timestamps"])
                found[name] = dict(zip(row["timestamps"], row["values"], strict=True))
        return found


def until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def at_home(home) -> dict[tuple[str, str], dict[int, float]]:
    found: dict[tuple[str, str], dict[int, float]] = {}
    for (measurement, tags), field, time_ns, value in home.influx.points("hems").rows():
        found.setdefault((f"{measurement}_{field}", dict(tags)["asset"]), {})[time_ns // 1_000_000] = value
    return found


@pytest.fixture
def victoria(tmp_path):
    directory = tmp_path / "victoria"
    directory.mkdir()
    return Victoria(directory)


def test_an_outage_with_a_full_queue_ends_with_every_point_once(victoria, tmp_path):
    with a_home(tmp_path / "home", queue_bytes=8_000, segment_bytes=1_000) as home:
        home.step()
        with victoria.running():
            assert troubles(home.joins(url=victoria.url, org=AN_ID, token="not asked for")) == set()
            home.measures()
            assert home.catches_up()
        for _ in range(120):
            home.clock.wait(60)
            home.measures()
            status = home.provisioner.step()
        assert status.failed_points > 0
        with victoria.running():
            home.clock.wait(15 * 60)
            assert home.catches_up()
            status = home.step()
            assert (status.lost, troubles(status)) == ((), set())
            assert sum(map(len, victoria.points().values())) == 5 * 121
            assert victoria.points() == at_home(home)
