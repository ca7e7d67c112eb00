"""A home is loaded, unloaded, reloaded and removed without a trace."""

import os
import signal
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest

from custom_components.hems.const import DOMAIN
from custom_components.hems.core.model import Optimal
from custom_components.hems.flows.example import EXAMPLE_ASSETS
from tests.integration.entries import a_subentry, an_entry
from tests.integration.running import NOWHERE, FakeDevices, a_live, a_running_entry, dictated, load, pass_time


async def test_home_runs_with_the_real_engine(hass, embedded_engine_allowed):
    entry = a_running_entry()
    runtime = await load(hass, entry)
    plan = await runtime.coordinator.async_plan_now()
    assert entry.state is ConfigEntryState.LOADED
    assert isinstance(plan.outcome, Optimal)
    assert {asset.asset for asset in plan.assets} == set(EXAMPLE_ASSETS)
    assert hass.states.get("sensor.simulated_home_plan_status").state == "optimal"


async def test_killed_engine_is_back_for_the_next_plan(hass, embedded_engine_allowed):
    runtime = await load(hass, a_running_entry("battery"))
    await runtime.coordinator.async_plan_now()
    os.kill(runtime.engine._process.pid, signal.SIGKILL)
    plan = await runtime.coordinator.async_plan_now()
    assert isinstance(plan.outcome, Optimal)
    assert runtime.coordinator.engine_works


async def test_engine_that_cannot_be_installed_is_named(hass, freezer):
    with patch("custom_components.hems.engine_process.available", return_value=False):
        runtime = await load(hass, a_running_entry("battery"))
        plan = await runtime.coordinator.async_plan_now()
        assert "cvxpy" in plan.outcome.reason
        plan = await runtime.coordinator.async_plan_now()
    assert "cvxpy" in plan.outcome.reason


async def test_engine_that_does_not_answer_does_not_stop_the_home(hass, freezer, socket_enabled):
    entry = a_running_entry(engine=NOWHERE)
    await load(hass, entry)
    await pass_time(hass, freezer, 1)
    assert entry.state is ConfigEntryState.LOADED
    assert hass.states.get("sensor.simulated_home_plan_status").state == "fallback"


async def test_broken_configuration_is_named_and_not_tried_again(hass):
    entry = an_entry(a_subentry("battery", title="Home battery", capacity_kwh=-5.0))
    await load(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "broken_configuration"
    assert entry.error_reason_translation_placeholders["owner"] == "Home battery"
    assert entry.error_reason_translation_placeholders["field"] == "capacity_kwh"


async def test_broken_configuration_that_was_mended_is_loaded(hass, freezer, engine):
    broken = a_subentry("battery", capacity_kwh=-5.0)
    entry = an_entry(broken, engine={"kind": "url", "url": engine.url, "token": "secret"})
    await load(hass, entry)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    (battery,) = entry.subentries.values()
    hass.config_entries.async_update_subentry(entry, battery, data=battery.data | {"capacity_kwh": 10.0})
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert len(entry.update_listeners) == 1
    await pass_time(hass, freezer, 1)


async def test_real_home_is_planned_with_whatever_its_entities_say(hass, freezer, engine):
    freezer.move_to("2026-06-20 10:01:00+00:00")
    hass.states.async_set("sensor.grid_power", "500", {"unit_of_measurement": "W"})
    hass.states.async_set("sensor.battery_power", "0", {"unit_of_measurement": "W"})
    hass.states.async_set("sensor.battery_soc", "unavailable")
    entry = an_entry(
        a_subentry("pv"), a_subentry("battery"), engine={"kind": "url", "url": engine.url, "token": "secret"}
    )
    runtime = await load(hass, entry)
    await pass_time(hass, freezer, 1)
    (battery,) = (asset.name for asset in runtime.home.site.assets if asset.kind == "battery")
    assert engine.requests[-1].site.asset(battery) is None
    assert {entry.status for entry in engine.requests[-1].health if entry.source.startswith(battery)} == {"error"}
    hass.states.async_set("sensor.battery_soc", "60", {"unit_of_measurement": "%"})
    await pass_time(hass, freezer, 300)
    assert engine.requests[-1].site.asset(battery) is not None


async def test_home_can_be_unloaded_and_loaded_again(hass, freezer, engine):
    entry = a_running_entry(engine=engine.url)
    await load(hass, entry)
    await pass_time(hass, freezer, 1)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    made = len(engine.requests)
    for _ in range(3):
        await pass_time(hass, freezer, 300)
    assert len(engine.requests) == made
    assert await hass.config_entries.async_setup(entry.entry_id)
    await pass_time(hass, freezer, 1)
    assert len(engine.requests) == made + 1


# Entities that Home Assistant could not unload keep their own timers.
@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_home_that_does_not_unload_keeps_running(hass, freezer, engine):
    entry = a_running_entry(engine=engine.url)
    await load(hass, entry)
    with patch.object(hass.config_entries, "async_unload_platforms", return_value=False):
        assert not await hass.config_entries.async_unload(entry.entry_id)
    made = len(engine.requests)
    await pass_time(hass, freezer, 300)
    assert len(engine.requests) > made


async def test_removed_home_leaves_no_file_and_no_issue(hass, freezer, socket_enabled):
    entry = a_running_entry(engine=NOWHERE)
    runtime = await load(hass, entry)
    await runtime.dispatcher.async_update_settings(mode="comfort")
    await pass_time(hass, freezer, 5)
    await hass.config_entries.async_unload(entry.entry_id)
    assert ir.async_get(hass).issues
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]


async def test_removed_home_forgets_what_it_kept(hass, hass_storage, freezer, engine):
    entry = a_running_entry(engine=engine.url)
    runtime = await load(hass, entry)
    await runtime.dispatcher.async_update_settings(mode="comfort")
    await pass_time(hass, freezer, 5)
    await hass.config_entries.async_unload(entry.entry_id)
    parts = {key.rsplit(".", 1)[1] for key in hass_storage if key.startswith(f"hems.{entry.entry_id}.")}
    assert parts == {"wishes", "plan", "accounts", "world", "memory"}
    await hass.config_entries.async_remove(entry.entry_id)
    assert not [key for key in hass_storage if key.startswith(f"hems.{entry.entry_id}.")]


async def test_removed_home_forgets_what_the_embedded_engine_learned(hass, freezer, tmp_path):
    hass.config.config_dir = str(tmp_path)
    entry = an_entry(engine={"kind": "url", "url": NOWHERE, "token": "secret"})
    other, own = (tmp_path / ".storage/hems.learned" / f"{name}.load" for name in ("other", entry.entry_id.lower()))
    own.parent.mkdir(parents=True)
    other.touch()
    own.touch()
    await load(hass, entry)
    await hass.config_entries.async_remove(entry.entry_id)
    assert (own.exists(), other.exists()) == (False, True)


async def test_new_asset_is_taken_in_by_a_reload(hass, freezer, engine):
    entry = a_running_entry("battery", engine=engine.url)
    await load(hass, entry)
    hass.config_entries.async_add_subentry(
        entry, ConfigSubentry(data=EXAMPLE_ASSETS["pv"], subentry_type="pv", title="Roof", unique_id=None)
    )
    await hass.async_block_till_done()
    await pass_time(hass, freezer, 5)
    assert [asset.kind for asset in engine.requests[-1].site.assets] == ["battery", "pv"]


async def test_change_of_a_setting_does_not_reload(hass, freezer, engine):
    entry = a_running_entry(engine=engine.url)
    runtime = await load(hass, entry)
    await runtime.dispatcher.async_update_settings(mode="comfort")
    await pass_time(hass, freezer, 5)
    assert entry.runtime_data is runtime


async def test_stop_of_home_assistant_releases_the_devices_while_their_integrations_still_talk_to_them(
    hass, freezer, engine
):
    devices, told = FakeDevices(a_live()), []
    # Modbus, Shelly and others were set up before, and close their connections when they hear this.
    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, callback(lambda _: told.append(devices.last("battery"))))
    async with dictated(hass, a_running_entry(engine=engine.url), devices):
        await pass_time(hass, freezer, 1)
        assert devices.last("battery") is not None
        await hass.async_stop()
        assert told == [None]
        made = len(engine.requests)
        await pass_time(hass, freezer, 300)
        assert len(engine.requests) == made
        hass.set_state(CoreState.running)


async def test_part_that_cannot_stop_leaves_no_other_running(hass, freezer, engine):
    devices = FakeDevices(a_live())
    with patch("custom_components.hems.make_devices", return_value=devices):
        runtime = await load(hass, a_running_entry(engine=engine.url))
    await pass_time(hass, freezer, 1)
    broken = patch.object(runtime.accounts, "async_stop", side_effect=OSError("disk"))
    with broken, pytest.raises(OSError, match="disk"):
        await runtime.async_stop()
    assert devices.last("battery") is None
    assert not devices.listeners
    await runtime.async_stop()


async def test_home_whose_entities_cannot_be_set_up_is_not_left_running(hass, freezer, engine):
    devices = FakeDevices(a_live())
    entry = a_running_entry(engine=engine.url)
    with (
        patch("custom_components.hems.make_devices", return_value=devices),
        patch.object(hass.config_entries, "async_forward_entry_setups", side_effect=ImportError("sensor")),
    ):
        await load(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert not devices.listeners


async def test_part_that_cannot_start_stops_those_before_it(hass, freezer, engine):
    devices = FakeDevices(a_live())
    entry = a_running_entry(engine=engine.url)
    with (
        patch("custom_components.hems.make_devices", return_value=devices),
        patch("custom_components.hems.accounts.Accounts.async_start", side_effect=OSError("disk")),
    ):
        await load(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert not devices.listeners


async def test_actions_and_cards_are_there_before_any_home(hass):
    assert await async_setup_component(hass, DOMAIN, {})
    assert hass.services.has_service(DOMAIN, "plan_now")
