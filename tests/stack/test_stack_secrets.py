"""First boot: every secret made once, private to its consumer, mended after a lost power, rotated on demand."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
import os
from pathlib import Path
import re
import shutil
import socket
import ssl
import stat
import subprocess
import sys

from hems_agent import broker_files, certificates, secrets
from hems_agent.sealing import PrivateKey
from hems_agent.secret_files import write_whole
from hems_agent.secrets import MQTT_USERS, STACK_OWNERS, make_secrets
import pytest

from tests.demo_process import free_port
from tests.stack.native_stack import ROOT, native, needs, running

EVERYBODYS = {"home-id", "ca.crt", ".rotated"}
MARKS = {".rotated", "config-editor/.rotated", "wifi-repeater/.rotated"}


@pytest.fixture(scope="module", autouse=True)
def first_boot(tmp_path_factory):
    """Half of the tests begin after one: it is made once, and copied."""
    directory = tmp_path_factory.mktemp("first")
    FIRST["boot"] = (directory, make_secrets(directory, {}, owners=None))


FIRST: dict[str, tuple[Path, secrets.Made]] = {}


def made(directory: Path, owners=None, **variables: str) -> secrets.Made:
    """A boot; the first one without variables is always the same."""
    if owners is None and not variables and not (directory / "home-id").exists() and not (directory / "agent").exists():
        first, answer = FIRST["boot"]
        shutil.copytree(first, directory, dirs_exist_ok=True)
        return answer
    return make_secrets(directory, variables, owners=owners)


def content(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def openssl(*arguments) -> str:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True).stdout


def own_pair(directory: Path) -> tuple[str, str]:
    """A certificate and key that an operator might bring."""
    key = certificates.new_key()
    now = datetime.now(UTC)
    ca_key = certificates.new_key()
    ca = certificates.new_ca(ca_key, "Somebody else", now)
    return certificates.new_certificate(key, ca, ca_key, ("DNS:home.example",), now), key


def test_first_boot_makes_everything_that_the_services_wait_for(tmp_path):
    answer = made(tmp_path)
    assert set(content(tmp_path)) == {
        *EVERYBODYS,
        *{"ca/ca.key", "ca/ca.crt", "people/mqtt_dr_password", "people/mqtt_sensors_password"},
        *{"people/config_editor_password", "config-editor/password_hash", "grafana/admin_password"},
        *MARKS,
        *{f"mosquitto/{name}" for name in ("passwd", "acl", "ca.crt", "server.crt", "server.key", "bridge.conf")},
        *{"homeassistant/mqtt_password", "homeassistant/engine_token", "engine/token"},
        *{"influxdb/admin_password", "influxdb/operator_token", "nginx/tls.crt", "nginx/tls.key"},
        *{f"agent/{name}" for name in ("mqtt_password", "engine_token", "operator_token", "influx_admin_password")},
        "agent/sealed_names",
    }
    assert re.fullmatch(r"h-[0-9a-f]{16}", answer.home)
    assert (tmp_path / "home-id").read_text() == f"{answer.home}\n"
    assert not answer.problems


def test_only_its_consumer_can_read_a_secret(tmp_path):
    made(tmp_path)
    for path in tmp_path.rglob("*"):
        name = str(path.relative_to(tmp_path))
        if path.is_dir():
            assert mode(path) == 0o700, name
        else:
            assert mode(path) == (0o644 if name in EVERYBODYS else 0o600), name


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_files_belong_to_the_users_that_the_services_run_as(tmp_path):
    made(tmp_path, owners=STACK_OWNERS)
    for consumer, owner in STACK_OWNERS.items():
        directory = tmp_path / consumer
        assert (directory.stat().st_uid, directory.stat().st_gid, mode(directory)) == (owner.uid, owner.gid, owner.mode)
        for file in directory.iterdir():
            assert (file.stat().st_uid, file.stat().st_gid) == (owner.files or (owner.uid, owner.gid)), file
    assert mode(tmp_path / "grafana") == 0o2750, "the token that the agent puts there is Grafana's group's"
    assert (tmp_path / "home-id").stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")
def test_first_boot_needs_no_more_rights_than_init_has(tmp_path):
    rights = "-all,+chown,+dac_override,+fowner"
    code = "import sys, pathlib, hems_agent.secrets as s; s.make_secrets(pathlib.Path(sys.argv[1]), {})"
    command = [
        "setpriv",
        "--bounding-set",
        rights,
        "--inh-caps",
        "-all",
        "--",
        sys.executable,
        "-c",
        code,
        tmp_path / "s",
    ]
    for _ in range(2):
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "balena/agent")})
        grafana = tmp_path / "s/grafana"
        assert (grafana.stat().st_uid, grafana.stat().st_gid, mode(grafana)) == (10001, 472, 0o2750)
    token = ["setpriv", "--reuid", "10001", "--regid", "10001", "--clear-groups", "--", "touch", "token"]
    subprocess.run(token, check=True, cwd=grafana)
    assert (grafana / "token").stat().st_gid == 472


def test_a_second_boot_changes_nothing(tmp_path):
    made(tmp_path)
    before = content(tmp_path)
    assert made(tmp_path).written == ()
    assert content(tmp_path) == before


@pytest.mark.parametrize("lost", [".rotated", "home-id", "mosquitto/passwd", "mosquitto/server.key", "engine/token"])
def test_a_boot_that_lost_its_power_is_finished_by_the_next(tmp_path, lost):
    made(tmp_path)
    before = content(tmp_path)
    (tmp_path / lost).unlink()
    (tmp_path / "agent/.new-0123").write_text("half of a secr")
    made(tmp_path)
    after = content(tmp_path)
    assert set(after) == set(before)
    if lost == "engine/token":
        assert after == before, "the copies know it"
    if lost == "mosquitto/server.key":
        assert certificates.fits(after["mosquitto/server.key"], after["mosquitto/server.crt"])
    assert made(tmp_path).written == ()


@pytest.mark.parametrize("lost", ["agent/mqtt_password", "ca/ca.key", "mosquitto/acl", "nginx/tls.crt", "home-id"])
def test_a_file_that_the_card_has_emptied_is_made_again(tmp_path, lost):
    made(tmp_path)
    (tmp_path / lost).write_text("")
    made(tmp_path)
    assert (tmp_path / lost).read_text()
    assert fitting_passwords(tmp_path) == set(MQTT_USERS)
    assert certificates.fits((tmp_path / "ca/ca.key").read_text(), (tmp_path / "ca/ca.crt").read_text())
    for name in ("mosquitto/server.crt", "nginx/tls.crt"):
        openssl("verify", "-CAfile", tmp_path / "ca.crt", tmp_path / name)


def fitting_passwords(directory: Path) -> set[str]:
    lines = (directory / "mosquitto/passwd").read_text().splitlines()
    kept = dict(line.split(":", 1) for line in lines)
    return {
        user for user, place in MQTT_USERS.items() if broker_files.matches((directory / place).read_text(), kept[user])
    }


def test_the_engines_token_is_the_same_for_all_who_use_it(tmp_path):
    made(tmp_path)
    tokens = {
        (tmp_path / name).read_text() for name in ("engine/token", "homeassistant/engine_token", "agent/engine_token")
    }
    assert len(tokens) == 1


def test_no_two_secrets_and_no_two_homes_are_alike(tmp_path):
    for home in ("one", "two"):
        make_secrets(tmp_path / home, {}, owners=None)
    places = ("engine/token", "agent/operator_token", "agent/influx_admin_password", "grafana/admin_password")
    all_of_them = [
        (tmp_path / home / place).read_text() for home in ("one", "two") for place in (*places, *MQTT_USERS.values())
    ]
    assert len(set(all_of_them)) == len(all_of_them)
    assert all(len(secret) >= 43 for secret in all_of_them)


def test_rotation_makes_all_but_the_homes_name_and_its_ca_anew_once(tmp_path):
    made(tmp_path)
    before = content(tmp_path)
    answer = made(tmp_path, ROTATE_SECRETS="after-the-burglary")
    after = content(tmp_path)
    assert answer.rotated
    asked_of_influxdb = {f"{place}" for place in ("agent/operator_token", "influxdb/operator_token")} | {
        f"{place}" for place in ("agent/influx_admin_password", "influxdb/admin_password")
    }
    same = {"home-id", "ca.crt", "ca/ca.key", "ca/ca.crt", "mosquitto/ca.crt", "mosquitto/acl", "mosquitto/bridge.conf"}
    same.add("agent/sealed_names")
    assert {name for name in before if before[name] == after[name]} == same | asked_of_influxdb
    assert after["agent/rotate_influxdb"] == "after-the-burglary"
    assert after[".rotated"] == "after-the-burglary\n"
    assert fitting_passwords(tmp_path) == set(MQTT_USERS)
    again = made(tmp_path, ROTATE_SECRETS="after-the-burglary")
    assert not again.rotated
    assert again.written == ()


def test_taking_the_rotation_variable_away_rotates_nothing(tmp_path):
    made(tmp_path, ROTATE_SECRETS="once")
    before = content(tmp_path)
    assert not made(tmp_path).rotated
    assert {name for name, text in content(tmp_path).items() if before[name] != text} == MARKS


def test_a_rotation_that_loses_its_power_is_begun_again(tmp_path, monkeypatch):
    made(tmp_path)
    before = content(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(secrets._Boot, "_certificates", lambda *_: (_ for _ in ()).throw(OSError("power lost")))
        with pytest.raises(OSError, match="power lost"):
            made(tmp_path, ROTATE_SECRETS="twice")
    assert (tmp_path / ".rotated").read_text() == before[".rotated"]
    assert made(tmp_path, ROTATE_SECRETS="twice").rotated
    assert fitting_passwords(tmp_path) == set(MQTT_USERS)


def test_the_copies_for_influxdb_follow_what_the_provisioner_has_changed(tmp_path):
    made(tmp_path)
    write_whole(tmp_path / "agent/operator_token", "made-by-InfluxDB-itself==")
    made(tmp_path)
    assert (tmp_path / "influxdb/operator_token").read_text() == "made-by-InfluxDB-itself=="


def test_a_consumer_cannot_have_another_file_read_or_written_through_a_link(tmp_path):
    made(tmp_path)
    outside = tmp_path / "outside"
    outside.write_text("x" * 43)
    outside.chmod(0o640)
    target = tmp_path / "engine/token"
    target.unlink()
    target.symlink_to(outside)
    made(tmp_path)
    assert not target.is_symlink()
    assert target.read_text() != "x" * 43
    assert (outside.read_text(), mode(outside)) == ("x" * 43, 0o640)


def test_passwords_of_people_come_from_variables(tmp_path):
    made(tmp_path, MQTT_DR_PASSWORD="a password of the grid", CONFIG_EDITOR_PASSWORD="another long one")
    assert (tmp_path / "people/mqtt_dr_password").read_text() == "a password of the grid"
    assert fitting_passwords(tmp_path) == set(MQTT_USERS)
    assert broker_files.matches("another long one", (tmp_path / "config-editor/password_hash").read_text())


def test_a_password_that_is_too_short_is_named_and_not_used(tmp_path):
    answer = made(tmp_path, MQTT_DR_PASSWORD="hunter2")
    assert answer.problems == ("MQTT_DR_PASSWORD needs at least 12 characters that print; not used",)
    assert len((tmp_path / "people/mqtt_dr_password").read_text()) == 43


def test_what_a_boot_says_holds_no_secret(tmp_path, capfd):
    answer = made(
        tmp_path, MQTT_DR_PASSWORD="a password of the grid", MQTT_SENSORS_PASSWORD="short", FLEET_MQTT_HOST="x y"
    )
    said = repr(answer) + "".join(capfd.readouterr())
    for name, text in content(tmp_path).items():
        if name not in {*EVERYBODYS, "mosquitto/acl", "mosquitto/bridge.conf"}:
            assert text not in said, name
    assert "short" not in said


def test_a_hash_is_the_one_that_mosquittos_own_tool_makes(tmp_path):
    needs("mosquitto_passwd")
    file = tmp_path / "passwd"
    subprocess.run(["mosquitto_passwd", "-c", "-b", file, "somebody", "a password of the home"], check=True)
    line = file.read_text().strip().partition(":")[2]
    assert broker_files.matches("a password of the home", line)
    assert not broker_files.matches("a password of another", line)


# Certificates


@pytest.mark.parametrize(
    ("service", "certificate", "key"),
    [
        ("mosquitto", "mosquitto/server.crt", "mosquitto/server.key"),
        ("nginx", "nginx/tls.crt", "nginx/tls.key"),
    ],
)
def test_servers_have_a_certificate_of_ten_years_for_all_their_names(tmp_path, service, certificate, key):
    made(tmp_path, TLS_NAMES="home.example, 192.168.1.7 fd00::7", BALENA_DEVICE_UUID="0123456789abcdef")
    openssl("verify", "-x509_strict", "-CAfile", tmp_path / "ca.crt", tmp_path / certificate)
    openssl("x509", "-in", tmp_path / certificate, "-noout", "-checkend", str(3650 * 86400))
    for name in ("hems.local", "homeassistant.local", service, "localhost", "0123456.local", "home.example"):
        assert "does match" in openssl("x509", "-in", tmp_path / certificate, "-noout", "-checkhost", name)
    for address in ("127.0.0.1", "192.168.1.7", "fd00::7"):
        assert "does match" in openssl("x509", "-in", tmp_path / certificate, "-noout", "-checkip", address)
    ssl.create_default_context().load_cert_chain(tmp_path / certificate, tmp_path / key)
    before = content(tmp_path)
    made(tmp_path, TLS_NAMES="home.example, 192.168.1.7 fd00::7", BALENA_DEVICE_UUID="0123456789abcdef")
    assert content(tmp_path) == before, "an address is not taken for a new one"


def test_a_new_name_makes_a_new_certificate_of_the_same_ca(tmp_path):
    made(tmp_path)
    before = content(tmp_path)
    made(tmp_path, TLS_NAMES="home.example")
    after = content(tmp_path)
    assert after["ca.crt"] == before["ca.crt"]
    assert after["nginx/tls.crt"] != before["nginx/tls.crt"]


def test_a_wrong_name_is_named_and_the_others_are_kept(tmp_path):
    assert made(tmp_path, TLS_NAMES="my home!").problems == (
        "TLS_NAMES: 'home!' is neither a host name nor an address; not used",
    )


def test_a_board_that_boots_in_1970_makes_certificates_for_today(tmp_path):
    make_secrets(tmp_path, {}, owners=None, now=lambda: datetime(1970, 1, 2, tzinfo=UTC))
    # openssl itself takes the start from the machine's clock, which is right here: the end is what is computed.
    openssl("x509", "-in", tmp_path / "nginx/tls.crt", "-noout", "-checkend", str(3650 * 86400))


@pytest.mark.parametrize("write", [lambda text: text, lambda text: text.replace("\n", "\\n")], ids=["lines", "escaped"])
def test_an_operators_own_certificate_is_used_for_both_servers(tmp_path, write):
    certificate, key = own_pair(tmp_path)
    made(tmp_path, TLS_CERT=write(certificate), TLS_KEY=write(key))
    for place in ("nginx/tls.crt", "mosquitto/server.crt"):
        assert (tmp_path / place).read_text() == certificate
    assert (tmp_path / "nginx/tls.key").read_text() == key
    assert made(tmp_path, TLS_CERT=write(certificate), TLS_KEY=write(key)).written == ()
    made(tmp_path)
    assert (tmp_path / "nginx/tls.crt").read_text() != certificate, "and no longer when the variables are gone"


def test_the_broker_may_have_a_certificate_of_its_own(tmp_path):
    certificate, key = own_pair(tmp_path)
    made(tmp_path, MQTT_TLS_CERT=certificate, MQTT_TLS_KEY=key)
    assert (tmp_path / "mosquitto/server.crt").read_text() == certificate
    assert (tmp_path / "nginx/tls.crt").read_text() != certificate


def test_a_certificate_beside_anothers_key_is_named_and_not_used(tmp_path):
    certificate, _ = own_pair(tmp_path)
    answer = made(tmp_path, TLS_CERT=certificate, TLS_KEY=certificates.new_key())
    assert len(answer.problems) == 1
    assert answer.problems[0].startswith("TLS_CERT and TLS_KEY do not belong together")
    openssl("verify", "-CAfile", tmp_path / "ca.crt", tmp_path / "nginx/tls.crt")


# The bridge to the fleet's broker


def test_without_a_fleet_there_is_no_bridge(tmp_path):
    made(tmp_path)
    assert (tmp_path / "mosquitto/bridge.conf").read_text().startswith("# No bridge")


def test_the_bridge_verifies_the_fleets_broker_and_carries_only_what_is_agreed(tmp_path):
    home = made(
        tmp_path, FLEET_MQTT_HOST="mqtt.fleet.example", FLEET_MQTT_PASSWORD="s3cret of home", FLEET_MQTT_PREFIX="north/"
    ).home
    lines = (tmp_path / "mosquitto/bridge.conf").read_text().splitlines()
    assert "address mqtt.fleet.example:8883" in lines
    assert f"remote_username {home}" in lines
    assert "remote_password s3cret of home" in lines
    assert "bridge_cafile /etc/ssl/certs/ca-certificates.crt" in lines
    assert "bridge_insecure false" in lines
    assert [line.split()[1:3] for line in lines if line.startswith("topic ")] == [
        *(["telemetry/#", "out"], ["plan", "out"], ["status", "out"], ["events/state/#", "out"]),
        *(["events/request", "in"], ["events/cancel", "in"]),
    ]
    assert all(line.endswith(f" hems/{home}/ north/hems/{home}/") for line in lines if line.startswith("topic "))
    made(tmp_path)
    assert "s3cret" not in (tmp_path / "mosquitto/bridge.conf").read_text()


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"FLEET_MQTT_PASSWORD": ""}, "FLEET_MQTT_PASSWORD"),
        ({"FLEET_MQTT_PASSWORD": "one\nlistener 1884"}, "FLEET_MQTT_PASSWORD"),
        ({"FLEET_MQTT_HOST": "two words"}, "FLEET_MQTT_HOST"),
        ({"FLEET_MQTT_PORT": "many"}, "FLEET_MQTT_PORT"),
        ({"FLEET_MQTT_USER": "a b"}, "FLEET_MQTT_USER"),
        ({"FLEET_MQTT_PREFIX": "#"}, "FLEET_MQTT_PREFIX"),
        ({"FLEET_MQTT_CA": "no certificate"}, "FLEET_MQTT_CA"),
        ({"FLEET_MQTT_CA": "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----"}, "FLEET_MQTT_CA"),
    ],
)
def test_a_fleet_variable_that_is_wrong_is_named_and_makes_no_bridge(tmp_path, variables, named):
    good = {"FLEET_MQTT_HOST": "mqtt.fleet.example", "FLEET_MQTT_PASSWORD": "long enough"}
    answer = make_secrets(tmp_path, good | variables, owners=None)
    assert any(problem.startswith("no bridge to the fleet") and named in problem for problem in answer.problems)
    assert (tmp_path / "mosquitto/bridge.conf").read_text().startswith("# No bridge")


def test_with_a_key_of_the_fleets_the_bridge_carries_only_what_is_sealed(tmp_path):
    fleet = {"FLEET_MQTT_HOST": "mqtt.fleet.example", "FLEET_MQTT_PASSWORD": "long enough"}
    made(tmp_path, **fleet, FLEET_PUBLIC_KEY=PrivateKey.new().public.text)
    lines = (tmp_path / "mosquitto/bridge.conf").read_text().splitlines()
    assert [line.split()[1:3] for line in lines if line.startswith("topic ")] == [
        *(["sealed/telemetry/#", "out"], ["sealed/plan", "out"], ["sealed/status", "out"], ["sealed/events/#", "out"]),
        *(["events/request", "in"], ["events/cancel", "in"]),
    ]
    made(tmp_path, **fleet)
    assert "sealed/" not in (tmp_path / "mosquitto/bridge.conf").read_text()


@pytest.mark.parametrize("key", [PrivateKey.new().text, PrivateKey.new().public.text[:-1], "on", "\udcff"])
def test_a_key_that_is_none_makes_no_bridge_and_is_not_repeated(tmp_path, key):
    fleet = {"FLEET_MQTT_HOST": "mqtt.fleet.example", "FLEET_MQTT_PASSWORD": "long enough"}
    answer = make_secrets(tmp_path, fleet | {"FLEET_PUBLIC_KEY": key}, owners=None)
    (problem,) = answer.problems
    assert problem.startswith("no bridge to the fleet: FLEET_PUBLIC_KEY ")
    assert "scripts/fleet-key new" in problem
    assert len(key) < 3 or key not in problem
    assert (tmp_path / "mosquitto/bridge.conf").read_text().startswith("# No bridge")


@contextmanager
def bridging(directory: Path, host: str, fleet: socket.socket, ca: str) -> Iterator[socket.socket]:
    """A broker with a bridge to a listening socket, and its first connection to it."""
    needs("mosquitto")
    port = str(fleet.getsockname()[1])
    made(
        directory / "secrets",
        FLEET_MQTT_HOST=host,
        FLEET_MQTT_PORT=port,
        FLEET_MQTT_PASSWORD="it knows",
        FLEET_MQTT_CA=ca,
    )
    service = native.mosquitto(directory, directory / "secrets", port=free_port(), tls_port=free_port())
    fleet.settimeout(60)
    with running(service, directory):
        connection, _ = fleet.accept()
        connection.settimeout(60)
        with connection:
            yield connection


def test_the_bridge_says_nothing_to_a_fleet_that_it_cannot_verify(tmp_path, socket_enabled):
    made(tmp_path / "fleet")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "fleet/mosquitto/server.crt", tmp_path / "fleet/mosquitto/server.key")
    with (
        socket.create_server(("127.0.0.1", 0)) as fleet,
        bridging(tmp_path, "127.0.0.1", fleet, own_pair(tmp_path)[0]) as connection,
        pytest.raises(ssl.SSLError, match="UNKNOWN_CA"),
    ):
        context.wrap_socket(connection, server_side=True).recv(1)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
def test_the_fleets_broker_may_be_an_address_of_ipv6(tmp_path, socket_enabled):
    with (
        socket.create_server(("::1", 0), family=socket.AF_INET6) as fleet,
        bridging(tmp_path, "::1", fleet, own_pair(tmp_path)[0]) as connection,
    ):
        assert connection.recv(1) == b"\x16", "a TLS handshake"


def test_a_ca_for_the_fleets_database_is_given_to_influxdb_alone(tmp_path):
    ca = own_pair(tmp_path)[0]
    made(tmp_path)
    assert not made(tmp_path, FLEET_INFLUX_CA=b64encode(ca.encode()).decode()).problems
    assert (tmp_path / "influxdb/fleet-ca.crt").read_text() == ca
    (problem,) = made(tmp_path, FLEET_INFLUX_CA="-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----").problems
    assert "FLEET_INFLUX_CA" in problem
    assert (tmp_path / "influxdb/fleet-ca.crt").read_text() == ca, "the copy that there is goes on"
    assert not make_secrets(tmp_path, {}, owners=None).problems
    assert not (tmp_path / "influxdb/fleet-ca.crt").exists()


# The access point


@pytest.mark.parametrize(("password", "there"), [("", False), ("seven77", False), ("eight888", True)])
def test_the_access_point_has_a_password_only_if_one_is_set_that_wpa2_takes(tmp_path, password, there):
    answer = made(tmp_path, WIFI_AP_PASSWORD=password)
    assert (tmp_path / "wifi-repeater/password").exists() == there
    assert bool(answer.problems) == (password == "seven77")
