"""Actions: what they answer, what they change, and every way to call them wrongly."""

from dataclasses import replace
from datetime import datetime, timedelta
import json
from pathlib import Path

from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockUser
import yaml

from custom_components.hems import services
from custom_components.hems.const import DOMAIN
from custom_components.hems.core.accounting import Outturn, Tally
from custom_components.hems.core.explain import Action, Comfort, OtherTime, Reason, Warmth, Why
from custom_components.hems.core.model import Baseline, CostSplit, Override, Violation
from custom_components.hems.runtime import PlanView
from tests.builders import hours
from tests.integration.shown import NOW, TITLES, a_live, a_plan, a_shown_entry, a_view, replaced, show

DESCRIBED = Path("custom_components/hems/services.yaml").read_text()


@pytest.fixture(autouse=True)
def actions(hass):
    services.async_setup_services(hass)


async def act(hass, action, **data):
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)


async def test_plan_now_answers_how_it_ended_and_what_it_costs(hass):
    entry = await show(hass)
    answer = await act(hass, "plan_now")
    assert entry.runtime_data.coordinator.planned == 1
    assert answer["status"] == "optimal"
    assert answer["cost"] == pytest.approx(7.8)
    assert answer["currency"] == "EUR"
    assert answer["made_at"] == "2026-03-02T01:00:00+01:00"
    json.dumps(answer)


async def test_plan_now_may_be_called_without_wanting_an_answer(hass):
    entry = await show(hass)
    await hass.services.async_call(DOMAIN, "plan_now", {}, blocking=True)
    assert entry.runtime_data.coordinator.planned == 1


async def test_plan_now_passes_on_why_it_failed(hass):
    entry = await show(hass)
    entry.runtime_data.coordinator.fails = HomeAssistantError("engine is down")
    with pytest.raises(HomeAssistantError, match="engine is down"):
        await act(hass, "plan_now")


async def test_get_plan_answers_rows_of_the_home_and_of_each_asset(hass):
    await show(hass)
    answer = await act(hass, "get_plan")
    assert len(answer["rows"]) == 24
    assert answer["rows"][0] == {
        "start": "2026-03-02T01:00:00+01:00",
        "end": "2026-03-02T02:00:00+01:00",
        "import_price": 0.3,
        "export_price": 0.08,
        "load_kw": 0.4,
        "import_kw": 3.0,
        "export_kw": 0.0,
    }
    assert {asset["asset"]: asset["title"] for asset in answer["assets"]} == TITLES
    json.dumps(answer)


async def test_rows_of_a_battery_tell_its_charge_at_their_end(hass):
    await show(hass)
    (battery,) = (await act(hass, "get_plan", asset="Home battery"))["assets"]
    assert battery["kind"] == "battery"
    assert battery["rows"][0]["power_kw"] == 2.0
    assert battery["rows"][0]["energy_kwh"] == pytest.approx(5.1)
    assert battery["rows"][0]["soc"] == pytest.approx(0.51)


async def test_get_plan_names_broken_limits_by_the_title_of_their_asset(hass):
    entry = await show(hass)
    late = Violation(
        limit="ev_charger.target",
        asset="ev_charger",
        amount=3.0,
        unit="kWh",
        start=hours(0),
        end=hours(7),
        reason="too late",
    )
    entry.runtime_data.coordinator.publish(a_view(a_plan(violations=(late,))))
    assert (await act(hass, "get_plan"))["violations"] == [
        {"limit": "Wallbox: target", "amount": 3.0, "unit": "kWh", "reason": "too late"}
    ]


A_REASON = Reason(
    asset="battery",
    action=Action.CHARGE,
    start=hours(0),
    end=hours(2),
    energy_kwh=4.0,
    why=Why.CHEAP_ENERGY,
    price_per_kwh=0.1,
    worth_per_kwh=0.3,
    gain=0.8,
    alternative=OtherTime(start=hours(5), end=hours(7), price_per_kwh=0.15),
    alternative_cost=0.2,
    co2_kg=1.25,
    comfort=Comfort(unit="degC", planned=20.04, without=18.456, worth=2.5),
)
AN_HOUR = Outturn(
    start=hours(-1),
    end=hours(0),
    counted_h=1.0,
    expected=Tally(cost=0.3, import_kwh=1.0, load_kwh=0.5, asset_kwh={"battery": 0.5, "pv": -1.0}),
    realised=Tally(cost=0.45, import_kwh=1.5, load_kwh=0.9, asset_kwh={"battery": 0.6, "pv": -0.9}),
)


async def test_get_plan_says_why_in_money(hass):
    entry = await show(hass)
    entry.runtime_data.coordinator.publish(a_view(reasons=(A_REASON, replace(A_REASON, asset="ev_charger"))))
    (reason,) = (await act(hass, "get_plan", asset="Home battery"))["reasons"]
    assert reason == {
        "asset": "battery",
        "title": "Home battery",
        "action": "charge",
        "start": "2026-03-02T01:00:00+01:00",
        "end": "2026-03-02T03:00:00+01:00",
        "energy_kwh": 4.0,
        "reason": "cheap_energy",
        "price_per_kwh": 0.1,
        "worth_per_kwh": 0.3,
        "gain": 0.8,
        "next_best_start": "2026-03-02T06:00:00+01:00",
        "next_best_costs": 0.2,
        "co2_kg": 1.25,
        "comfort": {"unit": "degC", "planned": 20.04, "without": 18.46, "worth": 2.5},
    }


async def test_get_plan_says_what_became_of_the_last_hours(hass):
    entry = await show(hass)
    assert (await act(hass, "get_plan"))["outturn"] is None
    entry.runtime_data.accounts.outturns = (AN_HOUR, replace(AN_HOUR, start=hours(0), end=hours(1)))

    outturn = (await act(hass, "get_plan"))["outturn"]

    assert (outturn["start"], outturn["end"]) == ("2026-03-02T00:00:00+01:00", "2026-03-02T02:00:00+01:00")
    assert outturn["counted_h"] == 2.0
    assert outturn["expected"]["cost"] == pytest.approx(0.6)
    assert outturn["realised"]["cost"] == pytest.approx(0.9)
    assert outturn["realised"]["asset_kwh"] == {"battery": 1.2, "pv": -1.8}
    assert [hour["realised"]["import_kwh"] for hour in outturn["hours"]] == [1.5, 1.5]
    alone = (await act(hass, "get_plan", asset="Home battery"))["outturn"]
    assert alone["expected"]["asset_kwh"] == {"battery": 1.0}


async def test_get_plan_says_what_it_saves(hass):
    entry = await show(hass)
    unmanaged = Baseline(kind="unmanaged", cost=CostSplit(energy=10.0))
    entry.runtime_data.coordinator.publish(a_view(a_plan(baselines=(unmanaged,))))
    assert (await act(hass, "get_plan"))["saves"] == {"unmanaged": pytest.approx(2.2)}


async def test_what_if_tells_the_price_of_a_word_without_giving_it(hass):
    entry = await show(hass)
    late = Violation(
        limit="ev_charger.target",
        asset="ev_charger",
        amount=3.0,
        unit="kWh",
        start=NOW,
        end=hours(7),
        reason="too late",
    )
    coordinator = entry.runtime_data.coordinator
    coordinator.answer = replace(
        coordinator.answer,
        broken=(late,),
        extra_comfort=0.3,
        extra_co2_kg=1.2345,
        warmth=(Warmth(asset="heat_pump", planned_c=20.04, other_c=18.96),),
    )
    answer = await act(hass, "what_if", asset="Home battery", mode="charge", duration={"hours": 2})
    assert coordinator.asked == [Override(asset="battery", power_kw=5.0, until=NOW + timedelta(hours=2))]
    assert entry.runtime_data.dispatcher.overrides == {}
    assert answer["extra_cost"] == 0.84
    assert answer["extra_bill"] == 0.9
    assert (answer["extra_comfort"], answer["extra_co2_kg"]) == (0.3, 1.234)
    assert answer["warmth"] == [{"asset": "heat_pump", "planned_c": 20.0, "other_c": 19.0}]
    assert answer["currency"] == "EUR"
    assert answer["broken"] == [{"limit": "Wallbox: target", "amount": 3.0, "unit": "kWh", "reason": "too late"}]


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ({"mode": "auto", "duration": 600}, "auto_is_the_plan"),
        ({"power_kw": 50.0, "duration": 600}, "invalid_value"),
        ({"duration": 600}, "power_or_mode"),
        ({"mode": "charge"}, "until_or_duration"),
    ],
    ids=str,
)
async def test_what_if_refuses_what_no_override_could_be(hass, asked, key):
    await show(hass)
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "what_if", asset="Home battery", **asked)
    assert refused.value.translation_key == key


@pytest.mark.parametrize("at", [hours(1), hours(30)])
async def test_get_plan_has_no_expired_plan(hass, at):
    entry = await show(hass)
    entry.runtime_data.dispatcher.tick(a_live(at=at))
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "get_plan")
    assert refused.value.translation_key == "no_plan"


async def test_get_plan_leaves_out_what_is_not_in_the_plan(hass):
    entry = await show(hass)
    plan = a_plan()
    entry.runtime_data.coordinator.publish(a_view(a_plan(assets=plan.assets[:1])))
    assert [asset["asset"] for asset in (await act(hass, "get_plan"))["assets"]] == ["pv"]


@pytest.mark.parametrize(
    ("asked", "power_kw", "until"),
    [
        ({"mode": "charge", "duration": {"hours": 2}}, 5.0, NOW + timedelta(hours=2)),
        ({"mode": "discharge", "duration": "00:30:00"}, -5.0, NOW + timedelta(minutes=30)),
        ({"mode": "off", "until": "2026-03-02 03:00:00+00:00"}, 0.0, hours(3)),
        ({"power_kw": -2.5, "until": "2026-03-02T05:00:00Z"}, -2.5, hours(5)),
        ({"power_kw": "0", "duration": 600}, 0.0, NOW + timedelta(minutes=10)),
    ],
    ids=str,
)
async def test_an_override_holds_for_a_while(hass, asked, power_kw, until):
    entry = await show(hass)
    answer = await act(hass, "set_override", asset="Home battery", **asked)
    assert entry.runtime_data.dispatcher.overrides == {
        "battery": Override(asset="battery", power_kw=power_kw, until=until)
    }
    assert answer["asset"] == "battery"
    assert answer["title"] == "Home battery"
    assert answer["power_kw"] == power_kw
    assert datetime.fromisoformat(answer["start"]) == NOW
    assert datetime.fromisoformat(answer["until"]) == until


@pytest.mark.parametrize(
    ("asked", "start", "until"),
    [
        ({"start": "2026-03-02T03:00:00Z", "duration": {"hours": 2}}, hours(3), hours(5)),
        ({"start": "2026-03-02T03:00:00Z", "until": "2026-03-02T04:30:00Z"}, hours(3), hours(4.5)),
        ({"start": "2026-03-07T00:00:00Z", "duration": {"hours": 2}}, hours(120), hours(122)),
        ({"start": (NOW - timedelta(seconds=50)).isoformat(), "duration": 600}, None, NOW + timedelta(seconds=550)),
        ({"start": NOW.isoformat(), "duration": 600}, None, NOW + timedelta(seconds=600)),
    ],
    ids=str,
)
async def test_an_override_may_begin_later(hass, asked, start, until):
    entry = await show(hass)
    answer = await act(hass, "set_override", asset="Home battery", mode="charge", **asked)
    asked_for = Override(asset="battery", power_kw=5.0, start=start, until=until)
    assert entry.runtime_data.dispatcher.household.wishes.overrides == (asked_for,)
    assert datetime.fromisoformat(answer["start"]) == (start or NOW)
    assert datetime.fromisoformat(answer["until"]) == until
    assert hass.states.get("binary_sensor.home_battery_override").state == ("off" if start else "on")


async def test_an_override_that_waits_is_shown_and_acts_in_its_time(hass):
    entry = await show(hass)
    runtime = entry.runtime_data
    await act(hass, "set_override", asset="battery", mode="charge", start="2026-03-02T03:00:00Z", duration=3600)
    await act(hass, "set_override", asset="battery", mode="off", start="2026-03-02T01:00:00Z", duration=3600)
    shown = hass.states.get("binary_sensor.home_battery_override")
    assert (shown.state, shown.attributes["next_start"]) == ("off", hours(1))
    assert "until" not in shown.attributes
    runtime.dispatcher.tick(a_live(at=hours(1)))
    shown = hass.states.get("binary_sensor.home_battery_override")
    assert (shown.state, shown.attributes["until"], shown.attributes["next_start"]) == ("on", hours(2), hours(3))
    await hass.services.async_call("button", "press", {"entity_id": "button.home_battery_back_to_plan"}, blocking=True)
    shown = hass.states.get("binary_sensor.home_battery_override")
    assert (shown.state, shown.attributes["next_start"]) == ("off", hours(3)), "what comes later is another wish"


async def test_a_time_without_a_zone_is_local(hass):
    await hass.config.async_set_time_zone("Europe/Berlin")
    entry = await show(hass)
    await act(hass, "set_override", asset="battery", mode="off", until="2026-03-02 06:00:00")
    assert entry.runtime_data.dispatcher.overrides["battery"].until == hours(5)


@pytest.mark.parametrize("meant", ["home battery", " Home Battery ", "battery", "sensor.home_battery_power", "DEVICE"])
async def test_an_asset_is_found_by_name_id_entity_or_device(hass, meant):
    entry = await show(hass)
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, f"{entry.entry_id}_battery"), entry.entry_id)
    await act(hass, "set_override", asset=device.id if meant == "DEVICE" else meant, mode="off", duration=60)
    assert set(entry.runtime_data.dispatcher.overrides) == {"battery"}


@pytest.mark.parametrize(
    ("asked", "key", "told"),
    [
        (
            {"asset": "Fridge", "mode": "off", "duration": 60},
            "asset_unknown",
            "there is no Fridge. Give .*Home battery",
        ),
        ({"asset": "sensor.my_home_plan_status", "mode": "off", "duration": 60}, "asset_unknown", "there is no sensor"),
        ({"asset": "battery", "duration": 60}, "power_or_mode", "either power_kw or mode for Home battery"),
        ({"asset": "battery", "mode": "on", "power_kw": 1, "duration": 60}, "power_or_mode", "and not both"),
        ({"asset": "battery", "mode": "off"}, "until_or_duration", "either until or duration"),
        (
            {"asset": "battery", "mode": "off", "until": "2026-03-03T00:00:00Z", "duration": 60},
            "until_or_duration",
            "not both",
        ),
        ({"asset": "battery", "mode": "off", "until": "2026-03-02T00:10:00Z"}, "until_in_past", "has passed; .* it is"),
        ({"asset": "battery", "mode": "off", "duration": 0}, "until_in_past", "has passed"),
        ({"asset": "battery", "mode": "off", "duration": {"days": 8}}, "until_too_far", "more than 7 days"),
        (
            {"asset": "battery", "mode": "off", "start": "2026-03-09T00:00:00Z", "duration": 3600},
            "until_too_far",
            "more than 7 days",
        ),
        (
            {"asset": "battery", "mode": "off", "start": "2026-03-02T00:05:00Z", "duration": 3600},
            "start_in_past",
            "has passed; in this home it is .* leave it out to begin now",
        ),
        (
            {"asset": "battery", "mode": "off", "start": "2026-03-02T03:00:00Z", "until": "2026-03-02T02:00:00Z"},
            "until_before_start",
            "is not after start",
        ),
        (
            {"asset": "battery", "mode": "off", "start": "2026-03-02T03:00:00Z", "duration": 0},
            "until_before_start",
            "is not after start",
        ),
        ({"asset": "battery", "mode": "auto", "start": "2026-03-02T03:00:00Z"}, "auto_without_start", "at once"),
        (
            {"asset": "battery", "power_kw": 6, "duration": 60},
            "invalid_value",
            "power_kw must be between -5 and 5, got 6",
        ),
        (
            {"asset": "Wallbox", "power_kw": 0.5, "duration": 60},
            "power_too_low",
            r"Wallbox cannot run at 0\.5 kW.* Give 0 to switch it off, or at least 1\.38 kW",
        ),
        (
            {"asset": "Tank", "power_kw": 1.5, "duration": 60},
            "power_too_low",
            "Give 0 to switch it off, or at least 2 kW",
        ),
        (
            {"asset": "Terrace heater", "power_kw": 0.2, "duration": 60},
            "power_too_low",
            r"it needs at least 0\.5 kW while it is on",
        ),
        ({"asset": "battery", "power_kw": "nan", "duration": 60}, "invalid_value", "power_kw"),
        ({"asset": "battery", "mode": "on", "duration": 60}, "invalid_value", "mode 'on' is not one that it has"),
        ({"asset": "Heat pump", "mode": "charge", "duration": 60}, "invalid_value", "Heat pump: mode 'charge'"),
        ({"asset": "Heat pump", "power_kw": -1, "duration": 60}, "invalid_value", "between 0 and 3, got -1"),
    ],
    ids=str,
)
async def test_a_wrong_override_is_refused_with_the_way_out(hass, asked, key, told):
    entry = await show(hass)
    with pytest.raises(ServiceValidationError, match=told) as refused:
        await act(hass, "set_override", **asked)
    assert refused.value.translation_key == key
    assert entry.runtime_data.dispatcher.household.wishes.overrides == ()


async def test_two_overrides_at_one_time_are_refused_with_both_named(hass):
    await show(hass)
    await act(hass, "set_override", asset="battery", mode="off", start="2026-03-02T03:00:00Z", duration=3600)
    told = "from 2026-03-02 04:30 to 2026-03-02 05:30 would overlap the one from 2026-03-02 04:00 to 2026-03-02 05:00"
    with pytest.raises(ServiceValidationError, match=told) as refused:
        await act(hass, "set_override", asset="battery", mode="charge", start="2026-03-02T03:30:00Z", duration=3600)
    assert refused.value.translation_key == "overrides_overlap"


@pytest.mark.parametrize(
    "asked",
    [
        {"mode": "off", "duration": 60},
        {"asset": "battery", "mode": "dance", "duration": 60},
        {"asset": "battery", "power_kw": "much", "duration": 60},
        {"asset": "battery", "mode": "off", "until": "soon"},
        {"asset": "battery", "mode": "off", "duration": -60},
        {"asset": "battery", "mode": "off", "duration": 60, "colour": "red"},
    ],
    ids=str,
)
async def test_fields_that_make_no_sense_never_reach_the_home(hass, asked):
    entry = await show(hass)
    with pytest.raises(probatio.Invalid):
        await act(hass, "set_override", **asked)
    assert entry.runtime_data.dispatcher.overrides == {}


async def test_mode_auto_gives_the_asset_back(hass):
    entry = await show(hass)
    await act(hass, "set_override", asset="battery", mode="off", duration=60)
    answer = await act(hass, "set_override", asset="battery", mode="auto")
    assert answer == {"asset": "battery", "title": "Home battery", "mode": "auto"}
    assert entry.runtime_data.dispatcher.overrides == {}


async def test_overrides_are_cleared_one_by_one_or_all_at_once(hass):
    entry = await show(hass)
    for asset in ("battery", "heat_pump", "ev_charger"):
        await act(hass, "set_override", asset=asset, mode="off", duration=60)
    assert await act(hass, "clear_override", asset="battery") == {"cleared": ["Home battery"]}
    assert set(entry.runtime_data.dispatcher.overrides) == {"heat_pump", "ev_charger"}
    assert sorted((await act(hass, "clear_override"))["cleared"]) == ["Heat pump", "Wallbox"]
    assert await act(hass, "clear_override") == {"cleared": []}


async def test_a_run_without_a_time_ends_by_that_of_the_appliance(hass):
    entry = await show(hass)
    answer = await act(hass, "request_run", asset="Dishwasher")
    assert answer == {
        "asset": "appliance",
        "title": "Dishwasher",
        "earliest": "2026-03-02T01:10:00+01:00",
        "ready_by": "2026-03-02T07:00:00+01:00",
        "planned_start": None,
        "planned_end": None,
        "expected_cost": None,
        "currency": "EUR",
    }
    assert entry.runtime_data.coordinator.planned == 1
    assert await act(hass, "cancel_run") == {"cancelled": ["Dishwasher"]}
    assert await act(hass, "cancel_run", asset="Dishwasher") == {"cancelled": []}


async def test_a_run_is_kept_although_it_cannot_be_planned_now(hass):
    entry = await show(hass)
    entry.runtime_data.coordinator.fails = HomeAssistantError("engine is down")
    answer = await act(hass, "request_run", asset="Dishwasher", within="05:00:00", earliest="2026-03-02T03:00:00Z")
    assert (answer["earliest"], answer["planned_start"]) == ("2026-03-02T04:00:00+01:00", None)
    assert entry.runtime_data.dispatcher.runs["appliance"].latest_end == NOW + timedelta(hours=5)


@pytest.mark.parametrize(
    ("asked", "key", "told"),
    [
        ({"asset": "Home battery"}, "run_not_an_appliance", "Home battery is not an appliance.* these: Dishwasher;"),
        (
            {"asset": "Home battery", "within": 60},
            "run_not_an_appliance",
            r"or take it over with hems\.set_override",
        ),
        (
            {"asset": "Dishwasher", "within": 60, "ready_by": "2026-03-02 06:00:00"},
            "ready_by_or_within",
            "either ready_by or within for Dishwasher",
        ),
        (
            {"asset": "Dishwasher", "within": "01:00:00"},
            "run_too_short",
            "ready_by: 2026-03-02 02:10 is too early for Dishwasher: .* 120 minutes .* Give 2026-03-02 03:10 or later",
        ),
        ({"asset": "Dishwasher", "ready_by": "2026-03-01T20:00:00Z"}, "run_too_short", "2026-03-01 21:00 is too early"),
        (
            {"asset": "Dishwasher", "ready_by": "2026-03-02T06:00:00Z", "earliest": "2026-03-02T05:00:30Z"},
            "run_too_short",
            "begins at 2026-03-02 06:00, .* Give 2026-03-02 08:01 or later",
        ),
        ({"asset": "Dishwasher", "within": {"days": 8}}, "run_too_far", "2026-03-10 01:10 is more than 7 days away"),
    ],
    ids=str,
)
async def test_a_wrong_run_is_refused_with_the_way_out(hass, asked, key, told):
    await hass.config.async_set_time_zone("Europe/Berlin")
    entry = await show(hass)
    with pytest.raises(ServiceValidationError, match=told) as refused:
        await act(hass, "request_run", **asked)
    assert refused.value.translation_key == key
    assert entry.runtime_data.dispatcher.runs == {}


async def test_a_run_of_an_appliance_that_is_run_by_hand_is_refused(hass):
    entry = await show(hass)
    await entry.runtime_data.dispatcher.async_update_asset("appliance", automatic=False)
    with pytest.raises(ServiceValidationError, match="Switch that on and ask again") as refused:
        await act(hass, "request_run", asset="Dishwasher")
    assert refused.value.translation_key == "run_not_automatic"


async def test_a_run_of_an_appliance_that_is_running_is_refused(hass):
    entry = await show(hass)
    entry.runtime_data.dispatcher.household.follow(replaced(a_live(), "appliance", running=True, power_kw=0.8))
    with pytest.raises(ServiceValidationError, match=r"it draws 0\.8 kW") as refused:
        await act(hass, "request_run", asset="Dishwasher")
    assert refused.value.translation_key == "run_measured"


async def test_scheduled_overrides_are_taken_back_with_the_others_or_by_their_start(hass):
    entry = await show(hass)
    household = entry.runtime_data.dispatcher.household
    for start in ("2026-03-02T01:00:00Z", "2026-03-02T03:00:00Z", "2026-03-02T05:00:00Z"):
        await act(hass, "set_override", asset="battery", mode="off", start=start, duration=3600)
    await act(hass, "set_override", asset="heat_pump", mode="off", duration=3600)
    with pytest.raises(ServiceValidationError, match=r"no override begins at .*04:00.* one of these.*02:00.*06:00"):
        await act(hass, "clear_override", asset="battery", start="2026-03-02T03:00:01Z")
    assert await act(hass, "clear_override", start="2026-03-02T03:00:00Z") == {"cleared": ["Home battery"]}
    assert [override.start for override in household.wishes.overrides] == [hours(1), hours(5), None]
    assert await act(hass, "clear_override") == {"cleared": ["Home battery", "Heat pump"]}
    assert household.wishes.overrides == ()
    with pytest.raises(ServiceValidationError, match="take all back: -") as refused:
        await act(hass, "clear_override", start="2026-03-02T03:00:00Z")
    assert refused.value.translation_key == "no_override_then"


async def test_two_homes_have_to_be_told_apart(hass):
    first, second = await show(hass), await show(hass, a_shown_entry(name="Cottage"))
    with pytest.raises(ServiceValidationError):
        await act(hass, "plan_now")
    await act(hass, "plan_now", config_entry_id=second.entry_id)
    assert (first.runtime_data.coordinator.planned, second.runtime_data.coordinator.planned) == (0, 1)
    with pytest.raises(ServiceValidationError, match="more than one asset") as refused:
        await act(hass, "set_override", asset="Home battery", mode="off", duration=60)
    assert refused.value.translation_key == "asset_ambiguous"
    await act(hass, "set_override", asset="Home battery", mode="off", duration=60, config_entry_id=first.entry_id)
    assert set(first.runtime_data.dispatcher.overrides) == {"battery"}
    assert second.runtime_data.dispatcher.overrides == {}


@pytest.mark.parametrize("action", ["plan_now", "get_plan", "clear_override"])
async def test_a_home_that_there_is_not_is_refused(hass, action):
    await show(hass)
    with pytest.raises(ServiceValidationError):
        await act(hass, action, config_entry_id="nowhere")


async def test_a_home_that_was_never_planned_says_what_to_do(hass):
    entry = await show(hass)
    entry.runtime_data.coordinator.publish(PlanView(plan=None, request=None))
    with pytest.raises(ServiceValidationError, match=r"Run hems\.plan_now"):
        await act(hass, "get_plan")


async def test_every_field_is_described_and_every_described_field_is_accepted(hass):
    described = yaml.safe_load(DESCRIBED)
    registered = hass.services.async_services_for_domain(DOMAIN)
    assert set(described) == set(registered)
    for name, service in registered.items():
        assert set(described[name].get("fields", {})) == {str(key) for key in service.schema.schema}


CONTROLLING = {
    "plan_now": {},
    "what_if": {"asset": "Home battery", "mode": "charge", "duration": 600},
    "set_override": {"asset": "Home battery", "mode": "charge", "duration": 600},
    "clear_override": {},
    "cancel_run": {},
}


@pytest.mark.parametrize(("action", "data"), CONTROLLING.items(), ids=CONTROLLING)
async def test_who_may_only_look_can_neither_command_nor_occupy_the_engine(hass, hass_read_only_user, action, data):
    entry = await show(hass)
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN, action, data, blocking=True, return_response=True, context=Context(user_id=hass_read_only_user.id)
        )
    assert (entry.runtime_data.coordinator.asked, entry.runtime_data.coordinator.planned) == ([], 0)
    assert entry.runtime_data.dispatcher.overrides == {}


async def test_who_may_only_look_may_read_the_plan(hass, hass_read_only_user):
    await show(hass)
    context = Context(user_id=hass_read_only_user.id)
    answer = await hass.services.async_call(
        DOMAIN, "get_plan", {}, blocking=True, return_response=True, context=context
    )
    assert answer["status"] == "optimal"


def who_controls_the_battery(hass, entry):
    """Somebody who may control one of its entities and nothing else."""
    battery = next(
        entity.entity_id
        for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if entity.config_subentry_id == "battery"
    )
    user = MockUser(groups=[])
    user.add_to_hass(hass)
    user.mock_policy({"entities": {"entity_ids": {battery: True}}})
    return Context(user_id=user.id)


async def test_who_may_control_one_device_clears_no_override_of_another(hass):
    entry = await show(hass)
    for asset in ("battery", "ev_charger"):
        await act(hass, "set_override", asset=asset, mode="charge", duration=600)
    cleared = await hass.services.async_call(
        DOMAIN,
        "clear_override",
        {},
        blocking=True,
        return_response=True,
        context=who_controls_the_battery(hass, entry),
    )
    assert cleared == {"cleared": ["Home battery"]}
    assert set(entry.runtime_data.dispatcher.overrides) == {"ev_charger"}


async def test_who_may_control_one_device_may_ask_about_that_one(hass):
    entry = await show(hass)
    asked = {"mode": "charge", "duration": 600}
    context = who_controls_the_battery(hass, entry)
    answer = await hass.services.async_call(
        DOMAIN, "what_if", asked | {"asset": "Home battery"}, blocking=True, return_response=True, context=context
    )
    assert answer["extra_cost"] == 0.84
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN, "what_if", asked | {"asset": "Wallbox"}, blocking=True, return_response=True, context=context
        )


async def test_a_user_who_is_gone_may_nothing(hass):
    await show(hass)
    with pytest.raises(UnknownUser):
        await hass.services.async_call(
            DOMAIN, "plan_now", {}, blocking=True, return_response=True, context=Context(user_id="nobody")
        )
