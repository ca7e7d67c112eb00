"""The app's description, by the rules that its linter and the Supervisor apply."""

from importlib.util import module_from_spec, spec_from_file_location
import os
from pathlib import Path
import re
import stat
import subprocess

import pytest
import yaml

from tests.stack.app_files import a_supervisor
from tests.stack.native_stack import needs

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "addon/config.yaml").read_text())
# Keys whose default the linter refuses to see repeated.
DEFAULTS = {
    "boot": "auto",
    "startup": "application",
    "ingress": False,
    "ingress_port": 8099,
    "host_network": False,
    "homeassistant_api": False,
    "hassio_api": False,
    "apparmor": True,
    "stage": "stable",
    "advanced": False,
    "full_access": False,
    "privileged": [],
    "panel_admin": True,
}


@pytest.mark.parametrize("key", ["name", "version", "slug", "description", "arch"])
def test_a_required_key_is_there(key):
    assert CONFIG[key]


def test_no_key_repeats_its_default():
    assert {key for key, default in DEFAULTS.items() if CONFIG.get(key, object()) == default} == set()


def test_only_supported_architectures_are_named():
    assert set(CONFIG["arch"]) == {"aarch64", "amd64"}


def test_the_app_asks_for_no_rights_it_does_not_need():
    assert set(CONFIG).isdisjoint(
        {
            "privileged",
            "full_access",
            "docker_api",
            "host_network",
            "host_pid",
            "hassio_role",
            "ports",
            "map",
            "devices",
        }
    )


def test_every_option_is_described():
    for language in ("en", "de"):
        described = yaml.safe_load((ROOT / f"addon/translations/{language}.yaml").read_text())["configuration"]
        assert described.keys() == CONFIG["options"].keys() == CONFIG["schema"].keys()
        assert all(text.keys() == {"name", "description"} for text in described.values())


def test_its_security_rating_is_the_best_there_is():
    # The Supervisor starts at 5, adds 2 for ingress and 1 for a profile of AppArmor's, and takes off for each right.
    has_profile = (ROOT / "addon/apparmor.txt").exists()
    assert min(6, 5 + 2 * CONFIG["ingress"] + has_profile) == 6
    assert "profile hems_engine " in (ROOT / "addon/apparmor.txt").read_text()


def test_discovery_names_the_integration():
    assert CONFIG["discovery"] == ["hems"]


@pytest.mark.parametrize("path", sorted((ROOT / ".github/workflows").glob("*.yml")), ids=lambda path: path.name)
def test_a_workflow_has_least_rights_and_pins_its_actions(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            if "uses" in step:
                version = step["uses"].split("@")[1]
                assert re.fullmatch(r"[0-9a-f]{40}", version) or "frenck/action-addon-linter" in step["uses"]


def test_the_image_is_built_from_the_locked_engine_group():
    dockerfile = (ROOT / "addon/Dockerfile").read_text()
    assert "uv sync --frozen --only-group engine" in dockerfile
    assert "homeassistant" not in (ROOT / "pyproject.toml").read_text().split("engine = [")[1].split("]")[0]


@pytest.fixture
def start():
    spec = spec_from_file_location("start", ROOT / "addon/rootfs/usr/local/lib/hems/start.py")
    start = module_from_spec(spec)
    spec.loader.exec_module(start)
    return start


def test_a_supervisor_that_hangs_up_is_told_again(start, tmp_path, socket_enabled, monkeypatch):
    monkeypatch.setattr(start.time, "sleep", lambda _: None)
    with a_supervisor() as supervisor:
        supervisor.hangs_up = 2
        start.announce(start.Places(data=tmp_path, supervisor=supervisor.url), "password", "token", "host")
    assert [said["config"]["token"] for _, said in supervisor.announced] == ["token"]


def test_there_is_no_secret_that_two_homes_share(start, tmp_path):
    tokens = []
    for home in ("one", "another", "one"):
        (tmp_path / home).mkdir(exist_ok=True)
        tokens.append(start.own_token(tmp_path / home))
    assert tokens[0] == tokens[2] != tokens[1]
    assert min(len(token) for token in tokens) >= 32
    assert stat.S_IMODE((tmp_path / "one" / "engine-token").stat().st_mode) == 0o600
    assert "token" not in CONFIG["options"]


def test_apparmor_compiles_the_profile():
    needs("apparmor_parser")
    # Neither a kernel with AppArmor nor its cache is needed.
    command = ["apparmor_parser", "--skip-kernel-load", "--skip-cache", ROOT / "addon/apparmor.txt"]
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    said = subprocess.run(command, env={"PATH": path}, check=False, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr


def test_apparmor_would_notice_a_rule_that_it_does_not_know(tmp_path):
    needs("apparmor_parser")
    profile = (ROOT / "addon/apparmor.txt").read_text().replace("capability chown,", "capability to do harm,")
    (tmp_path / "profile").write_text(profile)
    command = ["apparmor_parser", "--skip-kernel-load", "--skip-cache", tmp_path / "profile"]
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    assert subprocess.run(command, env={"PATH": path}, check=False, capture_output=True).returncode != 0
