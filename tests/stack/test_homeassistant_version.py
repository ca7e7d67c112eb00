"""Which Home Assistant the stack has: the policy, and whether the pin follows it."""

from datetime import date
import json
from pathlib import Path
import re
import subprocess
import sys
import tomllib

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "scripts"))

import _homeassistant_version as policy  # noqa: E402

RECORDED = ROOT / "tests/stack/homeassistant-versions.txt"
RECORDED_ON = date(2026, 11, 21)
VERSIONS = RECORDED.read_text().split()
PIN = policy.pinned((ROOT / "balena/homeassistant/Dockerfile").read_text())


@pytest.mark.parametrize(
    ("day", "version"),
    [
        ("2026-11-01", "2026.10.4"),
        ("2026-11-30", "2026.10.4"),
        ("2026-10-31", "2026.9.4"),
        ("2026-12-01", "2026.11.0"),
        ("2027-01-15", "2026.11.0"),
    ],
)
def test_a_day_has_the_last_release_of_the_month_before(day, version):
    assert policy.wanted(VERSIONS, date.fromisoformat(day)) == version


def test_ten_patches_are_more_than_nine():
    assert policy.wanted(["2026.9.9", "2026.9.10", "2026.9.2"], date(2026, 10, 1)) == "2026.9.10"


def test_a_beta_is_never_chosen():
    assert policy.wanted(["2026.9.0", "2026.10.0b9"], date(2026, 11, 1)) == "2026.9.0"


def test_before_the_first_release_there_is_nothing_to_choose():
    with pytest.raises(ValueError, match="no release from before"):
        policy.wanted(VERSIONS, date(2026, 7, 1))


def test_the_pin_follows_the_policy_within_one_release():
    assert policy.fault(PIN, VERSIONS, RECORDED_ON) is None


@pytest.mark.parametrize(
    ("pin", "day", "fault"),
    [
        ("2026.11.0", RECORDED_ON, "by the policy it is 2026.10.4"),
        ("2026.8.3", RECORDED_ON, "by the policy it is 2026.10.4"),
        ("2026.10.0b0", RECORDED_ON, "is no release"),
        ("2026.10.99", RECORDED_ON, "is not known"),
        ("2026.10.4", date(2027, 2, 1), "by the policy it is 2026.11.0"),
    ],
)
def test_a_pin_that_the_policy_does_not_allow_is_told(pin, day, fault):
    assert fault in policy.fault(pin, VERSIONS, day)


@pytest.mark.parametrize("pin", ["2026.9.3", "2026.10.1", "2026.10.4"])
def test_a_pin_of_this_release_or_the_last_is_allowed(pin):
    assert policy.fault(pin, VERSIONS, RECORDED_ON) is None


def test_an_index_page_is_read_without_what_was_taken_back():
    page = """<a href="x/homeassistant-2026.10.4-py3-none-any.whl">homeassistant-2026.10.4-py3-none-any.whl</a>
    <a href="x" data-yanked="broken">homeassistant-2026.10.5-py3-none-any.whl</a>
    <a href="x">homeassistant-2026.11.0b0.tar.gz</a><a href="x">homeassistant-2026.10.4.tar.gz</a>"""
    assert policy.listed(page) == ["2026.10.4", "2026.11.0b0"]


def test_the_script_answers_on_the_command_line():
    command = [
        sys.executable,
        ROOT / "scripts/_homeassistant_version.py",
        "--versions",
        RECORDED,
        "--date",
        "2026-11-21",
    ]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "2026.10.4\n"
    checked = subprocess.run([*command, "--check"], check=False, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout) == (0, "the pin follows the policy\n")


def test_what_the_tests_start_is_what_the_image_has():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert f"homeassistant=={PIN}" in groups["home-assistant"]


def test_the_bot_looks_for_home_assistant_only_when_the_newest_release_is_the_right_one():
    rule = next(
        rule
        for rule in json.loads((ROOT / "renovate.json").read_text())["packageRules"]
        if "homeassistant" in rule["matchPackageNames"]
    )
    assert rule["schedule"] == ["* 0-11 1 * *"]
    assert "ghcr.io/home-assistant/home-assistant" in rule["matchPackageNames"]
    allowed = re.compile(rule["allowedVersions"].strip("/"))
    assert allowed.match("2026.10.4")
    assert not allowed.match("2026.11.0b3")
    # On that morning the newest release is the one that the policy wants, unless it is the first Wednesday itself.
    assert policy.wanted(VERSIONS, date(2026, 12, 1)) == max(filter(policy.release, VERSIONS), key=policy.release)
