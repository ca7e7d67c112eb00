"""Holidays and absences: where they come from, how they are remembered, and what the load is then expected to be."""

from datetime import UTC, date, datetime, timedelta

from homeassistant.components.calendar import CalendarEntity, CalendarEvent
from homeassistant.components.calendar.const import DATA_COMPONENT
from homeassistant.core import State, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest

from custom_components.hems.core.model import HealthStatus, Horizon
from custom_components.hems.core.model.load_learning import Absence
from custom_components.hems.devices import Change
from custom_components.hems.entity_devices import EntityDevices
from custom_components.hems.home import parse_home
from custom_components.hems.observe.absences import AbsenceLog, is_away
from tests.integration.entries import an_entry, home_data
from tests.integration.test_observe_load import HeldEngine
from tests.integration.test_observe_outlook import remember

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
"""A Monday."""
TUESDAY = date(2026, 6, 16)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FREE_DAY_KW, WORKING_DAY_KW, AWAY_KW = 2.0, 1.0, 0.1


@pytest.fixture(autouse=True)
async def ten_in_utc(hass, freezer):
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to(NOW)


class Diary(CalendarEntity):
    """A calendar that a test holds in its hands."""

    entity_id = "calendar.diary"
    event = None

    def __init__(self, *events):
        self.events = [CalendarEvent(summary="", start=start, end=end) for start, end in events]
        self.problem = None

    async def async_get_events(self, hass, start_date, end_date):
        if self.problem is not None:
            raise self.problem
        return self.events


async def a_diary(hass, *events):
    assert await async_setup_component(hass, "calendar", {})
    diary = Diary(*events)
    await hass.data[DATA_COMPONENT].async_add_entities([diary])
    return diary


def a_workday(hass, holidays):
    """The binary sensor of Workday and its action; returns the days that were asked for."""
    asked = []

    async def check(call):
        asked.append(call.data["check_date"])
        day = date.fromisoformat(call.data["check_date"])
        return {"binary_sensor.workday": {"workday": day.weekday() < 5 and day not in holidays}}

    hass.services.async_register("workday", "check_date", check, supports_response=SupportsResponse.ONLY)
    hass.states.async_set("binary_sensor.workday", "on")
    return asked


def a_home(hass, engine=None, **grid):
    changed = home_data()["grid"] | {"load_power_entity": "sensor.house"} | grid
    return EntityDevices(hass, parse_home(an_entry(grid=changed), "UTC"), "01ABC", engine)


async def outlook_of(devices):
    return await devices.async_outlook(Horizon.even(devices.now(), HOUR, 48))


def told(outlook, source, status=HealthStatus.OK):
    return [entry.reason for entry in outlook.health if (entry.source, entry.status) == (source, status)]


@pytest.fixture
async def lived(recorder_mock, hass):
    """Two weeks; Tuesday the 9th was a holiday, and nobody was at home from the 3rd to the 5th."""

    def load(moment):
        if date(2026, 6, 3) <= moment.date() < date(2026, 6, 5):
            return AWAY_KW
        return FREE_DAY_KW if moment.weekday() >= 5 or moment.day == 9 else WORKING_DAY_KW

    await remember(hass, "sensor.house", "kW", "power", load)


@pytest.mark.usefixtures("lived")
async def test_a_holiday_is_expected_as_past_ones_and_working_days_are_not_spoilt_by_them(hass):
    a_workday(hass, {date(2026, 6, 9), TUESDAY})
    outlook = await outlook_of(a_home(hass, holiday_entity="binary_sensor.workday"))
    assert outlook.load_kw.at(NOW + DAY) == pytest.approx(FREE_DAY_KW)
    assert outlook.load_kw.at(NOW + 6 * HOUR) < 1.1
    assert told(outlook, "holidays") == ["2026-06-16, by binary_sensor.workday: expected as on free days"]
    plain = await outlook_of(a_home(hass))
    assert plain.load_kw.at(NOW + DAY) < 1.3
    assert told(plain, "holidays") == []


@pytest.mark.usefixtures("lived")
async def test_the_engine_is_told_of_holidays_and_absences(hass):
    a_workday(hass, {date(2026, 6, 9), TUESDAY})
    await a_diary(hass, (date(2026, 6, 3), date(2026, 6, 5)), (NOW + 6 * HOUR, NOW + 30 * HOUR))
    engine = HeldEngine()
    await outlook_of(a_home(hass, engine, holiday_entity="binary_sensor.workday", away_entity="calendar.diary"))
    history = engine.asked[0].history
    assert history.holidays == (date(2026, 6, 9), TUESDAY)
    assert history.away == (
        Absence(start=datetime(2026, 6, 3, tzinfo=UTC), end=datetime(2026, 6, 5, tzinfo=UTC)),
        Absence(start=NOW + 6 * HOUR, end=NOW + 30 * HOUR),
    )


@pytest.mark.usefixtures("lived")
async def test_a_year_is_learned_with_its_holidays(hass, freezer):
    a_workday(hass, {date(2026, 6, 9), TUESDAY})
    engine = HeldEngine(learned=False)
    devices = a_home(hass, engine, holiday_entity="binary_sensor.workday")
    await outlook_of(devices)
    freezer.tick(timedelta(minutes=31))
    await outlook_of(devices)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert engine.learned[0].history.holidays == (date(2026, 6, 9),)


@pytest.mark.usefixtures("lived")
async def test_workday_is_asked_once_for_each_working_day_and_again_later(hass):
    asked = a_workday(hass, set())
    devices = a_home(hass, holiday_entity="binary_sensor.workday")
    await outlook_of(devices)
    days = len(asked)
    assert 10 <= days <= 13
    assert {date.fromisoformat(day).weekday() for day in asked} == set(range(5))
    await outlook_of(devices)
    assert len(asked) == days
    reading = await devices._load._days.async_read(NOW - DAY, NOW + DAY, NOW + 7 * HOUR)
    assert (len(asked), reading.odd.holidays) == (days + 2, ())


@pytest.mark.usefixtures("lived")
async def test_only_events_of_whole_days_are_holidays(hass):
    await a_diary(
        hass,
        (date(2026, 6, 9), date(2026, 6, 10)),
        (datetime(2026, 6, 16, 9, tzinfo=UTC), datetime(2026, 6, 16, 18, tzinfo=UTC)),
    )
    engine = HeldEngine()
    outlook = await outlook_of(a_home(hass, engine, holiday_entity="calendar.diary"))
    assert engine.asked[0].history.holidays == (date(2026, 6, 9),)
    assert told(outlook, "holidays") == []


@pytest.mark.usefixtures("lived")
async def test_an_absence_that_is_announced_is_expected_as_the_last_one(hass):
    await a_diary(hass, (date(2026, 6, 3), date(2026, 6, 5)), (NOW + 6 * HOUR, NOW + 30 * HOUR))
    outlook = await outlook_of(a_home(hass, away_entity="calendar.diary"))
    assert outlook.load_kw.at(NOW + 5 * HOUR) == pytest.approx(WORKING_DAY_KW, abs=0.3)
    assert outlook.load_kw.at(NOW + 7 * HOUR) == pytest.approx(AWAY_KW, abs=0.05)
    assert told(outlook, "away") == ["nobody at home from Mon 16:00 to Tue 16:00, by calendar.diary"]


@pytest.mark.usefixtures("lived")
async def test_a_switch_counts_at_once_and_is_taken_to_last(hass, freezer):
    hass.states.async_set("input_boolean.holiday", "off")
    devices = a_home(hass, away_entity="input_boolean.holiday")
    assert told(await outlook_of(devices), "away") == []
    freezer.tick(timedelta(minutes=5))
    hass.states.async_set("input_boolean.holiday", "on")
    outlook = await outlook_of(devices)
    # No absence is known yet: the least of other days.
    assert outlook.load_kw.at(NOW + DAY) < 0.5
    assert told(outlook, "away") == ["nobody at home since Mon 10:05, which is taken to last, by input_boolean.holiday"]


@pytest.mark.usefixtures("lived")
async def test_who_is_at_work_is_not_away(hass, freezer):
    hass.states.async_set("person.anna", "not_home")
    devices = a_home(hass, away_entity="person.anna")
    await outlook_of(devices)
    freezer.tick(19 * HOUR)
    assert told(await outlook_of(devices), "away") == []
    freezer.tick(2 * HOUR)
    assert told(await outlook_of(devices), "away") == [
        "nobody at home since Mon 10:00, which is taken to last, by person.anna"
    ]


@pytest.mark.usefixtures("lived")
async def test_the_engine_is_asked_again_as_soon_as_somebody_leaves(hass, freezer):
    hass.states.async_set("input_boolean.holiday", "off")
    engine = HeldEngine()
    devices = a_home(hass, engine, away_entity="input_boolean.holiday")
    for state in ("off", "on", "on"):
        hass.states.async_set("input_boolean.holiday", state)
        await outlook_of(devices)
        freezer.tick(timedelta(minutes=5))
    assert [len(request.history.away) for request in engine.asked] == [0, 1]


async def test_absences_are_remembered_over_restarts(hass, freezer):
    async def read(state, after):
        freezer.tick(after)
        hass.states.async_set("input_boolean.holiday", state)
        devices = a_home(hass, away_entity="input_boolean.holiday")
        await devices.async_start()
        log = devices._absences
        away, _ = log.read("input_boolean.holiday", devices.now() + DAY, devices.now())
        await devices.async_stop()
        return away

    assert await read("on", timedelta(0)) == (Absence(start=NOW, end=NOW + DAY),)
    assert await read("on", 2 * DAY) == (Absence(start=NOW, end=NOW + 3 * DAY),)
    # Whoever came back while nobody looked did so some time after they were last seen away.
    assert await read("off", 2 * DAY) == (Absence(start=NOW, end=NOW + 2 * DAY),)
    assert await read("off", 401 * DAY) == (Absence(start=NOW, end=NOW + 2 * DAY),)
    await read("on", HOUR)
    await read("on", HOUR)
    (last,) = await read("off", HOUR)
    assert last.end - last.start == HOUR


async def test_another_entity_begins_anew(hass):
    hass.states.async_set("input_boolean.one", "on")
    hass.states.async_set("input_boolean.two", "off")
    log = a_home(hass)._absences
    assert isinstance(log, AbsenceLog)
    assert log.read("input_boolean.one", NOW + DAY, NOW)[0] != ()
    assert log.read("input_boolean.two", NOW + DAY, NOW)[0] == ()
    # Switched on and off between two looks: nothing that lasted.
    hass.states.async_set("input_boolean.two", "on")
    log.read("input_boolean.two", NOW + DAY, NOW)
    hass.states.async_set("input_boolean.two", "off")
    assert log.read("input_boolean.two", NOW + DAY, NOW) == ((), "")


AT_HOME = {
    "person at home": ("person.a", "home", {}, False),
    "person at work": ("person.a", "Office", {}, True),
    "phone elsewhere": ("device_tracker.a", "not_home", {}, True),
    "empty zone": ("zone.home", "0", {}, True),
    "full zone": ("zone.home", "2", {}, False),
    "odd zone": ("zone.home", "zoning", {}, None),
    "group at home": ("group.all", "home", {}, False),
    "group gone": ("group.all", "not_home", {}, True),
    "switch on": ("switch.away", "on", {}, True),
    "switch off": ("switch.away", "off", {}, False),
    "odd switch": ("switch.away", "strange", {}, None),
    "somebody seen": ("binary_sensor.a", "on", {"device_class": "presence"}, False),
    "nobody seen": ("binary_sensor.a", "off", {"device_class": "occupancy"}, True),
    "away told": ("binary_sensor.a", "on", {}, True),
}


@pytest.mark.parametrize(("entity_id", "state", "attributes", "away"), AT_HOME.values(), ids=AT_HOME)
def test_every_kind_of_entity_says_it_in_its_way(entity_id, state, attributes, away):
    assert is_away(State(entity_id, state, attributes)) is away


async def test_whoever_is_seen_must_be_gone_for_long(hass):
    hass.states.async_set("binary_sensor.seen", "off", {"device_class": "presence"})
    log = a_home(hass)._absences
    assert log.read("binary_sensor.seen", NOW + DAY, NOW)[0] == ()
    assert log.read("binary_sensor.seen", NOW + 2 * DAY, NOW + 20 * HOUR)[0] != ()


POOR = {
    "no such entity": (None, "input_boolean.gone does not exist; as it was last known is assumed"),
    "unavailable": ("unavailable", "input_boolean.gone is unavailable; as it was last known is assumed"),
    "odd": ("maybe", "input_boolean.gone 'maybe' says nothing of an absence; as it was last known is assumed"),
}


@pytest.mark.parametrize(("state", "reason"), POOR.values(), ids=POOR)
@pytest.mark.usefixtures("lived")
async def test_an_entity_that_says_nothing_is_named(hass, state, reason):
    if state:
        hass.states.async_set("input_boolean.gone", state)
    outlook = await outlook_of(a_home(hass, away_entity="input_boolean.gone"))
    assert told(outlook, "away", HealthStatus.DEGRADED) == [reason]


@pytest.mark.usefixtures("lived")
async def test_a_calendar_that_fails_is_named(hass):
    diary = await a_diary(hass)
    diary.problem = HomeAssistantError("no quota left")
    outlook = await outlook_of(a_home(hass, holiday_entity="calendar.diary", away_entity="calendar.diary"))
    assert told(outlook, "holidays", HealthStatus.DEGRADED) == [
        "calendar.diary: no quota left; every day is taken for an ordinary one"
    ]
    assert told(outlook, "away", HealthStatus.DEGRADED) == [
        "calendar.diary: no quota left; somebody is taken to be at home"
    ]
    diary.problem = KeyError("token")
    outlook = await outlook_of(a_home(hass, holiday_entity="calendar.diary"))
    assert "KeyError: 'token'" in told(outlook, "holidays", HealthStatus.DEGRADED)[0]


@pytest.mark.usefixtures("lived")
async def test_a_workday_that_is_missing_or_says_nothing_is_named(hass):
    devices = a_home(hass, holiday_entity="binary_sensor.workday")
    outlook = await outlook_of(devices)
    assert "it does not exist" in told(outlook, "holidays", HealthStatus.DEGRADED)[0]
    hass.states.async_set("binary_sensor.workday", "on")

    async def say_nothing(call):
        return {}

    hass.services.async_register("workday", "check_date", say_nothing, supports_response=SupportsResponse.ONLY)
    outlook = await outlook_of(devices)
    assert "it tells no workdays" in told(outlook, "holidays", HealthStatus.DEGRADED)[0]


@pytest.mark.usefixtures("lived")
async def test_events_that_cannot_be_read_are_left_out(hass):
    hass.states.async_set("calendar.odd", "off")
    rows = [
        {"start": "soon", "end": "later"},
        {"start": "2026-06-16"},
        {"start": "2026-06-16", "end": "2026-06-16"},
        {"start": "2026-06-15T18:00:00", "end": "2026-06-15T20:00:00"},
    ]
    answers = [{"calendar.odd": {"events": rows}}, {}]

    async def get_events(call):
        return answers[0]

    hass.services.async_register("calendar", "get_events", get_events, supports_response=SupportsResponse.ONLY)
    engine = HeldEngine()
    await outlook_of(a_home(hass, engine, holiday_entity="calendar.odd", away_entity="calendar.odd"))
    assert engine.asked[0].history.holidays == (TUESDAY,)
    assert engine.asked[0].history.away == (Absence(start=NOW + 8 * HOUR, end=NOW + 10 * HOUR),)
    answers.pop(0)
    outlook = await outlook_of(a_home(hass, holiday_entity="calendar.odd"))
    assert told(outlook, "holidays") == []


async def test_a_home_plans_again_when_somebody_leaves_and_not_when_they_only_move(hass):
    hass.states.async_set("person.anna", "home")
    devices = a_home(hass, away_entity="person.anna")
    await devices.async_start()
    heard = []
    devices.async_add_listener(heard.append)
    hass.states.async_set("person.anna", "home", {"latitude": 1.0})
    await hass.async_block_till_done()
    assert heard == []
    hass.states.async_set("person.anna", "not_home")
    await hass.async_block_till_done()
    assert heard == [Change.OUTLOOK]
    await devices.async_stop()
