"""A sensor that stops is told in the state of the stack within the time that the operator set, on a clock of ours."""

from datetime import UTC, datetime
import json
from types import SimpleNamespace

from hems_agent import ingest, rounds
from hems_agent.diagnostics import LogTail
from hems_agent.probes import Seen
from hems_agent.settings import Settings
import pytest

from tests.stack.native_stack import the_secrets

NOON_S = 1_795_262_400.0
EVERY_S = 10.0
"""Between two looks at the feeds, and between two rounds."""


class Clock:
    def __init__(self):
        self.now_s = 0.0
        self.time = SimpleNamespace(
            monotonic=lambda: self.now_s,
            time=lambda: NOON_S + self.now_s,
            time_ns=lambda: int((NOON_S + self.now_s) * 1e9),
            sleep=lambda _: None,
        )


class Bench:
    """The agent's own parts, without its threads; the broker and all services are well."""

    def __init__(self, directory, monkeypatch, **variables):
        self.clock = Clock()
        for module in (ingest, rounds):
            monkeypatch.setattr(module, "time", self.clock.time)
        secrets, data = the_secrets(directory / "secrets"), directory / "data"
        data.mkdir()
        self.agent = rounds.Agent(
            Settings.of({"SECRETS": str(secrets), "DATA": str(data), **variables}), variables, LogTail()
        )
        self.ingest = self.agent._ingest
        self.ingest._connected = True
        monkeypatch.setattr(self.agent._probes, "look", lambda: {"influxdb": Seen(is_well=True)})
        monkeypatch.setattr(self.agent._engine, "look", lambda: None)
        monkeypatch.setattr(self.ingest, "publish", self._published)
        self.told: list[tuple[float, str]] = []

    def _published(self, topic, payload, *, retain=False):
        if topic.endswith("/stack/state") and retain:
            alert = json.loads(payload)["alert"]
            if not self.told or self.told[-1][1] != alert:
                self.told.append((self.clock.now_s, alert))

    def run(self, until_s, *, speaks=True, every_s=10.0):
        while self.clock.now_s < until_s:
            self.clock.now_s += 1.0
            self.ingest._now_s = self.clock.now_s
            if speaks and self.clock.now_s % every_s == 0:
                self._says()
            self.ingest._watch_feeds()
            if self.clock.now_s % rounds.ROUND_S == 0:
                self.agent._round()
        return self

    def _says(self):
        time_ = datetime.fromtimestamp(NOON_S + self.clock.now_s, UTC).isoformat()
        message = {"schema": 1, "time": time_, "site": "home", "kind": "battery", "values": {"soc_percent": 50.0}}
        topic = f"hems/{self.agent._home}/telemetry/battery"
        self.ingest.intake.take(topic, json.dumps(message).encode(), self.clock.time.time_ns() // 1_000_000)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    made = []

    def make(**variables):
        made.append(Bench(tmp_path, monkeypatch, **variables))
        return made[-1]

    yield make
    for one in made:
        one.agent._spool.close()
        one.agent._probes.close()
        one.agent._provisioner.close()


@pytest.mark.parametrize(("feeds", "within_s"), [("battery=10", 30.0), ("battery=60", 180.0), ("", 30.0)])
def test_a_silent_sensor_is_told_within_its_time_and_no_longer_once_it_is_back(bench, feeds, within_s):
    home = bench(FEEDS=feeds).run(600).run(1200, speaks=False).run(1500)
    (_, before), (told_s, alert), (back_s, after) = home.told
    assert (before, alert, after) == ("none", "no data from battery", "none")
    assert within_s < told_s - 600 <= within_s + 2 * EVERY_S
    assert back_s - 1200 <= 10 + 2 * EVERY_S


def test_a_sensor_that_is_switched_off_is_not_told(bench):
    home = bench(FEEDS="battery=off").run(600).run(1200, speaks=False)
    assert [alert for _, alert in home.told] == ["none"]


def test_one_that_is_expected_and_never_came_is_told(bench):
    home = bench(FEEDS="meter=10").run(100, speaks=False)
    assert home.told[-1][1] == "no data from meter"
    assert home.told[-1][0] <= 30 + 2 * EVERY_S
