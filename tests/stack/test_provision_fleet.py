"""The copy to the fleet: made, kept right, watched, and filled up after a loss."""

from datetime import UTC, datetime
import ssl
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from hems_agent import certificates
from hems_agent.influx import Row, metric
from hems_agent.provision import fleet_of
from hypothesis import given
from hypothesis import strategies as st
import pytest
from stack_support.influx.points import Points, Unsigned

from tests.stack.influx_home import NOON_S, QUARTERS, RAW, a_home, troubles

HOUR_S = 3600.0
GOOD = {
    "FLEET_INFLUX_URL": "https://fleet.example/",
    "FLEET_INFLUX_ORG": "0123456789abcdef",
    "FLEET_INFLUX_BUCKET": "homes",
    "FLEET_INFLUX_TOKEN": "a token of the fleet",
}


@pytest.fixture
def home(tmp_path):
    with a_home(tmp_path) as home:
        home.step()
        yield home


def patches(home, since: int) -> list[tuple[str, str]]:
    return [call for call in list(home.influx.calls)[since:] if call[0] in {"PATCH", "DELETE"}]


# Variables


@pytest.mark.parametrize("missing", GOOD)
def test_a_fleet_needs_all_four_variables(missing):
    with pytest.raises(ValueError, match=f"{missing} (is missing|must be)"):
        fleet_of({**GOOD, missing: " "})


def test_without_any_of_them_there_is_no_fleet():
    assert fleet_of({}) is None
    assert fleet_of(dict.fromkeys(GOOD, "")) is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FLEET_INFLUX_URL", "fleet.example"),
        ("FLEET_INFLUX_URL", "https://user:secret@fleet.example"),
        ("FLEET_INFLUX_CA", "secret"),
        ("FLEET_INFLUX_SOURCE", "other"),
        ("FLEET_INFLUX_QUEUE_MB", "1"),
        ("FLEET_INFLUX_QUEUE_MB", "lots"),
        ("FLEET_INFLUX_MAX_AGE_DAYS", "0"),
        ("FLEET_INFLUX_MAX_AGE_DAYS", "61"),
    ],
)
def test_a_variable_that_is_wrong_is_named_without_its_value(variable, value):
    with pytest.raises(ValueError, match=variable) as refused:
        fleet_of({**GOOD, variable: value})
    assert "secret" not in str(refused.value)


def test_a_fleets_token_is_not_shown():
    assert GOOD["FLEET_INFLUX_TOKEN"] not in repr(fleet_of(GOOD))


# Made and kept right


def test_what_is_written_after_joining_arrives_at_the_fleet(home):
    status = home.joins()
    assert status.running
    assert troubles(status) == set()
    home.measures()
    assert home.catches_up()
    assert home.in_step()
    status = home.step()
    assert (status.latest_code, status.backlog_bytes, status.lag_s) == (204, 0, 0.0)


def test_a_second_boot_changes_nothing_although_the_bucket_is_read_back_by_another_name(home):
    home.joins()
    before = len(home.influx.calls)
    home.restarts()
    home.step(HOUR_S)
    assert "RemoteBucketName" in home.influx.replication().seen()
    assert patches(home, before) == []
    posts = {path for method, path in list(home.influx.calls)[before:] if method == "POST"}
    assert posts <= {"/api/v2/write", "/api/v2/query"}


def test_a_new_token_is_followed_although_the_old_one_cannot_be_read(home):
    home.joins()
    home.fleet.state.tokens.clear()
    home.measures()
    _until(lambda: home.influx.replication().code == 401)
    assert troubles(home.step()) == {"token_refused"}
    token = home.fleet.issue(home.org_id, _write_to(home), "new")["token"]
    before = len(home.influx.calls)
    home.joins(token=token)
    assert [path.split("/")[3] for method, path in patches(home, before) if method == "PATCH"] == ["remotes"]
    home.clock.wait(20 * 60)
    home.measures()
    assert home.catches_up()
    assert home.in_step()
    before = len(home.influx.calls)
    home.step(HOUR_S)
    assert patches(home, before) == []


def _write_to(home):
    bucket = next(key for key, kept in home.fleet.state.buckets.items() if kept["name"] == "homes")
    return [{"action": "write", "resource": {"type": "buckets", "id": bucket, "orgID": home.org_id}}]


def test_a_new_bucket_and_another_size_of_the_queue_are_followed(home):
    home.joins()
    home.fleet.add_bucket("others")
    token = home.fleet.issue(home.org_id, [{"action": "write", "resource": {"type": "buckets"}}], "all")["token"]
    assert troubles(home.joins(bucket="others", token=token, queue_bytes=50_000)) == set()
    seen = home.influx.replication().seen()
    assert (seen["RemoteBucketName"], seen["maxQueueSizeBytes"]) == ("others", 50_000)


def test_a_new_address_is_followed_once_it_takes_a_write(home):
    home.joins()
    status = home.joins(url="http://127.0.0.1:9")
    assert troubles(status) == {"unreachable"}
    assert home.influx.state.remotes[home.influx.replication().settings["remoteID"]]["remoteURL"] == home.fleet.url
    assert troubles(home.joins(url=home.fleet.url.replace("127.0.0.1", "localhost"))) == set()
    assert len(home.influx.state.remotes) == 1
    assert "localhost" in next(iter(home.influx.state.remotes.values()))["remoteURL"]


def test_an_organisation_may_be_given_by_a_name_that_the_token_may_look_up(home):
    right = {"action": "read", "resource": {"type": "orgs", "id": home.org_id}}
    token = home.fleet.issue(home.org_id, [*_write_to(home), right], "may look")["token"]
    assert troubles(home.joins(org="fleet", token=token)) == set()
    assert next(iter(home.influx.state.remotes.values()))["remoteOrgID"] == home.org_id


def test_another_organisation_is_followed_by_its_name_too(home):
    tokens = {}
    for org in ("fleet", "others"):
        org_id, _ = home.fleet.add_bucket(f"homes of {org}", org)
        rights = [{"action": "write", "resource": {"type": "buckets"}}]
        rights.append({"action": "read", "resource": {"type": "orgs", "id": org_id}})
        tokens[org] = (org_id, home.fleet.issue(org_id, rights, org)["token"])
    for org, (org_id, token) in tokens.items():
        assert troubles(home.joins(org=org, token=token, bucket=f"homes of {org}")) == set()
        assert next(iter(home.influx.state.remotes.values()))["remoteOrgID"] == org_id


def a_ca() -> tuple[str, str]:
    key = certificates.new_key()
    return key, certificates.new_ca(key, "A fleet's own", datetime.now(UTC))


def test_a_fleet_with_a_ca_of_its_own_is_trusted_by_agent_and_influxdb(home, tmp_path, monkeypatch):
    key, ca = a_ca()
    own = certificates.new_key()
    (tmp_path / "key").write_text(own)
    (tmp_path / "crt").write_text(certificates.new_certificate(own, ca, key, ("IP:127.0.0.1",), datetime.now(UTC)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    socket = home.fleet._server.socket
    home.fleet._server.socket = context.wrap_socket(socket, server_side=True, do_handshake_on_connect=False)
    # What InfluxDB's entrypoint does for the real one, by SSL_CERT_FILE.
    trusting = HTTPSHandler(context=ssl.create_default_context(cadata=ca))
    monkeypatch.setattr("stack_support.influx.replication._OPENER", build_opener(ProxyHandler({}), trusting))
    url = home.fleet.url.replace("http:", "https:")
    assert troubles(home.joins(url=url)) == {"unreachable"}
    assert troubles(home.joins(url=url, ca=a_ca()[1])) == {"unreachable"}
    assert troubles(home.joins(url=url, ca=ca)) == set()
    home.measures()
    assert home.catches_up()
    home.provisioner.note_loss(NOON_S - 60, home.clock() + 1)
    home.fleet.points("homes").values.clear()
    home.step()
    assert home.in_step(), "the back-fill trusts it too"
    assert troubles(home.joins(url=url, ca=a_ca()[1])) == {"unreachable"}, "a new CA is tried"


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"token": "wrong"}, "token_refused"),
        ({"bucket": "unknown"}, "bucket_missing"),
        ({"url": "http://127.0.0.1:9"}, "unreachable"),
    ],
    ids=["token", "bucket", "address"],
)
def test_settings_that_do_not_work_are_named_and_nothing_is_switched_on(home, changes, trouble):
    status = home.joins(**changes)
    assert (status.running, troubles(status)) == (False, {trouble})
    assert home.influx.state.replications == {}
    assert home.influx.state.remotes == {}


def test_what_was_written_before_the_settings_worked_is_copied_afterwards(home):
    home.joins(token="wrong")
    for _ in range(5):
        home.clock.wait(60)
        home.measures()
    home.joins()
    home.step()
    assert home.in_step()
    assert home.fleet.points("homes").count() == 25


def test_history_from_before_joining_stays_at_home(home):
    home.measures()
    home.clock.wait(HOUR_S)
    home.joins()
    home.step()
    assert home.fleet.points("homes").count() == 0


def test_emptied_variables_remove_the_copy_and_its_token(home):
    home.joins()
    status = home.leaves()
    assert not status.configured
    assert home.influx.state.replications == {}
    assert home.influx.state.remotes == {}
    before = len(home.influx.calls)
    home.step(HOUR_S)
    assert patches(home, before) == []


def test_a_variable_that_cannot_be_read_leaves_the_copy_and_what_waits_in_it_alone(home):
    home.joins()
    home.fleet.go_offline()
    home.measures()
    status = home.mistypes("FLEET_INFLUX_QUEUE_MB must be a whole number")
    assert (status.running, troubles(status)) == (True, {"settings"})
    assert home.influx.replication().remaining() > 0


def test_another_source_takes_its_place_and_nothing_that_waited_is_lost(home):
    home.joins()
    home.fleet.go_offline()
    for bucket in (RAW, QUARTERS):
        home.step()
        home.measures(bucket=bucket)
    home.step()
    home.fleet.go_online()
    before = home.influx.replication().settings["localBucketID"]
    home.joins(source=QUARTERS)
    assert home.influx.replication().settings["localBucketID"] != before
    home.measures(bucket=QUARTERS)
    assert home.catches_up()
    assert set(home.influx.points(QUARTERS).rows()) <= set(home.fleet.points("homes").rows())
    assert home.influx.points(QUARTERS).count() == 10


# Outages


def test_an_outage_of_hours_loses_nothing_and_doubles_nothing(tmp_path):
    with a_home(tmp_path, queue_bytes=1_000_000) as home:
        home.step()
        home.joins()
        home.measures()
        assert home.catches_up()
        home.fleet.go_offline()
        for _ in range(6 * 60):
            home.clock.wait(60)
            home.measures()
        status = home.step()
        assert status.backlog_bytes > 0
        assert status.lag_s > 5.9 * HOUR_S
        assert troubles(status) == {"unreachable"}
        home.fleet.go_online()
        home.clock.wait(15 * 60)
        assert home.catches_up()
        assert home.fleet.points("homes").count() == 5 * 361 == home.written
        assert home.in_step()
        assert home.step().lag_s == 0.0


def test_a_full_queue_is_told_before_anything_is_lost_and_filled_up_afterwards(home):
    home.joins()
    home.fleet.go_offline()
    told_at, lost_at = [], []
    for number in range(200):
        home.clock.wait(10)
        home.measures(points=20)
        status = home.step(0)
        told_at += [number] * ("queue_nearly_full" in troubles(status))
        lost_at += [number] * bool(status.failed_points)
    assert told_at[0] < lost_at[0]
    lost = status.failed_points
    assert lost > 100
    assert status.lost
    home.fleet.go_online()
    home.clock.wait(15 * 60)
    assert home.catches_up()
    assert not home.in_step(), "InfluxDB itself does not know what it lost"
    status = home.restarts()
    status = home.step()
    assert home.in_step()
    assert home.fleet.points("homes").count() == home.written == 4000
    assert (status.lost, status.failed_points) == ((), lost)
    assert troubles(status) == set()
    assert status.filled_points >= lost


def test_a_fill_that_the_fleet_interrupts_goes_on_where_it_was(home, monkeypatch):
    monkeypatch.setattr("hems_agent.provision.fill.PIECE_RAW_S", 120)
    home.joins()
    for _ in range(20):
        home.clock.wait(60)
        home.measures()
    assert home.catches_up()
    home.step()
    home.fleet.points("homes").values.clear()
    home.fleet.accepts = 4
    home.provisioner.note_loss(NOON_S, home.clock() + 1)
    status = home.step(0)
    assert status.lost
    begun = status.lost[0][0]
    assert begun > NOON_S
    home.fleet.accepts = None
    status = home.restarts()
    assert status.lost == ()
    assert home.in_step()


def test_what_the_queue_gave_up_for_its_age_is_filled_up(home):
    home.joins(max_age_s=HOUR_S)
    home.step()
    home.fleet.go_offline()
    for _ in range(3):
        home.clock.wait(10)
        home.measures()
    home.step()
    home.step(3 * HOUR_S)
    home.fleet.go_online()
    home.measures()
    assert home.catches_up()
    home.step()
    assert home.in_step()


@pytest.mark.parametrize(
    ("code", "trouble"),
    [(401, "token_refused"), (403, "token_refused"), (404, "bucket_missing"), (413, "too_large")],
)
def test_an_answer_that_blocks_the_queue_is_named_at_once(home, code, trouble):
    home.joins()
    home.fleet.fails_with = code
    home.measures()
    _until(lambda: home.influx.replication().code == code)
    status = home.step()
    assert troubles(status) == {trouble}
    assert status.backlog_bytes > 0
    assert any(alert.urgent for alert in status.alerts)


@pytest.mark.parametrize("code", [500, 503, 429])
def test_a_fleet_that_is_busy_for_a_moment_is_no_news_but_for_long_it_is(home, code):
    home.joins()
    home.fleet.fails_with = code
    home.measures()
    _until(lambda: home.influx.replication().code == code)
    assert troubles(home.step()) == set()
    assert troubles(home.step(20 * 60)) == {"throttled" if code == 429 else "remote_failing"}


def test_points_that_the_fleet_can_never_take_do_not_block_the_rest_and_are_told(home):
    home.joins()
    home.fleet.fails_with = 400
    home.measures()
    _until(lambda: home.influx.replication().code == 400)
    home.fleet.fails_with = None
    home.clock.wait(1)
    home.measures()
    assert home.catches_up()
    status = home.step()
    assert status.dropped_bytes > 0
    assert troubles(status) == {"data_refused"}


def test_a_queue_that_grows_for_an_hour_while_the_fleet_answers_asks_for_a_restart_once(home):
    home.joins()
    home.influx.sleeps = True
    asked = []
    for _ in range(90):
        home.measures(points=1)
        asked.append(home.step().restart_recommended)
    assert not any(asked[:59])
    assert any(asked)
    assert not asked[-1], "and not for ever"
    home.influx.restart()
    assert not home.step().restart_recommended
    assert home.catches_up()
    assert home.in_step()


def test_a_queue_that_grows_because_the_fleet_is_away_asks_for_no_restart(home):
    home.joins()
    home.fleet.go_offline()
    for _ in range(90):
        home.measures(points=1)
        assert not home.step().restart_recommended


def test_a_counter_that_began_again_with_influxdb_counts_on(home):
    home.joins()
    home.fleet.go_offline()
    for _ in range(60):
        home.clock.wait(10)
        home.measures(points=50)
    before = home.step().failed_points
    assert before
    home.influx.restart()
    home.clock.wait(10)
    home.measures(points=50)
    assert home.step().failed_points == before + 50


# What is copied is what there was

WORDS = st.text("ab ,=\"'äé", min_size=1, max_size=6)
"""Line protocol has no way to say every backslash in a name."""
VALUES = st.one_of(
    st.tuples(st.just("double"), st.floats(allow_nan=False, allow_infinity=False)),
    st.tuples(st.just("long"), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just("unsignedLong"), st.integers(0, 2**64 - 1).map(Unsigned)),
    st.tuples(st.just("boolean"), st.booleans()),
    st.tuples(st.just("string"), st.text('ab ,=\\"\n', max_size=6).filter(lambda text: "\n" not in text)),
)


@given(name=WORDS, tags=st.dictionaries(WORDS, WORDS, max_size=3), value=VALUES, time_ns=st.integers(0, 4 * 10**18))
def test_a_row_of_a_query_written_again_is_the_same_point(name, tags, value, time_ns):
    kind, content = value
    text = str(content).lower() if isinstance(content, bool) else str(content)
    line = Row(name, tuple(sorted(tags.items())), "x", text, kind, time_ns).line()
    points = Points()
    points.write(line, "ns", 0)
    assert list(points.rows()) == [((name, tuple(sorted(tags.items()))), "x", time_ns, content)]


def test_a_metric_is_found_by_its_name_and_labels():
    text = '# HELP x y\nx{replicationID="a"} 3\nx{replicationID="b"} 4.5\nxx 9\n'
    assert metric(text, "x", replicationID="b") == 4.5
    assert metric(text, "x", replicationID="c") is None
    assert metric(text, "xx") == 9


def _until(condition) -> None:
    import time

    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)
