"""The access point, against a NetworkManager of ours on a real D-Bus."""

from contextlib import contextmanager
import json
import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import time

from hems_wifi.manager import PROFILE_UUID
from hems_wifi.settings import Missing, read
import pytest

ROOT = Path(__file__).parents[2]
SERVER = Path(__file__).with_name("network_manager.py")
PASSWORD = "a password of this home"
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={socket}</listen><policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy></busconfig>"""


class Host:
    """A Raspberry Pi: its bus, its network devices and what NetworkManager was asked to do."""

    def __init__(self, directory, environment, said):
        self.directory, self.environment, self.said = directory, environment, said

    def asked(self):
        lines = [json.loads(line) for line in self.said.read_text().splitlines()]
        return [line for line in lines if line["what"] != "ready"]

    @contextmanager
    def service(self, name="Garden", password=PASSWORD, *, is_killed=False, **variables):
        secret, place = self.directory / "password", self.directory / "wifi.json"
        secret.write_text(password)
        place.unlink(missing_ok=True)
        environment = self.environment | {
            "PYTHONPATH": str(ROOT / "balena/wifi-repeater"),
            "WIFI_AP_NAME": name,
            "WIFI_AP_PASSWORD_FILE": str(secret),
            "WIFI_STATE_FILE": str(place),
        }
        log = (self.directory / "log").open("w")
        process = subprocess.Popen([sys.executable, "-m", "hems_wifi"], env=environment | variables, stderr=log)
        try:
            for _ in range(1200):
                if place.exists():
                    break
                time.sleep(0.05)
            yield json.loads(place.read_text())
        finally:
            if is_killed:
                process.kill()
            else:
                process.terminate()
            assert process.wait(timeout=60) == (-signal.SIGKILL if is_killed else 0)
            log.close()


@contextmanager
def a_host(directory, uplink, *devices):
    if shutil.which("dbus-daemon") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no dbus-daemon: install the package dbus-daemon")
    socket, configuration, said = directory / "bus", directory / "bus.conf", directory / "said"
    configuration.write_text(BUS.format(socket=socket))
    environment = {"PATH": os.environ["PATH"], "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={socket}"}
    daemon = subprocess.Popen(["dbus-daemon", f"--config-file={configuration}", "--nofork"])
    while not socket.exists():
        time.sleep(0.02)
    with said.open("w") as output:
        server = subprocess.Popen([sys.executable, SERVER, uplink, *devices], env=environment, stdout=output)
    try:
        while "ready" not in said.read_text():
            assert server.poll() is None
            time.sleep(0.02)
        yield Host(directory, environment, said)
    finally:
        for process in (server, daemon):
            process.kill()
            process.wait()


def test_with_a_wire_to_the_internet_the_radio_becomes_an_access_point(tmp_path):
    with a_host(tmp_path, "eth0", "lo:loopback", "eth0:ethernet", "wlan0:wifi") as host:
        with host.service() as state:
            assert state == {"mode": "access_point", "reason": "", "name": "Garden", "interface": "wlan0"}
            added, activated = host.asked()
            settings = added["settings"]
            assert settings["802-11-wireless"] == {"ssid": "Garden", "mode": "ap", "band": "bg"}
            assert settings["802-11-wireless-security"]["key-mgmt"] == "wpa-psk"
            assert settings["802-11-wireless-security"]["psk"] == PASSWORD
            assert settings["ipv4"] == {"method": "shared"}
            assert activated == {"what": "activated", "interface": "wlan0"}
        assert host.asked()[-1] == {"what": "deleted", "uuid": PROFILE_UUID}
        assert PASSWORD not in (tmp_path / "log").read_text()
        assert PASSWORD not in (tmp_path / "wifi.json").read_text()


def test_with_a_radio_to_the_internet_the_second_one_repeats(tmp_path):
    with (
        a_host(tmp_path, "wlan0", "eth0:ethernet", "wlan0:wifi", "wlan1:wifi") as host,
        host.service() as state,
    ):
        assert (state["mode"], state["interface"]) == ("repeater", "wlan1")


@pytest.mark.parametrize(
    ("uplink", "devices", "variables", "said"),
    [
        ("wlan0", ["wlan0:wifi"], {}, "a second one"),
        ("eth0", ["eth0:ethernet"], {}, "no radio"),
        ("eth0", ["eth0:ethernet", "wlan0:wifi"], {"WIFI_AP_INTERFACE": "wlan9"}, "there are: wlan0"),
        ("wlan0", ["wlan0:wifi", "wlan1:wifi"], {"WIFI_AP_INTERFACE": "wlan0"}, "the way to the internet"),
    ],
    ids=["only radio is the uplink", "no radio", "no such radio", "named radio is the uplink"],
)
def test_the_way_to_the_internet_is_never_taken(tmp_path, uplink, devices, variables, said):
    with a_host(tmp_path, uplink, *devices) as host:
        with host.service(**variables) as state:
            assert state["mode"] == "failed"
            assert said in state["reason"]
        assert host.asked() == []


def test_without_a_name_it_is_off_and_removes_what_it_once_made(tmp_path):
    with a_host(tmp_path, "eth0", "eth0:ethernet", "wlan0:wifi") as host:
        with host.service(is_killed=True):
            pass
        before = len(host.asked())
        for removed in ([{"what": "deleted", "uuid": PROFILE_UUID}], []):
            with host.service(name="") as state:
                assert state["mode"] == "off"
                assert "WIFI_AP_NAME" in state["reason"]
            assert host.asked()[before:] == removed
            before = len(host.asked())


def test_a_name_that_changed_while_nobody_looked_after_the_access_point_is_taken(tmp_path):
    with a_host(tmp_path, "eth0", "eth0:ethernet", "wlan0:wifi") as host:
        with host.service(is_killed=True):
            pass
        before = len(host.asked())
        with host.service(name="Patio") as state:
            assert (state["mode"], state["name"]) == ("access_point", "Patio")
        assert "Patio" in json.dumps(host.asked()[before:])


def test_without_the_hosts_bus_it_says_so_and_keeps_trying(tmp_path):
    environment = {"PATH": os.environ["PATH"], "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/nowhere"}
    with Host(tmp_path, environment, tmp_path / "said").service() as state:
        assert state["mode"] == "failed"
        assert "D-Bus" in state["reason"]


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("", PASSWORD, "WIFI_AP_NAME is not set"),
        ("x" * 33, PASSWORD, "32 bytes"),
        ("Garden", "", "WIFI_AP_PASSWORD is not set"),
        ("Garden", "short", "8 to 63"),
        ("Garden", "x" * 64, "8 to 63"),
        ("Garden", "passwörter", "ASCII"),
    ],
)
def test_there_is_no_network_without_a_name_and_a_password_of_its_own(tmp_path, name, password, said):
    (tmp_path / "password").write_text(password)
    with pytest.raises(Missing, match=said):
        read({"WIFI_AP_NAME": name, "WIFI_AP_PASSWORD_FILE": str(tmp_path / "password")})
