"""A variable that changes while the home runs reaches the services, although balena starts all of them at once."""

import os
import signal
import subprocess

from hems_agent.secrets import APART
import pytest

from tests.stack.native_stack import ROOT, the_secrets

FOLLOWING = "/bin/sh {script} {needed} --follow {followed} && echo up && exec sleep 100"


@pytest.fixture
def follower(tmp_path):
    """A service that has started with the secrets of the last boot while `init` is still at work, as on balena."""
    secrets = the_secrets(tmp_path / "secrets")
    names = ("mosquitto/passwd", "mosquitto/bridge.conf", "mosquitto/fleet-ca.crt")
    command = FOLLOWING.format(script=ROOT / "balena/wait-for-secrets.sh", needed=names[0], followed=" ".join(names))
    environment = {**os.environ, "SECRETS": str(secrets), "WAIT_S": "300", "LOOK_EVERY_S": "0.05"}
    with subprocess.Popen(["/bin/sh", "-c", command], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "up\n"
        yield process, secrets
        process.kill()


@pytest.mark.parametrize(
    "variables",
    [{"MQTT_SENSORS_PASSWORD": "set by the operator"}, {"FLEET_MQTT_HOST": "mqtt.example", "FLEET_MQTT_PASSWORD": "x"}],
    ids=["a password", "a bridge"],
)
def test_a_service_that_was_faster_than_init_starts_again_with_what_a_variable_has_changed(follower, variables):
    process, secrets = follower
    the_secrets(secrets, **variables)
    assert process.wait(timeout=60) == -signal.SIGTERM


def test_a_boot_that_changes_nothing_of_a_service_does_not_end_it(follower):
    process, secrets = follower
    the_secrets(secrets, GRAFANA_ADMIN_PASSWORD="of another service")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1)


@pytest.mark.parametrize(
    ("service", "file"),
    [
        *(("mosquitto", name) for name in ("passwd", "acl", "server.crt", "server.key", "bridge.conf", "fleet-ca.crt")),
        *(("nginx", name) for name in ("tls.crt", "tls.key")),
        ("grafana", "admin_password"),
        ("influxdb", "fleet-ca.crt"),
        ("config-editor", "password_hash"),
        ("wifi-repeater", "password"),
    ],
)
def test_what_follows_from_variables_is_followed_by_its_consumer(service, file):
    """All that `init` makes of an operator's variables, but for what the agent reads each time."""
    own_volume = service in APART
    folder = ROOT / "balena" / service
    script = (folder / ("Dockerfile" if own_volume else "entrypoint.sh")).read_text()
    call = script.replace("\\\n", " ").partition("--follow ")[2].partition("\n")[0]
    assert (file if own_volume else f"{service}/{file}") in call.replace('"', " ").split()
