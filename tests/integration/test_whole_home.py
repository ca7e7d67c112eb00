"""The example home as it really runs, seen through its entities, actions, subscription and diagnostics."""

from dataclasses import replace
import json

from aiohttp import ClientError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.json import ExtendedJSONEncoder
from homeassistant.helpers.translation import async_get_translations
import pytest

from custom_components.hems.const import DOMAIN
from custom_components.hems.core import explain
from custom_components.hems.core.model import Plan, PlanRequest
from custom_components.hems.core.wire import decode
from custom_components.hems.diagnostics import async_get_config_entry_diagnostics
from tests.integration.running import NOWHERE, TOKEN, a_running_entry


@pytest.fixture
async def entry(hass, aioclient_mock):
    """Without an engine: the home runs on safe plans."""
    aioclient_mock.post(f"{NOWHERE}/v1/plan", exc=ClientError())
    entry = a_running_entry(engine=NOWHERE)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await entry.runtime_data.coordinator.async_plan_now()
    await hass.async_block_till_done()
    yield entry
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def test_every_enabled_entity_has_a_state(hass, entry):
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    silent = {
        entity.entity_id: state.state
        for entity in entities
        if entity.disabled_by is None
        and (state := hass.states.get(entity.entity_id)) is not None
        and state.state in {"unavailable", "unknown"}
        and entity.domain != "button"
    }
    # For some nothing changes any more, shares of nothing are undefined, a car that is away has no charge, and
    # nobody has asked for a run or an event.
    allowed = (
        "next_change",
        "next_action",
        "next_grid_event",
        "run_wanted_by",
        "self_consumption",
        "self_sufficiency",
        "state_of_charge",
        "stored_energy",
    )
    assert not {name: state for name, state in silent.items() if not name.endswith(allowed)}
    assert hass.states.get("sensor.simulated_home_plan_status").state == "fallback"
    assert hass.states.get("sensor.simulated_home_simulated_time") is not None


async def test_wishes_reach_the_plan_request(hass, entry):
    number = er.async_get(hass).async_get_entity_id(
        "number", DOMAIN, f"{entry.entry_id}_{asset(entry, 'battery')}_reserve_soc"
    )
    await hass.services.async_call("number", "set_value", {"entity_id": number, "value": 35}, blocking=True)
    await entry.runtime_data.coordinator.async_plan_now()
    battery = entry.runtime_data.coordinator.data.request.site.asset(asset(entry, "battery"))
    assert battery.min_soc == pytest.approx(0.35)
    assert float(hass.states.get(number).state) == 35.0


async def test_an_override_is_dispatched_at_once(hass, entry):
    battery = asset(entry, "battery")
    await hass.services.async_call(
        DOMAIN, "set_override", {"asset": battery, "power_kw": 1.5, "duration": {"hours": 1}}, blocking=True
    )
    assert entry.runtime_data.dispatcher.live.assets[battery].setpoint_kw == pytest.approx(1.5)


async def test_the_plan_is_answered_and_followed(hass, entry, hass_ws_client):
    answer = await hass.services.async_call(DOMAIN, "get_plan", {}, blocking=True, return_response=True)
    assert answer["status"] == "fallback"
    assert len(answer["assets"]) == len(entry.subentries)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "hems/subscribe"})
    assert (await client.receive_json())["success"]
    snapshot = (await client.receive_json())["event"]
    assert snapshot["site"]["simulated"] is True
    assert {info["asset"] for info in snapshot["assets"]} == set(entry.subentries)
    assert len(snapshot["plan"]["load_kw"]) == len(answer["rows"])


async def test_diagnostics_can_be_planned_again(hass, entry):
    bundle = json.dumps(await async_get_config_entry_diagnostics(hass, entry), cls=ExtendedJSONEncoder)
    data = json.loads(bundle)
    assert decode(PlanRequest, json.dumps(data["request"])).states == entry.runtime_data.coordinator.data.request.states
    plan = entry.runtime_data.coordinator.data.plan
    # Why there is no engine names its address, which is not told.
    assert replace(decode(Plan, json.dumps(data["plan"])), outcome=plan.outcome) == plan
    assert TOKEN not in bundle


async def test_there_are_words_for_every_next_action(hass, entry):
    texts = await async_get_translations(hass, "en", "common", {DOMAIN})
    wanted = [f"next_{action}" for action in explain.Action] + [f"reason_{why}" for why in explain.Why]
    assert not [key for key in wanted if f"component.{DOMAIN}.common.{key}" not in texts]


def asset(entry, kind):
    """The name of the asset of that kind."""
    return next(name for name, subentry in entry.subentries.items() if subentry.subentry_type == kind)
