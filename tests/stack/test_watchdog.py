"""Sick services are restarted, ever more rarely, and nobody is restarted for lost internet."""

from itertools import pairwise
from pathlib import Path

from hems_agent.supervisor import Nobody, Supervisor, restarter_of
from hems_agent.update_lock import LONGEST_S, UpdateLock
from hems_agent.watchdog import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    PATIENCE_S,
    SILENT_PATIENCE_S,
    USUAL_PATIENCE_S,
    WELL_FOR_S,
    Watchdog,
)
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

SICK, WELL = {"influxdb": False}, {"influxdb": True}
NOON = 1_800_000_000.0


def restarts_within(watchdog, hours, *, step_s=30.0, in_event=False, start_s=NOON):
    """When a service that never recovers is restarted, in seconds since the start."""
    times = []
    for step in range(int(hours * 3600 / step_s)):
        now_s = start_s + step * step_s
        for service in watchdog.look(SICK, now_s, in_event=in_event):
            watchdog.restarted(service, now_s)
            times.append(now_s - start_s)
    return times


@pytest.fixture
def watchdog(tmp_path):
    return Watchdog(tmp_path / "watchdog.json")


def test_a_sick_service_is_given_time_before_it_is_restarted(watchdog):
    assert restarts_within(watchdog, 0.2)[0] == USUAL_PATIENCE_S


def test_home_assistant_may_take_longer_to_start(watchdog):
    assert watchdog.look({"homeassistant": False}, NOON) == []
    assert watchdog.look({"homeassistant": False}, NOON + PATIENCE_S["homeassistant"] - 1) == []
    assert watchdog.look({"homeassistant": False}, NOON + PATIENCE_S["homeassistant"]) == ["homeassistant"]


def test_home_assistant_that_takes_connections_and_answers_none_is_not_starting_but_hangs(watchdog):
    sick, silent = {"homeassistant": False}, {"homeassistant"}
    assert watchdog.look(sick, NOON) == []
    assert watchdog.look(sick, NOON + 100, silent=silent) == []
    assert watchdog.look(sick, NOON + 99 + SILENT_PATIENCE_S, silent=silent) == []
    assert watchdog.look(sick, NOON + 100 + SILENT_PATIENCE_S, silent=silent) == ["homeassistant"]


def test_a_silence_that_was_interrupted_is_none(watchdog):
    sick = {"homeassistant": False}
    for second in range(0, 800, 50):
        silent = set() if second % 200 == 0 else {"homeassistant"}
        assert watchdog.look(sick, NOON + second, silent=silent) == []


def test_a_restart_begins_the_patience_with_silence_anew(watchdog):
    sick, silent = {"homeassistant": False}, {"homeassistant"}
    watchdog.look(sick, NOON, silent=silent)
    assert watchdog.look(sick, NOON + SILENT_PATIENCE_S, silent=silent) == ["homeassistant"]
    watchdog.restarted("homeassistant", NOON + SILENT_PATIENCE_S)
    for second in range(0, int(FIRST_PAUSE_S), 50):
        assert watchdog.look(sick, NOON + SILENT_PATIENCE_S + second, silent=silent) == []


def test_one_that_stays_sick_is_restarted_ever_more_rarely(watchdog):
    times = restarts_within(watchdog, 72)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses[:4] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S, 8 * FIRST_PAUSE_S]
    assert pauses[-1] == LONGEST_PAUSE_S


def test_a_restart_of_the_agent_does_not_begin_all_over_again(tmp_path):
    first = restarts_within(Watchdog(tmp_path / "memory"), 1)
    later = restarts_within(Watchdog(tmp_path / "memory"), 1, start_s=NOON + 3600)
    assert len(first) == 3
    assert len(later) == 1


def test_a_reboot_of_the_device_gives_a_service_that_was_sick_before_its_time_to_start(tmp_path):
    before = Watchdog(tmp_path / "memory")
    restarts_within(before, 0.2)
    assert before.look(WELL, NOON + 1000) == []
    after = Watchdog(tmp_path / "memory")
    assert restarts_within(after, 0.2, start_s=NOON + 2000) == [USUAL_PATIENCE_S]


def test_after_an_hour_of_health_the_next_illness_counts_as_the_first(watchdog):
    restarts_within(watchdog, 6)
    for minute in range(int(WELL_FOR_S / 60) + 1):
        watchdog.look(WELL, NOON + 7 * 3600 + 60 * minute)
    assert watchdog.patients["influxdb"].restarts == 0


def test_while_the_home_obeys_the_grid_what_it_does_not_need_is_left_alone(watchdog):
    assert restarts_within(watchdog, 2, in_event=True) == []
    assert watchdog.look(SICK, NOON + 2 * 3600) == ["influxdb"]


def test_a_spoilt_memory_is_forgotten(tmp_path):
    (tmp_path / "memory").write_text('{"influxdb": {"nonsense": 1}}')
    assert restarts_within(Watchdog(tmp_path / "memory"), 0.2) == [USUAL_PATIENCE_S]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.floats(-5e3, 5e3)), max_size=200))
def test_whatever_the_clock_does_nobody_is_restarted_twice_within_the_patience(tmp_path_factory, looks):
    watchdog = Watchdog(tmp_path_factory.mktemp("memory") / "memory")
    now_s, last_s = NOON, None
    for well, step_s in looks:
        now_s += step_s
        if watchdog.look({"influxdb": well}, now_s):
            assert not well
            assert last_s is None or now_s < last_s or now_s - last_s >= USUAL_PATIENCE_S
            watchdog.restarted("influxdb", now_s)
            last_s = now_s


def test_the_lock_is_held_during_events_only(tmp_path):
    path = tmp_path / "updates.lock"
    lock = UpdateLock(path)
    lock.hold(NOON)
    assert not path.exists()
    lock.event("peak", True, NOON)
    lock.event("other", True, NOON)
    lock.hold(NOON)
    assert path.exists()
    lock.event("peak", False, NOON + 10)
    lock.hold(NOON + 10)
    assert lock.held
    lock.event("other", False, NOON + 20)
    lock.hold(NOON + 20)
    assert not path.exists()


def test_the_lock_of_somebody_else_is_neither_taken_nor_removed(tmp_path):
    path = tmp_path / "updates.lock"
    path.write_text("")
    lock = UpdateLock(path)
    lock.event("peak", True, NOON)
    lock.hold(NOON)
    assert not lock.held
    lock.event("peak", False, NOON)
    lock.hold(NOON)
    assert path.exists()


def test_an_event_that_never_ends_does_not_hold_updates_for_ever(tmp_path):
    lock = UpdateLock(tmp_path / "updates.lock")
    lock.event("peak", True, NOON)
    lock.hold(NOON)
    lock.hold(NOON + LONGEST_S)
    assert not lock.held
    assert not lock.in_event


def held_and_killed(path, *events):
    """The lock of an agent that was killed during these events."""
    killed = UpdateLock(path)
    for event in events:
        killed.event(event, True, NOON)
        killed.hold(NOON)
    return UpdateLock(path)


def test_a_killed_agents_lock_is_held_on_by_the_next_one_until_its_events_are_over(tmp_path):
    path = tmp_path / "updates.lock"
    lock = held_and_killed(path, "peak", "other")
    file = path.stat().st_ino
    for event in ("old", "peak", "other"):
        assert (lock.held, lock.in_event, path.stat().st_ino) == (True, True, file)
        lock.event(event, False, NOON + 5)
        lock.hold(NOON + 5)
        file = path.stat().st_ino if path.exists() else None
    assert not path.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_agents_lock_is_let_go_in_the_end_although_nobody_tells_how_its_event_went(tmp_path):
    path = tmp_path / "updates.lock"
    lock = held_and_killed(path, "peak")
    lock.hold(NOON + LONGEST_S - 1)
    assert path.exists()
    UpdateLock(path).hold(NOON + LONGEST_S)
    assert not path.exists()


def test_an_event_that_began_before_the_agent_did_counts_from_its_beginning(tmp_path):
    lock = UpdateLock(tmp_path / "updates.lock")
    lock.event("peak", True, NOON, NOON - LONGEST_S + 10)
    lock.hold(NOON)
    assert lock.held
    lock.event("peak", True, NOON + 10)
    lock.hold(NOON + 10)
    assert not lock.held
    lock.event("peak", True, NOON + 20)
    lock.hold(NOON + 20)
    assert not lock.held, "told again it is no new event"
    lock.event("next", True, NOON + 30)
    lock.hold(NOON + 30)
    assert lock.held


EVENTS = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.booleans(), st.floats(0, 4 * 3600.0), st.sampled_from(["", "restart", "clock back"])
    ),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(EVENTS)
def test_the_lock_is_held_in_events_only_and_never_for_more_than_twelve_hours(tmp_path_factory, told):
    path = tmp_path_factory.mktemp("locks") / "updates.lock"
    lock, now_s, since_s, active = UpdateLock(path), NOON, None, set()
    for event, is_active, after_s, what in told:
        for _ in range(int(after_s / 600)):
            now_s += 600
            lock.hold(now_s)
            since_s = (now_s if since_s is None else since_s) if path.exists() else None
            assert since_s is None or now_s - since_s < LONGEST_S
        if what == "restart":
            lock = UpdateLock(path)
        elif what:
            now_s -= 1800
            since_s = since_s and min(since_s, now_s)
        (active.add if is_active else active.discard)(event)
        lock.event(event, is_active, now_s)
        lock.hold(now_s)
        since_s = (now_s if since_s is None else since_s) if path.exists() else None
        assert lock.held == path.exists()
        assert active or not path.exists()


def test_a_killed_agent_leaves_no_lock_that_nobody_knows_for_his(tmp_path, monkeypatch):
    path = tmp_path / "updates.lock"
    lock = UpdateLock(path)
    lock.event("peak", True, NOON)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "hardlink_to", killed)
    with pytest.raises(KeyboardInterrupt):
        lock.hold(NOON)
    assert not path.exists()


def test_where_there_is_no_place_for_a_lock_nothing_fails():
    lock = UpdateLock(Path("/proc/nowhere/updates.lock"))
    lock.event("peak", True, NOON)
    lock.hold(NOON)
    assert not lock.held


def test_only_balena_restarts_services():
    given_by_balena = {"BALENA_SUPERVISOR_ADDRESS": "http://127.0.0.1:1/", "BALENA_SUPERVISOR_API_KEY": "secret"}
    assert restarter_of(given_by_balena) == Nobody()
    supervisor = restarter_of(given_by_balena | {"BALENA_APP_ID": "7"})
    assert isinstance(supervisor, Supervisor)
    assert "secret" not in repr(supervisor)
    said = supervisor.restart("influxdb")
    assert "cannot be reached" in said
    assert "secret" not in said
    assert "docker compose restart influxdb" in Nobody().restart("influxdb")
