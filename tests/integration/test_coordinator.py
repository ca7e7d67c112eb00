"""Plans come in their rhythm and on events, from the engine or, safely, without it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.hems.const import DOMAIN
from custom_components.hems.core.explain import Action, Comfort, NextStep, Reason, Why
from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import Fallback, Optimal, Override, Series, TimedOut
from custom_components.hems.devices import Change, Outlook
from tests.builders import hours
from tests.integration.running import NOWHERE, FakeDevices, a_live, a_running_entry, dictated, pass_time


@pytest.fixture(autouse=True)
def late_morning(freezer):
    freezer.move_to("2026-06-20 10:01:00+00:00")


@pytest.fixture
def devices():
    return FakeDevices(a_live())


def issues(hass):
    return {key: issue for (domain, key), issue in ir.async_get(hass).issues.items() if domain == DOMAIN}


async def planned(hass, freezer):
    """The first plan, some seconds ago."""
    await pass_time(hass, freezer, 1)
    await pass_time(hass, freezer, 10)


async def test_first_plan_follows_the_start_at_once(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        assert runtime.coordinator.data.plan is None
        await pass_time(hass, freezer, 1)
        view = runtime.coordinator.data
        assert view.plan.outcome == Optimal()
        assert view.request == engine.requests[0]
        assert len(view.plan.assets) == 6
        assert view.next_action is not None


async def test_next_action_is_told_with_what_its_reason_knows(hass, freezer, engine, devices):
    comfort = Comfort(unit="degC", planned=20.5, without=19.0, worth=1.5)
    step = NextStep(asset="heat_pump", action=Action.HEAT, at=hours(1), power_kw=2.0, reason=Why.COMFORT)
    why = Reason(
        asset="heat_pump",
        action=Action.HEAT,
        start=hours(1),
        end=hours(2),
        energy_kwh=2.0,
        why=Why.COMFORT,
        price_per_kwh=0.2,
        co2_kg=0.8,
        comfort=comfort,
    )
    with (
        patch("custom_components.hems.coordinator.next_action", return_value=step),
        patch("custom_components.hems.coordinator.reasons", return_value=(replace(why, start=hours(3)), why)),
    ):
        async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
            await planned(hass, freezer)
            action = runtime.coordinator.data.next_action
    assert (action.asset, action.co2_kg, action.comfort, action.gain) == ("heat_pump", 0.8, comfort, None)


async def test_plans_follow_the_clock_every_five_minutes(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices):
        for _ in range(20):
            await pass_time(hass, freezer, 60)
        assert [request.now.minute for request in engine.requests] == [2, 5, 10, 15, 20]


async def test_each_plan_is_asked_for_with_the_one_before(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await planned(hass, freezer)
        first = runtime.coordinator.data.plan
        await runtime.coordinator.async_plan_now()
        assert engine.requests[0].previous is None
        assert engine.requests[-1].previous.powers_kw["battery"].values == first.asset("battery").power_kw


async def test_rhythm_is_that_of_the_homes_own_time(hass, freezer, engine, devices):
    devices.speed = 60.0
    async with dictated(hass, a_running_entry(engine=engine.url), devices):
        await pass_time(hass, freezer, 1)
        made = len(engine.requests)
        for _ in range(10):
            await pass_time(hass, freezer, 1)
        # At 60 home seconds a second, five minutes are five seconds.
        assert len(engine.requests) - made in (2, 3)


EVENTS = {
    "a setting of the home": lambda runtime, _: runtime.dispatcher.async_update_settings(mode="comfort"),
    "a setting of an asset": lambda runtime, _: runtime.dispatcher.async_update_asset("battery", reserve_soc=0.4),
    "an override": lambda runtime, devices: runtime.dispatcher.async_set_override(
        "battery", 3.0, devices.now() + timedelta(hours=1)
    ),
    "a run of the dishwasher": lambda runtime, devices: runtime.dispatcher.async_request_run(
        "appliance", devices.now(), devices.now() + timedelta(hours=8)
    ),
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
async def test_wish_is_planned_at_once(hass, freezer, engine, devices, event):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await planned(hass, freezer)
        await event(runtime, devices)
        await pass_time(hass, freezer, 1)
        assert len(engine.requests) == 2


async def test_wishes_are_in_the_request(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        dispatcher, until = runtime.dispatcher, devices.now() + timedelta(hours=1)
        await dispatcher.async_update_settings(mode="comfort")
        await dispatcher.async_update_asset("battery", reserve_soc=0.4)
        await dispatcher.async_update_asset("heat_pump", comfort_min_c=21.0, comfort_max_c=23.0)
        await dispatcher.async_update_asset("ev_charger", target_soc=0.9)
        await dispatcher.async_set_override("hot_water", "on", until)
        await dispatcher.async_request_run("appliance", devices.now(), until + timedelta(hours=4))
        await pass_time(hass, freezer, 5)
        request = engine.requests[-1]
        assert request.weights.comfort == 5.0
        assert request.site.asset("battery").min_soc == 0.4
        assert request.site.asset("heat_pump").comfort.min_c == 21.0
        states = {state.asset: state for state in request.states}
        assert states["ev_charger"].sessions[0].target_kwh == pytest.approx(54.0)
        assert [run.latest_end for run in states["appliance"].runs] == [until + timedelta(hours=4)]
        assert [(override.asset, override.power_kw) for override in request.overrides] == [("hot_water", 0.7)]


async def test_car_that_comes_is_planned_at_once(hass, freezer, engine, devices):
    devices.measure("ev_charger", connected=False, energy_kwh=None, soc=None)
    async with dictated(hass, a_running_entry(engine=engine.url), devices):
        await planned(hass, freezer)
        assert not engine.requests[-1].states[2].sessions
        devices.measure("ev_charger", connected=True, soc=0.5)
        devices.tell(Change.MEASUREMENT)
        await pass_time(hass, freezer, 1)
        assert [session.energy_kwh for session in engine.requests[-1].states[2].sessions] == [30.0]


async def test_published_prices_are_planned_at_once(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices):
        await planned(hass, freezer)
        devices.tell(Change.OUTLOOK)
        await pass_time(hass, freezer, 1)
        assert len(engine.requests) == 2


async def test_events_in_quick_succession_make_one_plan(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await planned(hass, freezer)
        for percent in range(10, 60, 10):
            await runtime.dispatcher.async_update_asset("battery", reserve_soc=percent / 100)
        await pass_time(hass, freezer, 0.2)
        assert len(engine.requests) == 2
        await runtime.dispatcher.async_update_asset("battery", reserve_soc=0.6)
        await pass_time(hass, freezer, 0.2)
        assert len(engine.requests) == 2, "less than two seconds after the last"
        await pass_time(hass, freezer, 2)
        assert engine.requests[-1].site.asset("battery").min_soc == 0.6


async def test_home_without_engine_runs_on_a_safe_plan(hass, freezer, devices, caplog, socket_enabled):
    async with dictated(hass, a_running_entry(engine=NOWHERE), devices) as runtime:
        for _ in range(3):
            await pass_time(hass, freezer, 300)
        coordinator = runtime.coordinator
        assert coordinator.last_update_success
        assert isinstance(coordinator.data.plan.outcome, Fallback)
        assert "cannot be reached" in coordinator.data.plan.outcome.reason
        (issue,) = issues(hass).values()
        assert issue.translation_key == "engine_unavailable"
        assert issue.is_fixable
        assert caplog.text.count("plans without its engine") == 1


async def test_out_of_time_keeps_the_last_plan_until_it_expires(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await planned(hass, freezer)
        good = runtime.coordinator.data.plan
        engine.solve = lambda wanted: replace(fallback_plan(wanted, "late"), outcome=TimedOut(time_limit_s=10.0))
        await pass_time(hass, freezer, 300)
        kept = runtime.coordinator.data.plan
        assert len(engine.requests) == 2
        assert (kept.made_at, kept.outcome, kept.assets) == (good.made_at, good.outcome, good.assets)
        assert [entry.reason for entry in kept.health if entry.source == "engine"] == [
            "the solver ran out of time, so the plan before is kept until it expires"
        ]
        for _ in range(3):
            await pass_time(hass, freezer, 300)
        assert runtime.coordinator.data.plan.outcome == TimedOut(time_limit_s=10.0)
        engine.solve = lambda wanted: replace(fallback_plan(wanted, "test"), outcome=Optimal())
        await pass_time(hass, freezer, 300)
        assert not [entry for entry in runtime.coordinator.data.plan.health if entry.source == "engine"]


async def test_issue_ends_with_the_trouble(hass, freezer, engine, devices, caplog):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        engine.refuse(500, "solver crashed")
        await pass_time(hass, freezer, 1)
        assert issues(hass)
        assert not runtime.coordinator.engine_works
        engine.mend()
        await pass_time(hass, freezer, 300)
        assert not issues(hass)
        assert runtime.coordinator.data.plan.outcome == Optimal()
        assert "plans with its engine again" in caplog.text


async def test_wrong_token_is_asked_for_again(hass, freezer, engine, devices):
    entry = a_running_entry(engine={"kind": "url", "url": engine.url, "token": "old"})
    async with dictated(hass, entry, devices) as runtime:
        await pass_time(hass, freezer, 1)
        assert isinstance(runtime.coordinator.data.plan.outcome, Fallback)
        assert [flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()] == ["reauth"]
        assert [issue.translation_key for issue in issues(hass).values()] == ["engine_unauthorized"]


async def test_refused_request_names_the_field_once(hass, freezer, engine, devices, caplog):
    async with dictated(hass, a_running_entry(engine=engine.url), devices):
        engine.refuse(422, "not valid", ("site.assets[1].capacity_kwh", "must be greater than 0"))
        await pass_time(hass, freezer, 1)
        await pass_time(hass, freezer, 300)
        (issue,) = issues(hass).values()
        assert issue.translation_placeholders["reason"] == "site.assets[1].capacity_kwh: must be greater than 0"
        assert caplog.text.count("plans without its engine") == 1


async def test_plan_can_be_asked_for(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        plan = await runtime.coordinator.async_plan_now()
        assert plan.outcome == Optimal()
        assert plan is runtime.coordinator.data.plan


async def test_request_that_cannot_be_made_is_an_error_with_words(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        devices.outlook = Outlook(
            load_kw=Series.constant(-1.0, devices.now() - timedelta(days=1), devices.now() + timedelta(days=4))
        )
        with pytest.raises(HomeAssistantError) as failure:
            await runtime.coordinator.async_plan_now()
        assert failure.value.translation_key == "no_plan_made"
        assert "load_kw must be at least 0" in failure.value.translation_placeholders["reason"]


async def test_plan_over_a_clock_change_covers_every_hour_once(hass, freezer, engine, devices):
    freezer.move_to("2026-10-24 20:00:00+00:00")
    await hass.config.async_set_time_zone("Europe/Berlin")
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await pass_time(hass, freezer, 1)
        plan, request = runtime.coordinator.data.plan, engine.requests[0]
        assert plan.horizon.end - plan.horizon.start >= timedelta(hours=47)
        prices = request.tariff.import_price
        # The night tariff ends at 6:00 local time, which is 5:00 UTC after the clock change.
        assert prices.at(datetime(2026, 10, 25, 4, 59, tzinfo=UTC)) == 0.22
        assert prices.at(datetime(2026, 10, 25, 5, 1, tzinfo=UTC)) == 0.32
        (visit,) = request.states[2].sessions
        assert visit.departure == datetime(2026, 10, 25, 6, 30, tzinfo=UTC)


async def test_list_of_prices_that_is_too_short_is_carried_on_and_named(hass, freezer, engine, devices):
    tariff = {"kind": "entity", "import_price_entity": "sensor.price", "export_price_per_kwh": 0.08}
    start = devices.now().replace(minute=0, second=0)
    devices.outlook = Outlook(import_price=Series.regular(start, timedelta(hours=1), [0.2, 0.4] * 6))
    async with dictated(hass, a_running_entry(engine=engine.url, tariff=tariff), devices) as runtime:
        await pass_time(hass, freezer, 1)
        poor = {entry.source: entry for entry in runtime.coordinator.data.plan.health}
        assert poor["tariff.import_price"].status == "degraded"
        assert runtime.coordinator.data.plan.outcome == Optimal()


async def test_unknown_prices_are_an_error_that_moves_nothing(hass, freezer, engine, devices):
    tariff = {"kind": "entity", "import_price_entity": "sensor.price", "export_price_entity": "sensor.feed_in"}
    async with dictated(hass, a_running_entry(engine=engine.url, tariff=tariff), devices) as runtime:
        await pass_time(hass, freezer, 1)
        poor = {entry.source: entry.status for entry in runtime.coordinator.data.plan.health}
        assert poor["tariff.import_price"] == poor["tariff.export_price"] == "error"
        assert len(set(engine.requests[0].tariff.import_price.values)) == 1


async def test_what_if_asks_the_same_question_with_another_word_in_it(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await planned(hass, freezer)
        coordinator, made = runtime.coordinator, len(engine.requests)
        word = Override(asset="battery", power_kw=0.0, until=coordinator.data.request.now + timedelta(hours=1))
        answer = await coordinator.async_what_if(word)
        assert engine.requests[made:] == [replace(coordinator.data.request, overrides=(word,))]
        assert answer.currency == "EUR"
        assert runtime.dispatcher.overrides == {}


async def test_what_if_needs_a_plan_and_an_engine(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        word = Override(asset="battery", power_kw=0.0, until=datetime(2026, 6, 20, 12, tzinfo=UTC))
        with pytest.raises(HomeAssistantError) as early:
            await runtime.coordinator.async_what_if(word)
        assert early.value.translation_key == "nothing_to_compare"
        await planned(hass, freezer)
        engine.refuse(500, "gone")
        with pytest.raises(HomeAssistantError) as gone:
            await runtime.coordinator.async_what_if(word)
        assert gone.value.translation_key == "no_answer"


async def test_one_what_if_is_answered_at_a_time(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await planned(hass, freezer)
        coordinator = runtime.coordinator
        word = Override(asset="battery", power_kw=0.0, until=coordinator.data.request.now + timedelta(hours=1))
        asked, go_on = asyncio.Event(), asyncio.Event()
        solve = coordinator._engine.async_plan

        async def slow(request):
            asked.set()
            await go_on.wait()
            return await solve(request)

        with patch.object(coordinator._engine, "async_plan", slow):
            first = hass.async_create_task(coordinator.async_what_if(word))
            await asked.wait()
            with pytest.raises(HomeAssistantError) as busy:
                await coordinator.async_what_if(word)
            assert busy.value.translation_key == "busy_comparing"
            go_on.set()
            assert (await first).currency == "EUR"
        assert (await coordinator.async_what_if(word)).currency == "EUR"
        engine.refuse(500, "gone")
        for _ in range(2):
            with pytest.raises(HomeAssistantError) as gone:
                await coordinator.async_what_if(word)
            assert gone.value.translation_key == "no_answer"


async def test_what_if_is_refused_for_an_asset_that_is_not_planned(hass, freezer, engine, devices):
    devices.live = replace(devices.live, assets={k: v for k, v in devices.live.assets.items() if k != "battery"})
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await planned(hass, freezer)
        request = runtime.coordinator.data.request
        word = Override(asset="battery", power_kw=0.0, until=request.now + timedelta(hours=1))
        with pytest.raises(HomeAssistantError) as refused:
            await runtime.coordinator.async_what_if(word)
        assert refused.value.translation_key == "not_planned"


async def test_what_if_is_not_answered_with_a_plan_made_by_rule(hass, freezer, engine, devices):
    async with dictated(hass, a_running_entry(engine=engine.url), devices) as runtime:
        await planned(hass, freezer)
        engine.solve = lambda wanted: fallback_plan(wanted, "no solver")
        request = runtime.coordinator.data.request
        word = Override(asset="battery", power_kw=0.0, until=request.now + timedelta(hours=1))
        with pytest.raises(HomeAssistantError) as refused:
            await runtime.coordinator.async_what_if(word)
        assert refused.value.translation_key == "no_answer"
