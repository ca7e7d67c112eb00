"""Every entity of a home with one asset of each kind: what it shows, and from what."""

from dataclasses import replace
from datetime import timedelta
import json
from pathlib import Path

from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_get_translations
import pytest

from custom_components.hems.const import DOMAIN
from custom_components.hems.core.model import Fallback, Infeasible, Violation
from custom_components.hems.rounding import rounded
from custom_components.hems.runtime import Live, PlanView
from tests.builders import START, hours
from tests.integration.shown import (
    NOW,
    TITLES,
    a_live,
    a_next_action,
    a_plan,
    a_reading,
    a_shown_entry,
    a_view,
    degraded,
    dictated,
    replaced,
    show,
)

STRINGS = json.loads(Path("custom_components/hems/strings.json").read_text())
ICONS = json.loads(Path("custom_components/hems/icons.json").read_text())


SHOWN = {
    "sensor.my_home_plan_status": "optimal",
    "sensor.my_home_data_health": "ok",
    "sensor.my_home_cost_today": "1.5",
    "sensor.my_home_saving_today": "0.5",
    "sensor.my_home_self_consumption": "80.0",
    "sensor.my_home_self_sufficiency": "unknown",
    "sensor.my_home_import_price": "0.3",
    "sensor.my_home_export_price": "0.08",
    "sensor.my_home_household_power": "0.4",
    "sensor.my_home_household_energy": "12.346",
    "sensor.my_home_grid_power": "1.7",
    "sensor.my_home_grid_import": "100.5",
    "sensor.my_home_grid_export": "50.25",
    "sensor.my_home_grid_state": "import",
    "sensor.my_home_grid_planned_power": "3.0",
    "sensor.my_home_next_action": "Wallbox charges with 7.0 kW from 04:00: energy is cheap then",
    "sensor.roof_production": "1.5",
    "sensor.roof_planned_production": "0.0",
    "sensor.roof_energy_produced": "50.25",
    "sensor.roof_state": "produce",
    "sensor.roof_next_change": hours(7).isoformat(),
    "sensor.home_battery_power": "2.0",
    "sensor.home_battery_energy_charged": "100.5",
    "sensor.home_battery_energy_discharged": "50.25",
    "sensor.home_battery_state_of_charge": "57.0",
    "sensor.home_battery_stored_energy": "5.7",
    "sensor.home_battery_state": "charge",
    "sensor.home_battery_planned_power": "2.0",
    "sensor.home_battery_next_change": hours(2).isoformat(),
    "sensor.wallbox_power": "0.0",
    "sensor.wallbox_state": "idle",
    "sensor.wallbox_state_of_charge": "40.0",
    "sensor.wallbox_energy": "100.5",
    "sensor.wallbox_next_change": hours(3).isoformat(),
    "sensor.heat_pump_indoor_temperature": "21.23",
    "sensor.heat_pump_state": "heat",
    "sensor.heat_pump_next_change": "unknown",
    "sensor.tank_tank_temperature": "51.0",
    "sensor.dishwasher_state": "idle",
    "sensor.dishwasher_next_change": hours(12).isoformat(),
    "sensor.terrace_heater_power": "0.0",
    "binary_sensor.wallbox_car": "on",
    "binary_sensor.wallbox_charging": "off",
    "binary_sensor.heat_pump_running": "on",
    "binary_sensor.dishwasher_running": "off",
    "binary_sensor.home_battery_override": "off",
}


def state(hass, entity_id):
    found = hass.states.get(entity_id)
    assert found is not None, f"{entity_id} is not there; there are {sorted(hass.states.async_entity_ids())}"
    return found


async def test_each_entity_shows_its_part_of_the_home(hass):
    await show(hass)
    assert {entity_id: state(hass, entity_id).state for entity_id in SHOWN} == SHOWN


WITHOUT_A_WISH = {"back_to_plan", "cancel_run", "run_deadline"}
"""Unavailable while nothing was asked for."""


async def test_every_entity_is_there_and_shows_something(hass):
    entry = await show(hass)
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    for entity in entities:
        if entity.disabled_by is None:
            shown = state(hass, entity.entity_id)
            assert shown.state != "unavailable" or entity.translation_key in WITHOUT_A_WISH, shown
    disabled = {entity.translation_key for entity in entities if entity.disabled_by}
    assert disabled == {"plan_made", "plan_age", "solve_time", "setpoint", "load_forecast_accuracy", "uptime"}
    assert len(entities) > 80


async def test_unique_ids_are_built_from_entry_asset_and_row(hass):
    entry = await show(hass)
    ids = er.async_get(hass)
    assert ids.async_get_entity_id("sensor", DOMAIN, f"{entry.entry_id}_battery_soc") == (
        "sensor.home_battery_state_of_charge"
    )
    assert ids.async_get_entity_id("sensor", DOMAIN, f"{entry.entry_id}_plan_status") == "sensor.my_home_plan_status"
    entities = er.async_entries_for_config_entry(ids, entry.entry_id)
    keys = [(entity.unique_id) for entity in entities]
    assert len(keys) == len(set(keys)), "two platforms share a key, so the cards could not tell them apart"


async def test_each_asset_is_a_device_of_its_subentry_behind_the_home(hass):
    entry = await show(hass)
    devices = dr.async_get(hass)
    hub = devices.async_get_device_by_identifier((DOMAIN, entry.entry_id), entry.entry_id)
    for asset, title in TITLES.items():
        device = devices.async_get_device_by_identifier((DOMAIN, f"{entry.entry_id}_{asset}"), entry.entry_id)
        assert device.name == title
        assert device.via_device_id == hub.id
        assert device.config_subentry_id == asset
    assert hub.name == "My home"
    assert hub.config_subentry_id is None


async def test_all_names_states_and_icons_are_translated(hass):
    entry = await show(hass)
    for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        words = STRINGS["entity"][entity.domain][entity.translation_key]
        assert words["name"]
        for option in (entity.capabilities or {}).get("options", ()):
            assert option in words["state"], f"{entity.entity_id}: {option}"
        has_icon = entity.translation_key in ICONS["entity"].get(entity.domain, {})
        assert has_icon or entity.original_device_class or entity.domain == "number", f"{entity.entity_id} has no icon"
    assert all(
        key in {e.translation_key for e in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)}
        for platform in STRINGS["entity"]
        for key in STRINGS["entity"][platform]
        if key != "simulated_time"
    )


@pytest.mark.parametrize(
    ("value", "digits", "shown"), [(-1e-9, 3, "0.0"), (-0.0, 3, "0.0"), (-0.0006, 3, "-0.001"), (1.23456, 2, "1.23")]
)
def test_zero_has_no_sign(value, digits, shown):
    assert str(rounded(value, digits)) == shown


async def test_power_that_is_only_noise_is_shown_as_none(hass):
    entry = await show(hass)
    noise = (-1e-9,) * 24
    evening = (-2.0, -2.0) + (-0.001,) * 22
    assets = [
        replace(asset, power_kw={"battery": noise, "pv": evening}.get(asset.asset, asset.power_kw))
        for asset in a_plan().assets
    ]
    entry.runtime_data.coordinator.publish(a_view(a_plan(assets=tuple(assets))))
    await hass.async_block_till_done()
    assert state(hass, "sensor.home_battery_planned_power").state == "0.0"
    change = state(hass, "sensor.roof_next_change").attributes
    assert (change["activity"], str(change["power_kw"])) == ("idle", "0.0")


async def test_a_next_action_without_a_single_cause_has_no_reason(hass):
    entry = await show(hass)
    entry.runtime_data.coordinator.publish(a_view(next_action=a_next_action(action="stop", power_kw=-0.0, reason=None)))
    await hass.async_block_till_done()
    shown = state(hass, "sensor.my_home_next_action")
    assert shown.state == "Wallbox stops at 04:00"
    assert (shown.attributes["reason"], str(shown.attributes["power_kw"])) == (None, "0.0")


async def test_meters_are_fit_for_the_energy_dashboard(hass):
    entry = await show(hass)
    meters = [
        state(hass, entity.entity_id)
        for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if entity.original_device_class == "energy"
    ]
    assert len(meters) == 3 + 1 + 2 + 5
    for meter in meters:
        assert meter.attributes["unit_of_measurement"] == "kWh"
        assert meter.attributes["state_class"] == "total_increasing"


async def test_money_is_in_the_currency_of_the_home_and_resets_at_local_midnight(hass):
    await show(hass, a_shown_entry(currency="GBP"))
    saving = state(hass, "sensor.my_home_saving_today")
    assert saving.attributes["unit_of_measurement"] == "GBP"
    assert saving.attributes["last_reset"] == "2026-03-02T00:00:00+01:00"
    assert state(hass, "sensor.my_home_import_price").attributes["unit_of_measurement"] == "GBP/kWh"


async def test_planned_cost_is_what_was_paid_and_what_the_plan_pays_until_midnight(hass):
    await show(hass)
    # 50 minutes at 3 kW and 22 hours at 1 kW, for 0.30 each, after 1.50 paid; midnight in Berlin is 23:00 UTC.
    assert float(state(hass, "sensor.my_home_planned_cost_today").state) == pytest.approx(
        1.5 + 0.3 * (2.5 + 22), abs=1e-3
    )


async def test_series_and_reasons_are_never_recorded(hass):
    await show(hass)
    for entity_id in hass.states.async_entity_ids():
        shown = hass.states.get(entity_id)
        unrecorded = shown.state_info["unrecorded_attributes"] if shown.state_info else frozenset()
        recorded = {name: value for name, value in shown.attributes.items() if name not in unrecorded}
        assert len(json.dumps(recorded, default=str)) < 500, entity_id
        assert not {"power_kw", "reasons", "violations", "until", "asset"} & recorded.keys(), entity_id


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [(Fallback(reason="no engine"), "fallback"), (Infeasible(broken=("grid.max_import",)), "infeasible")],
)
async def test_status_says_how_planning_ended(hass, outcome, shown):
    entry = await show(hass)
    entry.runtime_data.coordinator.publish(a_view(a_plan(outcome=outcome)))
    assert state(hass, "sensor.my_home_plan_status").state == shown


async def test_status_names_the_limits_that_the_plan_breaks(hass):
    entry = await show(hass)
    cold = Violation(
        limit="heat_pump.comfort_min",
        asset="heat_pump",
        amount=0.51234,
        unit="K",
        start=START,
        end=hours(1),
        reason="cold",
    )
    entry.runtime_data.coordinator.publish(a_view(a_plan(violations=(cold,))))
    assert state(hass, "sensor.my_home_plan_status").attributes["violations"] == [
        {"limit": "Heat pump: comfort_min", "amount": 0.512, "unit": "K", "reason": "cold"}
    ]


async def test_an_expired_plan_is_none(hass):
    entry = await show(hass)
    entry.runtime_data.dispatcher.tick(replace(a_live(), at=hours(1)))
    assert state(hass, "sensor.my_home_plan_status").state == "none"
    for planned in (
        "sensor.home_battery_planned_power",
        "sensor.home_battery_next_change",
        "sensor.my_home_next_action",
        "sensor.my_home_import_price",
        "sensor.my_home_planned_cost_today",
    ):
        assert state(hass, planned).state == "unavailable"
    assert state(hass, "sensor.home_battery_power").state == "2.0"


async def test_without_a_plan_measurements_are_still_shown(hass):
    entry = await show(hass)
    entry.runtime_data.coordinator.publish(PlanView(plan=None, request=None))
    assert state(hass, "sensor.my_home_plan_status").state == "none"
    assert state(hass, "sensor.my_home_plan_status").attributes["violations"] == []
    assert state(hass, "sensor.my_home_next_action").state == "unavailable"
    assert state(hass, "sensor.roof_production").state == "1.5"


async def test_a_missing_measurement_is_unknown_and_a_missing_asset_unavailable(hass):
    entry = await show(hass)
    live = replaced(replaced(a_live(), "battery", power_kw=None, soc=None), "pv", power_kw=None)
    entry.runtime_data.dispatcher.tick(replace(live, assets={k: v for k, v in live.assets.items() if k != "heat_pump"}))
    assert state(hass, "sensor.home_battery_power").state == "unknown"
    assert state(hass, "sensor.home_battery_state").state == "unknown"
    assert state(hass, "sensor.home_battery_state_of_charge").state == "unknown"
    assert state(hass, "sensor.roof_production").state == "unknown"
    assert state(hass, "sensor.heat_pump_power").state == "unavailable"
    assert state(hass, "binary_sensor.heat_pump_running").state == "unavailable"


async def test_nothing_measured_yet_is_unavailable(hass):
    entry = await show(hass)
    entry.runtime_data.dispatcher.live = None
    entry.runtime_data.dispatcher.tick()
    for measured in ("sensor.my_home_grid_power", "sensor.my_home_data_health", "sensor.home_battery_power"):
        assert state(hass, measured).state == "unavailable"


async def test_health_is_the_worst_of_measurements_and_plan_with_reasons(hass):
    entry = await show(hass)
    live = replaced(
        a_live(health=(degraded("grid_kw", "no meter"),)), "battery", health=(degraded("battery.soc", "old"),)
    )
    entry.runtime_data.coordinator.publish(a_view(a_plan(health=(degraded("tariff.import_price", "yesterday's"),))))
    entry.runtime_data.dispatcher.tick(live)
    health = state(hass, "sensor.my_home_data_health")
    assert health.state == "degraded"
    assert [reason["source"] for reason in health.attributes["reasons"]] == [
        "grid_kw",
        "Home battery: soc",
        "tariff.import_price",
    ]


@pytest.mark.parametrize(
    ("grid_kw", "shown"), [(1.0, "import"), (-1.0, "export"), (0.01, "idle"), (None, "unknown")], ids=str
)
async def test_grid_state_follows_the_meter(hass, grid_kw, shown):
    entry = await show(hass)
    entry.runtime_data.dispatcher.tick(a_live(grid_kw=grid_kw))
    assert state(hass, "sensor.my_home_grid_state").state == shown


async def test_unchanged_values_are_not_written_again(hass):
    entry = await show(hass)
    before = state(hass, "sensor.home_battery_power").last_reported
    entry.runtime_data.dispatcher.tick(replaced(a_live(), "battery", power_kw=2.0001))
    assert state(hass, "sensor.home_battery_power").last_reported == before
    entry.runtime_data.dispatcher.tick(replaced(a_live(), "battery", power_kw=2.5))
    assert state(hass, "sensor.home_battery_power").state == "2.5"


async def test_a_simulated_home_shows_its_own_time_to_the_minute(hass):
    entry = await show(hass, a_shown_entry(simulated=True, simulation_seed=1, simulation_speed=60))
    entry.runtime_data.dispatcher.tick(Live(at=NOW + timedelta(seconds=59), grid_kw=0.0, load_kw=0.0))
    assert state(hass, "sensor.my_home_simulated_time").state == NOW.isoformat()
    with dictated():
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_real_home_has_no_simulated_time(hass):
    await show(hass)
    assert hass.states.get("sensor.my_home_simulated_time") is None


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (a_next_action(action="stop", reason=""), "Wallbox stops at 04:00"),
        (
            a_next_action(asset="battery", action="discharge", power_kw=-3.0, reason="expensive_energy"),
            "Home battery discharges with 3.0 kW from 04:00: energy is expensive then",
        ),
        (a_next_action(action="levitate", reason="because"), "Wallbox starts at 04:00"),
        (None, "unknown"),
    ],
)
async def test_the_next_action_is_a_sentence(hass, action, words):
    entry = await show(hass)
    entry.runtime_data.coordinator.publish(a_view(next_action=action))
    assert state(hass, "sensor.my_home_next_action").state == words


async def test_sentences_fall_back_to_english_where_they_are_not_translated(hass):
    hass.config.language = "tlh"
    await show(hass)
    assert state(hass, "sensor.my_home_next_action").state.startswith("Wallbox charges")
    assert await async_get_translations(hass, "tlh", "common", {DOMAIN})


@pytest.mark.parametrize(
    ("reading", "running"),
    [
        (a_reading("appliance", running=True, power_kw=0.0), "on"),
        (a_reading("appliance", running=None, power_kw=0.7), "on"),
        (a_reading("appliance", running=None, power_kw=None), "unknown"),
    ],
)
async def test_running_is_what_the_appliance_says_or_its_power_shows(hass, reading, running):
    entry = await show(hass)
    live = a_live()
    entry.runtime_data.dispatcher.tick(replace(live, assets={**live.assets, "appliance": reading}))
    assert state(hass, "binary_sensor.dishwasher_running").state == running


async def test_entities_leave_no_listener_behind(hass):
    entry = await show(hass)
    runtime = entry.runtime_data
    with dictated():
        assert await hass.config_entries.async_unload(entry.entry_id)
    assert runtime.coordinator.listeners == 0
    assert runtime.dispatcher.listeners == 0
