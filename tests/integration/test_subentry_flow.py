from datetime import time
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_USER
from homeassistant.data_entry_flow import FlowResultType, InvalidData, section
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.hems.actuate.domains import DOMAINS
from custom_components.hems.config_flow import HemsConfigFlow
from custom_components.hems.const import DOMAIN, SUBENTRY_TYPES
from custom_components.hems.flows.assets import ASSET_FIELDS, fields_of
from custom_components.hems.home import BINDINGS, RECORDED, parse_home
from tests.integration.entries import a_subentry, an_entry
from tests.integration.words import STRINGS, as_sent, assert_worded

SIMULATED_TYPES = tuple(kind for kind in SUBENTRY_TYPES if kind != "inverter")

SENSORS = {
    "sensor.pv": "W",
    "sensor.battery": "kW",
    "sensor.soc": "%",
    "sensor.wallbox": "W",
    "sensor.room": "°C",
    "sensor.tank": "°F",
    "sensor.energy": "kWh",
    "sensor.volts": "mV",
    "sensor.amps": "A",
    "sensor.health": "%",
    "sensor.cycles": None,
}

FORMS = {
    "pv": {"peak_kw": 5, "power_entity": "sensor.pv"},
    "battery": {
        "capacity_kwh": 10,
        "max_charge_kw": 5,
        "max_discharge_kw": 4,
        "min_soc": 15,
        "power_entity": "sensor.battery",
        "soc_entity": "sensor.soc",
    },
    "inverter": {"max_ac_kw": 8},
    "ev_charger": {
        "phases": "switchable",
        "max_current_a": 16,
        "capacity_kwh": 60,
        "target_soc": 80,
        "departure": "07:00:00",
        "power_entity": "sensor.wallbox",
        "connected_entity": "binary_sensor.plug",
    },
    "heat_pump": {
        "max_electric_kw": 3,
        "heat_loss_kw_per_k": 0.2,
        "heat_capacity_kwh_per_k": 10,
        "comfort_min_c": 20,
        "comfort_max_c": 23,
        "temperature_entity": "sensor.room",
    },
    "hot_water": {
        "volume_l": 200,
        "max_electric_kw": 2,
        "cop": 1,
        "comfort_min_c": 45,
        "comfort_max_c": 60,
        "temperature_entity": "sensor.tank",
    },
    "appliance": {"energy_kwh": 1, "duration_min": 120},
    "flexible_load": {"power_kw": 0.5, "comfort_price_per_kwh": 0.6},
}


@pytest.fixture(autouse=True)
def set_up():
    """Entries are stored and not run."""
    with patch("custom_components.hems.async_setup_entry", return_value=True):
        yield


@pytest.fixture(autouse=True)
def sensors(hass):
    for entity_id, unit in SENSORS.items():
        hass.states.async_set(entity_id, "1", {"unit_of_measurement": unit})
    hass.states.async_set("binary_sensor.plug", "on")
    hass.states.async_set("light.lamp", "on")
    hass.states.async_set("number.current", "6", {"unit_of_measurement": "A"})
    hass.states.async_set("select.phases", "1 phase", {"options": ["1 phase", "3 phases"]})


@pytest.fixture
def entry(hass):
    entry = an_entry()
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
def simulated(hass):
    entry = an_entry(name="Toy", simulated=True, simulation_seed=1, simulation_speed=60)
    entry.add_to_hass(hass)
    return entry


async def begin(hass, entry, kind):
    flow = await hass.config_entries.subentries.async_init((entry.entry_id, kind), context={"source": SOURCE_USER})
    assert_worded(flow, STRINGS["config_subentries"][kind])
    return flow


def a_form(kind, name="It", **changes):
    """Every field of a kind filled in well, each change in the section of its field."""
    return in_sections({"name": name, **FORMS[kind], **changes}, ASSET_FIELDS[kind])


def in_sections(values, fields):
    """Values as the frontend sends them."""
    places = {field.key: field.section for field in fields}
    sections = {name: {} for name in places.values() if name}
    plain = {key: value for key, value in values.items() if not places.get(key)}
    for key, value in values.items():
        if places.get(key):
            sections[places[key]][key] = value
    return {**plain, **sections}


async def answer(hass, flow, form):
    result = await hass.config_entries.subentries.async_configure(flow["flow_id"], as_sent(flow, form))
    assert_worded(result, STRINGS["config_subentries"][flow["handler"][1]])
    return result


async def add(hass, entry, kind, **changes):
    return await answer(hass, await begin(hass, entry, kind), a_form(kind, **changes))


def markers(schema):
    """Every field of a form, with those of its sections."""
    for key, value in schema.schema.items():
        if isinstance(value, section):
            yield from markers(value.schema)
        else:
            yield key


def shown(flow):
    """What a form shows before it is filled in."""
    found = {}
    for key in markers(flow["data_schema"]):
        suggested = (key.description or {}).get("suggested_value")
        found[str(key)] = key.default() if suggested is None and callable(key.default) else suggested
    return found


def test_every_asset_kind_has_a_flow():
    assert set(HemsConfigFlow.async_get_supported_subentry_types(an_entry())) == set(SUBENTRY_TYPES)


@pytest.mark.parametrize("kind", SUBENTRY_TYPES)
def test_the_entities_that_are_asked_are_those_that_are_read(kind):
    assert {field.key for field in ASSET_FIELDS[kind] if field.role is not None} == {*BINDINGS[kind], *RECORDED[kind]}


@pytest.mark.parametrize("kind", SUBENTRY_TYPES)
async def test_an_asset_is_added_and_read_back(hass, entry, kind):
    form = await begin(hass, entry, kind)
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "details")
    result = await answer(hass, form, a_form(kind, name=" Cellar "))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = entry.subentries.values()
    assert (subentry.title, subentry.subentry_type) == ("Cellar", kind)
    home = parse_home(entry, "UTC")
    assert home.titles == {subentry.subentry_id: "Cellar"}


def test_a_simulated_home_has_no_hybrid_inverters(simulated):
    assert set(HemsConfigFlow.async_get_supported_subentry_types(simulated)) == set(SIMULATED_TYPES)


async def test_a_simulated_car_only_charges(hass, simulated, entry):
    assert "max_discharge_kw" in shown(await begin(hass, entry, "ev_charger"))
    assert "max_discharge_kw" not in shown(await begin(hass, simulated, "ev_charger"))


@pytest.mark.parametrize("kind", SIMULATED_TYPES)
async def test_the_defaults_of_a_form_are_accepted(hass, simulated, kind):
    form = await begin(hass, simulated, kind)
    defaults = {key: value for key, value in shown(form).items() if value is not None}
    result = await answer(hass, form, in_sections(defaults, fields_of(kind, simulated=True)))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert parse_home(simulated, "UTC").site.assets


@pytest.mark.parametrize("kind", SIMULATED_TYPES)
async def test_a_simulated_home_is_not_asked_for_entities(hass, simulated, kind):
    form = await begin(hass, simulated, kind)
    assert not [key for key in shown(form) if key.endswith("_entity") or key == "power_inverted"]


@pytest.mark.parametrize("kind", SUBENTRY_TYPES)
async def test_what_is_stored_is_shown_when_it_is_changed(hass, entry, kind):
    await add(hass, entry, kind, name="Old")
    (subentry,) = entry.subentries.values()
    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    assert {key: value for key, value in shown(form).items() if value is not None} == {"name": "Old", **FORMS[kind]}
    result = await answer(hass, form, a_form(kind, name="New"))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    (changed,) = entry.subentries.values()
    assert (changed.title, changed.subentry_id) == ("New", subentry.subentry_id)
    assert changed.data == subentry.data


async def test_fractions_are_shown_in_per_cent_and_stored_as_fractions(hass, entry):
    await add(hass, entry, "battery", charge_efficiency=93.5)
    (subentry,) = entry.subentries.values()
    assert (subentry.data["min_soc"], subentry.data["charge_efficiency"]) == (0.15, 0.935)
    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    assert shown(form)["charge_efficiency"] == 93.5


WORDED = [
    # description, kind, what is asked for, what the model then holds
    (
        "curves",
        "battery",
        {"full_power_up_to_soc": 80, "power_when_full_kw": 1},
        lambda it: it.charge_curve[-1].max_kw == 1,
    ),
    (
        "curves below",
        "battery",
        {"full_power_down_to_soc": 20, "power_when_empty_kw": 2},
        lambda it: it.discharge_limit_kw(1.0) == pytest.approx(3.0),
    ),
    ("soft reserve", "battery", {"reserve_soc": 40}, lambda it: it.reserve_kwh == pytest.approx(4.0)),
    ("phase", "appliance", {"phase": "l2"}, lambda it: it.phase == "l2"),
    ("back to the house", "ev_charger", {"max_discharge_kw": 5}, lambda it: it.max_discharge_kw == 5.0),
    (
        "rests",
        "heat_pump",
        {"min_electric_kw": 0.6, "min_on_min": 20, "min_off_min": 10},
        lambda it: (it.min_on_s, it.min_off_s) == (1200, 600),
    ),
    (
        "starts",
        "heat_pump",
        {"min_electric_kw": 0.6, "start_price": 0.05},
        lambda it: it.start_price == 0.05,
    ),
    ("starts of a tank", "hot_water", {"start_price": 0.1}, lambda it: it.start_price == 0.1),
    (
        "nights",
        "heat_pump",
        {"night_from": "22:00:00", "night_until": "06:00:00", "night_min_c": 17},
        lambda it: [(night.min_c, night.max_c) for night in it.comfort.periods] == [(17.0, 23.0)],
    ),
    (
        "walls",
        "heat_pump",
        {"mass_share": 80, "mass_coupling_kw_per_k": 3},
        lambda it: (
            (it.building.heat_capacity_kwh_per_k, it.building.mass.heat_capacity_kwh_per_k)
            == (pytest.approx(2.0), pytest.approx(8.0))
        ),
    ),
    (
        "legionella",
        "hot_water",
        {"legionella": True, "legionella_temperature_c": 65},
        lambda it: (it.legionella.temperature_c, it.legionella.every_days) == (65.0, 7.0),
    ),
    ("no legionella", "hot_water", {"legionella_temperature_c": 65}, lambda it: it.legionella is None),
    ("hours", "flexible_load", {"min_on_h_per_day": 3}, lambda it: it.min_on_h_per_day == 3.0),
    ("charged by the sun", "inverter", {"max_ac_charge_kw": 0}, lambda it: it.most_taken_kw == 0.0),
]


@pytest.mark.parametrize(("kind", "asked", "holds"), [row[1:] for row in WORDED], ids=[row[0] for row in WORDED])
async def test_what_is_asked_for_reaches_the_model_and_is_shown_again(hass, entry, kind, asked, holds):
    assert (await add(hass, entry, kind, **asked))["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = entry.subentries.values()
    assert holds(parse_home(entry, "UTC").site.assets[0])
    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    assert shown(form).items() >= asked.items()


MEASURED = {
    "battery": {
        "soh_entity": "sensor.health",
        "cycles_entity": "sensor.cycles",
        "device_temperature_entity": "sensor.room",
        "voltage_entity": "sensor.volts",
        "current_entity": "sensor.amps",
    },
    "pv": {"voltage_entity": "sensor.volts", "current_entity": "sensor.amps"},
    "inverter": {"device_temperature_entity": "sensor.tank"},
    "ev_charger": {"voltage_entity": "sensor.volts", "current_entity": "sensor.amps"},
}


@pytest.mark.parametrize("kind", MEASURED)
async def test_more_measurements_are_bound_and_shown_again_in_a_section_of_their_own(hass, entry, kind):
    assert set(MEASURED[kind]) == set(RECORDED[kind])
    form = await begin(hass, entry, kind)
    inside = next(value for key, value in form["data_schema"].schema.items() if key == "measurements")
    assert inside.options == {"collapsed": True}
    await answer(hass, form, a_form(kind, **MEASURED[kind]))
    (subentry,) = entry.subentries.values()
    assert subentry.data.items() >= MEASURED[kind].items()
    wanted = {RECORDED[kind][key]: entity_id for key, entity_id in MEASURED[kind].items()}
    assert parse_home(entry, "UTC").bindings[subentry.subentry_id].recorded == wanted
    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    assert shown(form).items() >= MEASURED[kind].items()


async def test_a_section_is_open_when_something_in_it_is_wrong(hass, entry):
    form = await add(hass, entry, "battery", soh_entity="sensor.gone")
    opened = {
        str(key): not value.options["collapsed"]
        for key, value in form["data_schema"].schema.items()
        if isinstance(value, section)
    }
    assert opened == {"advanced": False, "measurements": True}


@pytest.mark.parametrize(
    ("field", "device_class"),
    [("voltage_entity", "voltage"), ("current_entity", "current"), ("device_temperature_entity", "temperature")],
)
def test_sensors_are_offered_by_their_device_class(field, device_class):
    (found,) = (each for each in ASSET_FIELDS["battery"] if each.key == field)
    assert found.selector("EUR").config["filter"][0]["device_class"] == [device_class]


async def with_an_inverter(hass, entry):
    await add(hass, entry, "inverter", name="Hybrid")
    return next(iter(entry.subentries))


async def test_an_inverter_is_not_asked_for_where_there_is_none(hass, entry):
    assert "inverter" not in shown(await begin(hass, entry, "battery"))


async def test_a_battery_and_an_array_share_an_inverter(hass, entry):
    inverter = await with_an_inverter(hass, entry)
    form = await begin(hass, entry, "battery")
    options = next(
        selector.config["options"]
        for key, selector in form["data_schema"].schema["advanced"].schema.schema.items()
        if key == "inverter"
    )
    assert options == [{"value": inverter, "label": "Hybrid"}]
    await answer(hass, form, a_form("battery", inverter=inverter))
    await add(hass, entry, "pv", name="Roof", inverter=inverter)
    assert [getattr(asset, "inverter", None) for asset in parse_home(entry, "UTC").site.assets] == [
        None,
        inverter,
        inverter,
    ]


async def test_the_inverter_that_was_chosen_is_shown_when_the_device_is_changed(hass, entry):
    inverter = await with_an_inverter(hass, entry)
    await add(hass, entry, "battery", inverter=inverter)
    battery = next(name for name in entry.subentries if name != inverter)
    form = await entry.start_subentry_reconfigure_flow(hass, battery)
    assert shown(form)["inverter"] == inverter


async def test_an_inverter_that_was_removed_is_offered_no_more_and_can_be_stored_away(hass, entry):
    inverter = await with_an_inverter(hass, entry)
    await add(hass, entry, "battery", inverter=inverter)
    hass.config_entries.async_remove_subentry(entry, inverter)
    (battery,) = entry.subentries.values()
    assert parse_home(entry, "UTC").orphans == (battery.subentry_id,)
    form = await entry.start_subentry_reconfigure_flow(hass, battery.subentry_id)
    assert "inverter" not in shown(form)
    await answer(hass, form, a_form("battery"))
    assert parse_home(entry, "UTC").orphans == ()


async def test_phases_are_stored_as_counts(hass, entry):
    await add(hass, entry, "ev_charger")
    (subentry,) = entry.subentries.values()
    assert subentry.data["phases"] == [1, 3]


async def test_a_charger_that_hems_controls_and_that_switches_phases_needs_something_that_sets_them(hass, entry):
    form = await add(hass, entry, "ev_charger", control_entity="number.current")
    assert form["errors"] == {"phase_entity": "phase_entity_missing"}
    assert form["description_placeholders"]["field"] == "Phase control"
    better = a_form("ev_charger", control_entity="number.current", phase_entity="select.phases")
    assert (await answer(hass, form, better))["type"] is FlowResultType.CREATE_ENTRY
    assert parse_home(entry, "UTC").site.assets[0].phases == (1, 3)


@pytest.mark.parametrize(
    "changes", [{}, {"control_entity": "number.current", "phases": "three"}], ids=["only advised", "fixed phases"]
)
async def test_nothing_needs_to_set_phases_that_are_not_commanded_or_not_switched(hass, entry, changes):
    assert (await add(hass, entry, "ev_charger", **changes))["type"] is FlowResultType.CREATE_ENTRY


async def test_an_array_may_have_several_forecasts(hass, entry):
    forecasts = ["sensor.energy", "sensor.pv"]
    result = await add(hass, entry, "pv", forecast_entity=forecasts)
    assert result["data"]["forecast_entity"] == forecasts
    (subentry_id,) = entry.subentries
    assert parse_home(entry, "UTC").bindings[subentry_id].forecast_entities == tuple(forecasts)


async def test_each_of_several_forecasts_must_fit(hass, entry):
    result = await add(hass, entry, "pv", forecast_entity=["sensor.energy", "light.lamp"])
    assert result["errors"] == {"forecast_entity": "wrong_domain"}


async def test_an_array_of_an_older_version_has_one_forecast(hass):
    entry = an_entry(a_subentry("pv", forecast_entity="sensor.energy"))
    entry.add_to_hass(hass)
    (subentry_id,) = entry.subentries
    assert parse_home(entry, "UTC").bindings[subentry_id].forecast_entities == ("sensor.energy",)
    flow = await entry.start_subentry_reconfigure_flow(hass, subentry_id)
    assert shown(flow)["forecast_entity"] == ["sensor.energy"]


async def test_a_power_profile_is_read_with_points_and_commas(hass, entry):
    await add(hass, entry, "appliance", profile_kw="0.2 1,9  0.1")
    (subentry,) = entry.subentries.values()
    assert subentry.data["profile_kw"] == [0.2, 1.9, 0.1]
    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    assert shown(form)["profile_kw"] == "0.2 1.9 0.1"


async def test_a_field_that_is_emptied_falls_back_to_the_default_of_the_model(hass, entry):
    await add(hass, entry, "battery", max_soc=90)
    (subentry,) = entry.subentries.values()
    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    await answer(hass, form, a_form("battery"))
    assert "max_soc" not in entry.subentries[subentry.subentry_id].data
    assert parse_home(entry, "UTC").asset(subentry.subentry_id).max_soc == 1.0


async def test_prices_are_asked_in_the_currency_of_the_home(hass):
    entry = an_entry(currency="SEK")
    entry.add_to_hass(hass)
    form = await begin(hass, entry, "flexible_load")
    selector = form["data_schema"].schema["comfort_price_per_kwh"]
    assert selector.config["unit_of_measurement"] == "SEK/kWh"


async def test_a_name_is_proposed_that_is_free(hass, entry):
    assert shown(await begin(hass, entry, "battery"))["name"] == "Battery"
    await add(hass, entry, "battery", name="Battery")
    assert shown(await begin(hass, entry, "battery"))["name"] == "Battery 2"


async def test_two_assets_cannot_have_the_same_name(hass, entry):
    await add(hass, entry, "pv", name="Roof")
    form = await add(hass, entry, "battery", name="Roof")
    assert form["errors"] == {"name": "name_taken"}
    assert (await answer(hass, form, a_form("battery", name="Cellar")))["type"] is FlowResultType.CREATE_ENTRY


async def test_an_asset_keeps_its_own_name(hass):
    entry = an_entry(a_subentry("flexible_load", title="Lights"))
    entry.add_to_hass(hass)
    (subentry,) = entry.subentries.values()
    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    result = await answer(hass, form, a_form("flexible_load", name="Lights", power_kw=0.7))
    assert result["reason"] == "reconfigure_successful"
    assert entry.subentries[subentry.subentry_id].data["power_kw"] == 0.7


async def test_an_asset_is_removed_by_home_assistant(hass, entry):
    await add(hass, entry, "pv")
    (subentry,) = entry.subentries.values()
    assert hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
    assert parse_home(entry, "UTC").site.assets == ()


async def test_the_charge_that_is_wanted_each_day_is_stored_and_shown_again(hass, entry):
    await add(hass, entry, "battery", target_soc=90, target_by="06:30:00")
    (subentry,) = entry.subentries.values()
    target = parse_home(entry, "UTC").daily_targets[subentry.subentry_id]
    assert (target.soc, target.clock) == (0.9, time(6, 30))
    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    shown = {str(key): (key.description or {}).get("suggested_value") for key in markers(form["data_schema"])}
    assert (shown["target_soc"], shown["target_by"]) == (90.0, "06:30:00")


BAD_VALUES = [
    # description, kind, changes, place of the error, error, placeholders
    ("blank name", "pv", {"name": " "}, "name", "missing", {}),
    ("no peak", "pv", {"peak_kw": 0}, "peak_kw", "not_above", {"low": "0", "value": "0", "field": "Peak power"}),
    ("NaN", "pv", {"peak_kw": "nan"}, "peak_kw", "not_a_number", {"value": "nan"}),
    ("infinite", "battery", {"capacity_kwh": "inf"}, "capacity_kwh", "not_a_number", {"value": "inf"}),
    ("overhanging", "pv", {"tilt_deg": 91}, "tilt_deg", "out_of_range", {"low": "0", "high": "90", "value": "91"}),
    ("behind the compass", "pv", {"azimuth_deg": -90}, "azimuth_deg", "out_of_range", {"value": "-90"}),
    ("negative power", "battery", {"max_charge_kw": -5}, "max_charge_kw", "too_low", {"low": "0", "value": "-5"}),
    ("reserve 150 %", "battery", {"min_soc": 150}, "min_soc", "out_of_range", {"high": "100 %", "value": "150 %"}),
    (
        "reserve above full",
        "battery",
        {"min_soc": 80, "max_soc": 70},
        "min_soc",
        "above_other",
        {"value": "80 %", "high": "70 %", "other": "Maximum charge"},
    ),
    (
        "poor inverter",
        "battery",
        {"charge_efficiency": 20},
        "advanced",
        "out_of_range",
        {"field": "Efficiency of charging", "low": "50 %", "value": "20 %"},
    ),
    ("car of 0 kWh", "ev_charger", {"capacity_kwh": 0}, "capacity_kwh", "not_above", {}),
    ("car more than full", "ev_charger", {"target_soc": 120}, "target_soc", "out_of_range", {"value": "120 %"}),
    ("car that takes nothing", "ev_charger", {"max_charge_kw": 0}, "advanced", "not_above", {}),
    (
        "currents reversed",
        "ev_charger",
        {"min_current_a": 20},
        "advanced",
        "above_other",
        {"field": "Minimum current", "value": "20", "other": "Maximum current", "high": "16"},
    ),
    ("no walls", "heat_pump", {"heat_loss_kw_per_k": 0}, "heat_loss_kw_per_k", "not_above", {}),
    (
        "comfort reversed",
        "heat_pump",
        {"comfort_min_c": 25},
        "comfort_min_c",
        "above_other",
        {"value": "25", "other": "Warmest that is comfortable", "high": "23"},
    ),
    ("perpetual motion", "heat_pump", {"cop_at_7": 40}, "advanced", "out_of_range", {"field": "COP at 7 °C"}),
    ("more than it has", "heat_pump", {"min_electric_kw": 4}, "advanced", "out_of_range", {"high": "3"}),
    ("empty tank", "hot_water", {"volume_l": 0}, "volume_l", "not_above", {}),
    ("boiling", "hot_water", {"comfort_max_c": 120}, "comfort_max_c", "out_of_range", {"high": "80"}),
    ("negative use", "hot_water", {"daily_use_kwh": -1}, "daily_use_kwh", "too_low", {}),
    ("no time", "appliance", {"duration_min": 0}, "duration_min", "out_of_range", {"low": "1", "high": "1440"}),
    ("half minutes", "appliance", {"duration_min": 1.5}, "duration_min", "not_whole", {"value": "1.5"}),
    ("no energy", "appliance", {"energy_kwh": 0}, "energy_kwh", "not_above", {}),
    ("words", "appliance", {"profile_kw": "1 two"}, "advanced", "not_a_number", {"value": "'two'"}),
    ("NaN in the profile", "appliance", {"profile_kw": "1 nan"}, "advanced", "not_a_number", {"value": "nan"}),
    ("negative profile", "appliance", {"profile_kw": "1 -1"}, "advanced", "too_low", {"value": "-1"}),
    (
        "half a curve",
        "battery",
        {"full_power_up_to_soc": 80},
        "advanced",
        "missing_beside",
        {"field": "Charging power when nearly full", "other": "Full charging power up to"},
    ),
    (
        "a curve that widens",
        "battery",
        {"full_power_down_to_soc": 20, "power_when_empty_kw": 9},
        "advanced",
        "above_other",
        {
            "field": "Discharging power when nearly empty",
            "value": "9",
            "other": "Maximum discharging power",
            "high": "4",
        },
    ),
    (
        "a curve without a way",
        "battery",
        {"full_power_up_to_soc": 100, "power_when_full_kw": 1},
        "advanced",
        "out_of_range",
        {"high": "99 %", "value": "100 %"},
    ),
    ("soft reserve below the hard one", "battery", {"reserve_soc": 10}, "min_soc", "above_other", {"high": "10 %"}),
    ("at once more than full", "ev_charger", {"at_once_soc": 120}, "at_once_soc", "out_of_range", {"value": "120 %"}),
    ("feeds the wrong way", "ev_charger", {"max_discharge_kw": -1}, "advanced", "too_low", {"value": "-1"}),
    (
        "always on or off",
        "heat_pump",
        {"min_on_min": 10},
        "advanced",
        "needs_other",
        {"field": "Stays on for at least", "other": "Minimum electric power"},
    ),
    ("a start of what never stops", "heat_pump", {"start_price": 0.1}, "advanced", "needs_other", {}),
    ("paid for starting", "hot_water", {"start_price": -0.1}, "advanced", "too_low", {}),
    (
        "full at no time",
        "battery",
        {"target_soc": 90},
        "advanced",
        "missing_beside",
        {"field": "By", "other": "Charge wanted each day"},
    ),
    (
        "wanted fuller than allowed",
        "battery",
        {"target_soc": 90, "target_by": "06:00:00", "max_soc": 80},
        "advanced",
        "above_other",
        {"value": "90 %", "high": "80 %", "other": "Maximum charge"},
    ),
    ("on for two days", "heat_pump", {"min_on_min": 2880}, "advanced", "out_of_range", {"high": "1440"}),
    (
        "half a night",
        "heat_pump",
        {"night_from": "22:00:00", "night_until": "06:00:00"},
        "advanced",
        "missing_beside",
        {"field": "Coolest at night", "other": "Night from"},
    ),
    (
        "warmer at night than ever",
        "heat_pump",
        {"night_from": "22:00:00", "night_until": "06:00:00", "night_min_c": 24},
        "advanced",
        "above_other",
        {"field": "Coolest at night", "other": "Warmest that is comfortable"},
    ),
    (
        "freezing nights",
        "hot_water",
        {"night_from": "22:00:00", "night_until": "06:00:00", "night_min_c": -5},
        "advanced",
        "out_of_range",
        {"field": "Coolest at night", "low": "0"},
    ),
    (
        "nothing but walls",
        "heat_pump",
        {"mass_share": 100, "mass_coupling_kw_per_k": 3},
        "advanced",
        "out_of_range",
        {"field": "Share of walls and floors", "high": "99 %"},
    ),
    (
        "walls apart",
        "heat_pump",
        {"mass_share": 80, "mass_coupling_kw_per_k": 0},
        "advanced",
        "not_above",
        {"field": "Heat between rooms and walls"},
    ),
    (
        "lukewarm against legionella",
        "hot_water",
        {"legionella": True, "legionella_temperature_c": 45},
        "advanced",
        "out_of_range",
        {"field": "Temperature against legionella", "low": "50"},
    ),
    (
        "once a year and a day",
        "hot_water",
        {"legionella": True, "legionella_every_days": 366},
        "advanced",
        "out_of_range",
        {},
    ),
    (
        "more hours than there are",
        "flexible_load",
        {"min_on_h_per_day": 25},
        "advanced",
        "out_of_range",
        {"high": "24"},
    ),
    ("inverter that makes energy", "inverter", {"efficiency": 110}, "advanced", "out_of_range", {"high": "100 %"}),
    ("no load", "flexible_load", {"power_kw": 0}, "power_kw", "not_above", {}),
    (
        "unknown entity",
        "pv",
        {"power_entity": "sensor.gone"},
        "power_entity",
        "entity_not_found",
        {"entity": "sensor.gone"},
    ),
    (
        "energy for power",
        "pv",
        {"power_entity": "sensor.energy"},
        "power_entity",
        "wrong_unit",
        {"unit": "kWh", "expected": "W, kW"},
    ),
    ("power for charge", "battery", {"soc_entity": "sensor.pv"}, "soc_entity", "wrong_unit", {"expected": "%"}),
    ("charge for warmth", "heat_pump", {"temperature_entity": "sensor.soc"}, "temperature_entity", "wrong_unit", {}),
    (
        "lamp for plug",
        "ev_charger",
        {"connected_entity": "light.lamp"},
        "connected_entity",
        "wrong_domain",
        {"expected": "binary_sensor, input_boolean"},
    ),
    (
        "current for a battery",
        "battery",
        {"control_entity": "number.current"},
        "control_entity",
        "wrong_unit",
        {"unit": "A", "expected": "W, kW, %"},
    ),
    (
        "current for voltage",
        "pv",
        {"voltage_entity": "sensor.amps"},
        "measurements",
        "wrong_unit",
        {"expected": "V, mV"},
    ),
    (
        "voltage for current",
        "ev_charger",
        {"current_entity": "sensor.volts"},
        "measurements",
        "wrong_unit",
        {"unit": "mV"},
    ),
    (
        "no health",
        "battery",
        {"soh_entity": "sensor.gone"},
        "measurements",
        "entity_not_found",
        {"field": "State of health sensor"},
    ),
    ("sensor for control", "battery", {"control_entity": "sensor.pv"}, "control_entity", "wrong_domain", {}),
]


@pytest.mark.parametrize(
    ("kind", "changes", "place", "error", "placeholders"),
    [row[1:] for row in BAD_VALUES],
    ids=[r[0] for r in BAD_VALUES],
)
async def test_a_bad_value_is_refused_where_it_stands_and_can_be_mended(
    hass, entry, kind, changes, place, error, placeholders
):
    form = await add(hass, entry, kind, **changes)
    assert form["errors"] == {place: error}
    assert form["description_placeholders"].items() >= placeholders.items()
    assert entry.subentries == {}
    assert (await answer(hass, form, a_form(kind)))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("kind", SUBENTRY_TYPES)
async def test_a_required_field_that_is_missing_is_refused(hass, entry, kind):
    required = [field.key for field in ASSET_FIELDS[kind] if field.required and field.default is None]
    for key in required:
        form = await begin(hass, entry, kind)
        given = a_form(kind)
        del given[key]
        with pytest.raises(InvalidData) as error:
            await answer(hass, form, given)
        assert key in error.value.schema_errors


async def test_an_entity_that_is_only_unavailable_is_accepted(hass, entry):
    hass.states.async_set("sensor.pv", "unavailable")
    assert (await add(hass, entry, "pv"))["type"] is FlowResultType.CREATE_ENTRY


async def test_an_entity_that_has_not_started_yet_is_accepted(hass, entry):
    er.async_get(hass).async_get_or_create("sensor", "inverter", "1", suggested_object_id="late")
    assert (await add(hass, entry, "pv", power_entity="sensor.late"))["type"] is FlowResultType.CREATE_ENTRY


async def test_a_disabled_entity_is_refused(hass, entry):
    er.async_get(hass).async_get_or_create(
        "sensor", "inverter", "1", suggested_object_id="off", disabled_by=er.RegistryEntryDisabler.USER
    )
    form = await add(hass, entry, "pv", power_entity="sensor.off")
    assert form["errors"] == {"power_entity": "entity_disabled"}


async def test_an_entity_of_hems_itself_is_refused(hass, entry):
    er.async_get(hass).async_get_or_create("sensor", DOMAIN, "1", suggested_object_id="own")
    form = await add(hass, entry, "pv", power_entity="sensor.own")
    assert form["errors"] == {"power_entity": "own_entity"}


async def test_two_assets_cannot_command_the_same_entity(hass, entry):
    hass.states.async_set("switch.plug", "on")
    await add(hass, entry, "appliance", name="Washer", control_entity="switch.plug")
    form = await add(hass, entry, "flexible_load", control_entity="switch.plug")
    assert form["errors"] == {"control_entity": "control_taken"}
    assert form["description_placeholders"]["value"] == "Washer"
    (washer,) = entry.subentries.values()
    form = await entry.start_subentry_reconfigure_flow(hass, washer.subentry_id)
    result = await answer(hass, form, a_form("appliance", name="Washer", control_entity="switch.plug"))
    assert result["reason"] == "reconfigure_successful"


async def test_a_charger_is_controlled_by_its_current(hass, entry):
    result = await add(hass, entry, "ev_charger", control_entity="number.current", phases="three")
    assert result["type"] is FlowResultType.CREATE_ENTRY


def test_everything_that_can_be_chosen_as_control_can_be_commanded():
    chosen = [field.role for fields in ASSET_FIELDS.values() for field in fields if field.key == "control_entity"]
    assert {domain for role in chosen for domain in role.domains} <= set(DOMAINS)
