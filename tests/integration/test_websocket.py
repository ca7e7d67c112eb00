"""The subscription of the cards: snapshot, plans, measurements, settings, reloads, and its end."""

from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.hems import websocket
from custom_components.hems.const import DOMAIN
from custom_components.hems.core.accounting import Outturn, Tally
from custom_components.hems.core.model import Plan
from custom_components.hems.core.wire import adapter_of
from tests.builders import hours
from tests.integration.shown import NOW, TITLES, a_live, a_plan, a_shown_entry, a_view, dictated, replaced, show


@pytest.fixture(autouse=True)
async def command(hass):
    websocket.async_setup(hass)


async def subscribe(client, **data):
    await client.send_json_auto_id({"type": "hems/subscribe", **data})
    return await client.receive_json()


async def events(client):
    while True:
        message = await client.receive_json()
        assert message["type"] == "event"
        yield message["event"]


async def followed(client, **data):
    """The stream of a subscription that was accepted."""
    answer = await subscribe(client, **data)
    assert answer["success"], answer
    return events(client)


def pass_time(hass, seconds=1.5):
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))


async def test_it_begins_with_everything_a_card_needs(hass, hass_ws_client):
    entry = await show(hass)
    snapshot = await anext(await followed(await hass_ws_client(hass)))
    assert snapshot["type"] == "snapshot"
    site = snapshot["site"]
    assert site["entry_id"] == entry.entry_id
    assert (site["title"], site["currency"], site["simulated"]) == ("My home", "EUR", False)
    assert site["entities"]["plan_status"] == "sensor.my_home_plan_status"
    assert site["entities"]["mode"] == "select.my_home_mode"
    assert {asset["asset"]: asset["title"] for asset in snapshot["assets"]} == TITLES
    battery = next(asset for asset in snapshot["assets"] if asset["asset"] == "battery")
    assert battery["kind"] == "battery"
    assert battery["device_id"]
    assert battery["entities"]["soc"] == "sensor.home_battery_state_of_charge"
    assert battery["entities"]["automatic"] == "switch.home_battery_automatic"
    assert "setpoint" not in battery["entities"], "disabled entities have no state to show"
    assert snapshot["live"]["grid_kw"] == 1.7
    assert snapshot["live"]["assets"]["battery"]["soc"] == 0.57
    assert snapshot["next_action"]["action"] == "charge"
    assert snapshot["settings"]["mode"] == "cost"
    assert snapshot["settings"]["assets"]["ev_charger"]["target_soc"] == 0.8
    assert (snapshot["overrides"], snapshot["scheduled"]) == ({}, {})


async def test_the_plan_of_a_snapshot_is_the_whole_plan(hass, hass_ws_client):
    await show(hass)
    snapshot = await anext(await followed(await hass_ws_client(hass)))
    assert adapter_of(Plan).validate_python(snapshot["plan"], strict=False) == a_plan()


async def test_what_became_of_the_last_hours_comes_with_the_plan(hass, hass_ws_client):
    entry = await show(hass)
    tally = Tally(cost=0.3, import_kwh=1.0, asset_kwh={"battery": 0.5})
    hour = Outturn(start=hours(-1), end=hours(0), counted_h=1.0, expected=tally, realised=replace(tally, cost=0.4))
    stream = await followed(await hass_ws_client(hass))
    assert (await anext(stream))["outturn"] is None

    entry.runtime_data.accounts.outturns = (hour,)
    entry.runtime_data.coordinator.publish(a_view(a_plan(made_at=hours(0.1))))

    outturn = (await anext(stream))["outturn"]
    assert outturn["hours"] == [outturn["total"]]
    assert (outturn["total"]["expected"]["cost"], outturn["total"]["realised"]["cost"]) == (0.3, 0.4)
    assert outturn["total"]["realised"]["asset_kwh"] == {"battery": 0.5}


async def test_every_new_plan_is_sent_once(hass, hass_ws_client):
    entry = await show(hass)
    stream = await followed(await hass_ws_client(hass))
    await anext(stream)
    coordinator = entry.runtime_data.coordinator
    coordinator.publish(coordinator.data)
    coordinator.publish(a_view(a_plan(made_at=hours(0.1))))
    message = await anext(stream)
    assert message["type"] == "plan"
    assert message["plan"]["made_at"] == "2026-03-02T00:06:00Z"
    assert message["next_action"]["asset"] == "ev_charger"


async def test_measurements_come_at_most_once_a_second_and_the_last_is_never_lost(hass, hass_ws_client):
    entry = await show(hass)
    stream = await followed(await hass_ws_client(hass))
    await anext(stream)
    for tenth in range(5):
        entry.runtime_data.dispatcher.tick(a_live(at=NOW + timedelta(seconds=tenth), grid_kw=float(tenth)))
    first = await anext(stream)
    assert first == {"type": "live", "live": first["live"]}
    assert first["live"]["grid_kw"] == 0.0
    pass_time(hass)
    assert (await anext(stream))["live"]["grid_kw"] == 4.0


async def test_nothing_is_sent_while_nothing_changes(hass, hass_ws_client):
    entry = await show(hass)
    stream = await followed(await hass_ws_client(hass))
    await anext(stream)
    entry.runtime_data.dispatcher.tick(a_live(grid_kw=2.0))
    assert (await anext(stream))["live"]["grid_kw"] == 2.0
    pass_time(hass)
    entry.runtime_data.dispatcher.tick(a_live(grid_kw=3.0))
    assert (await anext(stream))["live"]["grid_kw"] == 3.0


async def test_settings_and_overrides_are_sent_when_they_change(hass, hass_ws_client):
    entry = await show(hass)
    stream = await followed(await hass_ws_client(hass))
    await anext(stream)
    await entry.runtime_data.dispatcher.async_update_settings(mode="comfort")
    message = await anext(stream)
    assert message["type"] == "settings"
    assert message["settings"]["mode"] == "comfort"
    assert (await anext(stream))["type"] == "live"
    await entry.runtime_data.dispatcher.async_set_override("battery", "charge", hours(2))
    message = await anext(stream)
    word = {"asset": "battery", "power_kw": 5.0, "start": None, "until": "2026-03-02T02:00:00Z"}
    assert message["overrides"] == {"battery": word}
    await entry.runtime_data.dispatcher.async_set_override("battery", "charge", hours(4), hours(3))
    message = await anext(stream)
    assert message["overrides"] == {"battery": word}
    assert message["scheduled"] == {
        "battery": [word | {"start": "2026-03-02T03:00:00Z", "until": "2026-03-02T04:00:00Z"}]
    }


async def test_it_ends_when_the_card_is_gone(hass, hass_ws_client):
    entry = await show(hass)
    runtime = entry.runtime_data
    before = (runtime.coordinator.listeners, runtime.dispatcher.listeners)
    client = await hass_ws_client(hass)
    await anext(await followed(client))
    runtime.dispatcher.tick(replaced(a_live(), "battery", power_kw=1.0))
    await client.receive_json()
    await client.send_json_auto_id({"type": "unsubscribe_events", "subscription": 1})
    assert (await client.receive_json())["success"]
    assert (runtime.coordinator.listeners, runtime.dispatcher.listeners) == before


async def test_it_outlives_a_reload_of_the_home(hass, hass_ws_client):
    entry = await show(hass)
    other = await show(hass, a_shown_entry(name="Cottage"))
    stream = await followed(await hass_ws_client(hass), entry_id=entry.entry_id)
    await anext(stream)
    with dictated():
        assert await hass.config_entries.async_reload(other.entry_id)
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
    assert (await anext(stream))["type"] == "snapshot"
    entry.runtime_data.dispatcher.tick(a_live(grid_kw=9.0))
    assert (await anext(stream))["live"]["grid_kw"] == 9.0


async def test_a_home_that_is_not_running_yet_is_waited_for(hass, hass_ws_client):
    entry = a_shown_entry()
    entry.add_to_hass(hass)
    stream = await followed(await hass_ws_client(hass))
    with dictated():
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
    assert (await anext(stream))["site"]["entry_id"] == entry.entry_id


async def test_a_home_without_plan_and_measurements_is_shown_empty(hass, hass_ws_client):
    entry = await show(hass)
    entry.runtime_data.dispatcher.live = None
    entry.runtime_data.coordinator.data = replace(entry.runtime_data.coordinator.data, plan=None)
    snapshot = await anext(await followed(await hass_ws_client(hass)))
    assert snapshot["plan"] is None
    assert snapshot["live"] is None
    assert snapshot["next_action"] is None


@pytest.mark.parametrize(("homes", "asked"), [(0, {}), (1, {"entry_id": "nowhere"}), (2, {})])
async def test_it_is_refused_where_it_is_not_clear_which_home_is_meant(hass, hass_ws_client, homes, asked):
    for number in range(homes):
        await show(hass, a_shown_entry(name=f"Home {number}"))
    answer = await subscribe(await hass_ws_client(hass), **asked)
    assert not answer["success"]
    assert answer["error"]["code"] == "not_found"


async def test_any_user_may_look(hass, hass_ws_client, hass_read_only_access_token):
    await show(hass)
    client = await hass_ws_client(hass, hass_read_only_access_token)
    assert (await anext(await followed(client)))["type"] == "snapshot"


ASKED = {
    "type": "hems/what_if",
    "asset": "battery",
    "power_kw": 5.0,
    "start": "2026-03-02T00:10:00Z",
    "until": "2026-03-02T02:00:00Z",
}


async def test_the_price_of_a_word_can_be_asked_for(hass, hass_ws_client):
    entry = await show(hass)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(ASKED)
    answer = await client.receive_json()
    assert answer["success"], answer
    assert answer["result"] == {
        "extra_cost": 0.84,
        "extra_bill": 0.9,
        "currency": "EUR",
        "extra_comfort": 0.0,
        "extra_co2_kg": None,
        "warmth": [],
        "broken": [],
    }
    (word,) = entry.runtime_data.coordinator.asked
    assert word.asset == "battery"
    assert word.until == hours(2)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"asset": "nobody"}, "invalid_format"),
        ({"power_kw": 500.0}, "invalid_format"),
        ({"until": "2026-03-02T00:00:00Z"}, "invalid_format"),
        ({"entry_id": "another"}, "not_found"),
    ],
    ids=str,
)
async def test_a_word_that_cannot_be_given_has_no_price(hass, hass_ws_client, changes, code):
    await show(hass)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(ASKED | changes)
    answer = await client.receive_json()
    assert answer["error"]["code"] == code


async def test_a_home_that_does_not_run_has_no_price_for_a_word(hass, hass_ws_client):
    entry = await show(hass)
    client = await hass_ws_client(hass)
    entry.mock_state(hass, ConfigEntryState.SETUP_RETRY)
    await client.send_json_auto_id(ASKED)
    assert (await client.receive_json())["error"]["code"] == "not_found"


async def test_who_may_only_look_has_no_price_for_a_word(hass, hass_ws_client, hass_read_only_access_token):
    entry = await show(hass)
    client = await hass_ws_client(hass, hass_read_only_access_token)
    await client.send_json_auto_id(ASKED)
    assert (await client.receive_json())["error"]["code"] == "unauthorized"
    assert entry.runtime_data.coordinator.asked == []


async def test_a_question_beside_another_is_refused_in_words(hass, hass_ws_client):
    entry = await show(hass)
    client = await hass_ws_client(hass)
    busy = HomeAssistantError(translation_domain=DOMAIN, translation_key="busy_comparing")
    with patch.object(entry.runtime_data.coordinator, "async_what_if", side_effect=busy):
        await client.send_json_auto_id(ASKED)
        error = (await client.receive_json())["error"]
    assert (error["code"], error["translation_key"]) == ("home_assistant_error", "busy_comparing")
    assert "Ask again in a moment" in error["message"]
