"""The stand-in for InfluxDB does to a copy what InfluxDB's source does, the unkind things above all."""

from hems_agent.provision.memory import AHEAD_S, Memory, Remembered
from hypothesis import given
from hypothesis import strategies as st
import pytest

from tests.stack.influx_home import a_home

REMOTE = {"remoteURL": "http://127.0.0.1:9", "remoteAPIToken": "any"}


@pytest.fixture
def home(tmp_path):
    with a_home(tmp_path) as home:
        home.step()
        home.joins()
        home.influx.sleeps = True  # the test delivers
        yield home


def attempt(home):
    """One, at this time of the home's clock; whether anything was sent."""
    remote = home.influx.state.remotes[home.influx.replication().settings["remoteID"]]
    return home.influx.replication().step(remote, home.clock(), home.influx.lock)


def test_waits_double_up_to_a_quarter_of_an_hour(home):
    home.measures()
    home.fleet.go_offline()
    replication, waits = home.influx.replication(), []
    for _ in range(13):
        attempt(home)
        waits.append(replication.next_s - home.clock())
        home.clock.now_s = replication.next_s
    assert waits == [0.25 * 2**n for n in range(1, 11)] + [900.0] * 3


def test_a_new_write_is_an_attempt_at_once(home):
    home.measures()
    home.fleet.go_offline()
    for _ in range(12):
        attempt(home)
        home.clock.now_s = home.influx.replication().next_s
    attempt(home)
    home.fleet.go_online()
    assert not attempt(home)
    home.measures()
    assert attempt(home)


@pytest.mark.parametrize(("status", "wait_s"), [(429, 77.0), (503, 0.5)])
def test_retry_after_is_obeyed_only_by_429(home, status, wait_s):
    home.measures()
    home.fleet.fails_with, home.fleet.retry_after_s = status, 77
    attempt(home)
    assert home.influx.replication().next_s - home.clock() == wait_s


@pytest.mark.parametrize("status", [200, 201, 401, 404, 413, 500])
def test_only_204_is_success(home, status):
    home.measures()
    home.fleet.fails_with = status
    assert not attempt(home)
    assert home.influx.replication().remaining() > 0


def test_a_full_queue_is_told_to_nobody_but_the_log_and_a_metric(home):
    for _ in range(200):
        home.measures(points=20)  # each of them is answered by 204
    replication = home.influx.replication()
    assert replication.metrics["points_failed_to_queue"] > 0
    assert set(replication.log) == {"Failed to enqueue points for replication: queue is full"}


def test_a_purge_takes_whole_files_of_the_queue_by_their_last_change(home):
    replication = home.influx.replication()
    replication.settings["maxAgeSeconds"] = 3600
    home.fleet.go_offline()
    home.measures()
    home.clock.wait(1800)
    home.measures()
    home.clock.wait(1801)
    attempt(home)
    (segment,) = replication.segments
    assert len(segment.batches) == 2, "the first is too old, but its file is not"
    home.clock.wait(1800)
    attempt(home)
    assert not replication.segments


def test_a_token_cannot_be_read_again(home):
    client = home.client("agent/operator_token")
    shown = client.get("/api/v2/authorizations")["authorizations"]
    assert shown
    assert not any("token" in authorization for authorization in shown)
    (remote,) = client.get("/api/v2/remotes", orgID=next(iter(home.influx.state.orgs)))["remotes"]
    assert "remoteAPIToken" not in remote
    client.close()


# What is remembered over restarts

TIMES = st.integers(0, 100_000).map(float)


@given(st.lists(st.tuples(TIMES, TIMES), max_size=8))
def test_lost_stretches_are_in_order_apart_and_cover_all_that_was_lost(stretches):
    memory = Memory()
    for start, stop in stretches:
        memory.lose(start, stop)
    assert all(before[1] < after[0] for before, after in zip(memory.lost, memory.lost[1:], strict=False))
    for start, stop in stretches:
        if start < stop:
            assert any(first <= start and stop + AHEAD_S <= last for first, last in memory.lost)


def test_what_is_remembered_outlives_a_restart_and_a_broken_file_is_begun_again(tmp_path):
    remembered = Remembered(tmp_path / "state")
    remembered.memory.lose(10, 20)
    remembered.save()
    assert Remembered(tmp_path / "state").memory.lost == [(10, 20 + AHEAD_S)]
    (tmp_path / "state/replication.json").write_text('{"token_hash": ')
    assert Remembered(tmp_path / "state").memory == Memory()
    (tmp_path / "state/replication.json").write_text('{"of another version": 1}')
    assert Remembered(tmp_path / "state").memory == Memory()
