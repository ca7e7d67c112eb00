"""What others were caught at around their optimiser, shown in a home that runs; see tests/cases/faults.toml."""

from dataclasses import replace
from datetime import timedelta
import json
import threading

from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
import pytest

from custom_components.hems import coordinator as coordinator_module
from custom_components.hems.const import DOMAIN
from custom_components.hems.core.explain import reasons
from custom_components.hems.core.model import Series
from custom_components.hems.core.optimiser import solve
from custom_components.hems.devices import Change, Outlook
from tests.integration.running import NOWHERE, FakeDevices, a_live, a_running_entry, dictated, pass_time

BY_ENTITY = {"kind": "entity", "import_price_entity": "sensor.price", "export_price_per_kwh": 0.05}


@pytest.fixture(autouse=True)
def morning(freezer):
    freezer.move_to("2026-06-20 10:00:01+00:00")


BOTH = ("battery", "ev_charger")


@pytest.fixture
def devices():
    return FakeDevices(a_live(*BOTH, grid_kw=0.5, load_kw=0.5))


def publish(devices, *prices):
    """A price for each hour, the first of them the running one."""
    start = devices.now().replace(minute=0, second=0)
    devices.outlook = Outlook(import_price=Series.regular(start, timedelta(hours=1), list(prices)))


async def test_prices_that_arrive_after_a_plan_are_in_the_next_one_within_seconds(hass, freezer, engine, devices):
    publish(devices, *[0.3] * 12)
    async with dictated(hass, a_running_entry(*BOTH, engine=engine.url, tariff=BY_ENTITY), devices):
        await pass_time(hass, freezer, 1)
        await pass_time(hass, freezer, 10)
        tomorrow = devices.now() + timedelta(hours=20)
        assert engine.requests[-1].prices_known_until < tomorrow
        publish(devices, *[0.3] * 12, *[0.7] * 24)
        devices.tell(Change.OUTLOOK)
        await pass_time(hass, freezer, 1)
        assert engine.requests[-1].prices_known_until > tomorrow
        assert engine.requests[-1].tariff.import_price.at(tomorrow) == 0.7


async def test_charging_ends_within_seconds_when_the_rate_is_corrected(hass, freezer, engine, devices):
    engine.solve = solve
    await hass.config.async_set_time_zone("UTC")
    publish(devices, 0.05, *[0.26] * 35)
    async with dictated(hass, a_running_entry(*BOTH, engine=engine.url, tariff=BY_ENTITY), devices):
        await pass_time(hass, freezer, 1)
        await pass_time(hass, freezer, 60)
        assert devices.last("ev_charger") > 3.0
        publish(devices, *[0.26] * 4, *[0.05] * 32)
        devices.tell(Change.OUTLOOK)
        await pass_time(hass, freezer, 3)
        assert devices.last("ev_charger") == 0.0


async def test_reasons_are_worked_out_beside_the_event_loop(hass, freezer, engine, devices, monkeypatch):
    threads = []

    def watched(plan, request):
        threads.append(threading.current_thread())
        return reasons(plan, request)

    monkeypatch.setattr(coordinator_module, "reasons", watched)
    async with dictated(hass, a_running_entry(*BOTH, engine=engine.url), devices):
        await pass_time(hass, freezer, 1)
    assert threads
    assert threading.main_thread() not in threads


async def test_each_cycle_shows_how_it_ended_and_how_old_its_plan_is(hass, freezer, engine, devices, monkeypatch):
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)

    def status_and_age():
        status, age_min = (hass.states.get(f"sensor.simulated_home_plan_{key}").state for key in ("status", "age"))
        return status, float(age_min)

    async with dictated(hass, a_running_entry(*BOTH, engine=engine.url), devices) as runtime:
        await pass_time(hass, freezer, 1)
        assert status_and_age() == ("optimal", 0)
        for _ in range(3):
            await pass_time(hass, freezer, 60)
        assert status_and_age() == ("optimal", 3)
        engine.refuse(500, "solver crashed")
        await pass_time(hass, freezer, 120)
        assert status_and_age() == ("fallback", 0)
        # Not even a safe plan any more: the last one ends by itself.
        runtime.coordinator._cancel()
        await pass_time(hass, freezer, 901)
        assert status_and_age() == ("none", 15)


class MeteredDevices(FakeDevices):
    """The battery does what it is told, and the meter shows it."""

    async def async_apply(self, setpoint):
        if setpoint.asset == "battery" and setpoint.power_kw is not None:
            self.measure("battery", power_kw=setpoint.power_kw)
            self.live = replace(self.live, grid_kw=self.live.load_kw + setpoint.power_kw)
        return await super().async_apply(setpoint)


async def test_home_without_internet_is_still_controlled(hass, freezer, socket_enabled):
    """No price, no forecast, no engine: what is measured here is enough for the battery to serve the home."""
    devices = MeteredDevices(a_live("battery", grid_kw=1.5, load_kw=1.5, outdoor_c=None))
    entry = a_running_entry("battery", engine=NOWHERE, tariff=BY_ENTITY)
    async with dictated(hass, entry, devices):
        await pass_time(hass, freezer, 1)
        for _ in range(8):
            await pass_time(hass, freezer, 300)
        assert devices.last("battery") == pytest.approx(-1.5, abs=0.1)
        assert hass.states.get("sensor.simulated_home_plan_status").state == "fallback"
        assert hass.states.get("sensor.simulated_home_data_health").state == "error"


async def test_states_stay_small_and_series_come_by_action(hass, freezer, engine):
    """Of a plan for two days, an attribute may have 16 KiB before it is dropped: none comes near that."""
    async with dictated(hass, a_running_entry(engine=engine.url), FakeDevices(a_live())) as runtime:
        await pass_time(hass, freezer, 1)
        assert runtime.coordinator.data.plan.horizon.steps > 90
        entities = er.async_entries_for_config_entry(er.async_get(hass), runtime.coordinator.config_entry.entry_id)
        states = [hass.states.get(entity.entity_id) for entity in entities if entity.disabled_by is None]
        assert len(states) > 50
        for state in states:
            assert len(json.dumps(dict(state.attributes), default=str)) < 2048, state.entity_id
        answer = await hass.services.async_call(DOMAIN, "get_plan", {}, blocking=True, return_response=True)
        assert len(answer["rows"]) == runtime.coordinator.data.plan.horizon.steps
        assert len(json.dumps(answer)) > 16 * 1024
