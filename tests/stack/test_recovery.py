"""kill -9 of each service of a whole stack that is at work: what was measured stays, and the control comes back."""

from pathlib import Path

import pytest
import yaml

from bench.recovery.footprint import LIMITS_MB, figures
from bench.recovery.home import a_home
from bench.recovery.matrix import CONTROL, LOSES_NOTHING, Matrix
from bench.recovery.sensors import Sensors
from tests.stack.native_stack import ROOT, needs
from tests.stack.whole_stack import patiently

pytestmark = [pytest.mark.demo, pytest.mark.timeout(600)]

SENSORS = 200


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    for program in ("mosquitto", "nginx"):
        needs(program)
    with a_home(tmp_path_factory.mktemp("recovery") / "stack", "--no-fleet") as home:
        yield home


@pytest.fixture
def home(stack, socket_enabled):
    if not stack.is_set_up:
        stack.set_up()
    return stack


@pytest.fixture
def matrix(home):
    sensors = Sensors(home.port("mqtt"), home.secret("people/mqtt_sensors_password"), home.id, SENSORS)
    matrix = Matrix(home, sensors, wait_for_data=True)
    sensors.start()
    patiently(lambda: sensors.seconds >= 2, "the sensors send nothing")
    yield matrix
    sensors.end()


def test_what_was_measured_outlives_a_kill_of_agent_broker_and_database(matrix):
    for service in LOSES_NOTHING:
        matrix.kill(service)
    matrix.settle()
    assert {name: (one.kills, one.lost) for name, one in matrix.found.items()} == dict.fromkeys(LOSES_NOTHING, (1, 0))


def test_the_control_comes_back_after_a_kill_of_engine_home_assistant_and_door(home, matrix):
    for service in CONTROL:
        matrix.kill(service)
    assert home.plans()
    matrix.settle()
    assert {name: (one.kills, one.lost) for name, one in matrix.found.items()} == dict.fromkeys(CONTROL, (1, 0))


def test_what_is_missing_in_the_database_is_counted_and_blamed_on_the_last_kill(home, matrix):
    matrix.kill("nginx")
    matrix.settle()
    assert matrix.found["nginx"].lost == 0
    arrived = home.counts

    def all_but_two(since_s):
        for asset, count in arrived(since_s):
            if (asset, count) not in {("sensor00007", 3), ("sensor00008", 3)}:
                yield asset, count

    matrix._home = home
    home.counts = all_but_two
    try:
        matrix.settle(patience_s=0.0)
    finally:
        del home.counts
    assert matrix.found["nginx"].lost == 2


def test_memory_of_every_service_is_seen_and_within_its_limit(home):
    rows = {(case, metric): value for case, metric, value in figures(home, 5.0)}
    for name, limit in LIMITS_MB.items():
        assert 0 < rows[name, "rss_worst_mb"] < limit
    assert rows["all of these", "rss_mb"] == pytest.approx(sum(rows[name, "rss_mb"] for name in LIMITS_MB))


def test_writes_to_the_disk_are_seen_although_a_quiet_home_writes_every_few_seconds_only(home):
    def written_mb_per_day():
        return {(case, metric): value for case, metric, value in figures(home, 5.0)}[
            "all of these", "written_mb_per_day"
        ]

    patiently(lambda: written_mb_per_day() > 0, "nothing is written")


def test_the_limits_are_those_of_the_stack():
    services = yaml.safe_load(Path(ROOT / "docker-compose.yml").read_text())["services"]
    assert {name: int(services[name]["mem_limit"].removesuffix("m")) for name in LIMITS_MB} == LIMITS_MB
