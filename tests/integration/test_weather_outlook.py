"""A weather entity: what it foretells of temperature and sun, and a home that does without it."""

import asyncio
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from homeassistant.components.weather import DATA_COMPONENT, WeatherEntity, WeatherEntityFeature
from homeassistant.const import UnitOfTemperature
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
import pytest

from custom_components.hems.const import DOMAIN
from custom_components.hems.core.forecast import Panel, clear_sky_kw
from custom_components.hems.core.model import HealthStatus, Horizon, Series
from custom_components.hems.entity_devices import EntityDevices
from custom_components.hems.home import parse_home
from custom_components.hems.observe import answers
from custom_components.hems.observe.weather import WeatherOutlook
from tests.integration.entries import a_subentry, an_entry, home_data
from tests.integration.running import TOKEN, load, pass_time
from tests.integration.test_observe_outlook import remember

NOW = datetime(2026, 6, 15, 10, 5, tzinfo=UTC)
TEN = NOW.replace(minute=0)
HOUR = timedelta(hours=1)
SKY = "weather.sky"


@pytest.fixture(autouse=True)
async def ten_in_utc(hass, freezer):
    await hass.config.async_set_time_zone("UTC")
    hass.config.latitude, hass.config.longitude = 52.5, 13.4
    freezer.move_to(NOW)


class Sky(WeatherEntity):
    """A weather entity that a test holds in its hands."""

    _attr_native_temperature_unit = UnitOfTemperature.CELSIUS
    _attr_supported_features = WeatherEntityFeature.FORECAST_HOURLY
    _attr_condition = "sunny"
    _attr_native_temperature = 20.0
    entity_id = SKY

    def __init__(self, rows):
        self.rows = rows
        self.problem = None
        self.asked = 0

    async def async_forecast_hourly(self):
        self.asked += 1
        if self.problem is not None:
            raise self.problem
        return self.rows


def rows(count=52, start=TEN, **values):
    """Hours that are all alike; a value may be a function of their number."""
    return [
        {"datetime": (start + HOUR * i).isoformat()}
        | {name: value(i) if callable(value) else value for name, value in values.items()}
        for i in range(count)
    ]


async def a_sky(hass, forecast):
    assert await async_setup_component(hass, "weather", {})
    sky = Sky(forecast)
    await hass.data[DATA_COMPONENT].async_add_entities([sky])
    return sky


def a_home(hass, *subentries, **grid):
    changed = home_data()["grid"] | {"weather_entity": SKY} | grid
    return EntityDevices(hass, parse_home(an_entry(*subentries, grid=changed), "UTC"), "abc")


async def outlook_of(devices):
    return await devices.async_outlook(Horizon.even(devices.now(), HOUR, 48))


def told(outlook, source, status=HealthStatus.OK):
    return [entry.reason for entry in outlook.health if (entry.source, entry.status) == (source, status)]


def pv_of(outlook):
    return next(iter(outlook.pv_kw.values()))


def clear_at(moment, peak_kw=5.0):
    panel = Panel(latitude=52.5, longitude=13.4, peak_kw=peak_kw)
    return clear_sky_kw(panel, moment, moment + timedelta(minutes=15)).values[0]


async def test_the_temperature_to_come_is_the_weathers(hass):
    await a_sky(hass, rows(native_temperature=lambda hour: 10.0 + hour / 10))
    outlook = await outlook_of(a_home(hass))
    assert outlook.outdoor_c.at(NOW) == pytest.approx(10.0)
    assert outlook.outdoor_c.at(NOW + 40 * HOUR) == pytest.approx(14.0)
    assert told(outlook, "outdoor_c") == [f"made from the forecast of {SKY}"]
    assert told(outlook, "outdoor_c", HealthStatus.DEGRADED) == []


async def test_temperatures_are_understood_in_the_unit_in_which_they_are_shown(hass):
    hass.config.units = US_CUSTOMARY_SYSTEM
    await a_sky(hass, rows(native_temperature=10.0))
    outlook = await outlook_of(a_home(hass))
    assert outlook.outdoor_c.at(NOW) == pytest.approx(10.0, abs=0.3)  # shown in whole degrees Fahrenheit


async def test_a_forecast_that_begins_with_the_next_hour_speaks_of_this_one_too(hass):
    await a_sky(hass, rows(start=TEN + HOUR, native_temperature=12.0))
    outlook = await outlook_of(a_home(hass))
    assert outlook.outdoor_c.at(NOW) == pytest.approx(12.0)
    assert told(outlook, "outdoor_c", HealthStatus.DEGRADED) == []


async def test_a_short_forecast_goes_on_as_the_last_days_were(recorder_mock, hass):
    await remember(hass, "sensor.outdoor", "°C", "temperature", lambda _: 5.0)
    await a_sky(hass, rows(12, native_temperature=15.0))
    outlook = await outlook_of(a_home(hass))
    assert outlook.outdoor_c.at(NOW + 10 * HOUR) == pytest.approx(15.0)
    assert 5.0 < outlook.outdoor_c.at(NOW + 30 * HOUR) < 15.0
    assert "no forecast from" in told(outlook, "outdoor_c", HealthStatus.DEGRADED)[0]


async def test_the_engine_learns_the_load_with_the_weathers_temperatures(recorder_mock, hass):
    await remember(hass, "sensor.house", "kW", "power", lambda _: 0.5)
    await a_sky(hass, rows(native_temperature=17.0))
    asked = []

    class Engine:
        async def async_forecast_load(self, request):
            asked.append(request)
            raise HomeAssistantError("enough")

    grid = home_data()["grid"] | {"weather_entity": SKY, "load_power_entity": "sensor.house"}
    devices = EntityDevices(hass, parse_home(an_entry(grid=grid), "UTC"), "abc", Engine())
    await outlook_of(devices)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert set(asked[0].history.outdoor_c[-40:]) == {17.0}


async def test_without_a_forecast_of_the_sun_the_clouds_tell(hass):
    await a_sky(hass, rows(native_temperature=20.0, cloud_coverage=100))
    outlook = await outlook_of(a_home(hass, a_subentry("pv")))
    noon = NOW + timedelta(hours=1, minutes=55)
    # Kasten and Czeplak: a covered sky leaves a quarter.
    assert pv_of(outlook).at(noon) == pytest.approx(0.25 * clear_at(noon), rel=0.02)
    (source,) = outlook.pv_kw
    assert told(outlook, f"{source}.available_kw") == [f"made from the clouds of {SKY}, not calibrated yet"]
    assert told(outlook, f"{source}.available_kw", HealthStatus.DEGRADED) == []


async def test_words_for_the_weather_tell_less_but_something(hass):
    await a_sky(hass, rows(condition=lambda hour: "sunny" if hour < 12 else "pouring"))
    outlook = await outlook_of(a_home(hass, a_subentry("pv")))
    noon = NOW + timedelta(hours=1, minutes=55)
    assert pv_of(outlook).at(noon) == pytest.approx(clear_at(noon), rel=0.02)
    assert pv_of(outlook).at(noon + 24 * HOUR) < 0.3 * clear_at(noon)


async def test_a_forecast_of_the_sun_goes_before_the_clouds_which_only_fill_its_gap(hass):
    await a_sky(hass, rows(cloud_coverage=100))
    watts = {(NOW.replace(minute=0) + HOUR * i).isoformat(): 3000 for i in range(14)}
    hass.states.async_set("sensor.sun", "1", {"watts": watts})
    outlook = await outlook_of(a_home(hass, a_subentry("pv", forecast_entity="sensor.sun")))
    noon = NOW + timedelta(hours=1, minutes=55)
    assert pv_of(outlook).at(noon) == pytest.approx(3.0)
    assert pv_of(outlook).at(noon + 24 * HOUR) == pytest.approx(0.25 * clear_at(noon), rel=0.02)
    (source,) = outlook.pv_kw
    assert told(outlook, f"{source}.available_kw") == [
        f"made from sensor.sun and the clouds of {SKY}, not calibrated yet"
    ]


async def test_where_the_sun_is_foretold_throughout_the_clouds_are_not_asked(hass):
    await a_sky(hass, rows(cloud_coverage=100))
    watts = {(NOW.replace(minute=0) + HOUR * i).isoformat(): 3000 for i in range(50)}
    hass.states.async_set("sensor.sun", "1", {"watts": watts})
    outlook = await outlook_of(a_home(hass, a_subentry("pv", forecast_entity="sensor.sun")))
    (source,) = outlook.pv_kw
    assert told(outlook, f"{source}.available_kw") == ["made from sensor.sun, not calibrated yet"]


async def test_without_weather_it_is_the_clear_sky_and_said(hass):
    outlook = await outlook_of(a_home(hass, a_subentry("pv"), weather_entity=None))
    (source,) = outlook.pv_kw
    assert "of a clear sky's yield" in told(outlook, f"{source}.available_kw", HealthStatus.DEGRADED)[0]
    assert told(outlook, "weather", HealthStatus.DEGRADED) == []


PROBLEMS = {
    "an error that says why": (HomeAssistantError("no quota left"), "no quota left"),
    "an error of somebody's program": (KeyError("hourly"), "KeyError: 'hourly'"),
    "too slow": (TimeoutError(), "TimeoutError"),
}


@pytest.mark.parametrize(("problem", "reason"), PROBLEMS.values(), ids=PROBLEMS)
async def test_a_weather_that_fails_costs_no_plan_and_is_named(hass, problem, reason):
    sky = await a_sky(hass, rows(native_temperature=20.0))
    sky.problem = problem
    outlook = await outlook_of(a_home(hass, a_subentry("pv")))
    assert told(outlook, "weather", HealthStatus.DEGRADED) == [f"{SKY} gives no forecast: {reason}"]
    assert (outlook.outdoor_c, outlook.weather_silent_since) == (None, NOW)


FORECASTS = {
    "nothing": ([], "its forecast is empty"),
    "no times": ([{"datetime": "soon"}, {"temperature": 5}], "its forecast is empty"),
    "only the past": (rows(3, NOW - 24 * HOUR, native_temperature=5.0), "says nothing of temperatures or clouds"),
    "no values": (rows(condition="strange", native_temperature=200.0), "says nothing of temperatures or clouds"),
    "none at all": (None, "its forecast is empty"),
}


@pytest.mark.parametrize(("forecast", "reason"), FORECASTS.values(), ids=FORECASTS)
async def test_a_forecast_that_says_nothing_is_named(hass, forecast, reason):
    await a_sky(hass, forecast)
    outlook = await outlook_of(a_home(hass))
    assert reason in told(outlook, "weather", HealthStatus.DEGRADED)[0]


async def test_an_entity_that_is_not_there_is_named(hass):
    assert await async_setup_component(hass, "weather", {})
    outlook = await outlook_of(a_home(hass))
    assert "it does not exist" in told(outlook, "weather", HealthStatus.DEGRADED)[0]


async def test_one_that_never_answers_is_not_waited_for(hass, monkeypatch):
    monkeypatch.setattr(answers, "ANSWER_WITHIN_S", 0.0)
    sky = await a_sky(hass, rows(native_temperature=20.0))
    with patch.object(sky, "async_forecast_hourly", asyncio.Event().wait):
        outlook = await outlook_of(a_home(hass))
    assert told(outlook, "weather", HealthStatus.DEGRADED) == [f"{SKY} gives no forecast: TimeoutError"]


async def test_local_times_without_a_zone_are_home_assistants(hass):
    await hass.config.async_set_time_zone("Europe/Berlin")
    plain = [{"datetime": f"2026-06-15T{hour}:00:00", "native_temperature": hour} for hour in range(12, 24)]
    await a_sky(hass, plain)
    outlook = await outlook_of(a_home(hass))
    assert outlook.outdoor_c.at(NOW) == 12.0
    assert outlook.outdoor_c.at(NOW + HOUR) == 13.0


async def test_it_is_asked_every_half_hour_and_at_once_again_while_it_fails(hass, freezer):
    sky = await a_sky(hass, rows(native_temperature=20.0))
    outlook = WeatherOutlook(hass, SKY)
    for minute in range(0, 60, 5):
        await outlook.async_read(NOW + timedelta(minutes=minute))
    assert sky.asked == 2
    sky.problem = HomeAssistantError("down")
    for minute in range(60, 90, 5):
        await outlook.async_read(NOW + timedelta(minutes=minute))
    assert sky.asked == 8


async def test_the_last_forecast_serves_on_for_half_a_day(hass):
    sky = await a_sky(hass, rows(native_temperature=20.0))
    outlook = WeatherOutlook(hass, SKY)
    await outlook.async_read(NOW)
    sky.problem = HomeAssistantError("down")
    reading = await outlook.async_read(NOW + 11 * HOUR)
    assert reading.outdoor_c.at(NOW + 12 * HOUR) == 20.0
    assert "what it said at 2026-06-15T10:05+00:00 is used" in reading.health[0].reason
    reading = await outlook.async_read(NOW + 13 * HOUR)
    assert (reading.outdoor_c, reading.silent_since) == (None, NOW + 11 * HOUR)
    sky.problem, sky.rows = None, rows(start=NOW + 13 * HOUR, native_temperature=21.0)
    reading = await outlook.async_read(NOW + 14 * HOUR)
    assert (reading.outdoor_c.at(NOW + 14 * HOUR), reading.silent_since, reading.health) == (21.0, None, ())


async def test_what_was_foretold_of_the_last_hours_is_kept_for_comparison(hass):
    """The last hour's ratio to its forecast is what corrects the next ones."""
    sky = await a_sky(hass, rows(cloud_coverage=50))
    outlook = WeatherOutlook(hass, SKY)
    await outlook.async_read(NOW)
    sky.rows = rows(start=NOW + 3 * HOUR, cloud_coverage=80)
    reading = await outlook.async_read(NOW + 3 * HOUR)
    assert reading.covered.start == NOW + HOUR
    assert reading.covered.mean(NOW + 2 * HOUR, NOW + 2.5 * HOUR) == 0.5
    assert reading.covered.at(NOW + 4 * HOUR) == 0.8
    sky.rows = rows(start=NOW + 4 * HOUR, cloud_coverage=80)
    reading = await outlook.async_read(NOW + 4 * HOUR)
    assert reading.covered.start == NOW + 2 * HOUR
    assert isinstance(reading.covered, Series)


async def test_a_repair_is_shown_when_it_lasts_and_taken_back(hass, freezer, engine):
    sky = await a_sky(hass, rows(200, native_temperature=20.0))
    sky.problem = HomeAssistantError("down")
    grid = home_data()["grid"] | {"weather_entity": SKY}
    entry = an_entry(engine={"kind": "url", "url": engine.url, "token": TOKEN}, grid=grid)
    await load(hass, entry)
    issue_id = f"weather_silent_{entry.entry_id}"
    await pass_time(hass, freezer, 1)
    await pass_time(hass, freezer, 23 * 3600)
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None
    await pass_time(hass, freezer, 2 * 3600)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert issue.translation_placeholders == {"home": "My home", "entity": SKY, "hours": "25"}
    sky.problem = None
    await pass_time(hass, freezer, 301)
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None
    assert "weather" not in {entry.source for entry in engine.requests[-1].health}
    await hass.config_entries.async_unload(entry.entry_id)
