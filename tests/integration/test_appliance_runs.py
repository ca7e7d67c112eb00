"""An appliance is asked to have run by a time: begun when energy is cheap, once, whatever happens in between."""

from datetime import UTC, datetime, timedelta

from homeassistant.exceptions import ServiceValidationError
import pytest

from custom_components.hems.const import DOMAIN
from custom_components.hems.core.optimiser import solve
from tests.integration.entries import a_subentry, an_entry
from tests.integration.running import TOKEN, pass_time

EVENING = datetime(2026, 11, 3, 20, tzinfo=UTC)
CHEAP = {"start": "01:00:00", "end": "03:30:00", "import_price_per_kwh": 0.1}
TARIFF = {"kind": "time_of_use", "import_price_per_kwh": 0.4, "export_price_per_kwh": 0.05, "periods": [CHEAP]}
STEP_S = 600


class Dishwasher:
    """Begins when its switch is turned on, and draws 0.6 kW for two hours."""

    def __init__(self, hass, freezer, *, metered=True):
        self._hass = hass
        self._freezer = freezer
        self._metered = metered
        self.started = []
        self.draws = None
        """Dictated instead of what it would draw, in kW."""
        hass.services.async_register("input_boolean", "turn_on", self._turn_on)
        hass.services.async_register("input_boolean", "turn_off", self._turn_off)
        hass.states.async_set("input_boolean.dishwasher", "on")
        hass.states.async_set("sensor.outdoor", "10", {"unit_of_measurement": "°C"})
        self.show()

    @property
    def now(self):
        return datetime.now(UTC)

    def show(self):
        power_kw = self.draws
        if power_kw is None:
            power_kw = 0.6 if self.started and self.now < self.started[-1] + timedelta(hours=2) else 0.0
        # A meter reports every now and then, also what has not changed.
        self._set("sensor.grid_power", 0.3 + power_kw)
        if self._metered:
            self._set("sensor.dishwasher", power_kw)

    def _set(self, entity_id, power_kw):
        self._hass.states.async_set(entity_id, str(power_kw), {"unit_of_measurement": "kW"}, force_update=True)

    async def _turn_on(self, call):
        self._hass.states.async_set("input_boolean.dishwasher", "on")
        self.started.append(self.now)

    async def _turn_off(self, call):
        self._hass.states.async_set("input_boolean.dishwasher", "off")

    async def wait_until(self, hour, minute=0):
        """The next time at which the clock shows that."""
        until = self.now.replace(hour=hour, minute=minute)
        until += timedelta(days=until <= self.now)
        while self.now < until:
            await pass_time(self._hass, self._freezer, min(STEP_S, (until - self.now).total_seconds()))
            self.show()
            await pass_time(self._hass, self._freezer, 0)


@pytest.fixture
async def dishwasher(hass, freezer):
    freezer.move_to(EVENING)
    await hass.config.async_set_time_zone("UTC")
    return Dishwasher(hass, freezer)


async def a_home(hass, freezer, engine, **appliance):
    """A real home with nothing but a dishwasher, and the optimiser behind its engine."""
    engine.solve = solve
    entry = an_entry(
        a_subentry("appliance", "Dishwasher", control_entity="input_boolean.dishwasher", **appliance),
        tariff=TARIFF,
        engine={"kind": "url", "url": engine.url, "token": TOKEN},
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await pass_time(hass, freezer, 1)
    return entry


@pytest.fixture
async def entry(hass, freezer, hass_storage, engine, dishwasher):
    entry = await a_home(hass, freezer, engine, power_entity="sensor.dishwasher")
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def restart(hass, entry):
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


async def press(hass, button):
    await hass.services.async_call("button", "press", {"entity_id": f"button.dishwasher_{button}"}, blocking=True)


async def act(hass, action, **data):
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)


def at(hour, minute=0):
    """A time of the coming night."""
    return EVENING.replace(hour=hour, minute=minute) + timedelta(days=hour < 20)


async def test_run_by_the_morning_begins_once_at_night_whatever_restarts(hass, freezer, entry, dishwasher):
    assert hass.states.get("sensor.dishwasher_run_wanted_by").state == "unavailable"
    assert hass.states.get("input_boolean.dishwasher").state == "on"
    await press(hass, "run_by_then")
    await pass_time(hass, freezer, 5)
    shown = hass.states.get("sensor.dishwasher_run_wanted_by")
    assert shown.state == "2026-11-04T07:00:00+00:00"
    assert at(1) <= shown.attributes["planned_start"] <= at(1, 30)
    assert datetime.fromisoformat(hass.states.get("sensor.dishwasher_next_change").state) >= at(1)
    assert hass.states.get("input_boolean.dishwasher").state == "off"
    await dishwasher.wait_until(23)
    await restart(hass, entry)
    await dishwasher.wait_until(2)
    (started,) = dishwasher.started
    assert at(1) <= started <= at(1, 30)
    assert entry.runtime_data.household.runs
    await restart(hass, entry)
    assert "started" in hass.states.get("sensor.dishwasher_run_wanted_by").attributes
    with pytest.raises(ServiceValidationError, match="is not stopped") as refused:
        await act(hass, "cancel_run", asset="Dishwasher")
    assert refused.value.translation_key == "run_under_way"
    await dishwasher.wait_until(9)
    assert dishwasher.started == [started]
    assert not entry.runtime_data.household.runs
    assert hass.states.get("input_boolean.dishwasher").state == "on", "used by hand whenever the household likes"
    assert hass.states.get("button.dishwasher_cancel_run").state == "unavailable"


async def test_machine_without_a_meter_is_started_once_too(hass, freezer, hass_storage, engine):
    freezer.move_to(EVENING)
    await hass.config.async_set_time_zone("UTC")
    dishwasher = Dishwasher(hass, freezer, metered=False)
    entry = await a_home(hass, freezer, engine)
    await act(hass, "request_run", asset="Dishwasher", within="11:00:00")
    await dishwasher.wait_until(2)
    await restart(hass, entry)
    await dishwasher.wait_until(8)
    assert len(dishwasher.started) == 1
    assert at(1) <= dishwasher.started[0] <= at(1, 30)
    assert not entry.runtime_data.household.runs
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def test_machine_that_somebody_starts_by_hand_has_run(hass, entry, dishwasher):
    await press(hass, "run_by_then")
    await dishwasher.wait_until(21)
    dishwasher.draws = 0.6
    await dishwasher.wait_until(21, 30)
    assert entry.runtime_data.household.runs
    with pytest.raises(ServiceValidationError, match="running since 2026-11-03 21:10"):
        await press(hass, "run_by_then")
    await dishwasher.wait_until(23)
    dishwasher.draws = 0.0
    await dishwasher.wait_until(5)
    assert not entry.runtime_data.household.runs
    assert not dishwasher.started


async def test_run_that_is_cancelled_does_not_begin(hass, entry, dishwasher):
    await press(hass, "run_by_then")
    assert hass.states.get("button.dishwasher_cancel_run").state == "unknown"
    await press(hass, "cancel_run")
    await dishwasher.wait_until(5)
    assert not dishwasher.started


async def test_newer_wish_replaces_the_run_that_waits(hass, entry, dishwasher):
    await press(hass, "run_by_then")
    answer = await act(hass, "request_run", asset="Dishwasher", ready_by="2026-11-03 23:00:00")
    assert datetime.fromisoformat(answer["planned_end"]) <= at(23)
    await dishwasher.wait_until(5)
    assert len(dishwasher.started) == 1
    assert dishwasher.started[0] <= at(21)


async def test_answer_names_start_end_and_cost(hass, entry):
    answer = await act(hass, "request_run", asset="Dishwasher", ready_by="2026-11-04 06:00:00", earliest=at(1, 15))
    start = datetime.fromisoformat(answer.pop("planned_start"))
    assert at(1, 15) <= start <= at(1, 30)
    assert answer.pop("planned_end") == (start + timedelta(hours=2)).isoformat()
    assert answer.pop("expected_cost") == pytest.approx(1.2 * 0.1, abs=1e-3)
    assert answer == {
        "asset": entry.runtime_data.home.site.assets[0].name,
        "title": "Dishwasher",
        "earliest": "2026-11-04T01:15:00+00:00",
        "ready_by": "2026-11-04T06:00:00+00:00",
        "currency": "EUR",
    }


async def test_run_that_never_began_is_dropped_and_named(hass, entry, dishwasher, caplog):
    await press(hass, "run_by_then")
    # Somebody switches HEMS off for the night.
    await hass.services.async_call("switch", "turn_off", {"entity_id": "switch.my_home_automatic"}, blocking=True)
    await dishwasher.wait_until(7, 30)
    assert not dishwasher.started
    assert not entry.runtime_data.household.runs
    assert caplog.text.count("Dishwasher: the run wanted by 2026-11-04 07:00 never began and is dropped") == 1
    health = hass.states.get("sensor.my_home_data_health")
    assert "Dishwasher: run" in {reason["source"] for reason in health.attributes["reasons"]}
    await press(hass, "run_by_then")
    await dishwasher.wait_until(7, 40)
    health = hass.states.get("sensor.my_home_data_health")
    assert "Dishwasher: run" not in {reason["source"] for reason in health.attributes["reasons"]}
