"""What somebody asks for later: it waits through restarts and changes of the clock, acts once, and ends."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from custom_components.hems.core.model import Override
from custom_components.hems.home import parse_home
from custom_components.hems.household import Household
from custom_components.hems.overrides import OverridesOverlap
from custom_components.hems.settings import WISHES, Kept, Wishes
from tests.integration.running import FakeDevices, a_live, a_running_entry, dictated, pass_time

# Summer time in Berlin: 20:00 on the wall.
EVENING = datetime(2026, 6, 20, 18, tzinfo=UTC)
AT_22 = EVENING + timedelta(hours=2)
AT_23 = EVENING + timedelta(hours=3)


@pytest.fixture(autouse=True)
def evening(freezer):
    freezer.move_to(EVENING)


@pytest.fixture
def devices():
    return FakeDevices(a_live())


async def restart(hass, entry):
    """As far as the entry sees it: everything that is kept comes from storage."""
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


def overridden(entry):
    """What holds, and what waits."""
    dispatcher = entry.runtime_data.dispatcher
    return dispatcher.overrides, dispatcher.scheduled


async def watched(hass, freezer, devices, asset, until, step_s=2):
    """When an asset was told what, until then, in ticks of the dispatcher."""
    told = []
    while devices.now() < until:
        before = len(devices.applied)
        await pass_time(hass, freezer, step_s)
        told += [(devices.now(), power_kw) for name, power_kw in devices.applied[before:] if name == asset]
    return told


async def skip_to(hass, freezer, moment):
    freezer.move_to(moment)
    await pass_time(hass, freezer, 0)


async def test_it_begins_in_time_though_home_assistant_restarts_before_acts_once_and_ends(
    hass, freezer, engine, devices
):
    entry = a_running_entry(engine=engine.url)
    async with dictated(hass, entry, devices):
        await pass_time(hass, freezer, 1)
        await entry.runtime_data.dispatcher.async_set_override("hot_water", "on", AT_23, AT_22)
        asked = Override(asset="hot_water", power_kw=0.7, start=AT_22, until=AT_23)
        assert overridden(entry) == ({}, {"hot_water": (asked,)})
        await pass_time(hass, freezer, 5)
        assert engine.requests[-1].overrides == (asked,)
        freezer.move_to(EVENING + timedelta(hours=1))
        await restart(hass, entry)
        assert overridden(entry) == ({}, {"hot_water": (asked,)})
        devices.measure("hot_water", temperature_c=60.0)
        await skip_to(hass, freezer, AT_22 - timedelta(minutes=5, seconds=1))
        told = await watched(hass, freezer, devices, "hot_water", AT_22 - timedelta(seconds=1))
        assert all(power_kw != 0.7 for _, power_kw in told)
        told = await watched(hass, freezer, devices, "hot_water", AT_22 + timedelta(minutes=10))
        assert [power_kw for _, power_kw in told] == [0.7]
        assert told[0][0] - AT_22 <= timedelta(seconds=2)
        assert overridden(entry) == ({"hot_water": asked}, {})
        await restart(hass, entry)
        assert devices.last("hot_water") == 0.7
        await skip_to(hass, freezer, AT_23 - timedelta(seconds=11))
        told = await watched(hass, freezer, devices, "hot_water", AT_23 + timedelta(minutes=1))
        assert [power_kw == 0.7 for _, power_kw in told] == [False]
        # A tick sees the end and asks for another plan, which these steps show one step later unless one is due.
        assert timedelta(0) <= told[0][0] - AT_23 <= timedelta(seconds=4)
        assert overridden(entry) == ({}, {})
        assert entry.runtime_data.household.wishes.overrides == ()


async def test_its_begin_is_planned_at_once_if_no_plan_is_due(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await pass_time(hass, freezer, 1)
        start = EVENING + timedelta(minutes=7)
        await runtime.dispatcher.async_set_override("hot_water", "on", AT_22, start)
        await skip_to(hass, freezer, start - timedelta(seconds=30))
        made = len(engine.requests)
        assert devices.last("hot_water") != 0.7, "not with the step of the plan in which it lies"
        await skip_to(hass, freezer, start)
        await pass_time(hass, freezer, 1)
        assert devices.last("hot_water") == 0.7
        assert len(engine.requests) == made + 1


@pytest.mark.parametrize(
    ("now", "start"),
    [
        # 22:00 to 04:00 on the wall are five hours in the night of 29 March and seven in that of 25 October.
        (datetime(2026, 3, 28, 19, tzinfo=UTC), datetime(2026, 3, 29, 2, tzinfo=UTC)),
        (datetime(2026, 10, 24, 18, tzinfo=UTC), datetime(2026, 10, 25, 3, tzinfo=UTC)),
    ],
    ids=["into summer time", "out of it"],
)
async def test_it_begins_on_the_wall_clock_that_was_meant_when_the_clock_changes_before(
    hass, freezer, engine, devices, now, start
):
    freezer.move_to(now)
    await hass.config.async_set_time_zone("Europe/Berlin")
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await pass_time(hass, freezer, 1)
        answer = await hass.services.async_call(
            "hems",
            "set_override",
            {
                "asset": "hot_water",
                "mode": "on",
                "start": f"{(now + timedelta(days=1)).date()} 04:00:00",
                "duration": "01:00:00",
            },
            blocking=True,
            return_response=True,
        )
        assert answer["start"].endswith("04:00:00+02:00" if now.month == 3 else "04:00:00+01:00")
        ((scheduled,),) = runtime.dispatcher.scheduled.values()
        assert (scheduled.start, scheduled.until) == (start, start + timedelta(hours=1))
        devices.measure("hot_water", temperature_c=60.0)
        await skip_to(hass, freezer, start - timedelta(seconds=1))
        assert devices.last("hot_water") != 0.7
        await pass_time(hass, freezer, 2)
        assert devices.last("hot_water") == 0.7


async def test_it_begins_at_once_if_home_assistant_was_down_at_its_start(hass, freezer, engine, devices):
    entry = a_running_entry(engine=engine.url)
    async with dictated(hass, entry, devices) as runtime:
        await runtime.dispatcher.async_set_override("hot_water", "on", AT_23, AT_22)
        await hass.config_entries.async_unload(entry.entry_id)
        freezer.move_to(AT_22 + timedelta(minutes=20))
        await hass.config_entries.async_setup(entry.entry_id)
        assert devices.last("hot_water") == 0.7


async def test_it_never_begins_if_home_assistant_was_down_all_the_time(hass, freezer, engine, devices):
    entry = a_running_entry(engine=engine.url)
    async with dictated(hass, entry, devices) as runtime:
        await runtime.dispatcher.async_set_override("hot_water", "on", AT_23, AT_22)
        await hass.config_entries.async_unload(entry.entry_id)
        devices.applied.clear()
        freezer.move_to(AT_23)
        await hass.config_entries.async_setup(entry.entry_id)
        assert ("hot_water", 0.7) not in devices.applied
        assert entry.runtime_data.household.wishes.overrides == ()


async def test_what_an_older_version_stored_holds_from_then_on(hass, hass_storage):
    hass_storage["hems.home.wishes"] = {
        "version": 1,
        "data": {"overrides": [{"asset": "battery", "power_kw": 1.0, "until": AT_23.isoformat()}]},
    }
    wishes = await Kept(hass, "home", WISHES, Wishes).async_load()
    assert wishes.overrides == (Override(asset="battery", power_kw=1.0, until=AT_23),)


@pytest.fixture
def household(hass):
    with patch.object(Kept, "save_within", autospec=True):
        yield Household(parse_home(a_running_entry(), "Europe/Berlin"), Kept(hass, "home", WISHES, Wishes))


def word(household, start_h, until_h, power_kw=1.0, asset="battery"):
    start = None if start_h is None else EVENING + timedelta(hours=start_h)
    until = EVENING + timedelta(hours=until_h)
    return household.set_override(asset, power_kw, until, now=EVENING, start=start)


BESIDE = [
    ("one after the other", [(1, 2), (2, 3)]),
    ("one before the other", [(2, 3), (1, 2)]),
    ("now and later", [(None, 1), (1, 2)]),
    ("later and now", [(1, 2), (None, 1)]),
]


@pytest.mark.parametrize("times", [row[1] for row in BESIDE], ids=[row[0] for row in BESIDE])
def test_several_wait_beside_each_other(household, times):
    asked = {word(household, *span) for span in times}
    assert set(household.wishes.overrides) == asked


AT_ONE_TIME = [
    ("the same", (1, 2), (1, 2)),
    ("inside", (1, 3.5), (2, 3)),
    ("around", (2, 3), (1, 3.5)),
    ("begins in it", (1, 3), (2, 3.5)),
    ("ends in it", (2, 3.5), (1, 3)),
    ("now until after its start", (1, 2), (None, 1.5)),
    ("before the end of the running one", (None, 2), (1, 3)),
]


@pytest.mark.parametrize(("first", "second"), [row[1:] for row in AT_ONE_TIME], ids=[row[0] for row in AT_ONE_TIME])
def test_two_at_one_time_are_refused_and_both_are_named(household, first, second):
    asked = word(household, *first)
    with pytest.raises(OverridesOverlap) as refused:
        word(household, *second, power_kw=2.0)
    clock = [f"2026-06-20 {20 + int(hour or 0)}:{'30' if (hour or 0) % 1 else '00'}" for hour in (*second, *first)]
    said = refused.value.placeholders
    assert [said[key] for key in ("start", "until", "other_start", "other_until")] == clock
    assert said["asset"] == "battery"
    assert household.wishes.overrides == (asked,)
    word(household, *second, asset="hot_water", power_kw=0.7)


def test_what_holds_now_is_replaced_by_what_shall_hold_now(household):
    word(household, None, 2)
    later = word(household, 3, 4)
    now = word(household, None, 1, power_kw=2.0)
    assert set(household.wishes.overrides) == {later, now}


def test_one_that_has_begun_is_replaced_too(household):
    word(household, 1, 3)
    at = EVENING + timedelta(hours=2)
    now = household.set_override("battery", 2.0, at + timedelta(hours=3), now=at)
    assert household.wishes.overrides == (now,)


def test_one_or_all_are_taken_back(household):
    running, first, second = word(household, None, 1), word(household, 2, 3), word(household, 4, 5)
    assert household.clear_override("battery", first)
    assert not household.clear_override("battery", first)
    assert household.wishes.overrides == (running, second)
    assert household.clear_override("battery")
    assert household.wishes.overrides == ()


def test_an_end_before_the_start_is_refused(household):
    with pytest.raises(ValueError, match=r"start \(.*\) must be before until"):
        word(household, 3, 2)
