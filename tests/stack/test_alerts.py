"""What the stack tells somebody to look at, and that it is quiet when all is well."""

from dataclasses import replace

from hems_agent.probes import Seen
from hems_agent.provision import Alert, ReplicationStatus, Trouble
from hems_agent.status import LONGEST_STATE, message
import pytest

from tests.stack.recorded_home import NOW, stack_state

WELL = stack_state(NOW)
TROUBLES = {
    "sick service": ({"services": {"grafana": Seen(is_well=False, said="answers 502")}}, "grafana: answers 502"),
    "silent service": ({"services": {"nginx": Seen(is_well=False)}}, "nginx: does not answer"),
    "lost points": ({"spool": replace(WELL.spool, dropped_points=7)}, "7 points were lost"),
    "nearly full queue": ({"spool": replace(WELL.spool, nearly_full=True)}, "nearly full"),
    "refused points": ({"writer": replace(WELL.writer, rejected_points=2)}, "refused 2 points"),
    "dropped by the broker": ({"ingest": replace(WELL.ingest, broker_dropped=41)}, "dropped 41 messages"),
    "disk that takes nothing": ({"ingest": replace(WELL.ingest, disk_trouble="the disk takes no points")}, "takes no"),
    "full disk": ({"disk_free_percent": 4.0}, "4 % free"),
    "silent feed": ({"silent_feeds": ("meter",)}, "no data from meter"),
    "lossy feed": ({"lossy_feeds": ("meter",)}, "data of meter has gaps"),
}


def test_nothing_is_said_while_all_is_well():
    assert WELL.alerts() == []
    assert (message(WELL)["alert"], message(WELL)["alerts"]) == ("none", 0)


@pytest.mark.parametrize(("changes", "said"), TROUBLES.values(), ids=TROUBLES)
def test_each_trouble_is_told_once_by_its_name(changes, said):
    state = stack_state(NOW, **changes)
    (alert,) = state.alerts()
    assert said in alert
    assert message(state)["alerts"] == 1


def test_lost_points_are_not_told_as_a_queue_that_is_only_nearly_full():
    state = stack_state(NOW, spool=replace(WELL.spool, dropped_points=7, nearly_full=True))
    assert len(state.alerts()) == 1


def test_what_the_replication_needs_at_once_comes_before_what_can_wait():
    later = Alert(Trouble.PLAIN_HTTP, "not encrypted")
    urgent = Alert(Trouble.HOME_NOT_READY, "cannot be used", urgent=True)
    state = stack_state(NOW, replication=ReplicationStatus(configured=True, alerts=(later, urgent)))
    assert state.alerts() == ["cannot be used", "not encrypted"]


def test_many_troubles_still_fit_into_a_state_of_home_assistant():
    state = stack_state(NOW, silent_feeds=tuple(f"sensor_{number}" for number in range(100)))
    assert len(message(state)["alert"]) == LONGEST_STATE
    assert message(state)["alerts"] == 100
