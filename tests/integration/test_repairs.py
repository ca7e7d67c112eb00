"""Issues that the household can mend, and the flows that try."""

from homeassistant.components.repairs import ConfirmRepairFlow
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.hems import repairs
from custom_components.hems.const import DOMAIN
from custom_components.hems.core.wire import FieldError
from custom_components.hems.engine_client import EngineFailed, EngineRefused, EngineUnauthorized, EngineUnreachable
from custom_components.hems.home import parse_home
from tests.integration.entries import a_subentry, an_entry
from tests.integration.running import a_running_entry, load, pass_time

TROUBLES = [
    (EngineUnreachable("gone"), "engine_unavailable", "gone"),
    (EngineFailed("crashed"), "engine_unavailable", "crashed"),
    (EngineUnauthorized("no"), "engine_unauthorized", "no"),
    (EngineRefused("wrong", ()), "request_refused", "wrong"),
    (EngineRefused("wrong", (FieldError(field="now", message="is naive"),)), "request_refused", "now: is naive"),
    (
        EngineRefused("wrong", (FieldError(field="site.assets[0].min_soc", message="ev_charger: min_soc is odd"),)),
        "request_refused",
        "site.assets[0].min_soc: ev charger: min_soc is odd",
    ),
]


@pytest.mark.parametrize(("error", "key", "reason"), TROUBLES)
def test_failure_becomes_an_issue_that_names_it(error, key, reason):
    trouble = repairs.trouble_of(error, parse_home(a_running_entry(), "UTC"))
    assert (trouble.key, trouble.reason) == (key, reason)


@pytest.fixture
async def entry(hass, freezer, engine):
    entry = a_running_entry("battery", engine=engine.url)
    engine.refuse(500, "crashed")
    await load(hass, entry)
    await pass_time(hass, freezer, 1)
    return entry


async def begun(hass, entry):
    ((_, issue_id),) = [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]
    flow = await repairs.async_create_fix_flow(hass, issue_id, {"entry_id": entry.entry_id})
    flow.hass, flow.issue_id, flow.flow_id, flow.handler = hass, issue_id, "flow", DOMAIN
    return flow


async def test_engine_that_is_back_is_found_by_trying_again(hass, engine, entry):
    flow = await begun(hass, entry)
    form = await flow.async_step_init(None)
    assert (form["type"], form["errors"]) == (FlowResultType.FORM, {})
    assert form["description_placeholders"] == {"home": "Simulated home", "reason": "crashed"}
    form = await flow.async_step_confirm({})
    assert form["errors"] == {"base": "still_unavailable"}
    engine.mend()
    done = await flow.async_step_confirm({})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert not [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]


async def test_an_engine_that_was_mended_by_a_reload_is_no_issue_any_more(hass, freezer, engine, entry):
    assert ir.async_get(hass).issues
    engine.mend()
    await hass.config_entries.async_reload(entry.entry_id)
    await pass_time(hass, freezer, 1)
    assert entry.runtime_data.coordinator.engine_works
    assert not [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]


async def test_one_trouble_with_the_engine_takes_the_place_of_another(hass, freezer, engine, entry):
    engine.refuse(422, "wrong")
    await hass.config_entries.async_reload(entry.entry_id)
    await pass_time(hass, freezer, 1)
    assert [key[1].removesuffix(f"_{entry.entry_id}") for key in ir.async_get(hass).issues] == ["request_refused"]


async def test_home_that_is_not_loaded_cannot_be_tried(hass, entry):
    flow = await begun(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    assert (await flow.async_step_confirm({}))["errors"] == {"base": "still_unavailable"}


async def test_home_that_cannot_even_be_asked_about_is_still_unavailable(hass, freezer, entry, monkeypatch):
    flow = await begun(hass, entry)

    def fail(situation):
        raise ValueError("nothing known")

    monkeypatch.setattr("custom_components.hems.coordinator.build_request", fail)
    assert (await flow.async_step_confirm({}))["errors"] == {"base": "still_unavailable"}


async def test_issue_of_a_home_that_is_gone_can_be_closed(hass):
    flow = await repairs.async_create_fix_flow(hass, "engine_unavailable_gone", None)
    assert isinstance(flow, ConfirmRepairFlow)


async def test_a_removed_inverter_is_told_until_nothing_refers_to_it(hass, hass_storage):
    entry = an_entry(a_subentry("battery", title="Cellar", inverter="01GONE"))
    home = parse_home(entry, "UTC")
    repairs.async_notice_orphans(hass, entry, home)
    (issue,) = ir.async_get(hass).issues.values()
    assert (issue.translation_key, issue.is_fixable) == ("inverter_removed", False)
    assert issue.translation_placeholders == {"home": "My home", "devices": "Cellar"}
    repairs.async_notice_orphans(hass, entry, parse_home(an_entry(a_subentry("battery")), "UTC"))
    assert not ir.async_get(hass).issues
