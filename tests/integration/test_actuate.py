"""Every asset kind with every entity domain that may control it, and everything that can go wrong."""

import asyncio
from dataclasses import replace

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service
import voluptuous as vol

from custom_components.hems.actuate import Writer
from custom_components.hems.actuate import writer as writer_module
from custom_components.hems.core.dispatch import Setpoint
from custom_components.hems.core.model import Source
from custom_components.hems.devices import Applied, Refused
from custom_components.hems.home import parse_home
from tests.integration.entries import a_subentry, an_entry


@pytest.fixture(autouse=True)
def devices_show_nothing(monkeypatch):
    """Mocked actions change no state: looking for it would only take time."""
    monkeypatch.setattr(writer_module, "SETTLE_S", 0.0)


class Device:
    """One asset with its control entity, and the calls made for it."""

    def __init__(self, hass, kind, entity_id, **changes):
        self.home = parse_home(an_entry(a_subentry(kind, control_entity=entity_id, **changes)), "Europe/Berlin")
        (self.name,) = self.home.titles
        self.writer = Writer(hass, self.home, self.home.asset)

    async def tell(self, power_kw, phases=None, source=Source.PLAN):
        setpoint = Setpoint(asset=self.name, power_kw=power_kw, phases=phases, source=source, reason="plan")
        return await self.writer.async_apply(setpoint, dt_util.utcnow())


KW = {"min": -5.0, "max": 5.0, "step": 0.1, "unit_of_measurement": "kW"}
W = {"min": 0, "max": 10000, "step": 1, "unit_of_measurement": "W"}
AMPERE = {"min": 0, "max": 16, "step": 1, "unit_of_measurement": "A"}
PERCENT = {"min": 0, "max": 100, "step": 1, "unit_of_measurement": "%"}
CLIMATE = {"hvac_modes": ["off", "heat"], "min_temp": 5.0, "max_temp": 30.0, "temperature": 18.0}
HEATER = {"operation_list": ["off", "eco"], "min_temp": 30.0, "max_temp": 70.0, "temperature": 40.0}

# kind, entity, its state, its attributes, power, phases, action, data
MATRIX = [
    ("pv", "number.limit", "5", KW, -3.27, None, "number.set_value", {"value": 3.2}),
    ("pv", "number.limit", "0", KW, None, None, "number.set_value", {"value": 5.0}),
    ("pv", "input_number.limit", "10000", W, -3.2, None, "input_number.set_value", {"value": 3200}),
    ("pv", "number.limit", "100", PERCENT, -2.5, None, "number.set_value", {"value": 50}),
    ("pv", "number.limit", "0", PERCENT, None, None, "number.set_value", {"value": 100}),
    ("pv", "switch.inverter", "on", {}, 0.0, None, "switch.turn_off", {}),
    ("pv", "switch.inverter", "off", {}, None, None, "switch.turn_on", {}),
    ("battery", "number.power", "0", KW, 2.55, None, "number.set_value", {"value": 2.5}),
    ("battery", "number.power", "0", KW, -2.55, None, "number.set_value", {"value": -2.5}),
    ("battery", "number.power", "3", KW, None, None, "number.set_value", {"value": 0.0}),
    ("battery", "input_number.power", "0", W | {"min": -5000}, -1.2, None, "input_number.set_value", {"value": -1200}),
    ("battery", "select.mode", "Normal", {"options": ["Normal", "Force charge"]}, 2.0, None, "select.select_option",
     {"option": "Force charge"}),
    ("battery", "switch.charge", "off", {}, 2.0, None, "switch.turn_on", {}),
    ("battery", "switch.charge", "on", {}, -2.0, None, "switch.turn_off", {}),
    ("battery", "input_boolean.charge", "on", {}, None, None, "input_boolean.turn_off", {}),
    ("ev_charger", "number.current", "0", AMPERE, 6.9, 3, "number.set_value", {"value": 10}),
    ("ev_charger", "number.current", "0", AMPERE, 7.5, 3, "number.set_value", {"value": 10}),
    ("ev_charger", "number.current", "9", AMPERE, 4.1, 3, "number.set_value", {"value": 0}),
    ("ev_charger", "number.current", "10", AMPERE, 0.0, None, "number.set_value", {"value": 0}),
    ("ev_charger", "input_number.power", "0", W, 4.2, 3, "input_number.set_value", {"value": 4200}),
    ("ev_charger", "switch.charge", "off", {}, 7.4, 1, "switch.turn_on", {}),
    ("ev_charger", "input_boolean.charge", "on", {}, 0.0, None, "input_boolean.turn_off", {}),
    ("ev_charger", "input_select.mode", "Off", {"options": ["Off", "Now"]}, 3.0, 1, "input_select.select_option",
     {"option": "Now"}),
    ("ev_charger", "number.power", "0", KW, -3.0, None, "number.set_value", {"value": -3.0}),
    ("ev_charger", "select.mode", "Off", {"options": ["Off", "Charge", "Discharge"]}, -3.0, None,
     "select.select_option", {"option": "Discharge"}),
    ("battery", "number.power", "0", KW | {"min": -2.0, "max": 2.0}, 4.0, None, "number.set_value", {"value": 2.0}),
    ("battery", "number.power", "0", KW | {"min": -2.0, "max": 2.0}, -4.0, None, "number.set_value", {"value": -2.0}),
    ("battery", "number.power", "0", PERCENT | {"min": -100}, -2.5, None, "number.set_value", {"value": -50}),
    ("battery", "select.mode", "Charge", {"options": ["Charge", "Idle"]}, 0.0, None, "select.select_option",
     {"option": "Idle"}),
    ("battery", "select.mode", "Charge", {"options": ["Charge", "Self-Use"]}, None, None, "select.select_option",
     {"option": "Self-Use"}),
    ("battery", "select.mode", "auto", {"options": ["auto", "force_discharge"]}, -2.0, None, "select.select_option",
     {"option": "force_discharge"}),
    ("ev_charger", "number.limit", "0", PERCENT, 5.52, 3, "number.set_value", {"value": 50}),
    ("ev_charger", "number.current", "0", AMPERE, None, None, "number.set_value", {"value": 16}),
    ("heat_pump", "climate.house", "heat", CLIMATE, 2.0, None, "climate.set_temperature", {"temperature": 22.0}),
    ("heat_pump", "climate.house", "heat", CLIMATE, 0.0, None, "climate.set_temperature", {"temperature": 20.0}),
    ("heat_pump", "climate.house", "heat", CLIMATE, None, None, "climate.set_temperature", {"temperature": 21.0}),
    ("heat_pump", "water_heater.house", "eco", HEATER, 2.0, None, "water_heater.set_temperature",
     {"temperature": 30.0}),
    ("heat_pump", "number.power", "0", W, 1.5, None, "number.set_value", {"value": 1500}),
    ("heat_pump", "input_number.power", "0", W, 1.5, None, "input_number.set_value", {"value": 1500}),
    ("heat_pump", "switch.lock", "on", {}, 0.0, None, "switch.turn_off", {}),
    ("heat_pump", "switch.lock", "off", {}, None, None, "switch.turn_on", {}),
    ("heat_pump", "input_boolean.run", "off", {}, 1.0, None, "input_boolean.turn_on", {}),
    ("heat_pump", "select.sg_ready", "Normal", {"options": ["Blocked", "Normal", "Boost"]}, 2.0, None,
     "select.select_option", {"option": "Boost"}),
    ("hot_water", "switch.heater", "off", {}, 2.0, None, "switch.turn_on", {}),
    ("hot_water", "input_boolean.heater", "on", {}, 0.0, None, "input_boolean.turn_off", {}),
    ("hot_water", "water_heater.tank", "eco", HEATER, 2.0, None, "water_heater.set_temperature",
     {"temperature": 60.0}),
    ("hot_water", "climate.tank", "heat", CLIMATE | {"max_temp": 65}, 0.0, None, "climate.set_temperature",
     {"temperature": 45.0}),
    ("hot_water", "number.power", "0", W, 1.0, None, "number.set_value", {"value": 1000}),
    ("hot_water", "input_number.power", "0", PERCENT, 1.0, None, "input_number.set_value", {"value": 50}),
    ("appliance", "switch.dishwasher", "off", {}, 1.0, None, "switch.turn_on", {}),
    ("appliance", "input_boolean.dishwasher", "on", {}, 0.0, None, "input_boolean.turn_off", {}),
    ("appliance", "button.start", "unknown", {}, 1.0, None, "button.press", {}),
    ("appliance", "input_button.start", "unknown", {}, 1.0, None, "input_button.press", {}),
    ("flexible_load", "light.hall", "on", {}, 0.0, None, "light.turn_off", {}),
    ("flexible_load", "switch.fan", "off", {}, 0.5, None, "switch.turn_on", {}),
    ("flexible_load", "input_boolean.fan", "off", {}, 0.5, None, "input_boolean.turn_on", {}),
    ("flexible_load", "climate.room", "heat", CLIMATE, 0.0, None, "climate.turn_off", {}),
]  # fmt: skip


@pytest.mark.parametrize("row", MATRIX, ids=[f"{row[0]} by {row[1].split('.')[0]} at {row[4]}" for row in MATRIX])
async def test_each_kind_is_commanded_through_each_of_its_domains(hass, row):
    kind, entity_id, state, attributes, power_kw, phases, action, data = row
    hass.states.async_set(entity_id, state, attributes)
    calls = async_mock_service(hass, *action.split("."))
    result = await Device(hass, kind, entity_id).tell(power_kw, phases)
    assert isinstance(result, Applied), result
    assert [call.data for call in calls] == [{"entity_id": entity_id, **data}]


LEFT_ALONE = [
    ("appliance", "switch.dishwasher", "on", {}, None),
    ("appliance", "number.dishwasher", "1", W, None),
    ("appliance", "button.start", "unknown", {}, 0.0),
    ("flexible_load", "light.hall", "off", {}, None),
    ("flexible_load", "climate.room", "off", CLIMATE, None),
]


@pytest.mark.parametrize(
    ("kind", "entity_id", "state", "attributes", "power_kw"),
    LEFT_ALONE,
    ids=[f"{row[0]} by {row[1].split('.')[0]}" for row in LEFT_ALONE],
)
async def test_what_is_released_is_left_alone(hass, kind, entity_id, state, attributes, power_kw):
    hass.states.async_set(entity_id, state, attributes)
    device = Device(hass, kind, entity_id)
    assert isinstance(await device.tell(power_kw), Applied)
    assert device.writer.writes == {}


IMPOSSIBLE = [
    ("pv", "number.limit", "5", {"unit_of_measurement": "kW"}, -3.0, "says no limits"),
    (
        "pv",
        "number.limit",
        "5",
        KW | {"unit_of_measurement": "kWh"},
        -3.0,
        "must have the unit W, kW, A or %, got 'kWh'",
    ),
    ("battery", "number.current", "5", AMPERE, 1.0, "is a current, which only EV chargers are told"),
    ("ev_charger", "number.power", "0", W, -3.0, "cannot be set below 0 to make a car discharge"),
    ("ev_charger", "number.current", "6", AMPERE | {"min": -16}, -3.0, "a current, which cannot make a car discharge"),
    ("ev_charger", "switch.charge", "off", {}, -3.0, "is a switch, which cannot make a car discharge"),
    ("ev_charger", "number.current", "6", AMPERE | {"min": 6}, 0.0, "cannot be set below 6"),
    ("battery", "select.mode", "a", {"options": ["A", "B"]}, 1.0, "no option that means charge; it offers A, B"),
    ("battery", "climate.cellar", "heat", CLIMATE, 1.0, "is a thermostat, which only heat is told"),
    ("appliance", "number.power", "0", PERCENT, 1.0, "its most power is not known"),
    ("battery", "lock.door", "locked", {}, 1.0, "cannot be commanded"),
    ("battery", "number.power", "unavailable", KW, 1.0, "is unavailable"),
]


@pytest.mark.parametrize(
    ("kind", "entity_id", "state", "attributes", "power_kw", "reason"), IMPOSSIBLE, ids=[row[5] for row in IMPOSSIBLE]
)
async def test_what_an_entity_cannot_say_is_refused_by_name(hass, kind, entity_id, state, attributes, power_kw, reason):
    hass.states.async_set(entity_id, state, attributes)
    result = await Device(hass, kind, entity_id).tell(power_kw)
    assert isinstance(result, Refused)
    assert reason in result.reason


async def test_a_thermostat_may_heat_as_much_as_legionella_need(hass):
    hass.states.async_set("water_heater.tank", "eco", HEATER)
    calls = async_mock_service(hass, "water_heater", "set_temperature")
    device = Device(hass, "hot_water", "water_heater.tank", comfort_max_c=55.0, legionella=True)
    await device.tell(2.0)
    assert calls[0].data["temperature"] == 62.0


async def test_an_entity_that_does_not_exist_is_refused(hass):
    result = await Device(hass, "battery", "number.power").tell(1.0)
    assert result.reason == "number.power is unavailable"


@pytest.mark.parametrize(
    "error",
    [
        HomeAssistantError("no route"),
        ServiceValidationError("no route"),
        vol.Invalid("no route"),
        OSError("no route"),
        ValueError("no route"),
    ],
    ids=["device", "validation", "schema", "connection", "integration"],
)
async def test_an_action_that_fails_is_refused_and_not_raised(hass, error):
    async def fail(call):
        raise error

    hass.services.async_register("number", "set_value", fail)
    hass.states.async_set("number.power", "0", KW)
    result = await Device(hass, "battery", "number.power").tell(1.0)
    assert isinstance(result, Refused)
    assert "no route" in result.reason


async def test_an_action_that_is_not_there_is_refused(hass):
    hass.states.async_set("number.power", "0", KW)
    result = await Device(hass, "battery", "number.power").tell(1.0)
    assert isinstance(result, Refused)


async def test_a_device_that_hangs_is_given_up(hass, monkeypatch):
    async def hang(call):
        await asyncio.sleep(30)

    monkeypatch.setattr(writer_module, "TIMEOUT_S", 0.01)
    hass.services.async_register("number", "set_value", hang)
    hass.states.async_set("number.power", "0", KW)
    result = await Device(hass, "battery", "number.power").tell(1.0)
    assert "did not answer" in result.reason


async def test_what_the_entity_already_shows_is_not_written_again(hass):
    calls = async_mock_service(hass, "number", "set_value")
    hass.states.async_set("number.power", "2.5", KW)
    device = Device(hass, "battery", "number.power")
    result = await device.tell(2.55)
    assert (result.verified, calls) == (True, [])
    await device.tell(1.0)
    assert device.writer.writes == {device.name: 1}


@pytest.mark.parametrize(
    ("source", "written"),
    [(Source.PLAN, 2), (Source.FALLBACK, 2), (Source.SAFETY, 3), (Source.GRID_OPERATOR, 3), (Source.USER, 3)],
)
async def test_trifles_are_not_written_but_limits_and_people_are_exact(hass, source, written):
    calls = async_mock_service(hass, "number", "set_value")
    hass.states.async_set("number.power", "0", KW | {"step": 0.001})
    device = Device(hass, "battery", "number.power")
    for power_kw in (2.0, 2.04, 2.08):
        await device.tell(power_kw, source=source)
    assert len(calls) == written


async def test_a_switch_that_is_on_is_not_switched_on(hass):
    calls = async_mock_service(hass, "switch", "turn_on")
    hass.states.async_set("switch.charge", "on")
    assert (await Device(hass, "ev_charger", "switch.charge").tell(3.0)).verified
    assert calls == []


async def test_a_device_that_shows_what_it_was_told_is_verified_and_another_is_not(hass, monkeypatch):
    monkeypatch.setattr(writer_module, "SETTLE_S", 0.2)
    obeys = True

    async def set_value(call):
        if obeys:
            hass.states.async_set(call.data["entity_id"], str(call.data["value"]), KW)

    hass.services.async_register("number", "set_value", set_value)
    hass.states.async_set("number.power", "0", KW)
    device = Device(hass, "battery", "number.power")
    assert (await device.tell(2.0)).verified
    obeys = False
    result = await device.tell(1.0)
    assert isinstance(result, Applied)
    assert not result.verified


async def test_a_thermostat_is_told_another_temperature_at_the_same_power(hass):
    hass.states.async_set("climate.house", "heat", CLIMATE)
    calls = async_mock_service(hass, "climate", "set_temperature")
    device = Device(hass, "heat_pump", "climate.house")
    pump = device.home.asset(device.name)
    wishes = [pump, replace(pump, comfort=replace(pump.comfort, max_c=24.0))]
    device.writer = Writer(hass, device.home, lambda _: wishes.pop(0))
    await device.tell(2.0)
    await device.tell(2.0)
    assert [call.data["temperature"] for call in calls] == [22.0, 24.0]


async def test_a_thermostat_that_is_off_is_woken_to_heat(hass):
    modes = async_mock_service(hass, "climate", "set_hvac_mode")
    targets = async_mock_service(hass, "climate", "set_temperature")
    hass.states.async_set("climate.house", "off", CLIMATE)
    device = Device(hass, "heat_pump", "climate.house")
    await device.tell(2.0)
    assert modes[0].data == {"entity_id": "climate.house", "hvac_mode": "heat"}
    assert targets[0].data["temperature"] == 22.0


async def test_a_water_heater_that_is_off_is_woken(hass):
    modes = async_mock_service(hass, "water_heater", "set_operation_mode")
    async_mock_service(hass, "water_heater", "set_temperature")
    hass.states.async_set("water_heater.tank", "off", HEATER)
    await Device(hass, "hot_water", "water_heater.tank").tell(2.0)
    assert modes[0].data == {"entity_id": "water_heater.tank", "operation_mode": "eco"}


async def test_a_thermostat_that_knows_no_heating_mode_is_only_set(hass):
    targets = async_mock_service(hass, "climate", "set_temperature")
    hass.states.async_set("climate.house", "off", CLIMATE | {"hvac_modes": ["off", "cool"]})
    await Device(hass, "heat_pump", "climate.house").tell(2.0)
    assert len(targets) == 1


async def test_a_room_that_was_shed_comes_back_on_release(hass):
    async_mock_service(hass, "climate", "turn_off")
    calls = async_mock_service(hass, "climate", "turn_on")
    hass.states.async_set("climate.room", "heat", CLIMATE)
    device = Device(hass, "flexible_load", "climate.room")
    await device.tell(0.0)
    hass.states.async_set("climate.room", "off", CLIMATE)
    await device.tell(None)
    assert len(calls) == 1


async def test_a_thermostat_is_told_in_the_units_of_home_assistant(hass):
    hass.config.units = US_CUSTOMARY_SYSTEM
    targets = async_mock_service(hass, "climate", "set_temperature")
    hass.states.async_set("climate.house", "heat", {"temperature": 60.0, "min_temp": 40.0, "max_temp": 90.0})
    await Device(hass, "heat_pump", "climate.house").tell(2.0)
    assert targets[0].data["temperature"] == pytest.approx(71.6)


async def test_a_light_that_was_shed_comes_back_on_release(hass):
    async_mock_service(hass, "light", "turn_off")
    calls = async_mock_service(hass, "light", "turn_on")
    hass.states.async_set("light.hall", "on")
    device = Device(hass, "flexible_load", "light.hall")
    await device.tell(0.0)
    hass.states.async_set("light.hall", "off")
    await device.tell(None)
    assert len(calls) == 1


async def test_a_button_is_pressed_once_for_a_run(hass):
    calls = async_mock_service(hass, "button", "press")
    hass.states.async_set("button.start", "unknown")
    device = Device(hass, "appliance", "button.start")
    for power_kw in (1.0, 0.8, 0.0, 1.0):
        await device.tell(power_kw)
    assert len(calls) == 2


async def test_positive_charges_however_the_meter_counts(hass):
    calls = async_mock_service(hass, "number", "set_value")
    hass.states.async_set("number.power", "0", KW)
    await Device(hass, "battery", "number.power", power_inverted=True).tell(2.0)
    assert calls[0].data["value"] == 2.0


async def test_a_device_without_a_control_is_only_advised(hass):
    home = parse_home(an_entry(a_subentry("battery")), "Europe/Berlin")
    (name,) = home.titles
    setpoint = Setpoint(asset=name, power_kw=1.0, source=Source.PLAN, reason="plan")
    assert isinstance(await Writer(hass, home, home.asset).async_apply(setpoint, dt_util.utcnow()), Applied)
