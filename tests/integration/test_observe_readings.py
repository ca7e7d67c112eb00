"""From states of entities to measurements in kW, kWh and degrees."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.util import dt as dt_util
import pytest

from custom_components.hems.core.exchange import QUANTITIES
from custom_components.hems.core.model import HealthStatus
from custom_components.hems.home import GRID_RECORDED, parse_home
from custom_components.hems.home import RECORDED as BOUND
from custom_components.hems.observe.measurements import RECORDED as MEASURABLE
from custom_components.hems.observe.readings import read_home
from tests.integration.entries import a_subentry, an_entry

KW = {"unit_of_measurement": "kW"}
W = {"unit_of_measurement": "W"}
PERCENT = {"unit_of_measurement": "%"}


def a_home(*subentries, **changes):
    return parse_home(an_entry(*subentries, **changes), "Europe/Berlin")


def read(hass, home):
    return read_home(hass, home, dt_util.utcnow())


def reading_of(hass, kind, **changes):
    """The only asset of a home, and how it reads."""
    home = a_home(a_subentry(kind, **changes))
    (name,) = home.titles
    return read(hass, home).assets[name]


@pytest.mark.parametrize(
    ("kind", "state", "attributes", "inverted", "power_kw"),
    [
        ("pv", "3500", W, False, -3.5),
        ("pv", "-3.5", KW, True, -3.5),
        ("battery", "2", KW, False, 2.0),
        ("battery", "2000", W, True, -2.0),
        ("battery", "0.002", {"unit_of_measurement": "MW"}, False, 2.0),
        ("ev_charger", "7360", W, False, 7.36),
    ],
    ids=["PV in W", "PV counted as consumption", "charging", "discharging counted positive", "MW", "wallbox"],
)
async def test_power_is_in_kw_and_positive_where_it_draws(hass, kind, state, attributes, inverted, power_kw):
    hass.states.async_set("sensor.power", state, attributes)
    reading = reading_of(hass, kind, power_entity="sensor.power", power_inverted=inverted)
    assert reading.power_kw == pytest.approx(power_kw)


async def test_a_battery_knows_its_energy_from_its_state_of_charge(hass):
    hass.states.async_set("sensor.battery_power", "0", W)
    hass.states.async_set("sensor.battery_soc", "42", PERCENT)
    reading = reading_of(hass, "battery")
    assert (reading.soc, reading.energy_kwh, reading.health) == (0.42, pytest.approx(4.2), ())


async def test_fahrenheit_becomes_celsius(hass):
    hass.states.async_set("sensor.living_room", "68", {"unit_of_measurement": "°F"})
    assert reading_of(hass, "heat_pump").temperature_c == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("state", "attributes", "reason"),
    [
        (None, {}, "does not exist"),
        ("unavailable", PERCENT, "is unavailable"),
        ("unknown", PERCENT, "is unknown"),
        ("full", PERCENT, "must be a number, got 'full'"),
        ("nan", PERCENT, "must be a finite number, got nan"),
        ("inf", PERCENT, "must be a finite number, got inf"),
        ("-247", PERCENT, "must be between 0 and 1, got -2.47"),
        ("140", PERCENT, "must be between 0 and 1, got 1.4"),
        ("5", {"unit_of_measurement": "kWh"}, "kWh is not a recognized unit"),
        ("50", {}, "None is not a recognized unit"),
    ],
    ids=[
        "missing",
        "unavailable",
        "unknown",
        "text",
        "NaN",
        "infinite",
        "below 0",
        "above 100",
        "wrong unit",
        "no unit",
    ],
)
async def test_a_state_of_charge_that_cannot_be_is_an_error_and_no_value(hass, state, attributes, reason):
    hass.states.async_set("sensor.battery_power", "0", W)
    if state is not None:
        hass.states.async_set("sensor.battery_soc", state, attributes)
    reading = reading_of(hass, "battery")
    assert reading.soc is None
    assert reading.energy_kwh is None
    (health,) = reading.health
    assert health.status is HealthStatus.ERROR
    assert health.source.endswith(".soc")
    assert reason in health.reason


async def test_a_power_that_the_device_cannot_have_is_not_believed(hass):
    hass.states.async_set("sensor.pv_power", "4200", KW)  # watts called kilowatts
    reading = reading_of(hass, "pv")
    assert reading.power_kw is None
    hass.states.async_set("sensor.pv_power", "42", KW)
    reading = reading_of(hass, "pv")
    assert reading.power_kw is None
    assert "more than twice what it can do" in reading.health[0].reason


@pytest.mark.parametrize(
    ("minutes", "soc", "status"),
    [(30, 0.5, None), (90, 0.5, HealthStatus.DEGRADED), (400, None, HealthStatus.ERROR)],
    ids=["fresh", "old", "stale"],
)
async def test_a_silent_sensor_is_used_for_a_while_and_then_unknown(
    hass, freezer: FrozenDateTimeFactory, minutes, soc, status
):
    hass.states.async_set("sensor.battery_power", "0", W)
    hass.states.async_set("sensor.battery_soc", "50", PERCENT)
    freezer.tick(timedelta(minutes=minutes))
    reading = reading_of(hass, "battery")
    assert reading.soc == soc
    assert [health.status for health in reading.health] == ([status] if status else [])


async def test_a_device_that_rests_at_zero_may_be_silent_all_night(hass, freezer: FrozenDateTimeFactory):
    hass.states.async_set("sensor.pv_power", "0", W)
    freezer.tick(timedelta(hours=14))
    reading = reading_of(hass, "pv")
    assert (reading.power_kw, reading.health) == (0.0, ())


@pytest.mark.parametrize(
    ("state", "connected", "healthy"),
    [("on", True, True), ("off", False, True), ("unavailable", None, False), ("open", None, False)],
)
async def test_a_car_is_there_not_there_or_unknown(hass, state, connected, healthy):
    hass.states.async_set("sensor.wallbox_power", "0", W)
    hass.states.async_set("binary_sensor.wallbox_connected", state)
    reading = reading_of(hass, "ev_charger")
    assert reading.connected is connected
    assert (reading.health == ()) is healthy


@pytest.mark.parametrize(("watts", "running"), [("3", False), ("1800", True)])
async def test_an_appliance_runs_when_it_draws_more_than_standby(hass, watts, running):
    hass.states.async_set("sensor.plug", watts, W)
    assert reading_of(hass, "appliance", power_entity="sensor.plug").running is running


async def test_the_load_is_what_the_meter_shows_without_the_assets(hass):
    hass.states.async_set("sensor.grid_power", "1500", W)
    hass.states.async_set("sensor.pv_power", "3", KW)
    hass.states.async_set("sensor.battery_power", "2", KW)
    hass.states.async_set("sensor.battery_soc", "50", PERCENT)
    hass.states.async_set("sensor.outdoor", "5", {"unit_of_measurement": "°C"})
    live = read(hass, a_home(a_subentry("pv"), a_subentry("battery")))
    assert (live.grid_kw, live.load_kw, live.outdoor_c) == (1.5, pytest.approx(2.5), 5.0)
    hass.states.async_set("sensor.pv_power", "unavailable")
    live = read(hass, a_home(a_subentry("pv"), a_subentry("battery")))
    assert live.load_kw is None


async def test_a_hybrid_inverter_loses_what_its_members_pass_on(hass):
    hass.states.async_set("sensor.grid_power", "0", W)
    hass.states.async_set("sensor.pv_power", "3", KW)
    inverter = a_subentry("inverter", efficiency=0.9) | {"subentry_id": "the_inverter"}
    home = a_home(inverter, a_subentry("pv", inverter="the_inverter"))
    live = read(hass, home)
    assert live.assets["the_inverter"].power_kw == pytest.approx(0.3)
    assert live.load_kw == pytest.approx(2.7)
    hass.states.async_set("sensor.pv_power", "unavailable")
    live = read(hass, home)
    assert live.assets["the_inverter"].power_kw is None
    assert live.load_kw is None


@pytest.mark.parametrize("kind", ["heat_pump", "hot_water"])
async def test_a_heater_that_draws_a_thousand_times_too_much_is_not_believed(hass, kind):
    hass.states.async_set("sensor.power", "1500", KW)
    assert reading_of(hass, kind, power_entity="sensor.power").power_kw is None


async def test_a_load_meter_of_its_own_is_believed(hass):
    grid = {"max_import_kw": 17.0, "max_export_kw": 10.0, "load_power_entity": "sensor.load"}
    hass.states.async_set("sensor.load", "700", W)
    live = read(hass, a_home(grid=grid))
    assert (live.grid_kw, live.load_kw) == (None, pytest.approx(0.7))


async def test_a_meter_that_counts_export_positive_is_turned_round(hass):
    grid = {
        "max_import_kw": 17.0,
        "max_export_kw": 10.0,
        "grid_power_entity": "sensor.grid_power",
        "grid_power_inverted": True,
    }
    hass.states.async_set("sensor.grid_power", "2", KW)
    assert read(hass, a_home(grid=grid)).grid_kw == -2.0


RECORDED = {
    "soh_entity": "sensor.health",
    "cycles_entity": "sensor.cycles",
    "device_temperature_entity": "sensor.cells",
    "voltage_entity": "sensor.volts",
    "current_entity": "sensor.amps",
}
STATES = {
    "sensor.health": ("96.5", PERCENT),
    "sensor.cycles": ("412", {}),
    "sensor.cells": ("77", {"unit_of_measurement": "°F"}),
    "sensor.volts": ("51200", {"unit_of_measurement": "mV"}),
    "sensor.amps": ("-12.5", {"unit_of_measurement": "A"}),
}


def a_measured_battery(hass, **states):
    hass.states.async_set("sensor.battery_power", "0", W)
    hass.states.async_set("sensor.battery_soc", "50", PERCENT)
    for entity_id, (state, attributes) in (STATES | states).items():
        hass.states.async_set(entity_id, state, attributes)
    return reading_of(hass, "battery", **RECORDED)


async def test_what_is_only_recorded_is_read_in_the_units_of_its_quantities(hass):
    assert a_measured_battery(hass).recorded == {
        "soh_percent": pytest.approx(96.5),
        "cycles": 412.0,
        "temperature_degc": pytest.approx(25.0),
        "voltage_v": pytest.approx(51.2),
        "current_a": -12.5,
    }


@pytest.mark.parametrize(
    ("entity_id", "state", "attributes", "quantity"),
    [
        ("sensor.health", "unknown", PERCENT, "soh_percent"),
        ("sensor.health", "970", PERCENT, "soh_percent"),
        ("sensor.health", "0.97", {}, "soh_percent"),
        ("sensor.cells", "unavailable", {}, "temperature_degc"),
        ("sensor.volts", "51.2", KW, "voltage_v"),
        ("sensor.volts", "nan", {"unit_of_measurement": "V"}, "voltage_v"),
        ("sensor.amps", "many", {"unit_of_measurement": "A"}, "current_a"),
        ("sensor.cycles", "-1", {}, "cycles"),
    ],
)
async def test_what_cannot_be_recorded_is_left_out_and_no_plan_is_the_worse_for_it(
    hass, entity_id, state, attributes, quantity
):
    reading = a_measured_battery(hass, **{entity_id: (state, attributes)})
    assert set(reading.recorded) == {"soh_percent", "cycles", "temperature_degc", "voltage_v", "current_a"} - {quantity}
    assert (reading.soc, reading.health) == (0.5, ())


async def test_a_voltage_grows_old_sooner_than_the_health_of_a_battery(hass, freezer: FrozenDateTimeFactory):
    a_measured_battery(hass)
    freezer.tick(timedelta(hours=3))
    assert set(reading_of(hass, "battery", **RECORDED).recorded) == {"soh_percent", "cycles", "temperature_degc"}
    freezer.tick(timedelta(days=6))
    assert set(reading_of(hass, "battery", **RECORDED).recorded) == {"soh_percent", "cycles"}
    freezer.tick(timedelta(days=1))
    assert reading_of(hass, "battery", **RECORDED).recorded == {}


async def test_the_connection_is_recorded_by_phase(hass):
    grid = {
        "max_import_kw": 17.0,
        "max_export_kw": 10.0,
        "grid_voltage_l1_entity": "sensor.u1",
        "grid_voltage_l3_entity": "sensor.u3",
        "grid_current_l2_entity": "sensor.i2",
    }
    hass.states.async_set("sensor.u1", "231.5", {"unit_of_measurement": "V"})
    hass.states.async_set("sensor.i2", "500", {"unit_of_measurement": "mA"})
    assert read(hass, a_home(grid=grid)).grid_recorded == {"voltage_l1_v": 231.5, "current_l2_a": 0.5}


def test_every_quantity_that_can_be_bound_can_be_measured_and_said():
    bound = {name for fields in (*BOUND.values(), GRID_RECORDED) for name in fields.values()}
    assert bound <= MEASURABLE.keys()
    assert MEASURABLE.keys() <= QUANTITIES.keys()
