"""Numbers, selects, switches, times and buttons: each write, and each way it can fail."""

from dataclasses import replace
from datetime import time, timedelta

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.hems.core.model import Override
from custom_components.hems.runtime import PlanView
from tests.builders import hours
from tests.integration.shown import NOW, a_live, a_plan, replaced, show


async def call(hass, domain, action, entity_id, **data):
    await hass.services.async_call(domain, action, {"entity_id": entity_id, **data}, blocking=True)


@pytest.mark.parametrize(
    ("entity_id", "before", "value", "asset", "setting", "stored"),
    [
        ("number.wallbox_target_charge", "80.0", 57, "ev_charger", "target_soc", 0.57),
        ("number.wallbox_charge_at_once", "0.0", 30, "ev_charger", "at_once_soc", 0.3),
        ("number.home_battery_reserve", "0.0", 20, "battery", "reserve_soc", 0.2),
        ("number.heat_pump_coolest_comfortable", "20.0", 19.5, "heat_pump", "comfort_min_c", 19.5),
        ("number.heat_pump_warmest_comfortable", "22.0", 24, "heat_pump", "comfort_max_c", 24.0),
        ("number.tank_coolest_water", "45.0", 50, "hot_water", "comfort_min_c", 50.0),
        ("number.tank_hottest_water", "60.0", 65, "hot_water", "comfort_max_c", 65.0),
    ],
)
async def test_a_number_is_a_wish_of_the_household(hass, entity_id, before, value, asset, setting, stored):
    entry = await show(hass)
    assert hass.states.get(entity_id).state == before
    await call(hass, "number", "set_value", entity_id, value=value)
    assert getattr(entry.runtime_data.dispatcher.settings.assets[asset], setting) == pytest.approx(stored)
    assert float(hass.states.get(entity_id).state) == value


async def test_comfort_that_contradicts_itself_is_refused_with_both_values(hass):
    entry = await show(hass)
    with pytest.raises(ServiceValidationError, match=r"min_c \(25\) must not exceed max_c \(22\)") as refused:
        await call(hass, "number", "set_value", "number.heat_pump_coolest_comfortable", value=25)
    assert refused.value.translation_key == "invalid_value"
    assert entry.runtime_data.dispatcher.settings.assets["heat_pump"].comfort_min_c == 20.0


@pytest.mark.parametrize("value", [-1, 101])
async def test_a_number_out_of_range_is_refused(hass, value):
    await show(hass)
    with pytest.raises(ServiceValidationError):
        await call(hass, "number", "set_value", "number.home_battery_reserve", value=value)


async def test_the_mode_is_selected(hass):
    entry = await show(hass)
    assert hass.states.get("select.my_home_mode").state == "cost"
    await call(hass, "select", "select_option", "select.my_home_mode", option="comfort")
    assert entry.runtime_data.dispatcher.settings.mode == "comfort"
    assert hass.states.get("select.my_home_mode").state == "comfort"


async def test_a_mode_that_there_is_not_is_refused(hass):
    await show(hass)
    with pytest.raises(ServiceValidationError):
        await call(hass, "select", "select_option", "select.my_home_mode", option="chaos")


async def test_automatic_control_is_switched_for_the_home(hass):
    entry = await show(hass)
    await call(hass, "switch", "turn_off", "switch.my_home_automatic")
    assert entry.runtime_data.dispatcher.settings.automatic is False
    assert hass.states.get("switch.my_home_automatic").state == "off"
    await call(hass, "switch", "turn_on", "switch.my_home_automatic")
    assert hass.states.get("switch.my_home_automatic").state == "on"


async def test_automatic_control_is_switched_for_one_asset_only(hass):
    entry = await show(hass)
    await call(hass, "switch", "turn_off", "switch.home_battery_automatic")
    settings = entry.runtime_data.dispatcher.settings
    assert settings.automatic is True
    assert {name for name, wishes in settings.assets.items() if not wishes.automatic} == {"battery"}
    assert hass.states.get("switch.wallbox_automatic").state == "on"


async def test_the_departure_is_a_local_time(hass):
    entry = await show(hass)
    assert hass.states.get("time.wallbox_departure").state == "07:30:00"
    await call(hass, "time", "set_value", "time.wallbox_departure", time="06:15:00")
    assert entry.runtime_data.dispatcher.settings.assets["ev_charger"].departure == time(6, 15)
    assert hass.states.get("time.wallbox_departure").state == "06:15:00"


async def test_a_button_plans_now(hass):
    entry = await show(hass)
    await call(hass, "button", "press", "button.my_home_plan_now")
    assert entry.runtime_data.coordinator.planned == 1


async def test_planning_that_fails_says_so(hass):
    entry = await show(hass)
    entry.runtime_data.coordinator.fails = HomeAssistantError("no engine")
    with pytest.raises(HomeAssistantError, match="no engine"):
        await call(hass, "button", "press", "button.my_home_plan_now")


async def test_an_appliance_is_wanted_now(hass):
    entry = await show(hass)
    await call(hass, "button", "press", "button.dishwasher_run_now")
    run = entry.runtime_data.dispatcher.household.runs["appliance"]
    assert run.earliest_start == NOW
    assert timedelta(hours=2) < run.latest_end - NOW <= timedelta(hours=2, minutes=15)


async def test_an_appliance_that_runs_is_not_started_again(hass):
    entry = await show(hass)
    await call(hass, "button", "press", "button.dishwasher_run_now")
    household = entry.runtime_data.dispatcher.household
    household.follow(replaced(a_live(), "appliance", running=True))
    with pytest.raises(ServiceValidationError, match="Dishwasher: its programme has been running since"):
        await call(hass, "button", "press", "button.dishwasher_run_now")


async def test_an_appliance_is_wanted_by_its_time(hass):
    entry = await show(hass)
    assert hass.states.get("time.dishwasher_ready_by").state == "07:00:00"
    await call(hass, "button", "press", "button.dishwasher_run_by_then")
    runs = entry.runtime_data.dispatcher.runs
    assert (runs["appliance"].earliest_start, runs["appliance"].latest_end) == (NOW, hours(6))
    await call(hass, "time", "set_value", "time.dishwasher_ready_by", time="03:00:00")
    await call(hass, "button", "press", "button.dishwasher_run_by_then")
    assert entry.runtime_data.dispatcher.runs["appliance"].latest_end == hours(26)
    shown = hass.states.get("sensor.dishwasher_run_wanted_by")
    assert shown.state == "2026-03-03T02:00:00+00:00"


async def test_a_run_that_waits_is_taken_back(hass):
    entry = await show(hass)
    assert hass.states.get("button.dishwasher_cancel_run").state == "unavailable"
    await call(hass, "button", "press", "button.dishwasher_run_by_then")
    await call(hass, "button", "press", "button.dishwasher_cancel_run")
    assert entry.runtime_data.dispatcher.runs == {}


async def test_a_car_charges_now_until_it_leaves(hass):
    entry = await show(hass)
    await call(hass, "button", "press", "button.wallbox_charge_now")
    override = entry.runtime_data.dispatcher.overrides["ev_charger"]
    assert override == Override(asset="ev_charger", power_kw=11.04, until=hours(7))
    shown = hass.states.get("binary_sensor.wallbox_override")
    assert shown.state == "on"
    assert shown.attributes["power_kw"] == 11.04
    assert shown.attributes["until"] == hours(7)


async def test_a_car_without_known_departure_charges_for_half_a_day_at_most(hass):
    entry = await show(hass)
    entry.runtime_data.coordinator.publish(PlanView(plan=a_plan(), request=None))
    await call(hass, "button", "press", "button.wallbox_charge_now")
    assert entry.runtime_data.dispatcher.overrides["ev_charger"].until == NOW + timedelta(hours=12)


async def test_a_car_that_is_away_cannot_charge(hass):
    entry = await show(hass)
    entry.runtime_data.dispatcher.tick(replaced(a_live(), "ev_charger", connected=False))
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "button", "press", "button.wallbox_charge_now")
    assert refused.value.translation_key == "not_connected"
    assert refused.value.translation_placeholders == {"asset": "Wallbox"}


async def test_an_override_is_given_back_to_the_plan(hass):
    entry = await show(hass)
    assert hass.states.get("button.wallbox_back_to_plan").state == "unavailable"
    await call(hass, "button", "press", "button.wallbox_charge_now")
    assert hass.states.get("button.wallbox_back_to_plan").state == "unknown"
    await call(hass, "button", "press", "button.wallbox_back_to_plan")
    assert entry.runtime_data.dispatcher.overrides == {}


async def test_wishes_are_shown_while_nothing_is_measured_or_planned(hass):
    entry = await show(hass)
    entry.runtime_data.dispatcher.live = None
    entry.runtime_data.coordinator.publish(replace(entry.runtime_data.coordinator.data, plan=None))
    entry.runtime_data.dispatcher.tick()
    for entity_id in (
        "number.wallbox_target_charge",
        "select.my_home_mode",
        "switch.my_home_automatic",
        "time.wallbox_departure",
    ):
        assert hass.states.get(entity_id).state not in {"unavailable", "unknown"}
