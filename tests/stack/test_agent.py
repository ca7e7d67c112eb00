"""The whole agent, between a real Mosquitto, an InfluxDB and a Supervisor of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
import json
import os
import subprocess
import sys
from threading import Thread
import time
from urllib.request import urlopen

import pytest
from stack_support.influx import FakeInflux

from tests.stack.native_stack import ROOT, free_ports, native, needs, running, the_secrets

pytestmark = pytest.mark.timeout(180)


class Stack:
    """A home's broker, database and agent."""

    def __init__(self, directory, influx, ports):
        self.directory, self.influx = directory, influx
        self.mqtt, self.tls, self.metrics = ports
        self.secrets = the_secrets(directory / "secrets")
        self.home = (self.secrets / "home-id").read_text().strip()
        self.data = directory / "agent"

    @contextmanager
    def broker(self):
        service = native.mosquitto(self.directory, self.secrets, port=self.mqtt, tls_port=self.tls)
        with running(service, self.directory, self.mqtt) as process:
            yield process

    @contextmanager
    def agent(self, **variables):
        urls = dict.fromkeys(("engine", "home_assistant", "grafana", "nginx"), "http://127.0.0.1:9")
        urls["influx"] = self.influx.url
        self.data.mkdir(exist_ok=True)
        os.environ.update(variables)
        service = native.agent(self.data, self.secrets, mqtt_port=self.mqtt, metrics_port=self.metrics, urls=urls)
        try:
            with running(service, self.data, self.metrics) as process:
                yield process
        finally:
            for name in variables:
                del os.environ[name]

    def mosquitto(self, program, user, *options, check=True):
        place = {"agent": "agent/mqtt_password", "homeassistant": "homeassistant/mqtt_password"}[user]
        password = (self.secrets / place).read_text().strip()
        command = [program, "-h", "127.0.0.1", "-p", str(self.mqtt), "-u", user, "-P", password, *options]
        return subprocess.run(command, check=check, capture_output=True, text=True, timeout=60).stdout

    def publish(self, topic, message, *options):
        self.mosquitto("mosquitto_pub", "homeassistant", "-q", "1", "-t", topic, "-m", json.dumps(message), *options)

    def retained(self, topic):
        said = self.mosquitto("mosquitto_sub", "homeassistant", "-t", topic, "-C", "1", "-W", "40")
        return said.strip()

    def measure(self, soc_percent):
        time_ = datetime.now(UTC).isoformat()
        message = {
            "schema": 1,
            "time": time_,
            "site": "home",
            "kind": "battery",
            "values": {"soc_percent": soc_percent},
        }
        self.publish(f"hems/{self.home}/telemetry/battery", message)


@pytest.fixture
def stack(tmp_path) -> Iterator[Stack]:
    needs("mosquitto")
    needs("mosquitto_pub")
    with FakeInflux() as influx:
        yield Stack(tmp_path, influx, free_ports(3))


def patiently(condition, what, patience_s=60.0):
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def metrics(stack):
    with urlopen(f"http://127.0.0.1:{stack.metrics}/metrics", timeout=5) as answer:
        return dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))


def test_what_a_home_measures_arrives_in_the_database_that_the_agent_has_set_up(stack):
    with stack.broker(), stack.agent():
        patiently(lambda: metrics(stack).get("hems_agent_round_age_seconds", "+Inf") != "+Inf", "no round")
        stack.measure(55.0)
        patiently(lambda: "battery" in str(stack.influx.points("hems")), "the point did not arrive")
        assert stack.home in str(stack.influx.points("hems"))


def test_home_assistant_is_told_of_the_stack_and_makes_a_device_of_it(stack):
    with stack.broker():
        with stack.agent():
            announced = json.loads(stack.retained(f"hems/{stack.home}/stack/announce"))
            device = json.loads(stack.retained(f"homeassistant/device/hems-stack-{stack.home}/config"))
            state = json.loads(stack.retained(f"hems/{stack.home}/stack/state"))
            assert stack.retained(f"hems/{stack.home}/stack/availability") == "online"
        assert announced["home"] == stack.home
        assert "influxdb" in announced["services"]
        assert state["services"]["mosquitto"]["well"] is True
        assert state["services"]["influxdb"]["well"] is True
        assert state["services"]["engine"]["well"] is False
        assert "engine" in state["alert"]
        assert device["state_topic"] == f"hems/{stack.home}/stack/state"
        enabled = [entity for entity in device["cmps"].values() if entity.get("enabled_by_default", True)]
        assert len(enabled) < 15
        assert len({entity["unique_id"] for entity in device["cmps"].values()}) == len(device["cmps"])


def test_the_last_will_tells_that_the_agent_is_gone(stack):
    with stack.broker():
        with stack.agent() as process:
            assert stack.retained(f"hems/{stack.home}/stack/availability") == "online"
            process.kill()
            process.wait()
        patiently(lambda: stack.retained(f"hems/{stack.home}/stack/availability") == "offline", "no last will")


def test_updates_wait_while_an_event_is_obeyed(stack):
    lock = stack.data / "updates.lock"
    topic = f"hems/{stack.home}/events/state/peak"
    answer = {"schema": 1, "id": "peak", "state": "active", "time": datetime.now(UTC).isoformat()}
    with stack.broker(), stack.agent():
        stack.publish(topic, answer, "-r")
        patiently(lock.exists, "no lock")
        stack.publish(topic, answer | {"state": "done"}, "-r")
        patiently(lambda: not lock.exists(), "the lock is still held")


def test_an_agent_that_is_killed_during_an_event_goes_on_holding_the_lock_and_lets_it_go_at_the_end(stack):
    lock = stack.data / "updates.lock"
    topic = f"hems/{stack.home}/events/state/peak"
    answer = {"schema": 1, "id": "peak", "state": "active", "time": datetime.now(UTC).isoformat()}
    with stack.broker():
        with stack.agent() as process:
            stack.publish(topic, answer, "-r")
            patiently(lock.exists, "no lock")
            process.kill()
            process.wait()
        held = lock.stat().st_ino
        with stack.agent():
            state = f"hems/{stack.home}/stack/state"
            patiently(lambda: json.loads(stack.retained(state))["updates_held"], "it does not know that it holds")
            assert lock.stat().st_ino == held, "it was never gone"
            stack.publish(topic, answer | {"state": "done"}, "-r")
            patiently(lambda: not lock.exists(), "the lock is still held")


def test_an_agent_without_a_memory_learns_of_the_event_from_the_broker(stack):
    lock = stack.data / "updates.lock"
    topic = f"hems/{stack.home}/events/state/peak"
    answer = {"schema": 1, "id": "peak", "state": "active", "time": datetime.now(UTC).isoformat()}
    with stack.broker():
        stack.publish(topic, answer, "-r")
        with stack.agent():
            patiently(lock.exists, "no lock")
    with stack.broker():
        lock.unlink()  # the host was started again
        with stack.agent():
            patiently(lock.exists, "no lock after the restart")
            stack.publish(topic, answer | {"state": "done"}, "-r")
            patiently(lambda: not lock.exists(), "the lock is still held")


def test_a_sick_service_is_restarted_by_the_supervisor_and_its_key_is_never_told(stack):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    sick_for_ten_minutes = {"grafana": {"sick_since_s": time.time() - 600.0}}
    stack.data.mkdir()
    (stack.data / "watchdog.json").write_text(json.dumps(sick_for_ten_minutes))
    with HTTPServer(("127.0.0.1", 0), Handler) as supervisor:
        Thread(target=supervisor.serve_forever, daemon=True).start()
        variables = {
            "BALENA_SUPERVISOR_ADDRESS": f"http://127.0.0.1:{supervisor.server_port}",
            "BALENA_SUPERVISOR_API_KEY": "key-of-the-supervisor",
            "BALENA_APP_ID": "7",
        }
        with stack.broker(), stack.agent(**variables):
            patiently(lambda: asked, "nobody was restarted")
        supervisor.shutdown()
    (path, body), *more = asked
    assert not more
    assert path.startswith("/v2/applications/7/restart-service?")
    assert body["serviceName"] == "grafana"
    everything = (stack.data / "agent.log").read_text() + (stack.data / "diagnostics.json").read_text()
    assert "grafana is sick and is restarted" in everything
    assert "key-of-the-supervisor" not in everything


def command(stack, *arguments, **variables):
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "balena/agent"),
        "SECRETS": str(stack.secrets),
        "DATA": str(stack.data),
        "METRICS_PORT": str(stack.metrics),
    }
    return subprocess.run(
        [sys.executable, "-P", "-m", "hems_agent", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=environment | variables,
    )


def test_remote_support_sees_how_the_stack_is_and_no_secret(stack):
    with stack.broker(), stack.agent(FLEET_INFLUX_TOKEN="token-of-the-fleet"):
        patiently((stack.data / "diagnostics.json").exists, "no diagnostics")
        answer = command(stack, "diagnostics")
    told = json.loads(answer.stdout)
    assert told["state"]["services"]["mosquitto"]["well"] is True
    assert told["variables"]["FLEET_INFLUX_TOKEN"] is True
    assert told["variables"]["WIFI_AP_PASSWORD"] is False
    assert any("FLEET_INFLUX_URL is missing" in line for line in told["log"])
    secrets = [file.read_text().strip() for file in (stack.secrets / "agent").iterdir()]
    assert len(secrets) >= 3
    for secret in [*secrets, "token-of-the-fleet"]:
        assert secret not in answer.stdout
        assert secret not in (stack.data / "agent.log").read_text()
    assert (stack.data / "diagnostics.json").stat().st_mode & 0o777 == 0o600


def test_it_is_healthy_while_it_looks_after_the_stack_and_not_otherwise(stack):
    assert command(stack, "healthy").returncode == 1
    with stack.broker(), stack.agent():
        patiently(lambda: command(stack, "healthy").returncode == 0, "not healthy")


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["dance"], {}, "init, run"),
        ([], {}, "init, run"),
        (["run"], {"MQTT_PORT": "many"}, "MQTT_PORT must be a whole number from 0 to 65535, got 'many'"),
        (["healthy"], {"METRICS_PORT": "70000"}, "from 0 to 65535"),
    ],
)
def test_what_cannot_be_is_named(stack, arguments, variables, said):
    answer = command(stack, *arguments, **variables)
    assert answer.returncode == 2
    assert said in answer.stderr


def test_what_an_operator_has_set_wrong_is_told_and_the_home_goes_on(stack):
    with stack.broker(), stack.agent(SPOOL_MB="5", FEEDS="Battery"):
        patiently((stack.data / "diagnostics.json").exists, "no diagnostics")
        told = json.loads((stack.data / "diagnostics.json").read_text())
    for wrong in ("SPOOL_MB must be a whole number from 8 to 4096, got '5'; not used", "FEEDS: 'Battery' must be like"):
        assert any(wrong in alert for alert in told["alerts"])
        assert any(wrong in line for line in told["log"])
    assert told["spool_mb"] == 256


def test_init_makes_the_secrets_and_tells_only_their_number(tmp_path, stack):
    answer = command(stack, "init", SECRETS=str(tmp_path / "new"))
    assert answer.returncode == 0
    assert "secrets written" in answer.stderr
    for file in (tmp_path / "new").rglob("*password*"):
        if file.is_file():
            assert file.read_text().strip() not in answer.stderr


def test_before_the_agent_ran_there_are_no_diagnostics(stack):
    stack.data.mkdir()
    assert command(stack, "diagnostics").returncode == 1
