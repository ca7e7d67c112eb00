"""What the dispatcher makes the devices do, and when it leaves them alone."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.hems import command_line
from custom_components.hems.core.model import HealthStatus
from custom_components.hems.devices import Change, Refused
from tests.integration import running
from tests.integration.running import FakeDevices, a_live, a_running_entry, dictated, pass_time


@pytest.fixture(autouse=True)
def late_morning(freezer):
    freezer.move_to("2026-06-20 10:01:00+00:00")


@pytest.fixture
def devices():
    return FakeDevices(a_live())


@pytest.fixture
async def runtime(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await pass_time(hass, freezer, 1)
        await pass_time(hass, freezer, 10)
        yield runtime


def an_hour_from(devices):
    return devices.now() + timedelta(hours=1)


async def test_override_reaches_the_device_before_anything_else_happens(runtime, devices):
    await runtime.dispatcher.async_set_override("hot_water", "on", an_hour_from(devices))
    assert devices.applied[-1] == ("hot_water", 0.7)
    assert runtime.dispatcher.live.assets["hot_water"].setpoint_kw == 0.7


async def test_end_of_an_override_gives_the_device_back(hass, freezer, runtime, devices):
    await runtime.dispatcher.async_set_override("battery", 3.0, devices.now() + timedelta(seconds=30))
    assert devices.last("battery") == 3.0
    await pass_time(hass, freezer, 40)
    assert not runtime.dispatcher.overrides
    assert devices.last("battery") != 3.0


async def test_override_can_be_taken_back(runtime, devices):
    await runtime.dispatcher.async_set_override("battery", "discharge", an_hour_from(devices))
    assert devices.last("battery") == -5.0
    await runtime.dispatcher.async_clear_override("battery")
    assert devices.last("battery") != -5.0
    await runtime.dispatcher.async_clear_override("battery")
    assert not runtime.dispatcher.overrides


WRONG_OVERRIDES = [
    ("battery", 9.0, "power_kw must be between -5 and 5, got 9"),
    ("pv", "charge", "mode 'charge' is not one that it has"),
    ("battery", "on", "mode 'on' is not one that it has"),
]


@pytest.mark.parametrize(("asset", "wanted", "reason"), WRONG_OVERRIDES)
async def test_override_beyond_the_device_is_refused_in_words(runtime, devices, asset, wanted, reason):
    before = list(devices.applied)
    with pytest.raises(ValueError, match=reason):
        await runtime.dispatcher.async_set_override(asset, wanted, an_hour_from(devices))
    assert devices.applied == before


async def test_battery_follows_the_meter_between_two_plans(hass, runtime, devices):
    devices.live = a_live(grid_kw=2.0, load_kw=4.0)
    devices.tell(Change.MEASUREMENT)
    assert devices.last("battery") < -1.0


async def test_a_silent_meter_is_not_run_after_beside_an_asset_without_one(hass, freezer, engine):
    devices = FakeDevices(a_live("battery", "appliance", grid_kw=2.0, load_kw=2.0))
    devices.live = replace(devices.live, grid_at=devices.now())
    devices.measure("appliance", power_kw=None)
    async with dictated(hass, a_running_entry("battery", "appliance", engine=engine.url), devices):
        await pass_time(hass, freezer, 1)
        told_kw = devices.last("battery")
        assert told_kw < -1.0
        for _ in range(3):
            devices.measure("battery", power_kw=devices.last("battery"))
            devices.live = replace(devices.live, load_kw=2.0 - devices.live.assets["battery"].power_kw)
            devices.tell(Change.MEASUREMENT)
        assert devices.last("battery") == pytest.approx(told_kw)


async def test_device_is_told_only_what_is_new(hass, freezer, runtime, devices):
    before = len(devices.applied)
    for _ in range(5):
        await pass_time(hass, freezer, 2)
    assert len(devices.applied) == before


@pytest.mark.parametrize("whole_home", [True, False])
async def test_switching_automatic_off_releases_the_device_and_leaves_it_alone(
    hass, freezer, runtime, devices, whole_home
):
    if whole_home:
        await runtime.dispatcher.async_update_settings(automatic=False)
    else:
        await runtime.dispatcher.async_update_asset("battery", automatic=False)
    assert devices.last("battery") is None
    before = [entry for entry in devices.applied if entry[0] == "battery"]
    devices.live = a_live(grid_kw=2.0, load_kw=4.0)
    for _ in range(5):
        await pass_time(hass, freezer, 2)
    assert [entry for entry in devices.applied if entry[0] == "battery"] == before


async def test_device_that_was_never_touched_is_not_released(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        devices.applied.clear()
        runtime.dispatcher._lines["heat_pump"].last = None
        await runtime.dispatcher.async_update_asset("heat_pump", automatic=False)
        assert not [entry for entry in devices.applied if entry[0] == "heat_pump"]


async def test_unloading_releases_every_device(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices):
        await pass_time(hass, freezer, 1)
        commanded = {name for name, power_kw in devices.applied if power_kw is not None}
    assert {"battery", "ev_charger"} <= commanded
    assert all(devices.last(name) is None for name in commanded)


async def test_unloading_waits_for_the_command_under_way_before_it_releases(hass, freezer, engine, devices):
    may_answer = asyncio.Event()
    answer = devices.async_apply

    async def hesitate(setpoint):
        if setpoint.asset == "battery" and setpoint.power_kw == 3.0:
            await may_answer.wait()
        return await answer(setpoint)

    devices.async_apply = hesitate
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await pass_time(hass, freezer, 1)
        await runtime.dispatcher.async_set_override("battery", 3.0, an_hour_from(devices))
        stopping = hass.async_create_task(runtime.dispatcher.async_stop())
        await asyncio.sleep(0)
        assert devices.last("battery") != 3.0
        may_answer.set()
        await stopping
        told = [power_kw for asset, power_kw in devices.applied if asset == "battery"]
        assert told[-2:] == [3.0, None]


async def test_no_device_waits_for_the_release_of_another(hass, freezer, engine, devices):
    may_answer = asyncio.Event()
    answer = devices.async_apply

    async def hesitate(setpoint):
        if setpoint.power_kw is None and setpoint.asset == "battery":
            await may_answer.wait()
        return await answer(setpoint)

    devices.async_apply = hesitate
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await pass_time(hass, freezer, 1)
        assert devices.last("ev_charger") is not None
        stopping = hass.async_create_task(runtime.dispatcher.async_stop())
        for _ in range(5):
            await asyncio.sleep(0)
        assert devices.last("ev_charger") is None
        assert devices.last("battery") is not None
        may_answer.set()
        await stopping
        assert devices.last("battery") is None


async def test_refused_command_is_tried_again_and_shown(hass, freezer, runtime, devices, caplog):
    devices.refuses["hot_water"] = "switch.tank does not answer"
    await runtime.dispatcher.async_set_override("hot_water", "on", an_hour_from(devices))
    assert isinstance(runtime.dispatcher.results["hot_water"], Refused)
    assert runtime.dispatcher.live.assets["hot_water"].health[-1].reason == "switch.tank does not answer"
    tries = len(devices.applied)
    await pass_time(hass, freezer, 2)
    assert len(devices.applied) == tries, "not every two seconds"
    await pass_time(hass, freezer, command_line.RETRY_S)
    assert len(devices.applied) > tries
    del devices.refuses["hot_water"]
    await pass_time(hass, freezer, command_line.RETRY_S)
    assert runtime.dispatcher.live.assets["hot_water"].setpoint_kw == 0.7
    assert caplog.text.count("hot water does not take commands") == 1
    assert caplog.text.count("hot water takes commands again") == 1


async def test_person_need_not_wait_for_a_device_that_refused(runtime, devices):
    devices.refuses["battery"] = "busy"
    await runtime.dispatcher.async_set_override("battery", 2.0, an_hour_from(devices))
    del devices.refuses["battery"]
    await runtime.dispatcher.async_set_override("battery", 3.0, an_hour_from(devices))
    assert runtime.dispatcher.live.assets["battery"].setpoint_kw == 3.0


async def test_device_that_hangs_holds_up_nobody_else(hass, freezer, runtime, devices, monkeypatch):
    apply, hung = devices.async_apply, asyncio.Event()

    async def hanging(setpoint):
        if setpoint.asset == "battery":
            await hung.wait()
        return await apply(setpoint)

    monkeypatch.setattr(devices, "async_apply", hanging)
    await runtime.dispatcher.async_set_override("battery", 2.0, an_hour_from(devices))
    await runtime.dispatcher.async_set_override("hot_water", "on", an_hour_from(devices))
    assert devices.last("hot_water") == 0.7
    await runtime.dispatcher.async_set_override("battery", 4.0, an_hour_from(devices))
    hung.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert devices.last("battery") == 4.0, "the newest wins"


async def test_command_without_an_answer_counts_as_refused(hass, freezer, runtime, devices, monkeypatch):
    async def never(setpoint):
        await asyncio.Event().wait()

    monkeypatch.setattr(devices, "async_apply", never)
    monkeypatch.setattr(command_line, "TIMEOUT_S", 0.0)
    await runtime.dispatcher.async_set_override("battery", 2.0, an_hour_from(devices))
    await pass_time(hass, freezer, 1)
    assert "no answer" in runtime.dispatcher.results["battery"].reason


async def test_expired_plan_gives_way_to_self_consumption(hass, freezer, engine, runtime, devices):
    plan = runtime.coordinator.data.plan
    engine.problem = None
    runtime.coordinator._cancel()
    devices.live = a_live(grid_kw=1.0, load_kw=3.0)
    freezer.move_to(plan.expires_at + timedelta(seconds=1))
    runtime.dispatcher.async_tick()
    assert runtime.dispatcher.setpoints["battery"].source == "fallback"
    assert devices.last("battery") == pytest.approx(-1.0, abs=0.1)


async def test_asset_whose_state_is_unknown_is_held_safe_and_named(hass, freezer, engine, runtime, devices):
    devices.measure("battery", energy_kwh=None, soc=None)
    await pass_time(hass, freezer, 300)
    assert devices.last("battery") in (0.0, None)
    request = engine.requests[-1]
    assert request.site.asset("battery") is None
    assert {entry.source: entry.status for entry in request.health}["battery.energy_kwh"] is HealthStatus.ERROR


async def test_run_that_is_asked_for_begins_and_ends(hass, freezer, runtime, devices):
    now = devices.now()
    await runtime.dispatcher.async_request_run("appliance", now, now + timedelta(hours=3))
    await pass_time(hass, freezer, 10)
    assert devices.last("appliance") > 0.0
    devices.measure("appliance", running=True, power_kw=0.2)
    devices.tell(Change.MEASUREMENT)
    assert runtime.household.runs["appliance"].started is not None
    with pytest.raises(ValueError, match="is running since"):
        await runtime.dispatcher.async_request_run("appliance", now, now + timedelta(hours=3))
    freezer.tick(timedelta(hours=2))
    devices.measure("appliance", running=False, power_kw=0.0)
    devices.tell(Change.MEASUREMENT)
    assert not runtime.household.runs


async def test_listeners_hear_each_tick_until_they_leave(runtime, devices):
    heard = []
    leave = runtime.dispatcher.async_add_listener(lambda: heard.append(1))
    devices.tell(Change.MEASUREMENT)
    leave()
    devices.tell(Change.MEASUREMENT)
    devices.tell(Change.OUTLOOK)
    assert heard == [1]


class TimedDevices(FakeDevices):
    """Devices that remember when they were told what."""

    def __init__(self, live):
        super().__init__(live)
        self.told = []

    async def async_apply(self, setpoint):
        self.told.append((setpoint.asset, self.now(), setpoint.power_kw))
        return await super().async_apply(setpoint)


TIMETABLE = {
    "hot_water": [(10, 0.7), (30, 0.0), (35, 0.7)],
    "heat_pump": [(5, 1.0), (15, 1.5), (20, 0.0), (40, 2.0)],
    "ev_charger": [(5, 2.3), (10, 0.0), (25, 3.68), (40, 0.0)],
    "battery": [(5, 1.0), (20, -1.0), (30, 2.0), (35, 0.0)],
}
"""Minutes after ten, and kW from then on."""


def timetabled(request, reason, plan_by_rule=running.fallback_plan):
    """Whenever it is asked for, the same timetable."""
    plan = plan_by_rule(request, reason)
    ten = datetime(2026, 6, 20, 10, tzinfo=UTC)

    def power_kw(asset, edge):
        return next((kw for minute, kw in reversed(TIMETABLE[asset]) if ten + timedelta(minutes=minute) <= edge), 0.0)

    edges = request.horizon.edges[:-1]
    return replace(
        plan,
        assets=tuple(
            replace(part, power_kw=tuple(power_kw(part.asset, edge) for edge in edges)) for part in plan.assets
        ),
    )


async def test_each_planned_command_is_issued_in_its_minute_and_once(hass, freezer, engine, monkeypatch):
    monkeypatch.setattr(running, "fallback_plan", timetabled)
    devices = TimedDevices(a_live(*TIMETABLE, grid_kw=None, load_kw=None))
    async with dictated(hass, a_running_entry(*TIMETABLE, engine=engine.url), devices):
        await pass_time(hass, freezer, 1)
        freezer.move_to("2026-06-20 10:04:57+00:00")
        await pass_time(hass, freezer, 1)
        devices.told.clear()
        while devices.now().minute < 45:
            await pass_time(hass, freezer, 2)
        assert len(engine.requests) >= 9, "the plan was made anew all the time"
        for asset, timetable in TIMETABLE.items():
            told = [(at, kw) for name, at, kw in devices.told if name == asset]
            assert [at.minute for at, _ in told] == [minute for minute, _ in timetable], asset
            assert [kw for _, kw in told] == pytest.approx([kw for _, kw in timetable]), asset
            assert all(at.second <= 2 for at, _ in told)
