"""The home on MQTT: what it says, what it hears, and that nobody who talks nonsense gets further than an answer."""

import asyncio
from datetime import timedelta
import json
from unittest.mock import AsyncMock

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_mqtt_message

from custom_components.hems import mqtt_link
from custom_components.hems.core.exchange import (
    EventState,
    Topics,
    read_answer,
    read_plan,
    read_request,
    read_telemetry,
)
from custom_components.hems.core.exchange.reading import read
from custom_components.hems.core.exchange.status import Flexibility, Status
from tests.integration.entries import a_subentry
from tests.integration.entries import an_entry as a_real_entry
from tests.integration.running import TOKEN, FakeDevices, a_live, a_running_entry, dictated, load, pass_time

CAR = "ev_charger"
TOPICS = Topics("h-1")
EXCHANGE = {"publish": True, "home_id": "h-1", "interval_s": 10.0}
LIMIT = {"schema": 1, "id": "dso-1", "kind": "import_limit", "limit_kw": 4.2, "duration_s": 3600}


@pytest.fixture(autouse=True)
def at_noon(freezer):
    freezer.move_to("2026-03-02 12:01:00+00:00")


@pytest.fixture
def expected_lingering_timers():
    """Home Assistant's MQTT client in its test dress leaves one, where time is frozen."""
    return True


@pytest.fixture
def devices():
    """The car charges, and the household draws as much as the limit allows."""
    home = FakeDevices(a_live("battery", CAR, grid_kw=8.0, load_kw=4.32))
    home.measure(CAR, power_kw=3.68, soc=0.5)
    home.measure("battery", soc=0.05, energy_kwh=0.5)
    return home


def an_entry(engine, exchange=EXCHANGE, **changes):
    return a_running_entry("battery", CAR, engine=engine.url, simulated=False, exchange=exchange, **changes)


async def charging_by_hand(hass, runtime):
    await runtime.dispatcher.async_set_override(CAR, 3.68, dt_util.utcnow() + timedelta(hours=20))
    await settled(hass)


async def settled(hass):
    await hass.async_block_till_done(wait_background_tasks=True)


async def send(hass, topic, message, *, retain=False):
    payload = message if isinstance(message, str | bytes) else json.dumps(message)
    async_fire_mqtt_message(hass, topic, payload, retain=retain)
    await settled(hass)


def said(mqtt_mock, topic):
    """What was published there, the oldest first: payload and whether it is retained."""
    calls = [call.args for call in mqtt_mock.async_publish.call_args_list]
    return [(args[1], args[3]) for args in calls if args[0] == topic]


def states(mqtt_mock, event="dso-1"):
    found = [payload for payload, retain in said(mqtt_mock, TOPICS.event_state(event)) if payload]
    return [str(read_answer(payload).state) for payload in found]


def subscribed(mqtt_mock):
    return {call.args[0] for call in mqtt_mock.async_subscribe.call_args_list}


async def test_a_home_says_that_it_is_there_what_it_measures_and_what_it_plans(
    hass, engine, devices, mqtt_mock, freezer
):
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await pass_time(hass, freezer, 3)
        await pass_time(hass, freezer, 10)
        status, retained = said(mqtt_mock, TOPICS.status)[-1]
        assert retained
        assert read(Status, status).online
        (payload, retained), *_ = reversed(said(mqtt_mock, TOPICS.telemetry("battery")))
        battery = read_telemetry(payload)
        assert not retained
        assert (battery.kind, battery.site) == ("battery", "simulated_home")
        assert (battery.values["soc_percent"], battery.values["energy_kwh"]) == (5.0, 0.5)
        car = read_telemetry(said(mqtt_mock, TOPICS.telemetry(CAR))[-1][0])
        assert (car.values["power_kw"], car.values["connected"]) == (3.68, 1.0)
        assert read_telemetry(said(mqtt_mock, TOPICS.telemetry("grid"))[-1][0]).values["power_kw"] == 8.0
        assert "import_price_per_kwh" in read_telemetry(said(mqtt_mock, TOPICS.telemetry("site"))[-1][0]).values
        plan, retained = said(mqtt_mock, TOPICS.plan)[-1]
        assert retained
        assert read_plan(plan).made == runtime.coordinator.data.plan.made_at
        assert set(read_plan(plan).assets) == {"battery", CAR}
        assert len(plan) < 65536
        flexibility, _ = said(mqtt_mock, TOPICS.flexibility)[-1]
        assert not read(Flexibility, flexibility).available
    assert not read(Status, said(mqtt_mock, TOPICS.status)[-1][0]).online, "it is unloaded"


BOUND = {
    "sensor.battery_power": ("-1500", "W"),
    "sensor.battery_soc": ("50", "%"),
    "sensor.health": ("96.5", "%"),
    "sensor.cells": ("77", "°F"),
    "sensor.volts": ("51200", "mV"),
    "sensor.amps": ("-29.3", "A"),
    "sensor.u1": ("231.5", "V"),
}


async def test_what_is_bound_to_be_recorded_arrives_from_its_entities(hass, engine, mqtt_mock, freezer):
    for entity_id, (state, unit) in BOUND.items():
        hass.states.async_set(entity_id, state, {"unit_of_measurement": unit})
    more = {
        "soh_entity": "sensor.health",
        "device_temperature_entity": "sensor.cells",
        "voltage_entity": "sensor.volts",
        "current_entity": "sensor.amps",
    }
    grid = {"max_import_kw": 17.0, "max_export_kw": 10.0, "grid_voltage_l1_entity": "sensor.u1"}
    at = {"kind": "url", "url": engine.url, "token": TOKEN}
    entry = a_real_entry(a_subentry("battery", **more), engine=at, exchange=EXCHANGE, grid=grid)
    await load(hass, entry)
    await pass_time(hass, freezer, 10)
    values = read_telemetry(said(mqtt_mock, TOPICS.telemetry("battery"))[-1][0]).values
    assert values["power_kw"] == -1.5
    recorded = {name: values[name] for name in ("soh_percent", "temperature_degc", "voltage_v", "current_a")}
    assert recorded == pytest.approx(
        {"soh_percent": 96.5, "temperature_degc": 25.0, "voltage_v": 51.2, "current_a": -29.3}
    )
    assert read_telemetry(said(mqtt_mock, TOPICS.telemetry("grid"))[-1][0]).values["voltage_l1_v"] == 231.5
    hass.states.async_set("sensor.health", "unavailable")
    await pass_time(hass, freezer, 10)
    values = read_telemetry(said(mqtt_mock, TOPICS.telemetry("battery"))[-1][0]).values
    assert "soh_percent" not in values
    assert values["voltage_v"] == pytest.approx(51.2)
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(("interval_s", "messages"), [(1.0, 20), (10.0, 2), (60.0, 0)])
async def test_measurements_come_as_often_as_is_wanted(hass, engine, devices, mqtt_mock, freezer, interval_s, messages):
    async with dictated(hass, an_entry(engine, {**EXCHANGE, "interval_s": interval_s}), devices):
        await pass_time(hass, freezer, 1)
        before = len(said(mqtt_mock, TOPICS.telemetry("grid")))
        for _ in range(20):
            await pass_time(hass, freezer, 1)
        assert len(said(mqtt_mock, TOPICS.telemetry("grid"))) - before == pytest.approx(messages, abs=11)


async def test_a_moment_is_said_once(hass, engine, devices, mqtt_mock, freezer):
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await pass_time(hass, freezer, 10)
        said_before = len(said(mqtt_mock, TOPICS.telemetry(CAR)))
        runtime.link._tell_measurements()
        await settled(hass)
        assert len(said(mqtt_mock, TOPICS.telemetry(CAR))) == said_before


async def test_measurements_do_not_pile_up_before_a_broker_that_takes_none(
    hass, engine, devices, mqtt_mock, freezer, monkeypatch
):
    monkeypatch.setattr(mqtt_link, "MOST_WAITING", 10)
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await pass_time(hass, freezer, 10)
        may_take = asyncio.Event()

        async def hesitate(*_args, **_options):
            await may_take.wait()

        monkeypatch.setattr(mqtt_mock, "async_publish", hesitate)
        for _ in range(10):
            freezer.tick(timedelta(seconds=10))
            runtime.dispatcher.async_tick()
            runtime.link._tell_measurements()
        waiting = len(runtime.link._waiting)
        runtime.link._tell_status()
        waiting_with_status = len(runtime.link._waiting)
        may_take.set()
        await settled(hass)
        assert waiting == 10
        assert waiting_with_status == 11, "what is retained is said in any case"
        assert not runtime.link._waiting


async def test_a_message_that_cannot_be_published_silences_no_other(
    hass, engine, devices, mqtt_mock, freezer, monkeypatch
):
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await pass_time(hass, freezer, 10)
        with monkeypatch.context() as broken:
            broken.setattr(mqtt_mock, "async_publish", AsyncMock(side_effect=ValueError("too large")))
            runtime.link._tell_status()
            await settled(hass)
        said_before = len(said(mqtt_mock, TOPICS.status))
        runtime.link._tell_status()
        await settled(hass)
        assert len(said(mqtt_mock, TOPICS.status)) == said_before + 1


async def test_a_sensor_that_talks_nonsense_silences_only_itself(hass, engine, devices, mqtt_mock, freezer):
    devices.measure(CAR, power_kw=1e5, soc=0.5)
    async with dictated(hass, an_entry(engine), devices):
        await pass_time(hass, freezer, 10)
        car = read_telemetry(said(mqtt_mock, TOPICS.telemetry(CAR))[-1][0])
        assert "power_kw" not in car.values
        assert car.values["soc_percent"] == 50.0


async def test_a_limit_over_mqtt_is_obeyed_and_answered(hass, engine, devices, mqtt_mock, freezer):
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await charging_by_hand(hass, runtime)
        assert devices.last(CAR) == pytest.approx(3.68)
        await send(hass, TOPICS.event_request, LIMIT)
        assert devices.last(CAR) == 0.0, "no time has passed"
        assert states(mqtt_mock) == ["active"]
        assert read(Status, said(mqtt_mock, TOPICS.status)[-1][0]).event == "dso-1"
        devices.live = a_live("battery", CAR, grid_kw=4.0, load_kw=4.0)
        await pass_time(hass, freezer, 3601)
        assert states(mqtt_mock) == ["active", "done"]
        assert devices.last(CAR) == pytest.approx(3.68)
        await pass_time(hass, freezer, 24 * 3600 + 1)
        assert said(mqtt_mock, TOPICS.event_state("dso-1"))[-1] == (b"", True), "cleared"


async def test_a_request_is_accepted_begun_and_cancelled(hass, engine, devices, mqtt_mock, freezer):
    async with dictated(hass, an_entry(engine), devices):
        start = (dt_util.utcnow() + timedelta(minutes=10)).isoformat()
        await send(hass, TOPICS.event_request, LIMIT | {"start": start, "home": "h-1"})
        assert states(mqtt_mock) == ["accepted"]
        await pass_time(hass, freezer, 601)
        await send(hass, TOPICS.event_cancel, {"schema": 1, "id": "dso-1"})
        assert states(mqtt_mock) == ["accepted", "active", "cancelled"]


@pytest.mark.parametrize(
    ("description", "message", "topic", "said_of_it"),
    [
        ("expired", LIMIT | {"expires": "2026-03-02T12:00:00Z"}, "dso-1", "expires (2026-03-02T12:00:00+00:00) has"),
        ("foreign", LIMIT | {"home": "h-2"}, "dso-1", "home: this is not h-2"),
        ("malformed", LIMIT | {"limit_kw": "much"}, "dso-1", 'limit_kw: got "much", must be a plain number'),
        ("unreadable", "limit=3", None, "not JSON"),
        ("nameless", {"kind": "level"}, None, "id: is missing; add it"),
        ("wild", LIMIT | {"id": "#"}, None, "id: got"),
        ("huge", LIMIT | {"reason": "x" * 70_000}, "dso-1", "at most 65536 bytes"),
        ("no text", b"\xff\xfe", None, "not JSON"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
async def test_what_cannot_be_accepted_is_refused_with_a_reason(
    hass, engine, devices, mqtt_mock, description, message, topic, said_of_it
):
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await charging_by_hand(hass, runtime)
        await send(hass, TOPICS.event_request, message)
        where = TOPICS.event_states if topic is None else TOPICS.event_state(topic)
        ((payload, retained),) = said(mqtt_mock, where)
        answer = read_answer(payload)
        assert (answer.id, answer.state, retained) == (topic, EventState.REFUSED, False)
        assert said_of_it in answer.reason
        assert runtime.events.ledger.events == ()
        assert devices.last(CAR) == pytest.approx(3.68)


async def test_a_message_that_comes_twice_ends_nothing(hass, engine, devices, mqtt_mock):
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await send(hass, TOPICS.event_request, LIMIT)
        await send(hass, TOPICS.event_request, LIMIT | {"limit_kw": 0.0})
        assert states(mqtt_mock) == ["active", "active"], "what is known is said once more"
        ((payload, retained),) = said(mqtt_mock, TOPICS.event_states)
        assert (read_answer(payload).id, retained) == ("dso-1", False)
        assert runtime.events.limits[0].max_import_kw == 4.2


async def test_a_cancellation_of_nothing_is_refused(hass, engine, devices, mqtt_mock):
    async with dictated(hass, an_entry(engine), devices):
        await send(hass, TOPICS.event_cancel, {"id": "dso-9"})
        assert states(mqtt_mock, "dso-9") == ["refused"]


async def test_a_retained_request_would_begin_with_each_restart_and_is_refused(hass, engine, devices, mqtt_mock):
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await send(hass, TOPICS.event_request, LIMIT, retain=True)
        assert states(mqtt_mock) == ["refused"]
        assert runtime.events.active == ()


async def test_a_retained_request_that_expires_is_accepted(hass, engine, devices, mqtt_mock):
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await send(hass, TOPICS.event_request, LIMIT | {"expires": "2026-03-02T13:00:00Z"}, retain=True)
        assert [event.id for event in runtime.events.active] == ["dso-1"]


async def test_a_flood_of_messages_is_stopped(hass, engine, devices, mqtt_mock):
    async with dictated(hass, an_entry(engine), devices) as runtime:
        for number in range(125):
            async_fire_mqtt_message(hass, TOPICS.event_request, json.dumps(LIMIT | {"id": f"e{number}"}))
        await settled(hass)
        assert len(runtime.events.ledger.events) == 120


async def test_everything_is_said_again_to_a_broker_that_comes_back(hass, engine, devices, mqtt_mock):
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await send(hass, TOPICS.event_request, LIMIT)
        mqtt_mock.async_publish.reset_mock()
        runtime.link._on_connection(True)
        await settled(hass)
        assert states(mqtt_mock) == ["active"]
        assert said(mqtt_mock, TOPICS.status)


async def test_goodbye_is_said_once_before_home_assistant_stops(hass, engine, devices, mqtt_mock):
    heard = []
    hass.bus.async_listen_once(
        EVENT_HOMEASSISTANT_STOP, callback(lambda _: heard.extend(said(mqtt_mock, TOPICS.status)))
    )
    async with dictated(hass, an_entry(engine), devices):
        await settled(hass)
        await hass.async_stop()
        assert [read(Status, payload).online for payload, _ in heard][-2:] == [True, False]
        assert said(mqtt_mock, TOPICS.status) == heard
        hass.set_state(CoreState.running)


async def test_nothing_is_said_or_heard_unless_it_is_wanted(hass, engine, devices, mqtt_mock, freezer):
    async with dictated(hass, an_entry(engine, {**EXCHANGE, "publish": False}), devices) as runtime:
        await pass_time(hass, freezer, 61)
        await send(hass, TOPICS.event_request, LIMIT)
        assert not [call for call in mqtt_mock.async_publish.call_args_list if call.args[0].startswith("hems/")]
        assert runtime.events.ledger.events == ()


async def test_a_home_without_its_mqtt_integration_runs_and_says_what_is_missing(hass, engine, devices):
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await settled(hass)
        issues = ir.async_get(hass).issues
        assert any(key[1].startswith("mqtt_missing") for key in issues)
        assert runtime.dispatcher.live is not None
        hass.config_entries.async_update_entry(
            (entry := runtime.coordinator.config_entry), data={**entry.data, "exchange": {"publish": False}}
        )
        await settled(hass)
        assert not any(key[1].startswith("mqtt_missing") for key in issues), "nobody wants to publish any more"


def test_the_example_message_is_a_request():
    assert read_request(json.dumps(LIMIT)).id == "dso-1"
