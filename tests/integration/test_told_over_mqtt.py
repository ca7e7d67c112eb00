"""What is measured at one moment, as messages; and where the stack's own secrets are not what they should be."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from custom_components.hems.flows.exchange import stack_engine
from custom_components.hems.home import parse_home
from custom_components.hems.told_over_mqtt import telemetry_of
from tests.integration.running import a_live, a_running_entry

NOW = datetime(2026, 6, 20, 10, 0, tzinfo=UTC)


class NothingCounted:
    """Accounts of a home that has just been set up."""

    class today:  # noqa: N801  # it stands for an attribute
        cost = None
        saving = None

    def energy_kwh(self, of, direction):
        return None


def told(live, *kinds):
    home = parse_home(a_running_entry(*kinds), "UTC")
    return dict(telemetry_of(home, {kind: kind for kind in kinds}, "home", live, None, NothingCounted()))


def test_an_asset_that_was_not_read_is_not_spoken_of():
    live = replace(a_live("battery", "pv"), at=NOW)
    silent = replace(live, assets={"pv": live.assets["pv"]})
    assert "battery" in told(live, "battery", "pv")
    assert "battery" not in told(silent, "battery", "pv")


def test_who_knows_nothing_says_nothing():
    live = replace(a_live("battery"), at=NOW, grid_kw=None, load_kw=None, outdoor_c=None)
    assert told(live, "battery").keys() == {"battery"}


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"\n"], ids=["absent", "not text", "empty"])
def test_an_engine_whose_token_cannot_be_read_is_offered_without_it(monkeypatch, tmp_path, content):
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("HEMS_ENGINE_URL", "http://engine:8124")
    monkeypatch.setenv("HEMS_ENGINE_TOKEN_FILE", str(file))
    assert stack_engine() == {"kind": "url", "url": "http://engine:8124"}
