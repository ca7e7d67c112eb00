"""Diagnostics and system health: everything needed to plan again, nothing that tells who lives there."""

from dataclasses import replace
import json

from homeassistant.components.diagnostics import REDACTED
from homeassistant.helpers.json import ExtendedJSONEncoder
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.hems import system_health
from custom_components.hems.const import DOMAIN
from custom_components.hems.core.model import Fallback, Plan, PlanRequest
from custom_components.hems.core.wire import decode
from custom_components.hems.diagnostics import async_get_config_entry_diagnostics
from custom_components.hems.runtime import PlanView
from tests.builders import hours
from tests.integration.shown import a_live, a_plan, a_view, degraded, show


async def bundle(hass, entry):
    """As it is downloaded."""
    return json.loads(json.dumps(await async_get_config_entry_diagnostics(hass, entry), cls=ExtendedJSONEncoder))


async def test_request_and_plan_can_be_read_back(hass):
    entry = await show(hass)
    data = await bundle(hass, entry)
    request = decode(PlanRequest, json.dumps(data["request"]))
    assert request.states == a_view().request.states
    assert decode(Plan, json.dumps(data["plan"])) == a_plan()


async def test_nothing_tells_who_lives_there(hass):
    entry = await show(hass)
    text = json.dumps(await bundle(hass, entry))
    for secret in ("secret", "engine.local", "My home", "Our house", "Wallbox", "Terrace heater"):
        assert secret not in text, secret


async def test_an_engine_that_cannot_be_reached_is_not_named_by_its_address(hass):
    entry = await show(hass)
    reason = "http://engine.local:8710 cannot be reached: Cannot connect to host engine.local:8710 ssl:default"
    entry.runtime_data.coordinator.publish(replace(a_view(), plan=a_plan(outcome=Fallback(reason=reason))))
    entry.runtime_data.dispatcher.tick(a_live(health=(degraded("load_kw", f"the engine has no forecast: {reason}"),)))
    data = await bundle(hass, entry)
    assert "engine.local" not in json.dumps(data)
    assert data["plan"]["outcome"]["reason"].startswith(f"{REDACTED} cannot be reached")


async def test_nothing_tells_when_nobody_is_at_home(hass):
    entry = await show(hass)
    gone = degraded("away", "nobody at home since Mon 10:00, by person.anna")
    view = a_view()
    hass.config_entries.async_update_entry(
        entry, data=entry.data | {"grid": entry.data["grid"] | {"away_entity": "person.anna"}}
    )
    view = replace(view, plan=replace(view.plan, health=(gone,)), request=replace(view.request, health=(gone,)))
    entry.runtime_data.coordinator.publish(view)
    entry.runtime_data.dispatcher.tick(a_live(health=(gone,)))
    data = await bundle(hass, entry)
    text = json.dumps(data)
    assert "nobody at home" not in text
    assert "anna" not in text
    assert data["plan"]["health"] == [{"source": "away", "status": "degraded", "reason": REDACTED}]


async def test_wishes_health_and_measurements_are_in_it(hass):
    entry = await show(hass)
    await entry.runtime_data.dispatcher.async_set_override("battery", "charge", hours(2))
    await entry.runtime_data.dispatcher.async_set_override("battery", "off", hours(4), hours(3))
    poor = (degraded("grid_kw", "no meter"), degraded("battery.soc", "battery: old"))
    entry.runtime_data.dispatcher.tick(a_live(health=poor))
    data = await bundle(hass, entry)
    assert data["health"] == {
        "status": "degraded",
        "inputs": [
            {"source": "grid_kw", "status": "degraded", "reason": "no meter"},
            {"source": "battery.soc", "status": "degraded", "reason": "battery: old"},
        ],
    }
    assert data["settings"]["mode"] == "cost"
    assert data["overrides"]["battery"]["power_kw"] == 5.0
    assert [override["start"] for override in data["scheduled"]["battery"]] == ["2026-03-02T03:00:00Z"]
    assert data["live"]["grid_kw"] == 1.7
    assert data["today"]["cost"] == 1.5
    assert data["outturns"] == []
    assert data["next_action"]["action"] == "charge"
    assert data["entry"]["data"]["engine"] == {"kind": "url", "url": REDACTED, "token": REDACTED}
    assert data["version"] == "0.1.0"


async def test_a_home_that_was_never_planned_has_diagnostics_too(hass):
    entry = await show(hass)
    entry.runtime_data.coordinator.publish(PlanView(plan=None, request=None))
    entry.runtime_data.dispatcher.live = None
    data = await bundle(hass, entry)
    assert data["request"] is None
    assert data["plan"] is None
    assert data["live"] is None


async def test_system_health_says_how_each_home_is(hass):
    await show(hass)
    assert await system_health.async_system_health_info(hass) == {
        "version": "0.1.0",
        "homes": "1/1",
        "engine": "url",
        "plan": "optimal",
        "data_health": "ok",
    }


async def test_system_health_is_offered_to_home_assistant(hass):
    from homeassistant.setup import async_setup_component

    await show(hass)
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    assert (await get_system_health_info(hass, DOMAIN))["homes"] == "1/1"
