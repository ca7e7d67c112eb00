"""The service grafana: its entrypoint with stand-ins for Grafana, and its settings. The real one runs in CI."""

from configparser import ConfigParser
import os
from pathlib import Path
import re
import signal
import subprocess

import pytest
import yaml

from tests.stack.native_stack import ROOT, patiently, the_secrets

SERVICE = ROOT / "balena/grafana"
RUN = """#!/bin/sh
echo "password=$GF_SECURITY_ADMIN_PASSWORD key=$GF_SECURITY_SECRET_KEY" >>"$LOG"
trap 'echo ended >>"$LOG"; exit 0' TERM
while :; do sleep 0.05; done
"""
CLI = """#!/bin/sh
echo "cli $* <- $(cat)" >>"$LOG"
"""


class Grafana:
    """Its directories, and its process."""

    def __init__(self, directory: Path) -> None:
        self.secrets = the_secrets(directory / "secrets")
        self.token = self.secrets / "grafana/influx_read_token"
        self.password = self.secrets / "grafana/admin_password"
        self.data, self.provisioning, self.log = directory / "data", directory / "provisioning", directory / "log"
        self.data.mkdir()
        tools = directory / "bin"
        tools.mkdir()
        for name, text in (("grafana", CLI), ("run.sh", RUN)):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        self.environment = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "SECRETS": str(self.secrets),
            "GF_PATHS_DATA": str(self.data),
            "GF_PATHS_PROVISIONING": str(self.provisioning),
            "GRAFANA_RUN": str(tools / "run.sh"),
            "LOG": str(self.log),
            "WAIT_S": "0",
            "TOKEN_WAIT_S": "0",
            "LOOK_EVERY_S": "0.1",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def starts(self) -> None:
        self.log.write_text("")
        self.process = subprocess.Popen(["/bin/sh", SERVICE / "entrypoint.sh"], env=self.environment)
        patiently(lambda: "password=" in self.said(), self.process, self.log)

    def said(self) -> str:
        return self.log.read_text()

    def ends(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=20)

    def datasource(self) -> dict[str, object] | None:
        file = self.provisioning / "datasources/hems.yaml"
        return yaml.safe_load(file.read_text())["datasources"][0] if file.exists() else None


@pytest.fixture
def grafana(tmp_path):
    service = Grafana(tmp_path)
    yield service
    service.ends()


def test_at_first_boot_it_starts_without_a_token_and_again_when_the_agent_has_made_one(grafana):
    grafana.starts()
    assert grafana.datasource() is None
    assert (grafana.provisioning / "dashboards/hems.yaml").exists()
    grafana.token.write_text("made by the agent")
    grafana.process.wait(timeout=20)
    assert grafana.said().endswith("ended\n"), "Grafana itself is asked to end"
    grafana.starts()
    assert grafana.datasource()["secureJsonData"] == {"token": f"$__file{{{grafana.token}}}"}


def test_it_waits_for_a_token_that_comes_soon(grafana):
    grafana.environment["TOKEN_WAIT_S"] = "20"
    process = subprocess.Popen(["/bin/sh", SERVICE / "entrypoint.sh"], env=grafana.environment)
    grafana.process, _ = process, grafana.log.write_text("")
    grafana.token.write_text("made by the agent")
    patiently(lambda: "password=" in grafana.said(), process, grafana.log)
    assert grafana.datasource() is not None


def test_a_token_that_changes_starts_it_again_and_one_that_stays_does_not(grafana):
    grafana.token.write_text("old")
    grafana.starts()
    with pytest.raises(subprocess.TimeoutExpired):
        grafana.process.wait(timeout=0.5)
    grafana.token.write_text("new")
    assert grafana.process.wait(timeout=20) == 0


def test_only_names_of_files_are_in_its_environment_and_its_key_is_its_own(grafana):
    grafana.token.write_text("token")
    grafana.starts()
    key = grafana.data / ".secret_key"
    assert grafana.said() == f"password=$__file{{{grafana.password}}} key=$__file{{{key}}}\n"
    assert len(key.read_text()) == 44
    assert key.stat().st_mode & 0o077 == 0
    before = key.read_text()
    grafana.ends()
    grafana.starts()
    assert key.read_text() == before


def test_a_password_of_a_rotation_is_set_once(grafana):
    grafana.token.write_text("token")
    grafana.starts()
    grafana.ends()
    (grafana.data / "grafana.db").touch()
    grafana.starts()
    assert "cli" not in grafana.said(), "what somebody chose in Grafana stays"
    grafana.ends()
    grafana.password.unlink()
    grafana.password.write_text("after the rotation")
    os.utime(grafana.password, (1.0, 1.0))
    grafana.starts()
    assert "admin reset-admin-password --password-from-stdin <- after the rotation" in grafana.said()
    grafana.ends()
    grafana.starts()
    assert "cli" not in grafana.said()


def test_without_its_password_it_says_which_secret_is_missing(grafana):
    grafana.password.unlink()
    command = ["/bin/sh", SERVICE / "entrypoint.sh"]
    answer = subprocess.run(command, env=grafana.environment, capture_output=True, text=True, check=False, timeout=30)
    assert answer.returncode == 1
    assert "grafana/admin_password is missing" in answer.stderr


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("server", "serve_from_sub_path", "true"),
        ("auth.anonymous", "enabled", "false"),
        ("auth.basic", "enabled", "false"),
        ("users", "allow_sign_up", "false"),
        ("security", "disable_gravatar", "true"),
        ("security", "allow_embedding", "false"),
        ("snapshots", "enabled", "false"),
        ("snapshots", "external_enabled", "false"),
        ("public_dashboards", "enabled", "false"),
        ("analytics", "reporting_enabled", "false"),
        ("analytics", "check_for_updates", "false"),
        ("analytics", "check_for_plugin_updates", "false"),
        ("news", "news_feed_enabled", "false"),
        ("plugins", "preinstall_disabled", "true"),
    ],
)
def test_nobody_comes_in_and_nothing_goes_out(section, key, value):
    settings = ConfigParser(interpolation=None)
    settings.read(SERVICE / "grafana.ini")
    assert settings[section][key] == value
    assert settings["server"]["root_url"].endswith("/grafana/")


def test_it_is_pinned_and_fits_its_entry_of_the_stack():
    text = (SERVICE / "Dockerfile").read_text()
    assert re.search(r"^FROM grafana/grafana:\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?$", text, re.MULTILINE)
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["grafana"]
    assert f"USER {service['user']}" in text
    assert service["read_only"]
    assert "/tmp" in service["tmpfs"]
    assert "GF_PATHS_PROVISIONING=/tmp/" in text
    assert not re.search(r"(?i)(password|token|secret_key)\s*=", text)
    assert text.rpartition("USER ")[2].startswith("472"), "not root"
