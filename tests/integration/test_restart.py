"""Home Assistant restarts in the middle of a plan, and nothing is lost."""

from datetime import date, time, timedelta

from homeassistant.config_entries import ConfigEntryState
import pytest

from custom_components.hems.core.accounting import DayAccount
from tests.integration.running import FakeDevices, a_live, a_running_entry, dictated, load, pass_time


@pytest.fixture(autouse=True)
def late_morning(freezer):
    freezer.move_to("2026-06-20 10:01:00+00:00")


@pytest.fixture
def entry(engine):
    return a_running_entry(engine=engine.url)


async def restart(hass, entry):
    """As far as the entry sees it."""
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry.runtime_data


async def test_plan_that_still_holds_is_gone_on_with(hass, freezer, engine, entry):
    runtime = await load(hass, entry)
    await pass_time(hass, freezer, 1)
    before = runtime.coordinator.data
    engine.refuse(503, "starting")
    freezer.tick(60)
    runtime = await restart(hass, entry)
    assert runtime.coordinator.data == before
    assert runtime.dispatcher.setpoints["battery"].source == "plan"
    engine.mend()
    await pass_time(hass, freezer, 5)
    assert runtime.coordinator.data.plan.made_at > before.plan.made_at


async def test_plan_that_has_expired_is_not_gone_on_with(hass, freezer, engine, entry):
    await load(hass, entry)
    await pass_time(hass, freezer, 1)
    await hass.config_entries.async_unload(entry.entry_id)
    freezer.tick(timedelta(hours=1))
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.runtime_data.coordinator.data.plan is None


async def test_wishes_are_remembered(hass, freezer, engine, entry):
    runtime = await load(hass, entry)
    dispatcher, now = runtime.dispatcher, runtime.devices.now()
    await dispatcher.async_update_settings(mode="self_consumption", automatic=False)
    await dispatcher.async_update_asset("ev_charger", target_soc=0.95, departure=time(6, 15))
    await dispatcher.async_update_asset("heat_pump", automatic=False)
    await dispatcher.async_set_override("battery", 2.0, now + timedelta(hours=2))
    await dispatcher.async_request_run("appliance", now, now + timedelta(hours=9))
    wishes = runtime.household.wishes
    runtime = await restart(hass, entry)
    assert runtime.household.wishes == wishes
    assert runtime.dispatcher.settings.assets["ev_charger"].departure == time(6, 15)


async def test_wish_that_was_never_made_follows_the_configuration(hass, freezer, engine, entry):
    runtime = await load(hass, entry)
    await runtime.dispatcher.async_update_asset("battery", automatic=False)
    await runtime.dispatcher.async_update_asset("heat_pump", comfort_min_c=21.0)
    (battery,) = entry.get_subentries_of_type("battery")
    hass.config_entries.async_update_subentry(entry, battery, data={**battery.data, "min_soc": 0.3})
    await hass.async_block_till_done()
    settings = entry.runtime_data.dispatcher.settings.assets
    assert settings["battery"].reserve_soc == 0.3
    assert settings["battery"].automatic is False
    assert settings["heat_pump"].comfort_min_c == 21.0


async def test_override_that_ended_meanwhile_is_over(hass, freezer, engine):
    entry = a_running_entry(engine=engine.url)
    devices = FakeDevices(a_live())
    async with dictated(hass, entry, devices) as runtime:
        await runtime.dispatcher.async_set_override("battery", 2.0, devices.now() + timedelta(minutes=5))
        await pass_time(hass, freezer, 2)
        await hass.config_entries.async_unload(entry.entry_id)
        freezer.tick(timedelta(minutes=10))
        await hass.config_entries.async_setup(entry.entry_id)
        assert not entry.runtime_data.dispatcher.overrides


async def test_counters_go_on(hass, freezer, engine, entry):
    runtime = await load(hass, entry)
    await pass_time(hass, freezer, 1)
    for _ in range(30):
        await pass_time(hass, freezer, 10)
    load_kwh = runtime.accounts.energy_kwh("load", "in")
    today = runtime.accounts.today
    assert load_kwh > 0.01
    runtime = await restart(hass, entry)
    assert runtime.accounts.energy_kwh("load", "in") == load_kwh
    assert runtime.accounts.today == today


async def test_what_was_paid_yesterday_is_not_shown_as_paid_today(hass, freezer, engine):
    entry = a_running_entry("battery", engine=engine.url)
    devices = FakeDevices(a_live("battery", grid_kw=3.0, load_kw=3.0))
    async with dictated(hass, entry, devices) as runtime:
        await pass_time(hass, freezer, 1)
        for _ in range(6):
            await pass_time(hass, freezer, 10)
        assert runtime.accounts.today.cost > 0.0
        await hass.config_entries.async_unload(entry.entry_id)
        freezer.move_to("2026-06-21 10:00:00+00:00")
        # Without the meter there is nothing to count, and so nobody turns the page.
        devices.live = a_live("battery", grid_kw=None, load_kw=None)
        await hass.config_entries.async_setup(entry.entry_id)
        await pass_time(hass, freezer, 2)
        assert entry.runtime_data.accounts.today == DayAccount(day=date(2026, 6, 21))
        cost = hass.states.get("sensor.simulated_home_cost_today")
        assert (float(cost.state), cost.attributes["last_reset"]) == (0.0, "2026-06-21T00:00:00-07:00")


@pytest.mark.parametrize("part", ["accounts", "world"])
async def test_what_could_not_be_loaded_is_not_written_over(hass, hass_storage, engine, entry, part, caplog):
    stored = {"version": 99, "minor_version": 1, "data": {"from": "a newer version"}}
    hass_storage[f"hems.{entry.entry_id}.{part}"] = dict(stored)
    await load(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert hass_storage[f"hems.{entry.entry_id}.{part}"] == stored
    assert "AttributeError" not in caplog.text


async def test_what_became_of_the_last_hours_is_kept(hass, freezer, engine):
    entry = a_running_entry("battery", engine=engine.url, speed=60.0)
    runtime = await load(hass, entry)
    for _ in range(8):
        await runtime.coordinator.async_plan_now()
        await pass_time(hass, freezer, 10)
    outturns = runtime.accounts.outturns
    assert outturns
    assert outturns[-1].realised.load_kwh > 0.0
    runtime = await restart(hass, entry)
    assert runtime.accounts.outturns == outturns


async def test_counters_that_cannot_be_read_begin_anew(hass, hass_storage, engine, entry, caplog):
    hass_storage[f"hems.{entry.entry_id}.accounts"] = {"version": 1, "data": {"version": 0}}
    runtime = await load(hass, entry)
    assert "begin anew" in caplog.text
    assert runtime.accounts.energy_kwh("grid", "in") == 0.0
    assert runtime.accounts.today.cost == 0.0


async def test_silence_of_a_quarter_of_an_hour_is_not_counted(hass, freezer, engine, entry):
    devices = FakeDevices(a_live())
    async with dictated(hass, entry, devices) as runtime:
        await pass_time(hass, freezer, 2)
        await pass_time(hass, freezer, 2)
        counted = runtime.accounts.energy_kwh("load", "in")
        assert counted == pytest.approx(0.5 * 2 / 3600, rel=0.01)
        await pass_time(hass, freezer, 1800)
        assert runtime.accounts.energy_kwh("load", "in") == counted
        devices.live = a_live(load_kw=None)
        await pass_time(hass, freezer, 2)
        assert runtime.accounts.energy_kwh("load", "in") == counted


UNREADABLE = [("plan", {"plan": 3}), ("wishes", {"settings": {"mode": 5}})]


@pytest.mark.parametrize(("part", "data"), UNREADABLE)
async def test_file_that_cannot_be_read_is_said_and_started_afresh(
    hass, hass_storage, engine, entry, caplog, part, data
):
    hass_storage[f"hems.{entry.entry_id}.{part}"] = {"version": 1, "data": data}
    runtime = await load(hass, entry)
    assert runtime.coordinator.data.plan is None
    assert f"{part} cannot be used" in caplog.text
