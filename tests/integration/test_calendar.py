"""The calendar: what the plan has for each asset, on the home's clock in the list and on the wall's in the state."""

from datetime import timedelta

from homeassistant.util import dt as dt_util
import pytest

from custom_components.hems.runtime import PlanView
from tests.builders import START, hours
from tests.integration.shown import NOW, a_live, a_shown_entry, dictated, show

SCHEDULE = "calendar.my_home_schedule"


async def listed(hass, start, end):
    answer = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": SCHEDULE, "start_date_time": start.isoformat(), "end_date_time": end.isoformat()},
        blocking=True,
        return_response=True,
    )
    return [(event["summary"], event["start"], event["end"]) for event in answer[SCHEDULE]["events"]]


def local(at):
    return dt_util.as_local(at).isoformat()


async def test_it_lists_what_the_plan_has_and_not_what_nobody_decides(hass, freezer):
    freezer.move_to(NOW)
    entry = await show(hass)
    assert await listed(hass, START, hours(24)) == [
        ("Home battery charges with 2.0 kW", local(hours(0)), local(hours(2))),
        ("Heat pump heats with 0.8 kW", local(hours(0)), local(hours(24))),
        ("Wallbox charges with 7.0 kW", local(hours(3)), local(hours(5))),
        ("Dishwasher runs with 0.6 kW", local(hours(12)), local(hours(14))),
        ("Home battery discharges with 3.0 kW", local(hours(18)), local(hours(20))),
    ]
    await unload(hass, entry)


async def test_it_lists_only_what_was_asked_for(hass, freezer):
    freezer.move_to(NOW)
    entry = await show(hass)
    found = await listed(hass, hours(13), hours(18))
    assert [summary for summary, _, _ in found] == ["Heat pump heats with 0.8 kW", "Dishwasher runs with 0.6 kW"]
    await unload(hass, entry)


async def test_its_state_is_on_while_something_planned_happens(hass, freezer):
    freezer.move_to(NOW)
    entry = await show(hass)
    state = hass.states.get(SCHEDULE)
    assert state.state == "on"
    assert state.attributes["message"] == "Home battery charges with 2.0 kW"
    assert state.attributes["description"] == "4.0 kWh"
    await unload(hass, entry)


async def test_without_a_plan_it_is_empty(hass):
    entry = await show(hass)
    entry.runtime_data.coordinator.publish(PlanView(plan=None, request=None))
    assert hass.states.get(SCHEDULE).state == "off"
    assert await listed(hass, START, hours(24)) == []


async def test_it_lists_what_somebody_scheduled_instead_of_the_plan_that_follows(hass, freezer):
    freezer.move_to(NOW)
    entry = await show(hass)
    dispatcher = entry.runtime_data.dispatcher
    await dispatcher.async_set_override("ev_charger", 7.0, hours(5), hours(2))
    await dispatcher.async_set_override("hot_water", "off", hours(50), hours(49))
    assert await listed(hass, hours(2), hours(12)) == [
        ("Heat pump heats with 0.8 kW", local(hours(0)), local(hours(24))),
        ("Wallbox charges with 7.0 kW: you asked for it", local(hours(2)), local(hours(5))),
    ]
    asked = ("Tank stays off: you asked for it", local(hours(49)), local(hours(50)))
    assert await listed(hass, hours(40), hours(60)) == [asked]
    entry.runtime_data.coordinator.publish(PlanView(plan=None, request=None))
    assert [summary for summary, _, _ in await listed(hass, START, hours(60))] == [
        "Wallbox charges with 7.0 kW: you asked for it",
        "Tank stays off: you asked for it",
    ]
    await unload(hass, entry)


@pytest.mark.parametrize("speed", [1, 60])
async def test_in_a_simulated_home_the_state_is_on_the_wall_clock(hass, freezer, speed):
    freezer.move_to("2027-07-01T12:00:00Z")
    entry = await show(hass, a_shown_entry(simulated=True, simulation_seed=1, simulation_speed=speed))
    entry.runtime_data.dispatcher.tick(a_live())
    state = hass.states.get(SCHEDULE)
    assert state.state == "on"
    ends = dt_util.utcnow() + timedelta(minutes=110) / speed
    assert state.attributes["end_time"] == dt_util.as_local(ends).strftime("%Y-%m-%d %H:%M:%S")
    await unload(hass, entry)


async def unload(hass, entry):
    """Home Assistant's calendars keep an alarm for the end of their event."""
    with dictated():
        assert await hass.config_entries.async_unload(entry.entry_id)
