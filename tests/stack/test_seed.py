"""What is written before Home Assistant starts: only what is missing, and nothing of the user's."""

from importlib.util import module_from_spec, spec_from_file_location
import json
import os
from pathlib import Path
import stat

import pytest

ROOT = Path(__file__).parents[2]
SPEC = spec_from_file_location("seed", ROOT / "balena/homeassistant/seed.py")
seed = module_from_spec(SPEC)
SPEC.loader.exec_module(seed)

ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010014AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000014AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t0000A8C0\t010014AC\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0
lo\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
"""


class Home:
    """A configuration directory and the stack's secrets beside it."""

    def __init__(self, directory: Path) -> None:
        self.config, self.secrets = directory / "config", directory / "secrets"
        self.new_password("first")

    def new_password(self, text: str) -> None:
        (self.secrets / "homeassistant").mkdir(parents=True, exist_ok=True)
        (self.secrets / "homeassistant/mqtt_password").write_text(text)

    def boot(self, *networks: str) -> None:
        trust = [part for network in networks or ("172.20.0.0/16",) for part in ("--trust", network)]
        integration = ["--integration", str(ROOT / "custom_components/hems")]
        seed.main(["--config", str(self.config), "--secrets", str(self.secrets), *integration, *trust])

    def stored(self, key: str) -> dict:
        return json.loads((self.config / ".storage" / key).read_text())

    def store(self, key: str, content: object) -> None:
        (self.config / ".storage" / key).write_text(content if isinstance(content, str) else json.dumps(content))

    @property
    def trusted(self) -> list[str]:
        return self.stored("http")["data"]["stable"]["trusted_proxies"]

    @property
    def brokers(self) -> list[dict]:
        entries = self.stored("core.config_entries")["data"]["entries"]
        return [entry["data"] for entry in entries if entry["domain"] == "mqtt"]

    def content(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self.config.rglob("*") if path.is_file()}


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def test_a_container_trusts_the_networks_it_is_on_and_not_those_behind_a_gateway():
    assert seed.own_networks(ROUTES) == ["172.20.0.0/16"]


def test_the_first_boot_leaves_nothing_to_do_but_making_an_owner(home):
    home.boot()
    http = home.stored("http")
    assert (http["version"], http["minor_version"], http["data"]["pending"]) == (2, 2, None)
    assert http["data"]["yaml_migration_done"] is True
    assert home.trusted == ["172.20.0.0/16"]
    assert home.brokers == [
        {"broker": "mosquitto", "port": 1883, "username": "homeassistant", "password": "first", "protocol": "5"}
    ]
    assert (home.config / "custom_components/hems/manifest.json").exists()
    for path in (home.config / ".storage").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_boot_changes_nothing(home):
    home.boot()
    before = home.content()
    home.boot()
    assert home.content() == before


def test_a_new_network_is_trusted_and_the_old_one_of_the_stack_no_longer(home):
    home.boot("172.20.0.0/16")
    home.boot("172.21.0.0/16")
    assert home.trusted == ["172.21.0.0/16"]


def test_what_the_user_has_set_for_the_proxy_stays(home):
    home.boot()
    http = home.stored("http")
    http["data"]["stable"] |= {"trusted_proxies": ["192.168.1.5/32"], "cors_allowed_origins": [], "server_port": 8124}
    http["data"]["pending"] = {**http["data"]["stable"], "server_port": 8125}
    home.store("http", http)
    home.boot("172.22.0.0/16")
    data = home.stored("http")["data"]
    assert data["stable"]["trusted_proxies"] == ["192.168.1.5/32", "172.22.0.0/16"]
    assert data["pending"]["trusted_proxies"] == ["192.168.1.5/32", "172.22.0.0/16"]
    assert (data["stable"]["server_port"], data["pending"]["server_port"]) == (8124, 8125)
    assert data["stable"]["cors_allowed_origins"] == []


def test_settings_of_a_later_release_are_kept_and_only_trust_the_proxy(home, monkeypatch):
    monkeypatch.setattr(seed, "supported_http_version", lambda: 3)
    home.boot()
    later = {"version": 3, "minor_version": 1, "key": "http", "data": {"stable": {"new": 1}, "pending": None}}
    home.store("http", later)
    home.boot()
    http = home.stored("http")
    assert (http["version"], http["data"]["stable"]["new"]) == (3, 1)
    assert home.trusted == ["172.20.0.0/16"]


def test_settings_that_an_older_home_assistant_cannot_read_are_set_aside(home):
    home.boot()
    home.store("http", {**home.stored("http"), "version": 99})
    home.boot()
    assert home.stored("http")["version"] == 2
    assert len(list((home.config / ".storage").glob("http.*.unusable"))) == 1


def test_the_installed_home_assistant_reads_what_is_seeded():
    assert seed.supported_http_version() == seed.HTTP_VERSION[0]


@pytest.mark.parametrize("broken", ["", "{", "[]", "null"])
@pytest.mark.parametrize("key", ["http", "core.config_entries"])
def test_a_file_that_cannot_be_read_is_kept_aside_and_written_anew(home, key, broken):
    home.boot()
    home.store(key, broken)
    home.boot()
    assert home.stored(key)["data"]
    assert [path.read_text() for path in (home.config / ".storage").glob(f"{key}.*.unusable")] == [broken]


def test_a_rotated_password_reaches_the_entry_and_other_entries_stay(home):
    home.boot()
    stored = home.stored("core.config_entries")
    stored["data"]["entries"].insert(0, {"domain": "sun", "entry_id": "s", "data": {}})
    stored["data"]["entries"][1]["options"] = {"discovery": False}
    home.store("core.config_entries", stored)
    home.new_password("second")
    home.boot()
    entries = home.stored("core.config_entries")["data"]["entries"]
    assert [entry["domain"] for entry in entries] == ["sun", "mqtt"]
    assert (entries[1]["data"]["password"], entries[1]["options"]) == ("second", {"discovery": False})


@pytest.mark.parametrize(
    "theirs", [{"broker": "192.168.1.9", "username": "homeassistant"}, {"broker": "mosquitto", "username": "me"}]
)
def test_a_broker_of_the_users_own_is_not_touched(home, theirs):
    home.boot()
    stored = home.stored("core.config_entries")
    stored["data"]["entries"][0]["data"] = {**theirs, "port": 1883, "password": "theirs"}
    home.store("core.config_entries", stored)
    home.new_password("second")
    home.boot()
    assert [entry["password"] for entry in home.brokers] == ["theirs"]


def test_a_broker_that_the_user_has_removed_does_not_come_back(home):
    home.boot()
    stored = home.stored("core.config_entries")
    stored["data"]["entries"].clear()
    home.store("core.config_entries", stored)
    home.boot()
    assert home.brokers == []


def test_an_integration_that_the_user_installed_is_left_alone_and_ours_follows_the_image(home, tmp_path):
    home.boot()
    link = home.config / "custom_components/hems"
    link.unlink()
    link.symlink_to(tmp_path / "gone")
    home.boot()
    assert link.readlink() == ROOT / "custom_components/hems"
    link.unlink()
    link.mkdir()
    (link / "manifest.json").write_text("mine")
    home.boot()
    assert (link / "manifest.json").read_text() == "mine"


def test_a_configuration_of_the_users_own_is_not_touched(home):
    home.config.mkdir()
    (home.config / "configuration.yaml").write_text("default_config:\n")
    home.boot()
    assert (home.config / "configuration.yaml").read_text() == "default_config:\n"


def test_history_is_written_seldom_and_no_http_settings_are_in_yaml():
    text = (ROOT / "balena/homeassistant/defaults/configuration.yaml").read_text()
    assert "commit_interval: 30" in text
    assert not any(line.startswith("http:") for line in text.splitlines())


def test_what_home_assistant_keeps_is_on_the_disk_before_it_is_replaced(home, monkeypatch):
    """Else a power cut may leave an empty file of all that the user has set up."""
    done = []
    fsync, replace = os.fsync, Path.replace

    def synced(file):
        done.append(str(Path(f"/proc/self/fd/{file}").readlink()))
        fsync(file)

    def replaced(path, to):
        done.append(f"{path} goes")
        return replace(path, to)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    home.boot()
    moved = [said.removesuffix(" goes") for said in done if said.endswith(" goes")]
    assert len(moved) == 3
    assert all(done.index(path) < done.index(f"{path} goes") for path in moved)


def test_the_password_is_not_said(home, capsys):
    home.boot()
    home.new_password("second")
    home.boot()
    said = capsys.readouterr()
    assert "first" not in said.out + said.err
    assert "second" not in said.out + said.err
