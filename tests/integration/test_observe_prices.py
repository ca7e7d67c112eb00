"""Price lists of the popular integrations, read by their times."""

import asyncio
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

from homeassistant.core import SupportsResponse
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.hems.core.model import HealthStatus
from custom_components.hems.observe import answers
from custom_components.hems.observe.prices import async_read_prices

NOW = datetime(2026, 1, 12, 11, 0, tzinfo=UTC)
"""A Monday noon in Berlin."""
EUR = {"unit_of_measurement": "EUR/kWh"}
TEN, ELEVEN, TWELVE = ("2026-01-12T10:00:00+00:00", "2026-01-12T12:00:00+01:00", "2026-01-12T13:00:00+01:00")


@pytest.fixture(autouse=True)
async def noon_in_berlin(hass, freezer):
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(NOW)


async def read(hass, entity_id="sensor.price"):
    return await async_read_prices(hass, entity_id, NOW, NOW + timedelta(hours=24), "tariff.import_price")


ATTRIBUTES = {
    "nordpool (HACS)": EUR
    | {
        "raw_today": [{"start": TEN, "end": ELEVEN, "value": 0.1}, {"start": ELEVEN, "end": TWELVE, "value": 0.2}],
        "raw_tomorrow": [{"start": "2026-01-13T10:00:00+01:00", "end": "2026-01-13T11:00:00+01:00", "value": None}],
    },
    "nordpool (HACS) with datetimes in cents": {
        "unit_of_measurement": "Öre/kWh",
        "raw_today": [
            {"start": NOW - timedelta(hours=1), "end": NOW, "value": 10},
            {"start": NOW, "end": NOW + timedelta(hours=1), "value": 20},
        ],
    },
    "EPEX Spot": {
        "unit_of_measurement": "EUR/kWh",
        "data": [
            {"start_time": TEN, "end_time": ELEVEN, "price_per_kwh": 0.1},
            {"start_time": ELEVEN, "end_time": TWELVE, "price_per_kwh": 0.2},
        ],
    },
    "EPEX Spot per MWh": {
        "unit_of_measurement": "EUR/kWh",
        "data": [
            {"start_time": TEN, "end_time": ELEVEN, "price_eur_per_mwh": 100.0},
            {"start_time": ELEVEN, "end_time": TWELVE, "price_eur_per_mwh": 200.0},
        ],
    },
    "Octopus": {
        "rates": [
            {"start": TEN, "end": ELEVEN, "value_inc_vat": 0.1},
            {"start": ELEVEN, "end": TWELVE, "value_inc_vat": 0.2},
        ]
    },
    "Amber": {
        "unit_of_measurement": "$/kWh",
        "forecasts": [
            {"start_time": TEN, "end_time": ELEVEN, "per_kwh": 0.1, "spot_per_kwh": 0.05},
            {"start_time": ELEVEN, "end_time": TWELVE, "per_kwh": 0.2, "spot_per_kwh": 0.06},
        ],
    },
    "ENTSO-e": EUR | {"prices_today": [{"time": TEN, "price": 0.1}, {"time": ELEVEN, "price": 0.2}]},
    "PVPC": EUR | {"price_11h": 0.1, "price_12h": 0.2},
    "without ends": EUR | {"prices": [{"start_time": TEN, "price": 0.1}, {"start_time": ELEVEN, "price": 0.2}]},
    "in any order": EUR | {"forecast": [{"start": ELEVEN, "value": 0.2}, {"start": TEN, "value": 0.1}]},
    "per MWh": {
        "unit_of_measurement": "EUR/MWh",
        "data": [{"start": TEN, "end": ELEVEN, "price": 100}, {"start": ELEVEN, "end": TWELVE, "price": 200}],
    },
    "in cents as text": {
        "unit_of_measurement": "ct/kWh",
        "rates": [{"from": TEN, "till": ELEVEN, "price": "10"}, {"from": ELEVEN, "till": TWELVE, "price": "20"}],
    },
}


@pytest.mark.parametrize("attributes", ATTRIBUTES.values(), ids=ATTRIBUTES)
async def test_every_format_gives_the_same_prices(hass, attributes):
    hass.states.async_set("sensor.price", "0.2", attributes)
    reading = await read(hass)
    assert reading.health == ()
    assert reading.series.at(NOW - timedelta(minutes=30)) == pytest.approx(0.1)
    assert reading.series.at(NOW + timedelta(minutes=59)) == pytest.approx(0.2)
    assert reading.series.at(NOW + timedelta(minutes=61)) is None


async def test_the_hour_that_comes_twice_has_two_prices(hass, freezer):
    freezer.move_to(datetime(2026, 10, 25, 8, 0, tzinfo=UTC))
    hass.states.async_set(
        "sensor.price", "0.2", EUR | {"price_01h": 0.1, "price_02h": 0.2, "price_02h_d": 0.3, "price_03h": 0.4}
    )
    series = (await read(hass)).series
    prices = [series.at(datetime(2026, 10, 24, 23, 30, tzinfo=UTC) + timedelta(hours=hour)) for hour in range(4)]
    assert prices == [0.1, 0.2, 0.3, 0.4]


async def test_a_hole_in_the_list_stays_a_hole(hass):
    rows = [{"start": TEN, "price": 0.1}, {"start": "2026-01-12T15:00:00+01:00", "price": 0.3}]
    hass.states.async_set("sensor.price", "0.2", EUR | {"prices": rows})
    series = (await read(hass)).series
    assert series.at(NOW + timedelta(minutes=30)) is None
    assert series.at(NOW + timedelta(hours=3, minutes=30)) == 0.3


async def test_a_price_without_a_list_is_assumed_to_last_and_named(hass):
    hass.states.async_set("sensor.price", "25", {"unit_of_measurement": "ct/kWh"})
    reading = await read(hass)
    assert reading.series.mean(NOW, NOW + timedelta(hours=24)) == pytest.approx(0.25)
    assert reading.health[0].status is HealthStatus.DEGRADED
    assert "has no price list" in reading.health[0].reason


@pytest.mark.parametrize(
    ("state", "attributes", "reason"),
    [
        ("unavailable", {}, "sensor.price is unavailable"),
        ("unknown", EUR, "sensor.price is unknown"),
        ("cheap", EUR, "price must be a number, got 'cheap'"),
        ("nan", EUR, "price must be a number, got 'nan'"),
        ("0.2", {}, "its unit must be money per kWh or MWh, got None"),
        ("0.2", {"unit_of_measurement": "EUR"}, "its unit must be money per kWh or MWh, got 'EUR'"),
        ("250", EUR, "price must be below 100, got 250"),
        ("0.2", EUR | {"prices": [{"start": "2026-01-12T10:00:00", "price": 0.1}]}, "start must carry a time zone"),
        ("0.2", EUR | {"prices": [{"start": TEN, "price": float("nan")}]}, "price must be a number, got nan"),
        ("0.2", EUR | {"prices": [{"start": TEN, "price": 0.1}, {"start": ELEVEN}]}, "the list"),
        ("0.2", EUR | {"prices": [{"start": TEN, "price": 250}]}, "must be below 100, got 250"),
        ("0.2", EUR | {"prices": [{"start": "soon", "price": 0.1}]}, "start must be a time, got 'soon'"),
        ("0.2", EUR | {"prices": [{"start": ELEVEN, "end": TEN, "price": 0.1}]}, "must end after it starts"),
        ("0.2", EUR | {"price_24h": 0.1}, "hour must be in 0..23"),
    ],
    ids=[
        "unavailable",
        "unknown",
        "text",
        "NaN",
        "no unit",
        "no price unit",
        "absurd",
        "naive time",
        "NaN in the list",
        "row without a price",
        "absurd in the list",
        "no time",
        "ends first",
        "no such hour",
    ],
)
async def test_prices_that_cannot_be_are_named_and_never_made_up(hass, state, attributes, reason):
    hass.states.async_set("sensor.price", state, attributes)
    reading = await read(hass)
    if reason == "the list":
        # A row whose price is not known yet is simply not there.
        assert reading.series.at(NOW + timedelta(minutes=30)) is None
        return
    assert reading.series is None
    (health,) = reading.health
    assert (health.source, health.status) == ("tariff.import_price", HealthStatus.ERROR)
    assert reason in health.reason


def a_registered_price(hass, platform, unique_id, device_name=None):
    entry = MockConfigEntry(domain=platform)
    entry.add_to_hass(hass)
    device = None
    if device_name:
        device = dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id, identifiers={(platform, device_name)}, name=device_name
        )
    registered = er.async_get(hass).async_get_or_create(
        "sensor", platform, unique_id, config_entry=entry, device_id=device.id if device else None
    )
    hass.states.async_set(registered.entity_id, "0.2", EUR)
    return registered.entity_id


def an_action(hass, domain, action, answer):
    asked = []

    async def handle(call):
        asked.append(dict(call.data))
        return answer(call.data) if callable(answer) else answer

    hass.services.async_register(domain, action, handle, supports_response=SupportsResponse.ONLY)
    return asked


async def test_nord_pool_of_the_core_is_asked_day_by_day_and_answers_per_mwh(hass):
    entity_id = a_registered_price(hass, "nordpool", "DE-current_price")
    days = {
        "2026-01-12": {
            "DE": [{"start": TEN, "end": ELEVEN, "price": 100}, {"start": ELEVEN, "end": TWELVE, "price": 200}],
            "AT": [{"start": TEN, "end": ELEVEN, "price": 900}],
        }
    }
    asked = an_action(
        hass, "nordpool", "get_prices_for_date", lambda data: days.get(data["date"], {"DE": [], "AT": []})
    )
    reading = await read(hass, entity_id)
    assert reading.health == ()
    assert reading.series.at(NOW) == pytest.approx(0.2)
    assert [call["date"] for call in asked] == ["2026-01-12", "2026-01-13"]


async def test_tibber_is_asked_for_the_home_of_the_entity(hass):
    entity_id = a_registered_price(hass, "tibber", "home-1", device_name="Cottage")
    rows = [{"start_time": TEN, "price": 0.1}, {"start_time": ELEVEN, "price": 0.2}]
    an_action(hass, "tibber", "get_prices", {"prices": {"Town": [{"start_time": TEN, "price": 9.0}], "Cottage": rows}})
    assert (await read(hass, entity_id)).series.at(NOW) == 0.2


async def test_energyzero_is_asked_for_all_in_prices(hass):
    entity_id = a_registered_price(hass, "energyzero", "today_energy_current_hour_price")
    rows = [{"start": ELEVEN, "end": TWELVE, "timestamp": ELEVEN, "price": 0.2}]
    asked = an_action(hass, "energyzero", "get_energy_prices", {"prices": rows})
    assert (await read(hass, entity_id)).series.at(NOW) == 0.2
    assert asked[0]["price_type"] == "all_in"


@pytest.mark.parametrize(
    ("unique_id", "action"),
    [
        ("x_today_energy_usage_current_hour_price", "get_energy_usage_prices"),
        ("x_today_energy_return_current_hour_price", "get_energy_return_prices"),
    ],
)
async def test_easyenergy_has_an_action_for_each_direction(hass, unique_id, action):
    entity_id = a_registered_price(hass, "easyenergy", unique_id)
    an_action(hass, "easyenergy", action, {"prices": [{"timestamp": ELEVEN, "price": 0.2}]})
    assert (await read(hass, entity_id)).series.at(NOW + timedelta(minutes=59)) == 0.2


async def test_an_action_that_fails_is_named(hass):
    entity_id = a_registered_price(hass, "tibber", "home-1")
    reading = await read(hass, entity_id)
    assert reading.series is None
    assert "tibber" in reading.health[0].reason


@pytest.mark.parametrize("error", [OSError("no route"), KeyError("no route"), vol.Invalid("no route")])
async def test_an_integration_that_breaks_costs_its_prices_and_no_plan(hass, error):
    entity_id = a_registered_price(hass, "tibber", "home-1")
    an_action(hass, "tibber", "get_prices", Mock(side_effect=error))
    reading = await read(hass, entity_id)
    assert reading.series is None
    assert "no route" in reading.health[0].reason


async def test_an_integration_that_never_answers_is_not_waited_for(hass, monkeypatch):
    monkeypatch.setattr(answers, "ANSWER_WITHIN_S", 0.0)
    entity_id = a_registered_price(hass, "tibber", "home-1")

    async def hang(call):
        await asyncio.Event().wait()

    hass.services.async_register("tibber", "get_prices", hang, supports_response=SupportsResponse.ONLY)
    reading = await read(hass, entity_id)
    assert "TimeoutError" in reading.health[0].reason


@pytest.mark.parametrize(
    ("platform", "unique_id", "action", "answer", "reason"),
    [
        ("tibber", "home-1", "get_prices", {"prices": {}}, "tibber.get_prices knows no home"),
        ("tibber", "home-1", "get_prices", {"prices": {"A": [], "B": []}}, "none of the homes A, B belongs to"),
        ("tibber", "home-1", "get_prices", {"prices": {"A": []}}, "the list is empty"),
        ("nordpool", "SE3-current_price", "get_prices_for_date", {"DE": [], "AT": []}, "none of the areas DE, AT"),
        ("energyzero", "today", "get_energy_prices", {"prices": [{"start": TEN}]}, "price must be a number, got None"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_named(hass, platform, unique_id, action, answer, reason):
    entity_id = a_registered_price(hass, platform, unique_id)
    an_action(hass, platform, action, answer)
    reading = await read(hass, entity_id)
    assert reading.series is None
    assert reason in reading.health[0].reason


async def test_the_only_area_and_the_only_home_need_no_name(hass):
    entity_id = a_registered_price(hass, "nordpool", "odd")
    an_action(hass, "nordpool", "get_prices_for_date", {"DE": [{"start": ELEVEN, "end": TWELVE, "price": 200}]})
    assert (await read(hass, entity_id)).series.at(NOW) == pytest.approx(0.2)


async def test_an_empty_or_foreign_list_leaves_the_price_of_now(hass):
    foreign = [{"name": "a"}, {"name": "b"}]
    hass.states.async_set("sensor.price", "0.2", EUR | {"data": foreign, "forecast": [], "prices": "none"})
    reading = await read(hass)
    assert reading.health[0].status is HealthStatus.DEGRADED
    assert reading.series.at(NOW) == 0.2


async def test_overlapping_lists_are_read_once(hass):
    rows = [{"start": TEN, "end": TWELVE, "price": 0.1}, {"start": ELEVEN, "end": TWELVE, "price": 0.2}]
    hass.states.async_set("sensor.price", "0.2", EUR | {"today": rows, "prices": rows})
    series = (await read(hass)).series
    assert series.at(NOW - timedelta(minutes=1)) == 0.1
    assert series.at(NOW) == 0.2
