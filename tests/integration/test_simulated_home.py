"""The simulated home: setpoints act on it, its measurements come back, and it lives on over restarts."""

from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from homeassistant.util import dt as dt_util
import pytest

from custom_components.hems.core.dispatch import Setpoint
from custom_components.hems.core.model import Horizon, Source
from custom_components.hems.core.simulation import World
from custom_components.hems.devices import Applied, Change, Refused
from custom_components.hems.flows.example import EXAMPLE_ASSETS
from custom_components.hems.simulated_home import SimulatedDevices
from tests.integration.running import a_running_entry, load, pass_time


@pytest.fixture(autouse=True)
def late_morning(freezer):
    freezer.move_to("2026-06-20 10:01:00+00:00")


def a_setpoint(asset, power_kw):
    return Setpoint(asset=asset, power_kw=power_kw, source=Source.USER, reason="test")


async def test_setpoint_acts_and_comes_back_in_the_next_tick(hass, freezer, engine):
    runtime = await load(hass, a_running_entry(engine=engine.url))
    await runtime.dispatcher.async_set_override("battery", 3.0, runtime.devices.now() + timedelta(hours=1))
    await pass_time(hass, freezer, 2)
    assert runtime.dispatcher.live.assets["battery"].power_kw == pytest.approx(3.0)
    soc = runtime.dispatcher.live.assets["battery"].soc
    await pass_time(hass, freezer, 20)
    assert runtime.dispatcher.live.assets["battery"].soc > soc


@pytest.mark.parametrize("speed", [1.0, 60.0, 600.0])
async def test_time_passes_at_its_speed(hass, freezer, engine, speed):
    runtime = await load(hass, a_running_entry("pv", "battery", engine=engine.url, speed=speed))
    start = runtime.devices.now()
    for _ in range(5):
        await pass_time(hass, freezer, 2)
    assert (runtime.devices.now() - start).total_seconds() == pytest.approx(10 * speed, rel=0.01)


async def test_energy_is_balanced_at_every_moment(hass, freezer, engine):
    runtime = await load(hass, a_running_entry(engine=engine.url, speed=60.0))
    for _ in range(5):
        await pass_time(hass, freezer, 1)
        live = runtime.devices.read()
        drawn = live.load_kw + sum(reading.power_kw for reading in live.assets.values())
        assert live.grid_kw == pytest.approx(drawn)


@contextmanager
def every_step_counted():
    """By meter and direction: the kWh of all the steps, however short, that the world takes meanwhile."""
    true_kwh, world_step = Counter(), World.step

    def step(world, dt_s, commands=None):
        reading = world_step(world, dt_s, commands)
        powers_kw = {name: asset.power_kw for name, asset in reading.assets.items()}
        for name, power_kw in (powers_kw | {"load": reading.load_kw, "grid": reading.grid_kw}).items():
            true_kwh[name, "in" if power_kw >= 0.0 else "out"] += abs(power_kw) * dt_s / 3600.0
        return reading

    with patch.object(World, "step", step):
        yield true_kwh


@pytest.mark.parametrize(("speed", "tick_s"), [(60.0, 20.0), (600.0, 2.0)])
async def test_counters_show_what_the_world_really_used(hass, freezer, engine, speed, tick_s):
    freezer.move_to("2026-03-20 10:01:00+00:00")
    runtime = await load(hass, a_running_entry(engine=engine.url, speed=speed))
    accounts, start = runtime.accounts, runtime.devices.now()
    twin = World.restore(runtime.devices.source._world.snapshot(), runtime.home.site)
    with every_step_counted() as true_kwh:
        for _ in range(round(86400.0 / speed / tick_s)):
            await pass_time(hass, freezer, tick_s)
    assert runtime.devices.now() - start >= timedelta(hours=23, minutes=50)
    for name in (*EXAMPLE_ASSETS, "load", "grid"):
        for direction in ("in", "out"):
            counted_kwh = accounts.energy_kwh(name, direction)
            assert counted_kwh == pytest.approx(true_kwh[name, direction], rel=0.005), (name, direction)
    assert sum(true_kwh[name, "in"] > 0.1 for name in EXAMPLE_ASSETS) >= 4
    told = accounts.outturns
    # At these speeds plans are late now and then, and what no plan promised is not compared.
    counted_h = sum(hour.counted_h for hour in told)
    assert counted_h > 6.0
    mean_kw = sum(hour.realised.load_kwh for hour in told) / counted_h
    assert mean_kw == pytest.approx(true_kwh["load", "in"] / 24.0, rel=0.5)
    assert {"battery", "pv"} <= set(told[-1].expected.asset_kwh)
    # The household follows its integrals, whatever the steps and the commands.
    household_kwh = sum(twin.step(300.0).load_kw for _ in range(288)) / 12.0
    assert accounts.energy_kwh("load", "in") == pytest.approx(household_kwh, rel=0.005)


@pytest.mark.parametrize("speed", [60.0, 600.0])
async def test_tick_that_took_long_is_counted_too(hass, freezer, engine, speed):
    runtime = await load(hass, a_running_entry("battery", engine=engine.url, speed=speed))
    await pass_time(hass, freezer, 1)
    with every_step_counted() as true_kwh:
        before_kwh = runtime.accounts.energy_kwh("load", "in")
        await pass_time(hass, freezer, 29)
    counted_kwh = runtime.accounts.energy_kwh("load", "in") - before_kwh
    assert counted_kwh == pytest.approx(true_kwh["load", "in"], rel=0.005)


async def test_computer_that_slept_does_not_live_through_the_night_in_one_tick(hass, freezer, engine):
    runtime = await load(hass, a_running_entry("battery", engine=engine.url, speed=60.0))
    start = runtime.devices.now()
    await pass_time(hass, freezer, 8 * 3600)
    assert runtime.devices.now() - start <= timedelta(minutes=31)


async def test_outlook_covers_the_horizon(hass, freezer, engine):
    runtime = await load(hass, a_running_entry(engine=engine.url))
    horizon = Horizon.tiered(runtime.devices.now())
    outlook = await runtime.devices.async_outlook(horizon)
    for series in (outlook.load_kw, outlook.outdoor_c, outlook.pv_kw["pv"], outlook.draw_kw["hot_water"]):
        assert len(horizon.known("series", series)) == horizon.steps
    await pass_time(hass, freezer, 1)
    assert not engine.requests[-1].health


async def test_unknown_asset_is_refused(hass, engine):
    runtime = await load(hass, a_running_entry("battery", engine=engine.url))
    assert isinstance(await runtime.devices.async_apply(a_setpoint("sauna", 1.0)), Refused)
    assert isinstance(await runtime.devices.async_apply(a_setpoint("battery", None)), Applied)


async def test_tick_that_takes_long_is_followed_by_a_longer_one(hass, freezer, engine):
    runtime = await load(hass, a_running_entry("battery", engine=engine.url))
    await pass_time(hass, freezer, 5)
    start = runtime.devices.now()
    runtime.devices.source._ticking = True
    await pass_time(hass, freezer, 2)
    assert runtime.devices.now() == start
    runtime.devices.source._ticking = False
    await pass_time(hass, freezer, 2)
    assert (runtime.devices.now() - start).total_seconds() == pytest.approx(4.0, abs=0.01)


async def test_listeners_hear_of_each_tick(hass, freezer, engine):
    runtime = await load(hass, a_running_entry("battery", engine=engine.url))
    heard = []
    leave = runtime.devices.async_add_listener(heard.append)
    await pass_time(hass, freezer, 2)
    leave()
    await pass_time(hass, freezer, 2)
    assert heard == [Change.MEASUREMENT]


@pytest.mark.parametrize(("speed", "away", "expected"), [
    (1.0, timedelta(hours=3), "now"),
    (1.0, timedelta(days=5), "now"),
    (60.0, timedelta(hours=3), "then"),
])  # fmt: skip
async def test_home_lives_on_after_a_pause(hass, freezer, engine, speed, away, expected):
    entry = a_running_entry(engine=engine.url, speed=speed)
    runtime = await load(hass, entry)
    await pass_time(hass, freezer, 5)
    then = runtime.devices.now()
    await hass.config_entries.async_unload(entry.entry_id)
    freezer.tick(away)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    wanted = dt_util.utcnow() if expected == "now" else then
    assert abs(entry.runtime_data.devices.now() - wanted) <= timedelta(seconds=3)


async def test_battery_is_as_full_as_it_was(hass, freezer, engine):
    entry = a_running_entry(engine=engine.url, speed=60.0)
    runtime = await load(hass, entry)
    await runtime.dispatcher.async_set_override("battery", 5.0, runtime.devices.now() + timedelta(hours=1))
    for _ in range(5):
        await pass_time(hass, freezer, 2)
    soc = runtime.devices.read().assets["battery"].soc
    assert soc > 0.55
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.runtime_data.devices.read().assets["battery"].soc == pytest.approx(soc, abs=0.005)


async def test_snapshot_that_cannot_be_read_begins_a_new_life(hass, hass_storage, freezer, engine, caplog):
    entry = a_running_entry("battery", engine=engine.url)
    hass_storage[f"hems.{entry.entry_id}.world"] = {"version": 1, "data": {"version": 99}}
    runtime = await load(hass, entry)
    assert "begins anew" in caplog.text
    assert runtime.devices.read().assets["battery"].soc == pytest.approx(0.5, abs=0.01)


async def test_other_seed_is_another_home(hass, freezer, engine):
    entry = a_running_entry(engine=engine.url)
    await load(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(entry, data={**entry.data, "simulation_seed": 2})
    with patch.object(SimulatedDevices, "_live") as live:
        await hass.config_entries.async_setup(entry.entry_id)
        assert entry.runtime_data.devices.source._world.seed == 2
        live.assert_not_called()
