"""Telemetry between the stack's own Mosquitto and a real store: kill -9, restarts, and odd messages."""

import json
import subprocess
import time

import pytest

from bench.ingest.command import Run
from bench.ingest.rig import FIELDS, a_rig
from tests.stack.native_stack import needs

SENSORS = 300
SECONDS = 12
BATCH_S = 1.0
PATIENCE_S = 60.0

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(autouse=True)
def programs(socket_enabled):
    for program in ("mosquitto", "mosquitto_pub", "victoria-metrics", "openssl"):
        needs(program)


@pytest.fixture
def rig(tmp_path):
    with a_rig(tmp_path / "rig", BATCH_S) as rig:
        yield rig


def until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def publish(rig, topic, message):
    password = (rig.secrets / "people/mqtt_sensors_password").read_text().strip()
    text = message if isinstance(message, str) else json.dumps(message)
    who = ["-p", str(rig.mqtt_port), "-u", "sensors", "-P", password]
    subprocess.run(["mosquitto_pub", *who, "-q", "1", "-t", topic, "-m", text], check=True, timeout=30)


def a_reading(power_kw=1.0):
    return {"schema": 1, "site": "home", "kind": "meter", "values": {"power_kw": power_kw}}


def whole(rig):
    """Every value of every sensor is there, once, in its place."""
    arrived = rig.arrived(SENSORS, SECONDS)
    assert rig.loaded()["unacknowledged"] == 0
    assert (arrived.missing, arrived.disordered) == (0, 0)
    assert arrived.distinct == dict.fromkeys(FIELDS, SENSORS * SECONDS)
    return True


def test_killing_the_ingest_under_load_loses_nothing_and_repeats_only_the_same_points(rig):
    load = rig.start_load(SENSORS, SECONDS)
    for seconds in (2, 5, 8):
        until(lambda seconds=seconds: rig.relayed().get("new", 0) > seconds * SENSORS)
        rig.kill("agent")
        rig.start_agent(BATCH_S)
    load.wait(timeout=120)
    assert rig.await_empty(SENSORS * SECONDS, PATIENCE_S)
    assert whole(rig)
    assert rig.figures()["ingest"]["counts"]["bad"] == {}


def test_killing_the_agent_while_the_store_is_away_loses_nothing_and_all_comes_in_order(rig):
    load = rig.start_load(SENSORS, SECONDS)
    until(lambda: rig.relayed().get("new", 0) > 2 * SENSORS)
    rig.end("store")
    until(lambda: rig.figures()["writer"]["outcome"] not in {"none", "written"})
    rig.kill("agent")
    rig.start_agent(BATCH_S)
    until(lambda: rig.figures()["writer"]["outcome"] == "unreachable")
    rig.start_store()
    load.wait(timeout=120)
    assert rig.await_empty(SENSORS * SECONDS, PATIENCE_S)
    assert whole(rig)


def test_what_is_measured_while_the_agent_is_away_waits_in_the_broker(rig):
    topic = f"hems/{rig.home}/telemetry/meter"
    rig.kill("agent")
    for power_kw in (1.0, 2.0, 3.0):
        publish(rig, topic, a_reading(power_kw))
    rig.start_agent(BATCH_S)
    until(lambda: rig.relayed().get("points") == 3)


def test_the_agent_comes_back_to_a_broker_that_was_restarted(rig):
    topic = f"hems/{rig.home}/telemetry/meter"
    publish(rig, topic, a_reading())
    until(lambda: rig.relayed().get("points") == 1)
    rig.end("broker")
    until(lambda: "gone" in rig.figures()["ingest"]["trouble"] or "answer" in rig.figures()["ingest"]["trouble"])
    rig.start_broker()
    publish(rig, topic, a_reading(2.0))
    until(lambda: rig.relayed().get("points") == 2)
    assert rig.figures()["ingest"]["trouble"] == ""


def test_bad_messages_are_acknowledged_counted_and_stop_nothing(rig):
    topic = f"hems/{rig.home}/telemetry/meter"
    for message in ("power=3", {**a_reading(), "kind": "toaster"}, a_reading(9e9)):
        publish(rig, topic, message)
    publish(rig, f"{topic}/deeper", a_reading())
    publish(rig, topic, a_reading())
    until(lambda: rig.relayed().get("points") == 1)
    expected = {"message": 1, "kind": 1, "values": 1, "topic": 1}
    until(lambda: rig.figures()["ingest"]["counts"]["messages"] == 5)
    assert rig.figures()["ingest"]["counts"]["bad"] == expected
    until(lambda: rig.figures()["ingest"]["waiting"] == 0)


def test_a_wrong_password_is_named_and_the_right_one_is_followed(tmp_path):
    with a_rig(tmp_path / "rig", BATCH_S) as rig:
        path = rig.secrets / "agent/mqtt_password"
        right = path.read_text()
        path.write_text("wrong")
        rig.kill("agent")
        with pytest.raises(RuntimeError, match="does not connect"):
            rig.start_agent(BATCH_S, patience_s=4.0)
        until(lambda: "refuses the agent: Not authorized" in rig.figures().get("ingest", {}).get("trouble", ""))
        path.write_text(right)
        until(lambda: rig.figures()["ingest"]["connected"])


def test_the_bench_reports_what_it_measured(rig):
    run = Run(rig, 20, 8, 1)
    run.go(0, 0)
    found = dict(run.found())
    assert found["complete"]
    assert (found["messages_sent"], found["points_arrived"], found["lost_values"]) == (160, 160, 0)
    assert 0 < found["cpu_percent"] < 100
    assert 10 < found["rss_end_mb"] < 200
