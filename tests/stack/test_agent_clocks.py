"""A board without a clock of its own gets the time from the network, hours off, while everything runs."""

from datetime import UTC, datetime
import time

from hems_agent.diagnostics import LogTail
from hems_agent.metrics import AGE, Figures
from hems_agent.probes import Probes, Seen
from hems_agent.rounds import TELL_EVERY_S, Agent
from hems_agent.settings import Settings
from prometheus_client import CollectorRegistry
import pytest

from tests.stack.recorded_home import stack_state

HOURS_5 = 5 * 3600.0


class Clocks:
    """The time of day, which may be set, and one that only goes forward."""

    def __init__(self, monkeypatch):
        self.unix_s, self.since_boot_s = 1_800_000_000.0, 50.0
        monkeypatch.setattr(time, "time", lambda: self.unix_s)
        monkeypatch.setattr(time, "monotonic", lambda: self.since_boot_s)

    def wait(self, seconds):
        self.unix_s += seconds
        self.since_boot_s += seconds


class Rounds:
    """An agent's looks after the stack, in which Home Assistant starts."""

    def __init__(self, directory, monkeypatch):
        (directory / "agent").mkdir()
        (directory / "home-id").write_text("h-0011223344556677")
        starting = {"homeassistant": Seen(is_well=False, said="ProtocolError")}
        monkeypatch.setattr(Probes, "look", lambda _: starting)
        monkeypatch.setattr(Probes, "engine_metrics", lambda _: "")
        self.agent = Agent(Settings(secrets=directory, data=directory), {}, LogTail())
        self.restarted, self.told = [], []
        monkeypatch.setattr(self.agent, "_restarter", self)
        monkeypatch.setattr(self.agent._ingest, "publish", lambda topic, *_, **__: self.told.append(topic))

    def restart(self, service):
        self.restarted.append(service)
        return ""


@pytest.fixture
def clocks(monkeypatch):
    return Clocks(monkeypatch)


@pytest.fixture
def rounds(tmp_path, monkeypatch, clocks):
    rounds = Rounds(tmp_path, monkeypatch)
    yield rounds
    rounds.agent._probes.close()
    rounds.agent._provisioner.close()


@pytest.mark.parametrize("jump_s", [HOURS_5, -HOURS_5])
def test_a_service_that_starts_is_not_restarted_because_the_clock_was_set(rounds, clocks, jump_s):
    rounds.agent._round()
    clocks.unix_s += jump_s
    for _ in range(80):
        clocks.wait(10)
        rounds.agent._round()
    assert rounds.restarted == []
    for _ in range(20):
        clocks.wait(10)
        rounds.agent._round()
    assert rounds.restarted == ["homeassistant"]


def test_the_stack_is_told_of_as_often_as_ever_after_the_clock_was_set_back(rounds, clocks):
    rounds.agent._round()
    clocks.unix_s -= HOURS_5
    before = len(rounds.told)
    clocks.wait(TELL_EVERY_S)
    rounds.agent._round()
    assert len(rounds.told) == before + 1


@pytest.mark.parametrize("jump_s", [HOURS_5, -HOURS_5])
def test_the_age_of_the_last_round_is_right_after_the_clock_was_set(clocks, jump_s):
    figures = Figures()
    registry = CollectorRegistry()
    registry.register(figures)
    figures.tell(stack_state(datetime.fromtimestamp(clocks.unix_s, UTC)))
    clocks.unix_s += jump_s
    clocks.wait(7)
    assert registry.get_sample_value(AGE) == 7
