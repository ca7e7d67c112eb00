"""A real home from its entities to the actions that command them, without an engine."""

from datetime import timedelta

from aiohttp import ClientError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.hems.actuate import writer
from tests.integration.entries import a_subentry, an_entry
from tests.integration.running import NOWHERE

KW = {"unit_of_measurement": "kW"}
POWER = {"unit_of_measurement": "kW", "min": -5.0, "max": 5.0, "step": 0.1}
CURRENT = {"unit_of_measurement": "A", "min": 0, "max": 16, "step": 1}


def meter(hass, grid_kw, battery_kw=0.0):
    hass.states.async_set("sensor.battery_power", str(battery_kw), KW)
    hass.states.async_set("sensor.grid_power", str(grid_kw), KW)


@pytest.fixture(autouse=True)
def devices_show_nothing(monkeypatch):
    """Mocked actions change no state: looking for it would only take time."""
    monkeypatch.setattr(writer, "SETTLE_S", 0.0)


@pytest.fixture
def commands(hass):
    """Calls of numbers: what the devices are told."""
    return async_mock_service(hass, "input_number", "set_value")


def told(commands, entity_id):
    values = [call.data["value"] for call in commands if call.data["entity_id"] == entity_id]
    return values[-1] if values else None


@pytest.fixture
async def home(hass, aioclient_mock, commands):
    aioclient_mock.post(f"{NOWHERE}/v1/plan", exc=ClientError())
    hass.states.async_set("sensor.battery_soc", "60", {"unit_of_measurement": "%"})
    hass.states.async_set("sensor.pv_power", "0", KW)
    hass.states.async_set("sensor.outdoor", "10", {"unit_of_measurement": "°C"})
    hass.states.async_set("sensor.wallbox_power", "0", KW)
    hass.states.async_set("binary_sensor.wallbox_connected", "off")
    hass.states.async_set("input_number.battery", "0", POWER)
    hass.states.async_set("input_number.wallbox", "16", CURRENT)
    meter(hass, 1.0)
    entry = an_entry(
        a_subentry("pv"),
        a_subentry("battery", control_entity="input_number.battery"),
        a_subentry("ev_charger", control_entity="input_number.wallbox"),
        engine={"kind": "url", "url": NOWHERE, "token": "secret"},
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await entry.runtime_data.coordinator.async_plan_now()
    await hass.async_block_till_done(wait_background_tasks=True)
    yield entry
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


WARM = {"hvac_modes": ["off", "heat"], "min_temp": 5.0, "max_temp": 30.0, "temperature": 18.0}


@pytest.fixture
async def warm_home(hass, aioclient_mock, freezer):
    """A heat pump told by its thermostat, between 20 and 22 degC by day and from 17 at night."""
    freezer.move_to("2026-01-12 12:00:30+00:00")
    await hass.config.async_set_time_zone("UTC")
    aioclient_mock.post(f"{NOWHERE}/v1/plan", exc=ClientError())
    hass.states.async_set("climate.house", "heat", WARM)
    hass.states.async_set("sensor.living_room", "21", {"unit_of_measurement": "°C"})
    meter(hass, 1.0)
    night = {"night_from": "22:00:00", "night_until": "06:00:00", "night_min_c": 17.0}
    entry = an_entry(
        a_subentry("heat_pump", control_entity="climate.house", **night),
        engine={"kind": "url", "url": NOWHERE, "token": "secret"},
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    yield entry
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


def thermostat(hass):
    """It shows what it is told."""
    told = []

    async def obey(call):
        told.append(call.data["temperature"])
        hass.states.async_set("climate.house", "heat", WARM | {"temperature": told[-1]})

    hass.services.async_register("climate", "set_temperature", obey)
    return told


@pytest.mark.parametrize(("mode", "told_before", "told_after"), [("on", 22.0, 24.0), ("off", 20.0, 22.5)])
async def test_a_thermostat_follows_the_comfort_that_the_household_wishes(
    hass, warm_home, mode, told_before, told_after
):
    told, dispatcher = thermostat(hass), warm_home.runtime_data.dispatcher
    (pump,) = warm_home.runtime_data.home.titles
    await dispatcher.async_set_override(pump, mode, dt_util.utcnow() + timedelta(hours=20))
    await settle(hass)
    assert told[-1] == told_before
    await dispatcher.async_update_asset(pump, comfort_min_c=22.5, comfort_max_c=24.0)
    await settle(hass)
    assert told[-1] == told_after


async def test_a_thermostat_that_rests_is_let_cool_down_at_night_and_is_released_as_by_day(hass, warm_home, freezer):
    told, dispatcher = thermostat(hass), warm_home.runtime_data.dispatcher
    (pump,) = warm_home.runtime_data.home.titles
    await dispatcher.async_set_override(pump, "off", dt_util.utcnow() + timedelta(hours=20))
    await settle(hass)
    freezer.move_to("2026-01-12 22:00:10+00:00")
    dispatcher.async_tick()
    await settle(hass)
    assert told == [20.0, 17.0]
    dispatcher.async_tick()
    await settle(hass)
    assert told == [20.0, 17.0], "it is told once"
    await dispatcher.async_update_settings(automatic=False)
    await dispatcher.async_clear_override(pump)
    await settle(hass)
    assert told[-1] == 21.0


async def settle(hass):
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_the_battery_serves_the_home_and_the_absent_car_gets_nothing(hass, home, commands):
    assert told(commands, "input_number.battery") == pytest.approx(-1.0)
    assert told(commands, "input_number.wallbox") == 0


async def test_a_kettle_is_followed_at_once(hass, home, commands):
    meter(hass, 2.0, battery_kw=-1.0)
    await settle(hass)
    assert told(commands, "input_number.battery") == pytest.approx(-3.0)


async def test_a_battery_that_falls_silent_is_told_to_rest(hass, home, commands):
    hass.states.async_set("input_number.battery", "-1", POWER)
    hass.states.async_set("sensor.battery_soc", "unavailable")
    meter(hass, 1.5)
    await settle(hass)
    assert told(commands, "input_number.battery") == 0.0
    (battery,) = (name for name, title in home.runtime_data.home.titles.items() if title == "battery")
    reading = home.runtime_data.dispatcher.live.assets[battery]
    assert any("sensor.battery_soc is unavailable" in health.reason for health in reading.health)


async def test_unloading_leaves_the_battery_at_rest_and_the_wallbox_free(hass, home, commands):
    hass.states.async_set("input_number.battery", "-1", POWER)
    hass.states.async_set("input_number.wallbox", "0", CURRENT)
    assert await hass.config_entries.async_unload(home.entry_id)
    await settle(hass)
    assert told(commands, "input_number.battery") == 0.0
    assert told(commands, "input_number.wallbox") == 16
    assert await hass.config_entries.async_setup(home.entry_id)
    await settle(hass)


async def test_an_integration_that_breaks_on_unloading_leaves_no_other_device_commanded(hass, home, commands):
    hass.states.async_set("input_number.battery", "-1", POWER)
    hass.states.async_set("input_number.wallbox", "0", CURRENT)

    async def told_or_broken(call):
        if call.data["entity_id"] == "input_number.battery":
            raise OSError("connection reset")
        commands.append(call)

    hass.services.async_register("input_number", "set_value", told_or_broken)
    assert await hass.config_entries.async_unload(home.entry_id)
    await settle(hass)
    assert told(commands, "input_number.wallbox") == 16
    assert await hass.config_entries.async_setup(home.entry_id)
    await settle(hass)


async def test_a_meter_slower_than_the_battery_is_not_run_after(hass, home, commands):
    for _ in range(4):
        hass.states.async_set("sensor.battery_power", str(told(commands, "input_number.battery")), KW)
        await settle(hass)
    assert told(commands, "input_number.battery") == pytest.approx(-1.0), "as the meter has not spoken since"
    hass.states.async_set("sensor.grid_power", "0.5", KW)
    await settle(hass)
    assert told(commands, "input_number.battery") == pytest.approx(-1.5)


async def test_the_sun_between_two_words_of_the_meter_is_stored(hass, home, commands):
    hass.states.async_set("sensor.pv_power", "3", KW)
    await settle(hass)
    assert told(commands, "input_number.battery") == pytest.approx(2.0)


async def test_a_meter_that_repeats_itself_has_spoken(hass, home, commands):
    hass.states.async_set("sensor.battery_power", "-1", KW)
    hass.states.async_set("sensor.grid_power", "1.0", KW)
    await settle(hass)
    home.runtime_data.dispatcher.async_tick()
    await settle(hass)
    assert told(commands, "input_number.battery") == pytest.approx(-2.0)
