"""The home's InfluxDB is set up at first boot and kept as it should be."""

import errno
import stat

from hems_agent.influx import InfluxRefused
from hems_agent.provision.home import LAST_VALUES, spread_s, tasks
from hems_agent.secrets import make_secrets
from hems_core.exchange.quantities import QUANTITIES
import pytest

from tests.stack.influx_home import QUARTERS, RAW, a_home, troubles

DAY_S = 86_400
TRIED = {"/api/v2/write", "/api/v2/query"}


@pytest.fixture
def home(tmp_path):
    with a_home(tmp_path) as home:
        yield home


def changes(home, since: int = 0) -> list[tuple[str, str]]:
    """Requests that change something; a write of nothing, and a question, are how tokens are tried."""
    calls = list(home.influx.calls)[since:]
    return [(method, path) for method, path in calls if method != "GET" and path not in TRIED]


def status_of(home, name: str, bucket: str) -> int:
    client = home.client(name)
    status, _ = client.write("hems", bucket, ["telemetry power_kw=1 1"])
    client.close()
    return status


def test_first_boot_makes_buckets_tasks_and_tokens_of_an_empty_influxdb(home):
    assert home.step().alerts == ()
    kept = {b["name"]: b["retentionRules"][0]["everySeconds"] for b in home.influx.state.buckets.values()}
    assert kept == {RAW: 30 * DAY_S, QUARTERS: 1095 * DAY_S}
    assert {task["name"] for task in home.influx.state.tasks.values()} == {"hems-15m", "hems-15m-late"}
    assert stat.S_IMODE((home.secrets / "agent/write_token").stat().st_mode) == 0o600
    assert stat.S_IMODE((home.secrets / "grafana/influx_read_token").stat().st_mode) == 0o640


def test_each_token_may_do_only_what_it_is_for(home):
    home.step()
    assert status_of(home, "agent/write_token", RAW) == 204
    assert status_of(home, "agent/write_token", QUARTERS) == 403
    assert status_of(home, "grafana/influx_read_token", RAW) == 403
    grafana = home.client("grafana/influx_read_token")
    assert (
        len(
            list(
                grafana.rows(
                    f'from(bucket: "{RAW}") |> range(start: 1970-01-01T00:00:00Z, stop: 2100-01-01T00:00:00Z)', "hems"
                )
            )
        )
        == 1
    )
    with pytest.raises(InfluxRefused):
        grafana.send("POST", "/api/v2/buckets", {"orgID": "0", "name": "mine"})
    grafana.close()


@pytest.mark.parametrize("later_s", [60.0, 3600.0], ids=["a look", "a provision"])
def test_a_second_boot_changes_nothing(home, later_s):
    home.step()
    before = len(home.influx.calls)
    home.restarts()
    home.step(later_s)
    assert changes(home, before) == []


def test_a_retention_and_a_task_that_somebody_changed_are_put_right(home):
    home.step()
    bucket = next(bucket for bucket in home.influx.state.buckets.values() if bucket["name"] == RAW)
    task = next(iter(home.influx.state.tasks.values()))
    bucket["retentionRules"] = []
    task["flux"], task["status"] = "option task = {}", "inactive"
    home.step(3600)
    assert bucket["retentionRules"][0]["everySeconds"] == 30 * DAY_S
    assert task["flux"] == tasks(spread_s(home.secret("home-id").strip()))[task["name"]]
    assert task["status"] == "active"


@pytest.mark.parametrize("name", ["agent/write_token", "grafana/influx_read_token"])
@pytest.mark.parametrize("lost", ["file", "authorization", "text"])
def test_a_token_that_is_lost_is_replaced_and_the_old_one_is_withdrawn(home, name, lost):
    home.step()
    before, count = home.secret(name), len(home.influx.state.authorizations)
    if lost == "file":
        (home.secrets / name).unlink()
    elif lost == "text":
        (home.secrets / name).write_text("something else")
    else:
        said = "hems agent write" if name.startswith("agent") else "hems grafana read"
        authorizations = home.influx.state.authorizations
        del authorizations[next(key for key, kept in authorizations.items() if kept["description"] == said)]
    home.step(3600)
    assert home.secret(name) not in {before, "something else"}
    assert len(home.influx.state.authorizations) == count


def test_a_rotation_makes_every_token_and_the_password_anew_and_withdraws_the_old_ones(home):
    home.step()
    names = ("agent/operator_token", "agent/write_token", "grafana/influx_read_token", "agent/influx_admin_password")
    before = {name: home.secret(name) for name in names}
    make_secrets(home.secrets, {"ROTATE_SECRETS": "now"}, owners=None)
    assert home.restarts().alerts == ()
    assert not any(home.secret(name) == before[name] for name in names)
    assert len(home.influx.state.authorizations) == 3
    assert home.influx.state.passwords == {"hems": home.secret("agent/influx_admin_password")}
    assert not (home.secrets / "agent/rotate_influxdb").exists()
    count = len(home.influx.calls)
    home.step(3600)
    assert changes(home, count) == []
    make_secrets(home.secrets, {"ROTATE_SECRETS": "now"}, owners=None)
    assert home.secret("influxdb/operator_token") == home.secret("agent/operator_token")


def test_a_rotation_that_loses_its_power_is_finished_by_the_next_step(home):
    home.step()
    make_secrets(home.secrets, {"ROTATE_SECRETS": "now"}, owners=None)
    home.influx.refuses = {("POST", "password")}
    assert troubles(home.restarts()) == {"home_not_ready"}
    home.influx.refuses = set()
    assert home.step().alerts == ()
    assert len(home.influx.state.authorizations) == 3
    assert home.influx.state.passwords == {"hems": home.secret("agent/influx_admin_password")}


def test_an_operators_token_that_the_card_has_lost_is_made_anew_by_the_password(home):
    home.step()
    (home.secrets / "agent/operator_token").write_text("what the card made of it")
    assert home.restarts().alerts == ()
    client = home.client("agent/operator_token")
    assert client.get("/api/v2/users")["users"]
    client.close()


def test_a_clock_that_was_set_back_does_not_keep_the_provisioner_from_looking_again(home):
    home.step()
    (home.secrets / "agent/write_token").write_text("what the card made of it")
    home.step(-5 * 3600.0)
    assert status_of(home, "agent/write_token", RAW) == 204


def test_an_influxdb_that_comes_late_is_waited_for(home):
    home.influx.go_offline()
    assert troubles(home.step()) == {"home_not_ready"}
    home.influx.go_online()
    assert home.step().alerts == ()


def takes_nothing(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_told_and_does_not_end_the_agent(home, monkeypatch):
    with monkeypatch.context() as full:
        full.setattr("hems_agent.provision.home.write_whole", takes_nothing)
        (alert,) = home.step().alerts
        assert "No space left on device" in alert.message
    assert home.step().alerts == ()
    assert status_of(home, "agent/write_token", RAW) == 204
    assert len(home.influx.state.authorizations) == 3


def test_what_a_full_disk_did_not_keep_is_kept_as_soon_as_it_takes_something(home, monkeypatch, caplog):
    with monkeypatch.context() as full:
        full.setattr("hems_agent.provision.memory.write_whole", takes_nothing)
        home.joins()
        home.provisioner.note_loss(home.clock() - 60, home.clock())
        home.step()
        assert caplog.text.count("No space left on device") == 1
        assert not (home.options.state / "replication.json").exists()
    home.step()
    assert (home.options.state / "replication.json").exists()


def test_what_is_said_about_a_refusal_holds_no_secret(home, caplog):
    home.step()
    home.influx.fails_with = 500
    said = repr(home.restarts()) + caplog.text
    assert not any(home.secret(f"agent/{name}") in said for name in ("operator_token", "influx_admin_password"))


def test_counters_are_kept_by_their_last_value():
    counters = {row.name for row in QUANTITIES.values() if row.meaning.startswith("Counter")}
    assert counters <= set(LAST_VALUES) <= set(QUANTITIES)


def test_texts_have_no_mean():
    for flux in tasks().values():
        assert "|currency)$/" in flux


def test_homes_do_not_compute_their_quarters_in_the_same_second():
    offsets = {spread_s(f"h-{number:016x}") for number in range(200)}
    assert len(offsets) > 150
    assert 0 <= min(offsets) <= max(offsets) < 600
    assert "offset: 720s" in tasks(600)["hems-15m"]


def test_a_quarter_that_is_seen_in_part_is_not_computed():
    for flux in tasks().values():
        assert flux.count("date.truncate") == 2
        assert "createEmpty: false" in flux
