"""Events of the grid at home: obeyed at once and in time, kept over restarts, left on the household's word."""

from datetime import timedelta

from homeassistant.core import Context
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.hems.const import DOMAIN
from custom_components.hems.core.model import PriceSignal
from tests.integration.running import FakeDevices, a_live, a_running_entry, dictated, pass_time

CAR = "ev_charger"
LIMIT = {"kind": "import_limit", "limit_kw": 4.2, "duration": {"hours": 1}, "event_id": "dso-1"}


@pytest.fixture(autouse=True)
def at_noon(freezer):
    """Not at an edge of the rhythm."""
    freezer.move_to("2026-03-02 12:01:00+00:00")


def a_home_that_draws(grid_kw=8.0, **measured):
    """The car charges with 3.68 kW, the battery rests."""
    devices = FakeDevices(a_live("battery", CAR, grid_kw=grid_kw, load_kw=grid_kw - 3.68))
    devices.measure(CAR, power_kw=3.68)
    devices.measure("battery", soc=0.05, energy_kwh=0.5)
    for name, changes in measured.items():
        devices.measure(name, **changes)
    return devices


def an_entry(engine, **changes):
    return a_running_entry("battery", CAR, engine=engine.url, simulated=False, **changes)


async def act(hass, action, **data):
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)


def state(hass, entity):
    return hass.states.get(f"{entity.split('.')[0]}.simulated_home_{entity.split('.')[1]}").state


async def charging_by_hand(hass, runtime):
    """Whatever the plan says, somebody wants the car charged."""
    await runtime.dispatcher.async_set_override(CAR, 3.68, dt_util.utcnow() + timedelta(hours=20))
    await hass.async_block_till_done()


async def test_a_limit_is_obeyed_at_once_and_gone_at_its_end(hass, engine, freezer):
    devices = a_home_that_draws()
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await charging_by_hand(hass, runtime)
        assert devices.last(CAR) == pytest.approx(3.68)
        assert state(hass, "binary_sensor.grid_event") == "off"

        answer = await act(hass, "start_event", **LIMIT)
        await hass.async_block_till_done()
        assert (answer["event_id"], answer["state"]) == ("dso-1", "active")
        assert devices.last(CAR) == 0.0, "no time has passed"
        assert state(hass, "binary_sensor.grid_event") == "on"
        setpoint = runtime.dispatcher.setpoints[CAR]
        assert (str(setpoint.source), setpoint.reason) == ("grid_operator", "import_limit")

        devices.measure(CAR, power_kw=0.0)
        devices.live = a_live("battery", CAR, grid_kw=4.0, load_kw=4.0)
        devices.measure("battery", soc=0.05, energy_kwh=0.5)
        await pass_time(hass, freezer, 3599)
        assert devices.last(CAR) == 0.0
        await pass_time(hass, freezer, 1.5)
        assert devices.last(CAR) == pytest.approx(3.68)
        assert state(hass, "binary_sensor.grid_event") == "off"
        assert str(runtime.events.ledger.event("dso-1").state) == "done"


async def test_an_event_for_later_begins_by_itself_and_the_plan_knows_it_before(hass, engine, freezer):
    devices = a_home_that_draws()
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await charging_by_hand(hass, runtime)
        start = dt_util.utcnow() + timedelta(minutes=30)
        answer = await act(hass, "start_event", **LIMIT, start=start)
        await pass_time(hass, freezer, 3)
        assert answer["state"] == "accepted"
        assert devices.last(CAR) == pytest.approx(3.68)
        assert dt_util.parse_datetime(state(hass, "sensor.next_grid_event")) == start
        (limit,) = engine.requests[-1].limits
        assert (limit.start, limit.max_import_kw) == (start, 4.2)
        await pass_time(hass, freezer, 1800)
        assert devices.last(CAR) == 0.0
        assert state(hass, "sensor.next_grid_event") == "unknown"


async def test_powers_reach_the_plan_as_words_and_levels_as_prices_that_nobody_pays(hass, engine, freezer):
    devices = a_home_that_draws()
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await charging_by_hand(hass, runtime)
        hour = {"hours": 1}
        await act(hass, "start_event", kind="setpoint", asset="ev charger", power_kw=0, duration=hour)
        await act(hass, "start_event", kind="level", direction="down", duration=hour)
        await pass_time(hass, freezer, 3)
        asked = engine.requests[-1]
        assert [(word.asset, word.power_kw) for word in asked.overrides] == [(CAR, 0.0)], (
            "the operator's, not the user's"
        )
        (signal,) = asked.price_signals
        assert isinstance(signal, PriceSignal)
        assert not signal.paid
        assert signal.import_price_per_kwh > 0.0


async def test_events_outlive_a_restart(hass, engine, freezer, hass_storage):
    devices = a_home_that_draws()
    entry = an_entry(engine)
    async with dictated(hass, entry, devices) as runtime:
        await charging_by_hand(hass, runtime)
        await act(hass, "start_event", **LIMIT)
        await hass.async_block_till_done()
    assert devices.last(CAR) is None, "released, as nobody watches"
    async with dictated_again(hass, entry, devices) as runtime:
        assert [event.id for event in runtime.events.active] == ["dso-1"]
        assert devices.last(CAR) == 0.0


def dictated_again(hass, entry, devices):
    """The same entry with its storage."""
    again = MockConfigEntry(
        domain=DOMAIN,
        title=entry.title,
        data=dict(entry.data),
        entry_id=entry.entry_id,
        subentries_data=[
            {
                "data": dict(sub.data),
                "subentry_type": sub.subentry_type,
                "title": sub.title,
                "unique_id": None,
                "subentry_id": sub.subentry_id,
            }
            for sub in entry.subentries.values()
        ],
    )
    hass.config_entries._entries.pop(entry.entry_id, None)
    return dictated(hass, again, devices)


async def test_a_household_that_takes_no_part_is_left_alone(hass, engine):
    devices = a_home_that_draws()
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await charging_by_hand(hass, runtime)
        await act(hass, "start_event", **LIMIT)
        await hass.services.async_call(
            "switch", "turn_off", {"entity_id": "switch.simulated_home_take_part_in_grid_events"}, blocking=True
        )
        await hass.async_block_till_done()
        assert str(runtime.events.ledger.event("dso-1").state) == "opted_out"
        assert devices.last(CAR) == pytest.approx(3.68)
        answer = await act(hass, "start_event", **{**LIMIT, "event_id": "dso-2"})
        assert (answer["state"], answer["reason"]) == ("opted_out", "the household does not take part in events")
        await hass.services.async_call(
            "switch", "turn_on", {"entity_id": "switch.simulated_home_take_part_in_grid_events"}, blocking=True
        )
        assert (await act(hass, "start_event", **{**LIMIT, "event_id": "dso-3"}))["state"] == "active"


async def test_without_automatic_control_events_end_and_say_so(hass, engine):
    devices = a_home_that_draws()
    async with dictated(hass, an_entry(engine), devices) as runtime:
        await act(hass, "start_event", **LIMIT)
        await runtime.dispatcher.async_update_settings(automatic=False)
        event = runtime.events.ledger.event("dso-1")
        assert (str(event.state), event.reason) == ("opted_out", "automatic control of the home is off")
        answer = await act(hass, "start_event", **{**LIMIT, "event_id": "dso-2"})
        assert answer["state"] == "opted_out"


async def test_an_event_is_cancelled_or_opted_out_of_by_its_id(hass, engine):
    async with dictated(hass, an_entry(engine), a_home_that_draws()) as runtime:
        for key, opt_out in (("dso-1", False), ("dso-2", True)):
            await act(hass, "start_event", **{**LIMIT, "event_id": key})
            answer = await act(hass, "cancel_event", event_id=key, opt_out=opt_out)
            assert answer["state"] == ("opted_out" if opt_out else "cancelled")
        assert runtime.events.active == ()
        noted = await act(hass, "start_event", **{**LIMIT, "event_id": "dso-3", "opt_out": True})
        assert noted["state"] == "opted_out"


@pytest.mark.parametrize(
    ("changes", "key", "said"),
    [
        ({"limit_kw": None}, "event_malformed", "limit_kw: is missing; add it"),
        ({"limit_kw": 5000}, "event_malformed", "limit_kw: got 5000"),
        ({"event_id": "a/b"}, "event_malformed", "id: got"),
        ({"event_id": "taken"}, "event_duplicate", "choose another id"),
        ({"start": "2026-03-01 00:00:00"}, "event_expired", "would have ended"),
        ({"start": "2026-06-01 00:00:00"}, "event_impossible", "31 days"),
        ({"kind": "setpoint", "limit_kw": None, "power_kw": 900}, "event_out_of_range", "kW, got 900"),
        (
            {"kind": "setpoint", "limit_kw": None, "power_kw": -9, "asset": "ev charger"},
            "event_out_of_range",
            "between 0 and",
        ),
        ({"kind": "setpoint", "limit_kw": None, "power_kw": 1, "asset": "toaster"}, "asset_unknown", "toaster"),
        ({"duration": {"days": 8}}, "event_malformed", "duration_s: got 691200"),
    ],
)
async def test_an_event_that_cannot_be_is_refused_in_the_users_words(hass, engine, changes, key, said):
    async with dictated(hass, an_entry(engine), a_home_that_draws()) as runtime:
        await act(hass, "start_event", **{**LIMIT, "event_id": "taken"})
        data = {name: value for name, value in ({**LIMIT, "event_id": "new"} | changes).items() if value is not None}
        with pytest.raises(ServiceValidationError) as refused:
            await act(hass, "start_event", **data)
        assert refused.value.translation_key == key
        assert said in str(refused.value.translation_placeholders)
        assert len(runtime.events.ledger.events) == 1


@pytest.mark.parametrize(("event_id", "said"), [("other", "there is no event other"), ("a/b", "id: got")])
async def test_an_event_that_there_is_not_cannot_be_cancelled(hass, engine, event_id, said):
    async with dictated(hass, an_entry(engine), a_home_that_draws()):
        with pytest.raises(ServiceValidationError) as refused:
            await act(hass, "cancel_event", event_id=event_id)
        assert said in str(refused.value.translation_placeholders)


async def test_who_may_only_look_starts_no_event(hass, engine, hass_read_only_user):
    async with dictated(hass, an_entry(engine), a_home_that_draws()) as runtime:
        for action, data in (("start_event", LIMIT), ("cancel_event", {"event_id": "dso-1"})):
            with pytest.raises(Unauthorized):
                await hass.services.async_call(
                    DOMAIN, action, data, blocking=True, context=Context(user_id=hass_read_only_user.id)
                )
        assert runtime.events.ledger.events == ()


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "setpoint", "asset": CAR, "power_kw": 3.0, "duration": {"hours": 1}},
        {"kind": "level", "direction": "up", "assets": ["battery", CAR], "duration": {"hours": 1}},
    ],
    ids=["setpoint", "level"],
)
async def test_who_may_control_one_device_starts_no_event_for_another(hass, engine, data):
    user = MockUser(groups=[])
    user.add_to_hass(hass)
    user.mock_policy({"entities": {"entity_ids": {"switch.battery_automatic": True}}})
    async with dictated(hass, an_entry(engine), a_home_that_draws()) as runtime:
        with pytest.raises(Unauthorized):
            await hass.services.async_call(DOMAIN, "start_event", data, blocking=True, context=Context(user_id=user.id))
        assert runtime.events.ledger.events == ()


async def test_a_level_names_assets_as_people_call_them(hass, engine):
    async with dictated(hass, an_entry(engine), a_home_that_draws()) as runtime:
        await act(hass, "start_event", kind="level", direction="up", assets=["Battery"], duration={"hours": 1})
        assert runtime.events.steering.up == {"battery"}
