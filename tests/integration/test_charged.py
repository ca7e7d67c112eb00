"""What a car was given since it came is counted."""

from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.hems.entity_devices import EntityDevices
from custom_components.hems.home import parse_home
from custom_components.hems.observe.charged import LONGEST_SAMPLE
from tests.integration.entries import a_subentry, an_entry

HALF_AN_HOUR = (timedelta(minutes=10),) * 3


class Wallbox:
    """A charger that a test dictates."""

    def __init__(self, hass, freezer):
        self.hass, self.freezer = hass, freezer
        self.home = parse_home(an_entry(a_subentry("ev_charger"), a_subentry("battery")), "UTC")
        self.name = next(name for name, title in self.home.titles.items() if title == "ev charger")
        self.devices = self.restarted()

    def restarted(self):
        # An asset is called like its subentry, which a restart does not change.
        self.devices = EntityDevices(self.hass, self.home, "abc")
        return self.devices

    def shows(self, power_kw, connected="on"):
        self.hass.states.async_set("sensor.wallbox_power", str(power_kw), {"unit_of_measurement": "kW"})
        self.hass.states.async_set("binary_sensor.wallbox_connected", connected)
        return self.devices.read().assets[self.name].charged_kwh

    def charges(self, power_kw, steps, connected="on"):
        """What is counted after the steps."""
        counted_kwh = self.shows(power_kw, connected)
        for step in steps:
            self.freezer.tick(step)
            counted_kwh = self.shows(power_kw, connected)
        return counted_kwh


@pytest.fixture
def wallbox(hass, freezer):
    return Wallbox(hass, freezer)


async def test_energy_is_counted_while_a_car_is_there(wallbox):
    assert wallbox.shows(0.0) == 0.0
    assert wallbox.charges(8.0, HALF_AN_HOUR) == pytest.approx(4.0)
    assert wallbox.charges(0.0, HALF_AN_HOUR) == pytest.approx(4.0)


async def test_the_next_car_begins_at_nothing(wallbox):
    wallbox.charges(8.0, HALF_AN_HOUR)
    assert wallbox.shows(0.0, connected="off") is None
    assert wallbox.shows(0.0) == 0.0
    assert wallbox.charges(4.0, HALF_AN_HOUR) == pytest.approx(2.0)


UNCOUNTED = [
    ("a long silence", 8.0, (LONGEST_SAMPLE + timedelta(seconds=1),)),
    ("a meter without a value", "unavailable", HALF_AN_HOUR),
    ("a charger that feeds", -0.01, HALF_AN_HOUR),
    ("no time", 8.0, (timedelta(0),)),
]


@pytest.mark.parametrize(("power_kw", "steps"), [row[1:] for row in UNCOUNTED], ids=[row[0] for row in UNCOUNTED])
async def test_what_nobody_knows_is_not_counted(wallbox, power_kw, steps):
    assert wallbox.charges(power_kw, steps) == 0.0


async def test_a_plug_sensor_that_fails_does_not_send_the_car_away(wallbox):
    wallbox.charges(8.0, HALF_AN_HOUR)
    assert wallbox.shows(0.0, connected="unavailable") == pytest.approx(4.0)


async def test_the_count_goes_on_after_a_restart(hass, wallbox):
    await wallbox.devices.async_start()
    wallbox.charges(8.0, HALF_AN_HOUR)
    await wallbox.devices.async_stop()
    await wallbox.restarted().async_start()
    assert wallbox.charges(8.0, HALF_AN_HOUR) == pytest.approx(8.0)
    await wallbox.devices.async_stop()


async def test_the_count_is_stored_while_it_goes_on(hass, hass_storage, freezer, wallbox):
    wallbox.charges(8.0, HALF_AN_HOUR)
    freezer.tick(61)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass_storage["hems.abc.charged"]["data"] == {wallbox.name: pytest.approx(4.0)}


async def test_a_stored_count_of_something_else_is_left_alone(hass, hass_storage, wallbox):
    hass_storage["hems.abc.charged"] = {"version": 1, "data": {"sauna": 3.0, wallbox.name: "much"}}
    await wallbox.devices.async_start()
    assert wallbox.shows(0.0) == 0.0
    await wallbox.devices.async_stop()


async def test_only_chargers_are_counted(wallbox):
    wallbox.shows(8.0)
    battery = next(name for name in wallbox.home.titles if name != wallbox.name)
    assert wallbox.devices.read().assets[battery].charged_kwh is None
