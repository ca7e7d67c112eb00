"""The load to come: learned by the engine where it can, else as it usually was, and no plan waits for either."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import PropertyMock, patch

from homeassistant.helpers.aiohttp_client import async_get_clientsession
import pytest

from custom_components.hems.core.model import HealthStatus, Horizon, InputHealth, Quantile, Series
from custom_components.hems.core.model.load_learning import LoadForecast, MethodScore, OddDays
from custom_components.hems.engine import RemoteEngine
from custom_components.hems.engine_client import EngineClient, EngineError, EngineFailed
from custom_components.hems.entity_devices import EntityDevices
from custom_components.hems.home import parse_home
from custom_components.hems.observe import load as load_module
from custom_components.hems.observe.load_questions import learning_question
from tests.integration.entries import a_subentry, an_entry, home_data
from tests.integration.running import TOKEN, load, pass_time
from tests.integration.test_observe_outlook import remember

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
USUAL_KW = 0.7
LEARNED_KW = 1.5


@pytest.fixture(autouse=True)
async def ten_in_utc(hass, freezer):
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to(NOW)


@pytest.fixture
def every_entity_enabled():
    name = "homeassistant.helpers.entity.Entity.entity_registry_enabled_default"
    with patch(name, new_callable=PropertyMock, return_value=True):
        yield


def a_forecast(wanted, *, learned=True, health=()):
    """A forecast of the learned method, one step an hour."""
    start, known = wanted.history.end, wanted.hours
    return LoadForecast(
        load_kw=Series(
            times=tuple(start + HOUR * i for i in range(known + 1)),
            values=(1.2,) * known,
            quantiles=(Quantile(level=0.9, values=(3.0,) * known),),
        ),
        expected_kw=(LEARNED_KW,) * known,
        method="learned",
        scores=(
            MethodScore(method="learned", mae_kw=0.123, origins=28),
            MethodScore(method="seven_day_mean", mae_kw=0.2, origins=28),
        ),
        learned_until=start if learned else None,
        health=health,
    )


class HeldEngine:
    """An engine that a test holds in its hands."""

    def __init__(self, **options):
        self.options = options
        self.problem = None
        self.asked, self.learned = [], []
        self.slow = None

    async def async_forecast_load(self, request):
        self.asked.append(request)
        if self.slow is not None:
            await self.slow.wait()
        if self.problem is not None:
            raise self.problem
        return a_forecast(request, **self.options)

    async def async_learn_load(self, request):
        self.learned.append(request)
        if self.problem is not None:
            raise self.problem
        self.options = {}


def a_home(hass, engine, **changes):
    grid = home_data()["grid"] | {"load_power_entity": "sensor.house"} | changes
    return EntityDevices(hass, parse_home(an_entry(grid=grid), "UTC"), "01ABC", engine)


@pytest.fixture
async def lived(recorder_mock, hass):
    """Two weeks at home."""
    await remember(hass, "sensor.house", "kW", "power", lambda _: USUAL_KW)
    await remember(hass, "sensor.outdoor", "°C", "temperature", lambda moment: 10.0 + moment.hour / 10)


async def outlook_of(devices):
    return await devices.async_outlook(Horizon.even(devices.now(), HOUR, 48))


def named(outlook):
    return next(entry for entry in outlook.health if entry.source == "load_kw" and entry.status is HealthStatus.OK)


@pytest.mark.parametrize(("scenarios", "known"), [(1, False), (5, True)])
async def test_how_long_errors_last_is_looked_for_where_scenarios_are_made_of_it(recorder_mock, hass, scenarios, known):
    """Weekdays on which more is used from morning to night than on others."""
    await remember(hass, "sensor.house", "kW", "power", lambda at: 0.5 + 0.1 * (at.day * 7 % 5) + 0.01 * at.hour)
    home = parse_home(an_entry(grid=home_data()["grid"] | {"load_power_entity": "sensor.house"}), "UTC")
    devices = EntityDevices(hass, replace(home, scenarios=scenarios), "01ABC", HeldEngine())
    memory = (await outlook_of(devices)).load_memory
    assert (memory is not None) == known
    assert not known or memory > 6 * HOUR


@pytest.mark.usefixtures("lived")
async def test_what_the_engine_learned_is_used_with_its_quantiles_and_named(hass):
    engine = HeldEngine()
    outlook = await outlook_of(a_home(hass, engine))
    assert outlook.load_kw.at(NOW + 5 * HOUR) == LEARNED_KW
    assert outlook.load_kw.quantile(0.9).at(NOW + 47 * HOUR) == 3.0
    assert named(outlook).reason == (
        "the engine's method 'learned' is used, as recent days speak for it, 123 W off on average a day ahead"
    )
    assert outlook.learned_load.method == "learned"


@pytest.mark.usefixtures("lived")
async def test_the_engine_is_told_the_past_and_the_temperature_to_come(hass):
    engine = HeldEngine()
    hass.states.async_set("sensor.outdoor", "11", {"unit_of_measurement": "°C"})
    await outlook_of(a_home(hass, engine))
    (request,) = engine.asked
    assert (request.home, request.hours, request.history.end) == ("01abc", 48, NOW)
    assert set(request.history.load_kw) == {USUAL_KW}
    assert len(request.history.outdoor_c) == len(request.history.load_kw) + 48
    assert request.history.outdoor_c[-1] is not None


@pytest.mark.usefixtures("lived")
async def test_what_hems_controls_is_taken_out(recorder_mock, hass):
    await remember(hass, "sensor.grid_power", "W", "power", lambda _: 2700.0)
    await remember(hass, "sensor.wallbox_power", "kW", "power", lambda _: 2.0)
    engine = HeldEngine()
    home = parse_home(an_entry(a_subentry("ev_charger")), "UTC")
    await outlook_of(EntityDevices(hass, home, "01ABC", engine))
    assert engine.asked[0].history.load_kw == pytest.approx([0.7] * 14 * 24)


@pytest.mark.usefixtures("lived")
async def test_an_answer_serves_for_half_an_hour(hass, freezer):
    engine = HeldEngine()
    devices = a_home(hass, engine)
    for _ in range(8):
        await outlook_of(devices)
        freezer.tick(timedelta(minutes=5))
    assert len(engine.asked) == 2


WITHOUT = {
    "an engine of before": (EngineError("404 Not Found"), {}, "the engine has no forecast: 404 Not Found"),
    "an engine that fails": (EngineFailed("no process"), {}, "the engine has no forecast: no process"),
    "an engine that has learned nothing": (None, {"learned": False}, "the engine has learned nothing yet"),
}


@pytest.mark.parametrize(("problem", "options", "said"), WITHOUT.values(), ids=WITHOUT)
@pytest.mark.usefixtures("lived")
async def test_without_an_answer_the_usual_is_used_and_named(hass, problem, options, said):
    engine = HeldEngine(**options)
    engine.problem = problem
    outlook = await outlook_of(a_home(hass, engine))
    assert outlook.load_kw.at(NOW + 5 * HOUR) == pytest.approx(USUAL_KW)
    assert said in named(outlook).reason
    assert outlook.learned_load is None


@pytest.mark.usefixtures("lived")
async def test_an_engine_over_the_network_answers(hass, engine):
    engine.load_forecast = a_forecast
    remote = RemoteEngine(hass, EngineClient(async_get_clientsession(hass), engine.url, TOKEN))
    outlook = await outlook_of(a_home(hass, remote))
    assert outlook.load_kw.at(NOW + HOUR) == LEARNED_KW
    engine.load_forecast = None
    outlook = await outlook_of(a_home(hass, remote))
    assert outlook.load_kw.at(NOW + HOUR) == pytest.approx(USUAL_KW)
    assert "the engine has no forecast" in named(outlook).reason


@pytest.mark.usefixtures("lived")
async def test_an_answer_is_used_on_while_the_engine_fails_but_not_for_long(hass, freezer):
    engine = HeldEngine()
    devices = a_home(hass, engine)
    await outlook_of(devices)
    engine.problem = EngineFailed("no process")
    freezer.tick(2 * HOUR)
    assert (await outlook_of(devices)).load_kw.at(devices.now()) == LEARNED_KW
    freezer.tick(2 * HOUR)
    outlook = await outlook_of(devices)
    assert outlook.load_kw.at(devices.now()) == pytest.approx(USUAL_KW)
    assert "no process" in named(outlook).reason


@pytest.mark.usefixtures("lived")
async def test_a_plan_does_not_wait_for_a_slow_engine_and_the_next_one_has_its_answer(hass, monkeypatch):
    monkeypatch.setattr(load_module, "wait_a_moment", lambda _: asyncio.sleep(0))
    engine = HeldEngine()
    engine.slow = asyncio.Event()
    devices = a_home(hass, engine)
    assert (await outlook_of(devices)).load_kw.at(NOW + HOUR) == pytest.approx(USUAL_KW)
    engine.slow.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert (await outlook_of(devices)).load_kw.at(NOW + HOUR) == LEARNED_KW
    assert len(engine.asked) == 1
    await devices.async_stop()


@pytest.mark.usefixtures("lived")
async def test_nothing_is_left_under_way_when_it_stops(hass, monkeypatch):
    monkeypatch.setattr(load_module, "wait_a_moment", lambda _: asyncio.sleep(0))
    engine = HeldEngine()
    engine.slow = asyncio.Event()
    devices = a_home(hass, engine)
    await outlook_of(devices)
    await devices.async_stop()
    assert not [task for task in asyncio.all_tasks() if "HEMS" in task.get_name()]


async def live(hass, freezer, devices, hours):
    """Plans every quarter of an hour."""
    for _ in range(int(hours * 4)):
        await outlook_of(devices)
        await hass.async_block_till_done(wait_background_tasks=True)
        freezer.tick(timedelta(minutes=15))


@pytest.mark.usefixtures("lived")
async def test_it_is_learned_beside_planning_some_time_after_the_start(hass, freezer):
    engine = HeldEngine(learned=False)
    devices = a_home(hass, engine)
    await outlook_of(devices)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert engine.learned == []
    freezer.tick(timedelta(minutes=15))
    await live(hass, freezer, devices, 2)
    (request,) = engine.learned
    assert (request.home, request.history.time_zone, request.history.step_s) == ("01abc", "UTC", 3600)
    assert len(request.history.load_kw) == 14 * 24
    assert len(request.history.outdoor_c) == 14 * 24
    assert (await outlook_of(devices)).load_kw.at(devices.now()) == LEARNED_KW


@pytest.mark.usefixtures("lived")
async def test_what_cannot_be_learned_is_tried_again_some_hours_later(hass, freezer):
    engine = HeldEngine(learned=False)
    devices = a_home(hass, engine)
    original = engine.async_learn_load

    async def refuse(request):
        engine.learned.append(request)
        raise EngineError("too little history")

    engine.async_learn_load = refuse
    await live(hass, freezer, devices, 13)
    assert len(engine.learned) == 3
    engine.async_learn_load = original


@pytest.mark.usefixtures("lived")
async def test_an_engine_of_before_is_not_asked_to_learn(hass, freezer):
    engine = HeldEngine()
    engine.problem = EngineError("404 Not Found")
    devices = a_home(hass, engine)
    await live(hass, freezer, devices, 2)
    assert engine.learned == []


@pytest.mark.usefixtures("lived")
async def test_what_the_engine_finds_poor_is_passed_on(hass):
    poor = InputHealth(source="load_kw", status=HealthStatus.DEGRADED, reason="last learned 15 days ago")
    outlook = await outlook_of(a_home(hass, HeldEngine(health=(poor,))))
    assert poor in outlook.health


async def test_without_a_past_nothing_is_asked(hass):
    engine = HeldEngine()
    outlook = await outlook_of(a_home(hass, engine))
    assert (outlook.load_kw, engine.asked) == (None, [])


@pytest.mark.usefixtures("lived", "every_entity_enabled")
async def test_a_home_plans_with_it_and_shows_how_good_it_is(hass, freezer, engine):
    engine.load_forecast = a_forecast
    grid = home_data()["grid"] | {"load_power_entity": "sensor.house"}
    entry = an_entry(engine={"kind": "url", "url": engine.url, "token": TOKEN}, grid=grid)
    await load(hass, entry)
    await pass_time(hass, freezer, 1)
    await pass_time(hass, freezer, 1)
    assert engine.requests[-1].load_kw.at(NOW + HOUR) == LEARNED_KW
    assert engine.requests[-1].load_kw.quantile(0.9) is not None
    accuracy = hass.states.get("sensor.my_home_load_forecast_accuracy")
    assert (accuracy.state, accuracy.attributes["unit_of_measurement"]) == ("123.0", "W")
    assert accuracy.attributes["methods"] == {"learned": 123, "seven_day_mean": 200}
    assert {"method", "methods", "learned_until"} <= accuracy.state_info["unrecorded_attributes"]
    health = hass.states.get("sensor.my_home_data_health")
    assert "load_kw" in {entry["source"] for entry in health.attributes["made_from"]}
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("lived", "every_entity_enabled")
async def test_without_an_engine_that_learns_nothing_is_shown(hass, freezer, engine):
    entry = an_entry(engine={"kind": "url", "url": engine.url, "token": TOKEN})
    await load(hass, entry)
    await pass_time(hass, freezer, 1)
    assert hass.states.get("sensor.my_home_load_forecast_accuracy").state == "unavailable"
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("lived")
async def test_statistics_that_end_in_the_future_are_asked_nothing(hass):
    """As after the clock was set back."""
    engine = HeldEngine()
    devices = a_home(hass, engine)
    past = {"sensor.house": Series.constant(USUAL_KW, NOW - 30 * 24 * HOUR, NOW + 9 * 24 * HOUR)}
    reading = await devices._load.async_read(past, None, Horizon.even(NOW, HOUR, 48))
    assert engine.asked == []
    assert "the statistics end at" in reading.health[-1].reason


@pytest.mark.usefixtures("lived")
async def test_less_than_a_day_is_no_history_to_ask_with(hass):
    engine = HeldEngine()
    devices = a_home(hass, engine)
    past = {"sensor.house": Series.constant(USUAL_KW, NOW - 5 * HOUR, NOW)}
    reading = await devices._load.async_read(past, None, Horizon.even(NOW, HOUR, 48))
    assert engine.asked == []
    assert "at least one day" in reading.health[-1].reason


async def test_a_home_without_a_past_has_nothing_to_learn_from(hass):
    home = a_home(hass, None)._home
    assert learning_question(home, "home", {}, None, OddDays()) == "its past is not known"
    short = {"sensor.house": Series.constant(USUAL_KW, NOW - 5 * HOUR, NOW)}
    assert "at least one day" in learning_question(home, "home", short, None, OddDays())
