from unittest.mock import AsyncMock, Mock, patch
from uuid import UUID

from aiohasupervisor import SupervisorError
from aiohasupervisor.models.discovery import Discovery
from homeassistant.config_entries import SOURCE_HASSIO, SOURCE_IGNORE, SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hems.const import DOMAIN
from custom_components.hems.engine_client import (
    EngineClient,
    EngineFailed,
    EngineIncompatible,
    EngineTimeout,
    EngineUnauthorized,
    EngineUnreachable,
)
from custom_components.hems.home import TimeOfUseTariff, parse_home
from tests.integration.entries import a_subentry, an_entry
from tests.integration.words import STRINGS, as_sent, assert_worded

HOME = {"name": "Villa", "currency": "eur", "max_import_kw": 17, "max_export_kw": 10}
FIXED = {"import_price_per_kwh": 0.3, "export_price_per_kwh": 0.08}
URL = {"url": "http://engine.local:8124/", "token": "secret"}
APP = {"host": "abc-hems-engine", "port": 8124, "token": "from the app"}
APP_ENGINE = {"kind": "app", "url": "http://abc-hems-engine:8124", "token": "from the app"}
UUID_OF_APP = "0123456789abcdef0123456789abcdef"

ENGINE_ERRORS = [
    (EngineUnreachable("nobody"), "url", "cannot_connect"),
    (EngineFailed("broken"), "url", "cannot_connect"),
    (EngineTimeout("late"), "url", "timeout"),
    (EngineIncompatible("old"), "url", "incompatible"),
    (EngineUnauthorized("who"), "token", "invalid_auth"),
]


@pytest.fixture(autouse=True)
def set_up():
    """Entries are stored and not run."""
    with patch("custom_components.hems.async_setup_entry", return_value=True) as set_up:
        yield set_up


@pytest.fixture(autouse=True)
def solver():
    """Whether the embedded engine can run."""
    with patch("custom_components.hems.engine_process.available", return_value=True) as available:
        yield available


@pytest.fixture(autouse=True)
def health():
    """The engine answers."""
    with patch.object(EngineClient, "health", autospec=True) as health:
        yield health


@pytest.fixture
def supervisor():
    """Home Assistant runs under the Supervisor, which knows the app."""
    client = Mock()
    message = Discovery(addon="abc_hems_engine", service=DOMAIN, uuid=UUID(UUID_OF_APP), config=APP)
    client.discovery.list = AsyncMock(return_value=[message])
    with (
        patch("custom_components.hems.flows.engine.is_hassio", return_value=True),
        patch("custom_components.hems.flows.engine.get_supervisor_client", return_value=client),
    ):
        yield client


async def begin(hass, *answers):
    """The flow of a new home up to where the answers lead."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    return await answer(hass, flow, *answers)


async def answer(hass, flow, *answers):
    """A step's answer is a dict, a menu's the chosen step."""
    for given in answers:
        data = {"next_step_id": given} if isinstance(given, str) else as_sent(flow, given)
        flow = await hass.config_entries.flow.async_configure(flow["flow_id"], data)
        assert_worded(flow, STRINGS["config"])
    return flow


async def discover(hass, **changes):
    info = HassioServiceInfo(config=APP | changes, name="HEMS Engine", slug="abc_hems_engine", uuid=UUID_OF_APP)
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_HASSIO}, data=info)
    assert_worded(flow, STRINGS["config"])
    return flow


async def reconfigure(hass, entry):
    context = {"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    return await hass.config_entries.flow.async_init(DOMAIN, context=context)


async def to_tariff(hass, kind, data):
    return await begin(hass, "home", HOME, f"tariff_{kind}", data)


async def to_engine(hass, *answers):
    return await begin(hass, "home", HOME, "tariff_fixed", FIXED, *answers)


def added(hass, entry):
    entry.add_to_hass(hass)
    return entry


def suggestions(flow):
    """What a form shows before it is filled in."""
    shown = {}
    for key in flow["data_schema"].schema:
        shown[str(key)] = (key.description or {}).get("suggested_value")
        if shown[str(key)] is None and callable(key.default):
            shown[str(key)] = key.default()
    return shown


async def test_a_simulated_home_is_complete_after_one_form(hass):
    form = await begin(hass, "simulated")
    assert form["type"] is FlowResultType.FORM
    result = await answer(hass, form, {"name": "Simulated home", "advanced": {}})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    home = parse_home(result["result"], "Europe/Berlin")
    assert (home.simulated.seed, home.simulated.speed) == (1, 60.0)
    assert home.engine.kind == "embedded"
    assert [type(asset).__name__ for asset in home.site.assets] == [
        "Pv",
        "Battery",
        "EvCharger",
        "HeatPump",
        "HotWater",
        "Appliance",
    ]
    assert list(home.titles.values()) == ["Solar array", "Battery", "Car", "Heat pump", "Hot water", "Dishwasher"]
    assert isinstance(home.tariff, TimeOfUseTariff)
    assert home.currency == "EUR"


async def test_a_second_simulated_home_is_offered_another_name(hass):
    await begin(hass, "simulated", {"name": "Simulated home", "advanced": {"simulation_speed": 1}})
    form = await begin(hass, "simulated")
    assert suggestions(form)["name"] == "Simulated home 2"
    result = await answer(hass, form, {"name": "Simulated home 2", "advanced": {"simulation_seed": 2}})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(hass.config_entries.async_entries(DOMAIN)) == 2


async def test_a_simulated_home_asks_for_an_engine_where_none_can_be_embedded(hass, solver):
    solver.return_value = False
    form = await begin(hass, "simulated", {"name": "Toy", "advanced": {}})
    assert form["step_id"] == "engine"
    result = await answer(hass, form, {"kind": "url"}, URL)
    assert result["data"]["engine"] == {"kind": "url", **URL}
    assert len(result["subentries"]) == 6


@pytest.mark.parametrize(
    ("changes", "place", "error"),
    [
        ({"simulation_speed": 0}, "advanced", "not_above"),
        ({"simulation_speed": "nan"}, "advanced", "not_a_number"),
        ({"simulation_seed": 1.5}, "advanced", "not_whole"),
    ],
)
async def test_a_simulation_that_cannot_run_is_refused_above_its_section(hass, changes, place, error):
    form = await begin(hass, "simulated", {"name": "Toy", "advanced": changes})
    assert form["errors"] == {place: error}
    assert form["description_placeholders"]["field"] in {"Speed", "Seed"}
    section = next(value for key, value in form["data_schema"].schema.items() if key == "advanced")
    assert section.options["collapsed"] is False
    assert (await answer(hass, form, {"name": "Toy", "advanced": {}}))["type"] is FlowResultType.CREATE_ENTRY


async def test_a_real_home_with_a_fixed_price_and_its_own_engine(hass, health):
    result = await to_engine(hass, {"kind": "url"}, URL)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Villa"
    assert result["result"].unique_id == "villa"
    assert result["data"] == {
        "name": "Villa",
        "currency": "EUR",
        "simulated": False,
        "grid": {"max_import_kw": 17.0, "max_export_kw": 10.0},
        "tariff": {"kind": "fixed", **FIXED},
        "engine": {"kind": "url", **URL},
    }
    assert health.await_count == 1
    assert parse_home(result["result"], "UTC").site.assets == ()


async def test_a_charge_on_the_peak_is_stored_and_shown_as_it_was_written(hass):
    peak = {
        "import_limit_kw": 9,
        "capacity_price_per_kw": 3.5,
        "capacity_tiers": "5 : 100, 10:200,5; 300",
        "capacity_period": "day",
    }
    form = await begin(hass, "home", HOME, "tariff_fixed", {**FIXED, "advanced": peak})
    result = await answer(hass, form, {"kind": "url"}, URL)
    tariff = parse_home(result["result"], "UTC").tariff
    assert tariff.import_limit_kw == 9.0
    assert (tariff.capacity.price_per_kw, tariff.capacity.period) == (3.5, "day")
    assert [(tier.up_to_kw, tier.fee) for tier in tariff.capacity.tiers] == [(5.0, 100.0), (10.0, 200.5), (None, 300.0)]
    form = await answer(hass, await reconfigure(hass, result["result"]), "tariff", "tariff_fixed")
    shown = suggestions({"data_schema": form["data_schema"].schema["advanced"].schema})
    assert (shown["capacity_tiers"], shown["capacity_period"]) == ("5: 100, 10: 200.5, 300", "day")


async def test_an_even_exchange_is_off_until_it_is_given_a_price(hass):
    form = await begin(hass, "home", HOME, "tariff_fixed", {**FIXED, "advanced": {}})
    entry = (await answer(hass, form, {"kind": "url"}, URL))["result"]
    assert parse_home(entry, "UTC").tariff.ramping_price_per_kw == 0.0
    even = {**FIXED, "advanced": {"ramping_price_per_kw": 0.2}}
    await answer(hass, await reconfigure(hass, entry), "tariff", "tariff_fixed", even)
    assert parse_home(entry, "UTC").tariff.ramping_price_per_kw == 0.2
    form = await answer(hass, await reconfigure(hass, entry), "tariff", "tariff_fixed")
    assert suggestions({"data_schema": form["data_schema"].schema["advanced"].schema})["ramping_price_per_kw"] == 0.2


PEAKS = [
    ("words", {"capacity_tiers": "5: much"}, "not_a_number"),
    ("nothing costs", {"capacity_tiers": "5:"}, "not_a_number"),
    ("falling", {"capacity_tiers": "10: 200, 5: 300"}, "invalid_value"),
    ("paid for", {"capacity_tiers": "10: -200"}, "invalid_value"),
    ("negative price", {"capacity_price_per_kw": -1}, "too_low"),
    ("negative limit", {"import_limit_kw": -1}, "too_low"),
    ("unevenness is liked", {"ramping_price_per_kw": -0.1}, "too_low"),
]


@pytest.mark.parametrize(("peak", "error"), [row[1:] for row in PEAKS], ids=[row[0] for row in PEAKS])
async def test_a_charge_on_the_peak_that_makes_no_sense_is_refused(hass, peak, error):
    form = await begin(hass, "home", HOME, "tariff_fixed", {**FIXED, "advanced": peak})
    assert form["errors"] == {"advanced": error}
    assert (await answer(hass, form, FIXED))["step_id"] == "engine"


async def test_a_fuse_for_each_phase_is_part_of_the_connection(hass):
    home = {**HOME, "advanced": {"max_import_a_per_phase": 25}}
    result = await begin(hass, "home", home, "tariff_fixed", FIXED, {"kind": "url"}, URL)
    assert parse_home(result["result"], "UTC").site.max_phase_kw == pytest.approx(5.75)


async def test_a_new_home_is_offered_plans_for_five_forecasts(hass):
    form = await to_engine(hass)
    assert suggestions({"data_schema": form["data_schema"].schema["advanced"].schema}) == {"scenarios": "5"}


@pytest.mark.parametrize("kind", ["url", "embedded"])
async def test_several_forecasts_may_be_planned_for(hass, kind):
    chosen = {"kind": kind, "advanced": {"scenarios": "3"}}
    result = await to_engine(hass, chosen, *([URL] if kind == "url" else []))
    assert parse_home(result["result"], "UTC").scenarios == 3
    form = await answer(hass, await reconfigure(hass, result["result"]), "engine")
    assert suggestions({"data_schema": form["data_schema"].schema["advanced"].schema}) == {"scenarios": "3"}
    result = await answer(hass, form, {"kind": "embedded", "advanced": {"scenarios": "1"}})
    assert result["reason"] == "reconfigure_successful"


async def test_the_form_of_a_home_offers_the_currency_and_name_of_home_assistant(hass):
    await hass.config.async_update(currency="SEK", location_name="Stuga")
    shown = suggestions(await begin(hass, "home"))
    assert (shown["name"], shown["currency"]) == ("Stuga", "SEK")


async def test_prices_by_time_of_day(hass):
    night = {"start": "22:00:00", "end": "06:00:00", "import_price_per_kwh": 0.2}
    tariff = {"periods": [night], "import_price_per_kwh": 0.3, "export_price_per_kwh": 0.1, "fixed_per_day": 0.4}
    result = await begin(hass, "home", HOME, "tariff_time_of_use", tariff, {"kind": "embedded"})
    assert result["data"]["tariff"] == {"kind": "time_of_use", **tariff}


async def test_prices_from_an_entity(hass):
    hass.states.async_set("sensor.price", "0.3", {"unit_of_measurement": "EUR/kWh"})
    tariff = {"import_price_entity": "sensor.price", "export_price_per_kwh": 0.1}
    result = await begin(hass, "home", HOME, "tariff_entity", tariff, {"kind": "embedded"})
    assert result["data"]["tariff"] == {"kind": "entity", **tariff}


async def test_an_event_that_lists_prices_needs_no_unit(hass):
    hass.states.async_set("event.rates", "unknown")
    tariff = {"import_price_entity": "event.rates", "export_price_per_kwh": 0.1}
    assert (await to_tariff(hass, "entity", tariff))["step_id"] == "engine"


async def test_meters_are_stored_with_the_connection(hass):
    hass.states.async_set("sensor.grid", "100", {"unit_of_measurement": "W"})
    hass.states.async_set("sensor.outside", "unavailable")
    hass.states.async_set("weather.sky", "unavailable")
    hass.states.async_set("calendar.holidays", "off")
    hass.states.async_set("person.anna", "home")
    hass.states.async_set("sensor.co2", "320", {"unit_of_measurement": "gCO2eq/kWh"})
    meters = {
        "grid_power_entity": "sensor.grid",
        "grid_power_inverted": True,
        "outdoor_temperature_entity": "sensor.outside",
        "weather_entity": "weather.sky",
    }
    days = {"holiday_entity": "calendar.holidays", "away_entity": "person.anna", "co2_intensity_entity": "sensor.co2"}
    result = await begin(hass, "home", HOME | meters | {"advanced": days}, "tariff_fixed", FIXED, {"kind": "embedded"})
    assert result["data"]["grid"] == {"max_import_kw": 17.0, "max_export_kw": 10.0, **meters, **days}


async def test_voltages_and_currents_of_the_connection_are_bound_in_a_section_of_their_own(hass):
    hass.states.async_set("sensor.l1", "231", {"unit_of_measurement": "V"})
    hass.states.async_set("sensor.i1", "4000", {"unit_of_measurement": "mA"})
    more = {"grid_voltage_l1_entity": "sensor.l1", "grid_current_l1_entity": "sensor.i1"}
    home = HOME | {"measurements": more}
    result = await begin(hass, "home", home, "tariff_fixed", FIXED, {"kind": "embedded"})
    assert result["data"]["grid"].items() >= more.items()
    bound = parse_home(result["result"], "UTC").grid_bindings.recorded
    assert bound == {"voltage_l1_v": "sensor.l1", "current_l1_a": "sensor.i1"}
    form = await answer(hass, await reconfigure(hass, result["result"]), "connection")
    assert suggestions({"data_schema": form["data_schema"].schema["measurements"].schema}).items() >= more.items()
    wrong = {"max_import_kw": 11, "max_export_kw": 0, "measurements": {"grid_voltage_l1_entity": "sensor.i1"}}
    form = await answer(hass, form, wrong)
    assert form["errors"] == {"measurements": "wrong_unit"}
    assert form["description_placeholders"]["field"] == "Voltage of L1"


async def test_holidays_are_told_by_a_calendar_or_by_the_sensor_of_workday(hass, entity_registry):
    entities = {
        name: entity_registry.async_get_or_create(name.partition(".")[0], integration, "1").entity_id
        for name, integration in (
            ("binary_sensor.it", "workday"),
            ("calendar.it", "workday"),
            ("binary_sensor.other", "template"),
        )
    }
    for entity_id in entities.values():
        hass.states.async_set(entity_id, "on")
    for name in ("calendar.it", "binary_sensor.other"):
        form = await begin(hass, "home", HOME | {"advanced": {"holiday_entity": entities[name]}})
        assert form["errors"] == {"advanced": "tells_no_holidays"}
    good = HOME | {"advanced": {"holiday_entity": entities["binary_sensor.it"]}}
    assert (await begin(hass, "home", good))["step_id"] == "tariff"


BAD_HOMES = [
    ("negative limit", {"max_import_kw": -1}, "max_import_kw", "too_low"),
    ("NaN", {"max_export_kw": "nan"}, "max_export_kw", "not_a_number"),
    ("blank name", {"name": "  "}, "name", "missing"),
    ("currency sign", {"currency": "€"}, "currency", "invalid_currency"),
    ("no such meter", {"grid_power_entity": "sensor.nothing"}, "grid_power_entity", "entity_not_found"),
    ("meter in kWh", {"grid_power_entity": "sensor.energy"}, "grid_power_entity", "wrong_unit"),
    ("meter without unit", {"load_power_entity": "sensor.word"}, "load_power_entity", "wrong_unit"),
    ("meter is a light", {"load_power_entity": "light.lamp"}, "load_power_entity", "wrong_domain"),
    ("outdoor in W", {"outdoor_temperature_entity": "sensor.power"}, "outdoor_temperature_entity", "wrong_unit"),
    ("weather by the day", {"weather_entity": "weather.daily"}, "weather_entity", "no_hourly_forecast"),
]


@pytest.mark.parametrize(
    ("changes", "place", "error"), [row[1:] for row in BAD_HOMES], ids=[row[0] for row in BAD_HOMES]
)
async def test_a_bad_home_is_refused_at_its_field_and_can_be_mended(hass, changes, place, error):
    hass.states.async_set("sensor.energy", "5", {"unit_of_measurement": "kWh"})
    hass.states.async_set("sensor.power", "5", {"unit_of_measurement": "W"})
    hass.states.async_set("sensor.word", "five")
    hass.states.async_set("light.lamp", "on")
    hass.states.async_set("weather.daily", "sunny", {"supported_features": 1})
    form = await begin(hass, "home", HOME | changes)
    assert form["errors"] == {place: error}
    assert form["description_placeholders"]["field"] != place
    assert suggestions(form)["max_import_kw"] == changes.get("max_import_kw", 17)
    assert (await answer(hass, form, HOME))["step_id"] == "tariff"


@pytest.mark.parametrize("missing", ["name", "currency", "max_import_kw", "max_export_kw"])
async def test_a_home_needs_its_name_currency_and_limits(hass, missing):
    with pytest.raises(InvalidData) as error:
        await begin(hass, "home", {key: value for key, value in HOME.items() if key != missing} | {missing: None})
    assert missing in error.value.schema_errors


async def test_two_homes_cannot_have_the_same_name(hass):
    await to_engine(hass, {"kind": "embedded"})
    form = await begin(hass, "home", HOME | {"name": "villa"})
    assert form["errors"] == {"name": "name_taken"}
    result = await answer(hass, form, HOME | {"name": "Cabin"}, "tariff_fixed", FIXED, {"kind": "embedded"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_same_home_set_up_twice_at_once_is_stored_once(hass):
    first, second = await to_engine(hass), await to_engine(hass)
    assert (await answer(hass, first, {"kind": "embedded"}))["type"] is FlowResultType.CREATE_ENTRY
    result = await answer(hass, second, {"kind": "embedded"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


def a_period(start, end, price=0.2):
    return {"start": start, "end": end, "import_price_per_kwh": price}


NO_HOLES = {"import_price_per_kwh": 0.3}
BAD_PERIODS = [
    ("none", [], NO_HOLES, "periods_empty", {}),
    (
        "overlap",
        [a_period("05:00:00", "09:00:00"), a_period("08:00:00", "10:00:00")],
        NO_HOLES,
        "periods_overlap",
        {"value": "05:00-09:00", "high": "08:00-10:00"},
    ),
    (
        "overlap over midnight",
        [a_period("22:00:00", "06:00:00"), a_period("05:00:00", "07:00:00")],
        NO_HOLES,
        "periods_overlap",
        {"value": "22:00-06:00", "high": "05:00-07:00"},
    ),
    ("hole", [a_period("06:00:00", "22:00:00")], {}, "periods_leave_hole", {"value": "00:00-06:00"}),
    (
        "price in words",
        [a_period("06:00:00", "22:00:00", "nan")],
        NO_HOLES,
        "invalid_value",
        {"reason": "entry 1: import_price_per_kwh must be a number, got 'nan'"},
    ),
    (
        "seconds",
        [a_period("06:00:00", "22:00:30")],
        NO_HOLES,
        "period_not_full_minute",
        {"value": "1"},
    ),
    (
        "no price",
        [a_period("06:00:00", "22:00:00"), {"start": "22:00:00", "end": "23:00:00"}],
        NO_HOLES,
        "period_without_price",
        {"value": "2"},
    ),
]


@pytest.mark.parametrize(
    ("periods", "other", "error", "placeholders"), [row[1:] for row in BAD_PERIODS], ids=[row[0] for row in BAD_PERIODS]
)
async def test_bad_periods_are_refused_with_the_times_that_are_wrong(hass, periods, other, error, placeholders):
    form = await to_tariff(hass, "time_of_use", {"periods": periods, "export_price_per_kwh": 0.1, **other})
    assert form["errors"] == {"periods": error}
    assert form["description_placeholders"].items() >= placeholders.items()


BAD_PRICES = [
    (
        "NaN",
        "fixed",
        {"import_price_per_kwh": "nan", "export_price_per_kwh": 0.1},
        "import_price_per_kwh",
        "not_a_number",
    ),
    (
        "infinite",
        "fixed",
        {"import_price_per_kwh": 0.3, "export_price_per_kwh": "inf"},
        "export_price_per_kwh",
        "not_a_number",
    ),
    ("no import price", "fixed", {"export_price_per_kwh": 0.1}, "import_price_per_kwh", "missing"),
    ("no export price", "fixed", {"import_price_per_kwh": 0.1}, "export_price_per_kwh", "missing"),
    ("no entity", "entity", {"import_price_entity": "sensor.none"}, "import_price_entity", "entity_not_found"),
    ("temperature", "entity", {"import_price_entity": "sensor.outside"}, "import_price_entity", "wrong_unit"),
    ("no export", "entity", {"import_price_entity": "sensor.price"}, "export_price_per_kwh", "export_price_missing"),
]


@pytest.mark.parametrize(
    ("kind", "prices", "place", "error"), [row[1:] for row in BAD_PRICES], ids=[row[0] for row in BAD_PRICES]
)
async def test_bad_prices_are_refused_at_their_field(hass, kind, prices, place, error):
    hass.states.async_set("sensor.price", "0.3", {"unit_of_measurement": "EUR/MWh"})
    hass.states.async_set("sensor.outside", "9", {"unit_of_measurement": "°C"})
    assert (await to_tariff(hass, kind, prices))["errors"] == {place: error}


@pytest.mark.parametrize(("failure", "place", "error"), ENGINE_ERRORS, ids=[row[2] for row in ENGINE_ERRORS])
async def test_an_engine_that_does_not_work_is_refused_with_the_reason(hass, health, failure, place, error):
    health.side_effect = failure
    form = await to_engine(hass, {"kind": "url"}, URL)
    assert form["errors"] == {place: error}
    assert suggestions(form)["url"] == URL["url"]
    health.side_effect = None
    assert (await answer(hass, form, URL))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("url", ["engine", "ftp://engine", "http://", "http://[::1"])
async def test_an_address_that_is_none_is_refused(hass, health, url):
    form = await to_engine(hass, {"kind": "url"}, {"url": url})
    assert form["errors"] == {"url": "invalid_url"}
    health.assert_not_called()


async def test_the_embedded_engine_is_refused_where_it_cannot_run(hass, solver):
    solver.return_value = False
    form = await to_engine(hass, {"kind": "embedded"})
    assert form["errors"] == {"kind": "embedded_unavailable"}


async def test_the_app_is_not_offered_without_the_supervisor(hass):
    form = await to_engine(hass)
    with pytest.raises(InvalidData):
        await answer(hass, form, {"kind": "app"})


async def test_the_app_is_found_through_the_supervisor(hass, supervisor):
    form = await to_engine(hass)
    assert suggestions(form)["kind"] == "app"
    result = await answer(hass, form, {"kind": "app"})
    assert result["data"]["engine"] == APP_ENGINE


@pytest.mark.parametrize(
    "failure", [{"return_value": []}, {"side_effect": SupervisorError("down")}], ids=["none", "down"]
)
async def test_an_app_that_is_not_there_is_named(hass, supervisor, failure):
    supervisor.discovery.list = AsyncMock(**failure)
    assert (await to_engine(hass, {"kind": "app"}))["errors"] == {"kind": "app_not_found"}


async def test_an_app_that_does_not_answer_is_named(hass, supervisor, health):
    health.side_effect = EngineUnreachable("starting")
    assert (await to_engine(hass, {"kind": "app"}))["errors"] == {"kind": "cannot_connect"}


async def test_a_discovered_app_leads_to_a_first_home(hass):
    form = await discover(hass)
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "hassio_first")
    result = await answer(hass, form, {}, "home", HOME, "tariff_fixed", FIXED)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["engine"] == APP_ENGINE
    # The Supervisor removes an entry whose unique id is the app's uuid when the app is uninstalled.
    assert result["result"].unique_id == "villa"


async def test_a_simulated_home_can_use_the_discovered_app(hass):
    form = await discover(hass)
    result = await answer(hass, form, {}, "simulated", {"name": "Toy", "advanced": {}})
    assert result["data"]["engine"] == APP_ENGINE


async def test_a_discovered_app_that_does_not_answer_can_be_tried_again(hass, health):
    health.side_effect = EngineUnreachable("starting")
    form = await answer(hass, await discover(hass), {})
    assert form["errors"] == {"base": "cannot_connect"}
    health.side_effect = None
    assert (await answer(hass, form, {}))["type"] is FlowResultType.MENU


async def test_homes_that_use_the_app_follow_it_to_its_new_address(hass):
    old = {"kind": "app", "url": "http://old:1", "token": "old"}
    follower, other = added(hass, an_entry(engine=old)), added(hass, an_entry(name="Other"))
    result = await discover(hass)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert follower.data["engine"] == APP_ENGINE
    assert other.data["engine"]["kind"] == "url"


async def test_homes_that_exist_are_moved_to_a_new_app_only_when_the_user_agrees(hass, health):
    entry = added(hass, an_entry(engine={"kind": "embedded"}))
    form = await discover(hass)
    assert (form["step_id"], form["description_placeholders"]) == ("hassio_confirm", {"homes": "My home"})
    assert entry.data["engine"] == {"kind": "embedded"}
    health.side_effect = EngineTimeout("late")
    form = await answer(hass, form, {})
    assert form["errors"] == {"base": "timeout"}
    health.side_effect = None
    result = await answer(hass, form, {})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "engine_changed")
    assert entry.data["engine"] == APP_ENGINE


async def test_an_app_that_was_ignored_stays_ignored(hass):
    MockConfigEntry(domain=DOMAIN, source=SOURCE_IGNORE, unique_id=UUID_OF_APP).add_to_hass(hass)
    result = await discover(hass)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


@pytest.mark.parametrize("changes", [{"host": None}, {"port": "8124"}, {"token": ""}, {"host": ""}])
async def test_an_announcement_that_makes_no_sense_is_refused(hass, changes):
    result = await discover(hass, **changes)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "invalid_discovery")


async def test_a_refused_token_is_replaced(hass, health):
    entry = added(hass, an_entry(a_subentry("battery")))
    form = await entry.start_reauth_flow(hass)
    assert_worded(form, STRINGS["config"])
    assert form["step_id"] == "reauth_confirm"
    health.side_effect = EngineUnauthorized("no")
    form = await answer(hass, form, {"token": "wrong"})
    assert form["errors"] == {"token": "invalid_auth"}
    health.side_effect = None
    result = await answer(hass, form, {"token": "right"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert entry.data["engine"] == {"kind": "url", "url": "http://engine.local:8710", "token": "right"}
    assert len(entry.subentries) == 1


async def test_the_connection_can_be_changed(hass):
    hass.states.async_set("sensor.grid_power", "1", {"unit_of_measurement": "W"})
    entry = added(hass, an_entry())
    form = await answer(hass, await entry.start_reconfigure_flow(hass), "connection")
    assert suggestions(form)["max_import_kw"] == 17.0
    assert suggestions(form)["grid_power_entity"] == "sensor.grid_power"
    result = await answer(hass, form, {"max_import_kw": 11, "max_export_kw": 0})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert entry.data["grid"] == {"max_import_kw": 11.0, "max_export_kw": 0.0}
    assert entry.data["name"] == "My home"


async def test_the_contract_can_be_changed_to_another_kind(hass):
    entry = added(hass, an_entry())
    menu = await answer(hass, await entry.start_reconfigure_flow(hass), "tariff")
    night = a_period("22:00:00", "06:00:00")
    result = await answer(
        hass, menu, "tariff_time_of_use", {"periods": [night], "import_price_per_kwh": 1, "export_price_per_kwh": 0}
    )
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["tariff"]["kind"] == "time_of_use"


async def test_the_prices_that_are_stored_are_shown_again(hass):
    entry = added(hass, an_entry())
    form = await answer(hass, await entry.start_reconfigure_flow(hass), "tariff", "tariff_fixed")
    assert suggestions(form)["import_price_per_kwh"] == 0.3
    assert suggestions(form)["fixed_per_day"] is None


async def test_the_engine_can_be_changed(hass):
    entry = added(hass, an_entry())
    form = await answer(hass, await entry.start_reconfigure_flow(hass), "engine")
    assert suggestions(form)["kind"] == "url"
    form = await answer(hass, form, {"kind": "url"})
    assert suggestions(form) == {"url": "http://engine.local:8710", "token": "secret"}
    result = await answer(hass, form, {"url": "http://other:8124"})
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["engine"] == {"kind": "url", "url": "http://other:8124"}
    result = await answer(hass, await entry.start_reconfigure_flow(hass), "engine", {"kind": "embedded"})
    assert entry.data["engine"] == {"kind": "embedded"}


async def test_only_a_simulated_home_has_a_speed(hass):
    real = await added(hass, an_entry()).start_reconfigure_flow(hass)
    assert "simulation" not in real["menu_options"]
    entry = added(hass, an_entry(name="Toy", simulated=True, simulation_seed=7, simulation_speed=60))
    form = await answer(hass, await entry.start_reconfigure_flow(hass), "simulation")
    form = await answer(hass, form, {"simulation_speed": -1})
    assert form["errors"] == {"simulation_speed": "not_above"}
    assert (await answer(hass, form, {"simulation_speed": 10}))["reason"] == "reconfigure_successful"
    assert (entry.data["simulation_speed"], entry.data["simulation_seed"]) == (10.0, 7)


async def test_a_simulated_home_has_limits_and_no_meters(hass):
    entry = added(hass, an_entry(simulated=True, simulation_seed=7, simulation_speed=60))
    form = await answer(hass, await entry.start_reconfigure_flow(hass), "connection")
    assert list(suggestions(form)) == ["max_import_kw", "max_export_kw", "advanced"]


async def test_the_simulated_home_is_named_in_the_language_of_home_assistant(hass):
    hass.config.language = "de"
    form = await begin(hass, "simulated")
    assert suggestions(form)["name"] == "Simuliertes Zuhause"
    result = await answer(hass, form, {"name": "Simuliertes Zuhause", "advanced": {}})
    assert [subentry["title"] for subentry in result["subentries"]][:2] == ["Solaranlage", "Batterie"]
