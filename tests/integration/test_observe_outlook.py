"""What a real home's sources say about the time ahead, and when they say something new."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest.mock import AsyncMock

from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import async_import_statistics
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, mock_platform
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.hems.core.model import HealthStatus, Horizon
from custom_components.hems.devices import Change
from custom_components.hems.entity_devices import EntityDevices
from custom_components.hems.home import parse_home
from custom_components.hems.observe.forecasts import async_read_pv
from custom_components.hems.observe.forecasts.watts import from_mapping
from tests.integration.entries import a_subentry, an_entry

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
async def ten_in_utc(hass, freezer):
    await hass.config.async_set_time_zone("UTC")
    hass.config.latitude, hass.config.longitude = 52.5, 13.4
    freezer.move_to(NOW)


def devices_of(hass, *subentries, **changes):
    return EntityDevices(hass, parse_home(an_entry(*subentries, **changes), "UTC"), "abc")


def a_day() -> Horizon:
    return Horizon.even(NOW, timedelta(hours=1), 24)


async def remember(hass, entity_id, unit, kind, mean_at):
    """Two weeks of hourly means; None is an hour without any."""
    start = NOW - timedelta(days=14)
    async_import_statistics(
        hass,
        {
            "mean_type": StatisticMeanType.ARITHMETIC,
            "has_sum": False,
            "name": None,
            "source": "recorder",
            "statistic_id": entity_id,
            "unit_class": kind,
            "unit_of_measurement": unit,
        },
        [
            {"start": moment, "mean": mean, "min": 0.0, "max": 0.0}
            for moment in (start + timedelta(hours=hour) for hour in range(14 * 24))
            if (mean := mean_at(moment)) is not None
        ],
    )
    await async_wait_recording_done(hass)


SOLCAST = {
    "detailedForecast": [
        {"period_start": NOW, "pv_estimate": 2.0, "pv_estimate10": 1.0, "pv_estimate90": 3.0},
        {"period_start": NOW + timedelta(minutes=30), "pv_estimate": 3.0, "pv_estimate10": 1.5, "pv_estimate90": 4.0},
    ]
}
PV_FORMATS = {
    "Solcast": (SOLCAST, 2.0, 3.0),
    "Open-Meteo": ({"watts": {"2026-06-15T10:00:00+00:00": 2000, "2026-06-15T10:30:00+00:00": 3000}}, 2.0, 3.0),
    "Wh of a period": (
        {"wh_period": {"2026-06-15T10:00:00+00:00": 1000, "2026-06-15T10:30:00+00:00": 1500}},
        2.0,
        3.0,
    ),
    "local times": ({"watts": {"2026-06-15 10:00:00": 2000, "2026-06-15 10:30:00": 3000}}, 2.0, 3.0),
}


@pytest.mark.parametrize(("attributes", "first_kw", "second_kw"), PV_FORMATS.values(), ids=PV_FORMATS)
async def test_every_pv_format_gives_kilowatts(hass, attributes, first_kw, second_kw):
    hass.states.async_set("sensor.sun", "12", attributes)
    reading = await async_read_pv(hass, "sensor.sun", "pv")
    assert reading.health == ()
    assert reading.series.at(NOW) == pytest.approx(first_kw)
    assert reading.series.at(NOW + timedelta(minutes=30)) == pytest.approx(second_kw)


async def test_solcast_brings_its_quantiles(hass):
    hass.states.async_set("sensor.sun", "12", SOLCAST)
    series = (await async_read_pv(hass, "sensor.sun", "pv")).series
    assert series.quantile(0.1).at(NOW) == 1.0
    assert series.quantile(0.9).at(NOW + timedelta(minutes=30)) == 4.0


async def test_the_days_of_one_forecast_may_lie_in_several_entities(hass, device_registry, entity_registry):
    entry = MockConfigEntry(domain="solcast_solar")
    entry.add_to_hass(hass)
    device = device_registry.async_get_or_create(config_entry_id=entry.entry_id, identifiers={("solcast_solar", "1")})
    for day in (0, 1):
        registered = entity_registry.async_get_or_create(
            "sensor", "solcast_solar", f"day{day}", suggested_object_id=f"day{day}", device_id=device.id
        )
        rows = [{"period_start": NOW + timedelta(days=day), "pv_estimate": 1.0 + day}]
        hass.states.async_set(registered.entity_id, "1", {"detailedForecast": rows})
    series = (await async_read_pv(hass, "sensor.day0", "pv")).series
    assert series.at(NOW) == 1.0
    assert series.at(NOW + timedelta(days=1)) == 2.0
    assert series.at(NOW + timedelta(hours=5)) is None


@pytest.fixture
def sunny(hass, entity_registry):
    """An entity whose integration has an energy platform; what that answers can be set."""
    hass.config.components.add("energy")
    hass.config.components.add("sunny")
    answer = AsyncMock()
    mock_platform(hass, "sunny.energy", SimpleNamespace(async_get_solar_forecast=answer))
    entry = MockConfigEntry(domain="sunny")
    entry.add_to_hass(hass)
    registered = entity_registry.async_get_or_create("sensor", "sunny", "today", config_entry=entry)
    hass.states.async_set(registered.entity_id, "20")
    return registered.entity_id, answer


async def test_an_integration_with_an_energy_platform_is_asked_as_the_dashboard_asks(hass, sunny):
    entity_id, answer = sunny
    answer.return_value = {"wh_hours": {"2026-06-15T10:00:00+00:00": 2500, "2026-06-15T11:00:00+00:00": 3500}}
    reading = await async_read_pv(hass, entity_id, "pv")
    assert reading.series.at(NOW + timedelta(hours=1)) == 3.5


async def test_an_energy_platform_that_breaks_costs_its_forecast_and_no_plan(hass, sunny):
    entity_id, answer = sunny
    answer.side_effect = OSError("no route")
    reading = await async_read_pv(hass, entity_id, "pv")
    assert reading.series is None
    assert "no route" in reading.health[0].reason


@pytest.mark.parametrize("forecast", [None, {}, {"wh_hours": {}}], ids=["none", "nothing", "empty"])
async def test_an_energy_platform_without_a_forecast_is_named(hass, sunny, forecast):
    entity_id, answer = sunny
    answer.return_value = forecast
    reading = await async_read_pv(hass, entity_id, "pv")
    assert reading.series is None
    assert "has no forecast that HEMS can read" in reading.health[0].reason


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        (None, "has no forecast that HEMS can read"),
        ({}, "has no forecast that HEMS can read"),
        ({"watts": {"soon": 5}}, "time must be a time, got 'soon'"),
        ({"watts": {"2026-06-15T10:00:00+00:00": "nan"}}, "watts must be a number"),
        ({"detailedForecast": [{"period_start": NOW}]}, "pv_estimate must be a number, got None"),
    ],
    ids=["no entity", "no list", "no time", "NaN", "no value"],
)
async def test_a_pv_forecast_that_cannot_be_read_is_named(hass, attributes, reason):
    if attributes is not None:
        hass.states.async_set("sensor.sun", "1", attributes)
    reading = await async_read_pv(hass, "sensor.sun", "pv")
    assert reading.series is None
    assert reading.health[0].status is HealthStatus.DEGRADED
    assert reason in reading.health[0].reason


async def test_the_load_is_learned_from_the_meter_without_the_assets(recorder_mock, hass):
    await remember(hass, "sensor.grid_power", "W", "power", lambda moment: 500.0)
    await remember(hass, "sensor.pv_power", "kW", "power", lambda moment: 2.0 if moment.hour == 12 else 0.0)
    await remember(hass, "sensor.outdoor", "°C", "temperature", lambda moment: float(moment.hour))
    outlook = await devices_of(hass, a_subentry("pv")).async_outlook(a_day())
    assert outlook.load_kw.at(NOW + timedelta(hours=2, minutes=15)) == pytest.approx(2.5)
    assert outlook.load_kw.at(NOW + timedelta(hours=5, minutes=15)) == pytest.approx(0.5)
    assert outlook.outdoor_c.at(NOW + timedelta(hours=4, minutes=30)) == 14.0


async def test_a_meter_of_the_load_itself_is_believed_before_all_others(recorder_mock, hass):
    await remember(hass, "sensor.grid_power", "W", "power", lambda moment: 500.0)
    await remember(hass, "sensor.load_power", "W", "power", lambda moment: 800.0)
    grid = {
        "max_import_kw": 17.0,
        "max_export_kw": 10.0,
        "grid_power_entity": "sensor.grid_power",
        "load_power_entity": "sensor.load_power",
    }
    outlook = await devices_of(hass, a_subentry("pv"), grid=grid).async_outlook(a_day())
    assert outlook.load_kw.at(NOW + timedelta(hours=2)) == pytest.approx(0.8)


async def test_an_asset_without_a_meter_of_its_own_belongs_to_the_load(recorder_mock, hass):
    await remember(hass, "sensor.grid_power", "W", "power", lambda moment: 500.0)
    outlook = await devices_of(hass, a_subentry("heat_pump")).async_outlook(a_day())
    assert outlook.load_kw.at(NOW + timedelta(hours=2)) == pytest.approx(0.5)


async def test_a_load_that_cannot_be_told_from_an_asset_is_not_learned(recorder_mock, hass):
    await remember(hass, "sensor.grid_power", "W", "power", lambda moment: 500.0)
    outlook = await devices_of(hass, a_subentry("pv"), a_subentry("heat_pump")).async_outlook(a_day())
    assert outlook.load_kw is None


async def test_statistics_without_means_are_no_history(recorder_mock, hass):
    async_import_statistics(
        hass,
        {
            "mean_type": StatisticMeanType.NONE,
            "has_sum": True,
            "name": None,
            "source": "recorder",
            "statistic_id": "sensor.grid_power",
            "unit_class": "power",
            "unit_of_measurement": "W",
        },
        [{"start": NOW - timedelta(hours=hour), "sum": 1.0} for hour in (3, 2, 1)],
    )
    await async_wait_recording_done(hass)
    assert (await devices_of(hass).async_outlook(a_day())).load_kw is None


async def test_the_forecast_of_a_provider_comes_before_the_clear_sky(hass):
    hass.states.async_set("sensor.sun", "12", SOLCAST)
    outlook = await devices_of(hass, a_subentry("pv", forecast_entity="sensor.sun")).async_outlook(a_day())
    (series,) = outlook.pv_kw.values()
    assert series.at(NOW + timedelta(minutes=45)) == 3.0


async def test_a_provider_that_says_nothing_is_named_and_the_clear_sky_stands_in(hass):
    outlook = await devices_of(hass, a_subentry("pv", forecast_entity="sensor.sun")).async_outlook(a_day())
    (series,) = outlook.pv_kw.values()
    assert series.at(NOW + timedelta(hours=1)) > 1.0
    assert any("sensor.sun has no forecast" in health.reason for health in outlook.health)


async def test_recent_days_dim_the_clear_sky(recorder_mock, hass):
    await remember(hass, "sensor.pv_power", "kW", "power", lambda moment: 0.1)
    devices = devices_of(hass, a_subentry("pv"))
    outlook = await devices.async_outlook(a_day())
    (series,) = outlook.pv_kw.values()
    assert 0.0 < series.at(NOW + timedelta(hours=1)) < 1.0
    assert any("of a clear sky's yield is assumed" in health.reason for health in outlook.health)


@pytest.mark.parametrize("curtailable", [False, True])
async def test_without_any_forecast_the_sun_is_as_it_was_unless_hems_may_have_held_it_back(
    recorder_mock, hass, curtailable
):
    """The inverter says nothing at night."""
    await remember(hass, "sensor.pv_power", "kW", "power", lambda moment: 0.75 if 3 <= moment.hour < 19 else None)
    devices = devices_of(hass, a_subentry("pv", power_entity="sensor.pv_power", curtailable=curtailable))
    outlook = await devices.async_outlook(a_day())
    (series,) = outlook.pv_kw.values()
    tomorrow = NOW + timedelta(hours=20)
    reasons = " ".join(health.reason for health in outlook.health)
    assert (series.at(tomorrow) == pytest.approx(0.75)) is not curtailable
    assert ("after days like today" in reasons) is not curtailable
    assert ("of a clear sky's yield" in reasons) is curtailable


async def test_a_hole_by_day_is_no_night(recorder_mock, hass):
    await remember(hass, "sensor.pv_power", "kW", "power", lambda moment: None if moment.hour == 12 else 0.75)
    devices = devices_of(hass, a_subentry("pv", power_entity="sensor.pv_power"))
    outlook = await devices.async_outlook(a_day())
    assert any("of a clear sky's yield" in health.reason for health in outlook.health)


async def test_without_history_the_outlook_says_nothing_about_the_load(hass):
    outlook = await devices_of(hass, a_subentry("pv")).async_outlook(a_day())
    assert outlook.load_kw is None
    assert outlook.outdoor_c is None
    (series,) = outlook.pv_kw.values()
    assert series.at(NOW + timedelta(hours=1)) > 1.0


async def test_prices_come_from_the_price_entities(hass):
    rows = [{"start": "2026-06-15T10:00:00+00:00", "end": "2026-06-15T11:00:00+00:00", "price": 0.3}]
    hass.states.async_set("sensor.price", "0.3", {"prices": rows, "unit_of_measurement": "EUR/kWh"})
    hass.states.async_set("sensor.feed_in", "8", {"unit_of_measurement": "ct/kWh"})
    tariff = {"kind": "entity", "import_price_entity": "sensor.price", "export_price_entity": "sensor.feed_in"}
    outlook = await devices_of(hass, tariff=tariff).async_outlook(a_day())
    assert outlook.import_price.at(NOW) == 0.3
    assert outlook.export_price.at(NOW + timedelta(hours=20)) == pytest.approx(0.08)
    assert [health.source for health in outlook.health] == ["tariff.export_price"]


BY_LIST = {"kind": "entity", "import_price_entity": "sensor.price", "export_price_per_kwh": 0.08}


def publish(hass, start, price):
    rows = [{"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat(), "price": price}]
    hass.states.async_set("sensor.price", "0.3", {"prices": rows, "unit_of_measurement": "EUR/kWh"})


async def test_prices_that_were_published_are_remembered_over_restarts(hass):
    devices = devices_of(hass, tariff=BY_LIST)
    await devices.async_start()
    publish(hass, NOW - timedelta(hours=3), 0.2)
    await devices.async_outlook(a_day())
    await devices.async_stop()
    devices = devices_of(hass, tariff=BY_LIST)
    await devices.async_start()
    publish(hass, NOW, 0.3)
    outlook = await devices.async_outlook(a_day())
    await devices.async_stop()
    assert outlook.import_price.at(NOW - timedelta(hours=3)) == 0.2
    assert outlook.import_price.at(NOW) == 0.3
    assert outlook.import_price.at(NOW - timedelta(hours=1)) is None


async def test_a_price_without_a_list_is_not_remembered_as_one_that_was_published(hass):
    devices = devices_of(hass, tariff=BY_LIST)
    hass.states.async_set("sensor.price", "0.2", {"unit_of_measurement": "EUR/kWh"})
    await devices.async_outlook(a_day())
    publish(hass, NOW, 0.3)
    outlook = await devices.async_outlook(a_day())
    assert outlook.import_price.end == NOW + timedelta(hours=1)


async def test_prices_that_cannot_be_read_are_named_and_begun_afresh(hass, hass_storage, caplog):
    hass_storage["hems.abc.published"] = {"version": 1, "data": {"lists": {"sensor.price": "dear"}}}
    devices = devices_of(hass, tariff=BY_LIST)
    await devices.async_start()
    assert "published cannot be used" in caplog.text
    publish(hass, NOW, 0.3)
    assert (await devices.async_outlook(a_day())).import_price.start == NOW
    await devices.async_stop()


async def test_hot_water_is_learned_from_the_tanks_own_balance(recorder_mock, hass):
    """Two kilowatts for two hours at noon, and as much drawn in the hour from 18:00."""
    await remember(hass, "sensor.tank", "°C", "temperature", lambda moment: 55.0 if 12 <= moment.hour < 19 else 40.0)
    await remember(hass, "sensor.tank_power", "W", "power", lambda moment: 3500.0 if moment.hour == 11 else 0.0)
    tank = a_subentry("hot_water", temperature_entity="sensor.tank", power_entity="sensor.tank_power")
    outlook = await devices_of(hass, tank).async_outlook(a_day())
    (series,) = outlook.draw_kw.values()
    evening = max(range(24), key=lambda hour: series.at(NOW + timedelta(hours=hour)))
    assert (NOW + timedelta(hours=evening)).hour in (18, 19)
    assert series.quantile(0.9) is not None


async def test_without_a_thermometers_past_hot_water_stays_what_was_set_up(recorder_mock, hass):
    tank = a_subentry("hot_water", temperature_entity="sensor.tank", power_entity="sensor.tank_power")
    assert (await devices_of(hass, tank).async_outlook(a_day())).draw_kw == {}


@pytest.mark.parametrize("curtailable", [True, False])
async def test_a_cloudy_hour_dims_the_next_where_hems_did_not_curtail(recorder_mock, hass, curtailable):
    hour = NOW.replace(hour=9)
    await remember(hass, "sensor.pv_power", "kW", "power", lambda moment: 0.2 if moment.hour == hour.hour else 0.4)
    clear = {"watts": {(NOW + timedelta(hours=i)).isoformat(): 2000 for i in range(-3, 4)}}
    hass.states.async_set("sensor.sun", "12", clear)
    array = a_subentry("pv", forecast_entity="sensor.sun", power_entity="sensor.pv_power", curtailable=curtailable)
    (series,) = (await devices_of(hass, array).async_outlook(a_day())).pv_kw.values()
    assert (series.at(NOW) < 1.0) is not curtailable


async def test_a_home_may_buy_by_the_list_and_sell_at_a_fixed_price(hass):
    rows = [{"start": "2026-06-15T10:00:00+00:00", "end": "2026-06-15T11:00:00+00:00", "price": 0.3}]
    hass.states.async_set("sensor.price", "0.3", {"prices": rows, "unit_of_measurement": "EUR/kWh"})
    tariff = {"kind": "entity", "import_price_entity": "sensor.price", "export_price_per_kwh": 0.08}
    outlook = await devices_of(hass, tariff=tariff).async_outlook(a_day())
    assert outlook.import_price.at(NOW) == 0.3
    assert outlook.export_price is None
    assert outlook.health == ()


async def test_listeners_hear_measurements_and_new_prices_until_it_stops(hass):
    tariff = {"kind": "entity", "import_price_entity": "sensor.price", "export_price_per_kwh": 0.08}
    devices = devices_of(hass, a_subentry("battery"), tariff=tariff)
    heard = []
    unsubscribe = devices.async_add_listener(heard.append)
    await devices.async_start()
    hass.states.async_set("sensor.battery_power", "1", {"unit_of_measurement": "kW"})
    hass.states.async_set("sensor.battery_power", "1", {"unit_of_measurement": "kW", "icon": "mdi:battery"})
    hass.states.async_set("sensor.price", "0.3", {"prices": []})
    hass.states.async_set("sensor.price", "0.3", {"prices": [1]})
    hass.states.async_set("sensor.unrelated", "1")
    await hass.async_block_till_done()
    assert heard == [Change.MEASUREMENT, Change.OUTLOOK, Change.OUTLOOK]
    await devices.async_stop()
    hass.states.async_set("sensor.battery_power", "2", {"unit_of_measurement": "kW"})
    await hass.async_block_till_done()
    assert len(heard) == 3
    unsubscribe()


def test_real_homes_run_in_real_time(hass):
    devices = devices_of(hass)
    assert (devices.speed, devices.now()) == (1.0, NOW)


def test_a_pv_list_without_rows_is_no_forecast():
    assert from_mapping({}, energy=True) is None
