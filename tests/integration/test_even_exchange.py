"""A home that gives changes of the exchange a price: what the engine is asked, and what the battery then does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import HealthStatus, Optimal
from custom_components.hems.devices import Change
from tests.integration.running import FakeDevices, a_live, a_running_entry, dictated, pass_time

PRICES = {"kind": "fixed", "import_price_per_kwh": 0.3, "export_price_per_kwh": 0.08}
EVEN = PRICES | {"ramping_price_per_kw": 0.2}


@pytest.fixture(autouse=True)
def late_evening(freezer):
    freezer.move_to("2026-06-20 21:01:00+00:00")


@pytest.fixture
def devices():
    return FakeDevices(a_live("battery", grid_kw=1.0, load_kw=1.0))


def planned(engine, battery_kw, grid_kw):
    """From now on each plan wants this in all its steps."""

    def plan_of(request):
        plan = fallback_plan(request, "test")
        steps = plan.horizon.steps
        (battery,) = plan.assets
        return replace(
            plan,
            outcome=Optimal(),
            assets=(replace(battery, power_kw=(battery_kw,) * steps),),
            load_kw=(grid_kw - battery_kw,) * steps,
            import_kw=(grid_kw,) * steps,
            export_kw=(0.0,) * steps,
        )

    engine.solve = plan_of


def an_entry(engine, tariff=EVEN):
    return a_running_entry("battery", engine=engine.url, tariff=tariff)


def drawn(devices, load_kw):
    """Now the home draws so much beside its battery, as the meter shows."""
    battery_kw = devices.live.assets["battery"].power_kw
    devices.live = replace(devices.live, grid_kw=load_kw + battery_kw, load_kw=load_kw)
    devices.tell(Change.MEASUREMENT)


async def test_engine_hears_the_price_and_where_the_meter_stands(hass, freezer, engine, devices):
    async with dictated(hass, an_entry(engine), devices):
        await pass_time(hass, freezer, 1)
        request = engine.requests[-1]
        assert (request.weights.ramping_price_per_kw, request.grid_kw) == (0.2, 1.0)


@pytest.mark.parametrize(("tariff", "told_kw"), [(EVEN, -2.0), (PRICES, 0.0)], ids=["even", "off"])
async def test_battery_that_was_to_rest_keeps_the_planned_import_where_that_is_wanted(
    hass, freezer, engine, devices, tariff, told_kw
):
    planned(engine, battery_kw=0.0, grid_kw=1.0)
    async with dictated(hass, an_entry(engine, tariff), devices):
        await pass_time(hass, freezer, 1)
        drawn(devices, 3.0)
        assert devices.last("battery") == pytest.approx(told_kw)
        devices.measure("battery", power_kw=told_kw)
        drawn(devices, 3.0)
        assert devices.last("battery") == pytest.approx(told_kw), "it has settled"


async def test_battery_gives_no_more_than_that_takes_and_sells_nothing(hass, freezer, engine, devices):
    planned(engine, battery_kw=-0.5, grid_kw=1.0)
    async with dictated(hass, an_entry(engine), devices):
        await pass_time(hass, freezer, 1)
        drawn(devices, 0.7)
        assert devices.last("battery") == pytest.approx(0.0)
        drawn(devices, 1.2)
        assert devices.last("battery") == pytest.approx(-0.2)


async def test_limits_come_before_an_even_exchange(hass, freezer, engine, devices):
    planned(engine, battery_kw=4.0, grid_kw=7.0)
    limits = {"max_import_kw": 5.0, "max_export_kw": 10.0}
    async with dictated(
        hass, a_running_entry("battery", engine=engine.url, tariff=EVEN, grid=limits), devices
    ) as runtime:
        await pass_time(hass, freezer, 1)
        drawn(devices, 3.0)
        assert devices.last("battery") == pytest.approx(2.0), "of the 4 that would keep to the plan"
        drawn(devices, 6.0)
        assert devices.last("battery") <= -1.0
        await runtime.dispatcher.async_set_override("battery", 1.0, devices.now() + timedelta(hours=1))
        drawn(devices, 2.0)
        assert devices.last("battery") == pytest.approx(1.0), "a person's word comes first too"


async def test_without_a_meter_the_battery_does_what_was_planned(hass, freezer, engine, devices):
    planned(engine, battery_kw=-0.5, grid_kw=1.0)
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await pass_time(hass, freezer, 1)
        devices.live = replace(devices.live, grid_kw=None, load_kw=None)
        devices.tell(Change.MEASUREMENT)
        assert devices.last("battery") == pytest.approx(-0.5)
        health = {entry.source: entry.status for entry in runtime.dispatcher.setpoints["battery"].health}
        assert health["grid_kw"] is HealthStatus.DEGRADED
        await pass_time(hass, freezer, 300)
        assert engine.requests[-1].grid_kw is None


async def test_an_expired_plan_keeps_nothing_even(hass, freezer, engine, devices):
    planned(engine, battery_kw=0.0, grid_kw=1.0)
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await pass_time(hass, freezer, 1)
        runtime.coordinator._cancel()
        freezer.move_to(runtime.coordinator.data.plan.expires_at + timedelta(seconds=1))
        drawn(devices, 3.0)
        assert devices.last("battery") == pytest.approx(-3.0)
