"""A real Mosquitto with the stack's own configuration and secrets: who may do what, and what nobody may."""

import os
from pathlib import Path
import stat
import subprocess

import pytest

from tests.stack.native_stack import LOOPBACK, ROOT, free_ports, native, needs, ports_of, running, the_secrets

REFUSED = 5
TIMED_OUT = 27


class Broker:
    """The broker and what a client on this machine may know of it."""

    def __init__(self, directory: Path) -> None:
        needs("mosquitto")
        needs("mosquitto_sub")
        self.directory = directory
        self.secrets = the_secrets(directory / "secrets")
        self.port, self.tls_port = free_ports(2)
        self.home = (self.secrets / "home-id").read_text().strip()
        self.service = native.mosquitto(directory, self.secrets, port=self.port, tls_port=self.tls_port)

    def running(self):
        return running(self.service, self.directory, self.port, self.tls_port)

    def password(self, user: str) -> str:
        return (self.secrets / PASSWORDS[user]).read_text()

    def client(self, program: str, topic: str, *more: str, user: str | None, password: str | None = None):
        who = [] if user is None else ["-u", user, "-P", self.password(user) if password is None else password]
        command = [program, "-h", "127.0.0.1", "-p", str(self.port), *who, "-t", topic, *more]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)

    def publish(self, topic: str, text: str = "x", *more: str, user: str | None, password: str | None = None):
        return self.client(
            "mosquitto_pub", topic, "-q", "1", *(["-m", text] if text else ["-n"]), *more, user=user, password=password
        )

    def retained(self, topic: str, user: str) -> list[str]:
        """What this user is given at once, as `topic text`."""
        answer = self.client("mosquitto_sub", topic, "-v", "-W", "1", "--retained-only", user=user)
        assert answer.returncode in {0, TIMED_OUT}, answer.stderr
        return answer.stdout.splitlines()


PASSWORDS = {
    "homeassistant": "homeassistant/mqtt_password",
    "agent": "agent/mqtt_password",
    "dr": "people/mqtt_dr_password",
    "sensors": "people/mqtt_sensors_password",
}


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = Broker(tmp_path_factory.mktemp("broker"))
    with broker.running() as broker.process:
        yield broker


def test_nothing_but_the_two_ports_is_listened_on(broker):
    assert ports_of(broker.process) == {(LOOPBACK, broker.port), (LOOPBACK, broker.tls_port)}


@pytest.mark.parametrize("user", PASSWORDS)
def test_each_user_of_the_stack_may_connect_with_its_own_password(broker, user):
    assert broker.publish("nowhere", user=user).returncode == 0


@pytest.mark.parametrize(
    ("user", "password"),
    [
        (None, None),
        ("homeassistant", "wrong"),
        ("homeassistant", ""),
        ("homeassistant", "homeassistant"),
        ("agent", "agent"),
        ("dr", "dr"),
        ("admin", "admin"),
        ("mosquitto", "mosquitto"),
        ("nobody", ""),
    ],
)
@pytest.mark.parametrize("program", ["mosquitto_pub", "mosquitto_sub"])
def test_who_has_no_password_or_a_wrong_one_is_refused(broker, program, user, password):
    more = ["-m", "x"] if program == "mosquitto_pub" else ["-C", "1", "-W", "3"]
    answer = broker.client(program, f"hems/{broker.home}/plan", *more, user=user, password=password)
    assert answer.returncode == REFUSED
    assert "not authori" in answer.stderr.lower()


def test_one_users_password_opens_no_other_account(broker):
    assert broker.publish("x", user="homeassistant", password=broker.password("sensors")).returncode == REFUSED


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("dr", "hems/{home}/events/request"),
        ("dr", "hems/{home}/events/cancel"),
        ("sensors", "hems/{home}/telemetry/meter"),
        ("agent", "hems/{home}/stack/state"),
        ("agent", "hems/{home}/sealed/plan"),
        ("homeassistant", "hems/{home}/plan"),
        ("homeassistant", "homeassistant/sensor/anything/config"),
    ],
)
def test_what_a_user_is_there_to_say_arrives(broker, user, topic):
    topic = topic.format(home=broker.home)
    broker.publish(topic, f"from {user}", "-r", user=user)
    assert broker.retained(topic, "homeassistant") == [f"{topic} from {user}"]


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("sensors", "hems/{home}/events/request"),
        ("sensors", "hems/{home}/status"),
        ("sensors", "hems/h-ffffffffffffffff/telemetry/meter"),
        ("sensors", "homeassistant/switch/oven/set"),
        ("dr", "hems/{home}/telemetry/forged"),
        ("dr", "hems/{home}/events/state/1"),
        ("dr", "hems/h-ffffffffffffffff/events/request"),
        ("dr", "hems/{home}/plan/forged"),
        ("sensors", "hems/{home}/sealed/plan"),
        ("dr", "hems/{home}/sealed/plan"),
        ("agent", "hems/{home}/telemetry/forged"),
        ("agent", "hems/{home}/events/request/forged"),
    ],
)
def test_what_a_user_may_not_say_reaches_nobody(broker, user, topic):
    topic = topic.format(home=broker.home)
    broker.publish(topic, "", "-r", user="homeassistant")
    broker.publish(topic, "forged", "-r", user=user)
    assert broker.retained(topic, "homeassistant") == []


@pytest.mark.parametrize(
    ("user", "sees"), [("dr", {"plan"}), ("sensors", set()), ("agent", {"plan", "telemetry/secret"})]
)
def test_a_user_that_asks_for_everything_is_given_only_its_own(broker, user, sees):
    for topic in (f"hems/{broker.home}/plan", f"hems/{broker.home}/telemetry/secret", "private/thing"):
        broker.publish(topic, "retained", "-r", user="homeassistant")
    given = {line.split()[0] for line in broker.retained("#", user)}
    watched = {f"hems/{broker.home}/plan", f"hems/{broker.home}/telemetry/secret", "private/thing"}
    assert given & watched == {f"hems/{broker.home}/{topic}" for topic in sees}


def test_the_port_for_the_network_speaks_only_tls_that_the_homes_ca_signed(broker, tmp_path):
    ca = broker.secrets / "ca.crt"

    def publish(*options: str) -> int:
        command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.tls_port), "-u", "sensors"]
        command += ["-P", broker.password("sensors"), "-t", "x", "-m", "x", "-q", "1", *options]
        return subprocess.run(command, check=False, capture_output=True, timeout=30).returncode

    foreign = the_secrets(tmp_path / "foreign") / "ca.crt"
    assert publish("--cafile", str(ca)) == 0
    assert publish("--cafile", str(foreign)) != 0
    assert publish() != 0
    assert publish("--cafile", str(ca), "--tls-version", "tlsv1.3") == 0


@pytest.mark.parametrize(
    ("version", "taken"), [("-tls1", False), ("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)]
)
def test_old_tls_is_not_spoken(broker, version, taken):
    # SECLEVEL=0 lets this client offer what it would itself refuse; the server must be the one to say no.
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{broker.tls_port}", version]
    command += [] if version == "-tls1_3" else ["-cipher", "ALL:@SECLEVEL=0"]
    answer = subprocess.run(command, check=False, input=b"", capture_output=True, timeout=30)
    assert (b"Cipher is (NONE)" not in answer.stdout and b"Cipher is" in answer.stdout) is taken


def test_a_message_too_big_for_the_home_is_refused(broker):
    topic = f"hems/{broker.home}/telemetry/big"
    broker.publish(topic, "x" * 100_000, "-r", user="homeassistant")
    assert len(broker.retained(topic, "homeassistant")) == 1
    (broker.directory / "big").write_text("y" * 290_000)
    broker.client("mosquitto_pub", topic, "-q", "1", "-r", "-f", str(broker.directory / "big"), user="homeassistant")
    assert broker.retained(topic, "homeassistant")[0].endswith("x")


def test_the_health_check_sees_whether_the_broker_lives(broker):
    def healthy(port: int) -> bool:
        environment = {**os.environ, "PORT": str(port)}
        script = ROOT / "balena/mosquitto/healthy.sh"
        return subprocess.run(["/bin/sh", script], check=False, env=environment, timeout=30).returncode == 0

    assert healthy(broker.port)
    assert not healthy(free_ports(1)[0])


def test_what_was_retained_outlives_a_restart_and_the_secrets_stay_private(tmp_path):
    broker = Broker(tmp_path)
    with broker.running():
        broker.publish("kept", "still here", "-r", user="homeassistant")
    with broker.running():
        assert broker.retained("kept", "homeassistant") == ["kept still here"]
    assert stat.S_IMODE((tmp_path / "run/mosquitto.conf").stat().st_mode) == 0o600
    said = (tmp_path / "mosquitto.log").read_text()
    assert not any(broker.password(user) in said for user in PASSWORDS)


def test_a_missing_secret_is_named_and_no_broker_runs_without_it(tmp_path):
    broker = Broker(tmp_path)
    (broker.secrets / "mosquitto/passwd").unlink()
    log = tmp_path / "log"
    assert broker.service.start(log).wait(timeout=20) == 1
    assert "secrets/mosquitto/passwd is missing; did the service init run?" in log.read_text()


def test_secrets_of_another_rotation_are_waited_for_but_not_for_ever(tmp_path):
    secrets = the_secrets(tmp_path, ROTATE_SECRETS="spring")
    wait = ["/bin/sh", ROOT / "balena/wait-for-secrets.sh", "mosquitto/passwd"]

    def waited(**environment: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SECRETS": str(secrets), "WAIT_S": "1", **environment}
        return subprocess.run(wait, check=False, env=environment, capture_output=True, text=True, timeout=30)

    assert waited(ROTATE_SECRETS="spring").stderr == ""
    assert waited(ROTATE_SECRETS=" spring\n").stderr == "", "as init reads it"
    assert "init has not finished" in waited(ROTATE_SECRETS="summer").stderr
    assert waited(ROTATE_SECRETS="summer").returncode == 0


def test_a_home_without_a_fleet_has_no_bridge_and_one_with_a_fleet_carries_its_messages(tmp_path):
    fleet, home = Broker(tmp_path / "fleet"), Broker(tmp_path / "home")
    the_secrets(
        home.secrets,
        FLEET_MQTT_HOST="127.0.0.1",
        FLEET_MQTT_PORT=str(fleet.tls_port),
        FLEET_MQTT_USER="homeassistant",
        FLEET_MQTT_PASSWORD=fleet.password("homeassistant"),
        FLEET_MQTT_CA=(fleet.secrets / "ca.crt").read_text(),
    )
    request = f"hems/{home.home}/events/request"
    listen = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(home.port), "-u", "agent", "-P", home.password("agent")]
    with fleet.running(), home.running():
        fleet.publish(request, "less, please", "-r", user="homeassistant")
        heard = subprocess.run([*listen, "-t", request, "-C", "1", "-W", "25"], check=False, capture_output=True)
        assert heard.stdout == b"less, please\n", (tmp_path / "home/mosquitto.log").read_text()
    assert fleet.password("homeassistant") not in (tmp_path / "home/mosquitto.log").read_text()
