"""A charger that uses more phases than it was told is found by its meter."""

from datetime import timedelta

from homeassistant.util import dt as dt_util
import pytest

from custom_components.hems.abilities import observed_asset
from custom_components.hems.core.dispatch import Setpoint
from custom_components.hems.core.model import HealthStatus, Source
from custom_components.hems.entity_devices import EntityDevices
from custom_components.hems.home import parse_home
from custom_components.hems.observe.phases import SETTLES
from custom_components.hems.observe.readings import NO_PHASE_ENTITY
from tests.integration.entries import a_subentry, an_entry
from tests.integration.running import FakeDevices, a_live, a_running_entry, dictated, pass_time


class Watched:
    """A real charger with a meter that a test dictates."""

    def __init__(self, hass, freezer, **changes):
        self.hass, self.freezer = hass, freezer
        entities = {"control_entity": "number.current", "phase_entity": "select.phases"}
        self.home = parse_home(an_entry(a_subentry("ev_charger", **entities | changes)), "UTC")
        (self.name,) = self.home.titles
        self.devices = EntityDevices(hass, self.home, "abc")
        hass.states.async_set("binary_sensor.wallbox_connected", "on")

    async def told(self, power_kw, phases):
        setpoint = Setpoint(asset=self.name, power_kw=power_kw, phases=phases, source=Source.PLAN, reason="plan")
        await self.devices.async_apply(setpoint)

    def reads(self, power_kw, after=timedelta(0)):
        self.freezer.tick(after)
        self.hass.states.async_set("sensor.wallbox_power", str(power_kw), {"unit_of_measurement": "kW"})
        return self.devices.read().assets[self.name]


async def test_a_charger_that_draws_three_times_as_much_counts_as_three_phase_until_its_car_leaves(hass, freezer):
    charger = Watched(hass, freezer)
    await charger.told(2.0, 1)
    assert charger.reads(6.0).phases is None
    reading = charger.reads(6.0, after=SETTLES)
    assert reading.phases == 3
    (health,) = reading.health
    assert health.status is HealthStatus.DEGRADED
    assert "draws 6.0 kW instead of 2.0 kW on 1 phase" in health.reason
    assert observed_asset(charger.home.asset(charger.name), reading).phases == (3,)
    await charger.told(0.0, None)
    assert charger.reads(0.0).phases == 3
    hass.states.async_set("binary_sensor.wallbox_connected", "off")
    assert charger.reads(0.0).phases is None


HARMLESS = [
    ("little more", {}, 2.0, 1, [2.9, 2.9]),
    ("a meter that lags", {}, 2.0, 1, [6.0, 2.0, 6.0]),
    ("three phases were meant", {}, 4.2, 3, [11.0, 11.0]),
    ("a charger that stops late", {}, 0.0, None, [3.0, 3.0]),
    ("a switch gives no power", {"control_entity": "switch.wallbox"}, 2.0, 1, [6.0, 6.0]),
    ("a meter that is silent", {}, 2.0, 1, ["unavailable", "unavailable"]),
]


@pytest.mark.parametrize(
    ("changes", "power_kw", "phases", "shown"), [row[1:] for row in HARMLESS], ids=[row[0] for row in HARMLESS]
)
async def test_what_the_setpoint_can_explain_is_no_contradiction(hass, freezer, changes, power_kw, phases, shown):
    charger = Watched(hass, freezer, **changes)
    await charger.told(power_kw, phases)
    assert [charger.reads(each, after=SETTLES).phases for each in shown] == [None] * len(shown)


async def test_more_power_than_a_single_phase_can_carry_is_believed(hass, freezer):
    charger = Watched(hass, freezer, phases=[1])
    await charger.told(3.68, 1)
    charger.reads(11.0)
    assert charger.reads(11.0, after=SETTLES).phases == 3


async def test_a_charger_whose_phases_nobody_sets_says_so(hass, freezer):
    charger = Watched(hass, freezer, phase_entity=None)
    assert [health.reason for health in charger.reads(0.0).health] == [NO_PHASE_ENTITY]


async def test_a_charger_that_contradicts_is_held_and_planned_as_three_phase(hass, freezer, engine):
    devices = FakeDevices(a_live())
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await runtime.dispatcher.async_set_override("ev_charger", 2.0, dt_util.utcnow() + timedelta(hours=2))
        await pass_time(hass, freezer, 3)
        assert runtime.dispatcher.setpoints["ev_charger"].phases == 1
        devices.measure("ev_charger", phases=3)
        await pass_time(hass, freezer, 3)
        assert runtime.dispatcher.setpoints["ev_charger"].power_kw == 0.0
        plan = await runtime.coordinator.async_plan_now()
        assert plan is not None
        (charger,) = (asset for asset in engine.requests[-1].site.assets if asset.name == "ev_charger")
        assert charger.phases == (3,)
