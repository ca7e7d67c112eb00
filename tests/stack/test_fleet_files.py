"""balena.yml and .env.example: what a fleet is made with, and that neither holds a secret."""

from pathlib import Path
import re
import struct
import tomllib
from urllib.parse import unquote

from hems_agent.settings import VARIABLES
import pytest
import yaml

ROOT = Path(__file__).parents[2]
FLEET = yaml.safe_load((ROOT / "balena.yml").read_text())
EXAMPLE = dict(
    line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if re.match(r"[A-Z_]+=", line)
)


def variables() -> dict[str, str]:
    return {name: value for entry in FLEET["data"]["applicationEnvironmentVariables"] for name, value in entry.items()}


def test_balena_knows_it_as_an_application_of_our_version():
    assert FLEET["type"] == "sw.application"
    assert FLEET["version"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_the_board_that_the_memory_was_counted_for_is_the_default():
    data = FLEET["data"]
    assert data["defaultDeviceType"] == "raspberrypi4-64"
    assert data["defaultDeviceType"] in data["supportedDeviceTypes"]


def test_the_logo_is_in_the_repository_and_of_the_size_that_balena_wants():
    path = unquote(FLEET["assets"]["logo"]["data"]["url"].partition("/main/")[2])
    header = (ROOT / path).read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", header[16:24]) == (512, 512)


def test_the_fleet_is_made_with_every_default_and_nothing_else():
    assert variables() == {one.name: one.default for one in VARIABLES if one.default}
    assert variables().keys() <= EXAMPLE.keys()


@pytest.mark.parametrize("name", sorted(EXAMPLE))
def test_a_variable_is_read_by_something_in_the_stack(name):
    part = name.removeprefix("MQTT_").removeprefix("TLS_")
    sources = [path for path in (ROOT / "balena").rglob("*") if path.suffix in {".py", ".sh"} and path.is_file()]
    texts = [path.read_text() for path in sources]
    composed = {"TLS_CERT", "TLS_KEY", "MQTT_TLS_CERT", "MQTT_TLS_KEY"}  # prefix and part, in secrets.py
    wanted = f'"{part}"' if name in composed else name
    assert any(wanted in text for text in texts)


def test_the_example_holds_no_secret_and_the_real_file_is_never_committed():
    assert {name: value for name, value in EXAMPLE.items() if value} == {"CONFIG_EDITOR": "off"}
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
