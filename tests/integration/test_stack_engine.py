"""The stack may give its engine another token at any start; the home follows."""

import pytest

from custom_components.hems.flows.exchange import ENGINE_TOKEN_VARIABLE, ENGINE_URL_VARIABLE
from tests.integration.running import FakeDevices, a_live, a_running_entry, dictated


@pytest.mark.parametrize(("url", "token"), [("http://127.0.0.1:9", "newer"), ("http://127.0.0.2:9", "secret")])
async def test_a_home_follows_the_token_of_its_own_stack_only(hass, monkeypatch, tmp_path, url, token):
    (tmp_path / "token").write_text("newer")
    monkeypatch.setenv(ENGINE_URL_VARIABLE, "http://127.0.0.1:9")
    monkeypatch.setenv(ENGINE_TOKEN_VARIABLE, str(tmp_path / "token"))
    entry = a_running_entry("battery", engine=url, simulated=False)
    async with dictated(hass, entry, FakeDevices(a_live("battery"))):
        assert entry.data["engine"]["token"] == token
