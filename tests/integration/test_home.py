from dataclasses import FrozenInstanceError
from datetime import time

from homeassistant.config_entries import ConfigSubentryData
import pytest

from custom_components.hems.const import SUBENTRY_TYPES
from custom_components.hems.core.model import Battery, CopPoint, EvCharger, HeatPump, HotWater, kind_of
from custom_components.hems.home import (
    BINDINGS,
    Binding,
    EntityTariff,
    FixedTariff,
    HomeError,
    Period,
    TimeOfUseTariff,
    parse_home,
)
from custom_components.hems.home.reader import Reader
from tests.integration.entries import ASSETS, a_subentry, an_entry

NAN = float("nan")


def parsed(*subentries, **changes):
    return parse_home(an_entry(*subentries, **changes), "Europe/Berlin")


def the_asset(kind, **changes):
    home = parsed(a_subentry(kind, **changes))
    return home, home.site.assets[0]


def a_period(start, end, price=0.2):
    return {"start": start, "end": end, "import_price_per_kwh": price}


def time_of_use(*periods, **changes):
    return {"kind": "time_of_use", "periods": list(periods), "export_price_per_kwh": 0.08, **changes}


def test_every_asset_kind_becomes_an_asset_named_by_its_subentry():
    entry = an_entry(*(a_subentry(kind, title=f"The {kind}") for kind in SUBENTRY_TYPES))
    home = parse_home(entry, "Europe/Berlin")
    assert [kind_of(asset) for asset in home.site.assets] == list(SUBENTRY_TYPES)
    assert [asset.name for asset in home.site.assets] == list(entry.subentries)
    assert list(home.titles.values()) == [f"The {kind}" for kind in SUBENTRY_TYPES]
    assert home.site.time_zone == "Europe/Berlin"
    assert (home.site.max_import_kw, home.site.max_export_kw) == (17.0, 10.0)


def test_every_kind_has_a_builder_and_its_bindings():
    assert set(BINDINGS) == set(SUBENTRY_TYPES) == set(ASSETS)


def test_the_home_knows_its_name_currency_engine_and_meters():
    home = parsed()
    assert (home.name, home.currency, home.simulated) == ("My home", "EUR", None)
    assert (home.engine.kind, home.engine.url, home.engine.token) == ("url", "http://engine.local:8710", "secret")
    assert home.grid_bindings.grid_power_entity == "sensor.grid_power"
    assert home.grid_bindings.load_power_entity is None
    assert not home.grid_bindings.grid_power_inverted


def test_the_token_is_not_printed():
    assert "secret" not in repr(parsed())


def test_the_home_cannot_be_changed():
    home = parsed(a_subentry("pv"))
    with pytest.raises(FrozenInstanceError):
        home.name = "Other"
    with pytest.raises(TypeError):
        home.titles["x"] = "y"


def test_an_asset_is_found_by_name_and_belongs_to_its_subentry():
    home, asset = the_asset("battery")
    assert home.asset(asset.name) is asset
    assert home.subentry_of(asset.name) == asset.name
    assert home.subentry_of("grid") is None
    with pytest.raises(KeyError):
        home.asset("grid")


SAID = [
    ("{id}.energy_kwh", "Cellar: energy_kwh"),
    ("{id}: min_soc must be between 0 and 1, got 20", "Cellar: min_soc must be between 0 and 1, got 20"),
    ("left out: {id}.", "left out: Cellar."),
    ("tariff.import_price", "tariff.import_price"),
    ("sensor.{id} is unavailable", "sensor.{id} is unavailable"),
    ("sensor.{id}_soc is unavailable", "sensor.{id}_soc is unavailable"),
    ("{id}2.soc", "{id}2.soc"),
]


@pytest.mark.parametrize(("core", "people"), SAID)
def test_people_read_the_title_of_an_asset_where_the_core_says_its_id(core, people):
    home = parse_home(an_entry(a_subentry("battery", "Cellar")), "Europe/Berlin")
    (asset_id,) = home.titles
    assert home.in_words(core.format(id=asset_id)) == people.format(id=asset_id)


def test_a_home_without_assets_says_what_the_core_says():
    assert parse_home(an_entry(), "Europe/Berlin").in_words("battery.soc") == "battery.soc"


def test_a_subentry_of_a_newer_version_is_left_alone():
    newer = ConfigSubentryData(data={}, subentry_type="wind_turbine", title="Wind", unique_id=None)
    assert parsed(newer).site.assets == ()


def test_a_simulated_home_has_a_seed_and_a_speed():
    home = parsed(simulated=True, simulation_seed=7, simulation_speed=60)
    assert (home.simulated.seed, home.simulated.speed) == (7, 60.0)


def test_the_embedded_engine_needs_no_url():
    engine = parsed(engine={"kind": "embedded"}).engine
    assert (engine.kind, engine.url, engine.token) == ("embedded", None, None)


def test_fields_that_were_not_given_take_the_defaults_of_the_model():
    _, battery = the_asset("battery")
    defaults = Battery(name="x", capacity_kwh=10, max_charge_kw=5, max_discharge_kw=5)
    assert (battery.charge_efficiency, battery.wear_per_kwh) == (defaults.charge_efficiency, defaults.wear_per_kwh)
    _, charger = the_asset("ev_charger", phases=None)
    assert charger.phases == EvCharger(name="x").phases


def test_a_binding_names_the_entities_of_its_asset():
    home, asset = the_asset("battery", power_inverted=True)
    assert home.bindings[asset.name] == Binding(
        power_entity="sensor.battery_power", soc_entity="sensor.battery_soc", power_inverted=True
    )


def test_a_charger_knows_its_car_and_when_it_leaves():
    home, asset = the_asset("ev_charger", max_charge_kw=11)
    car = home.cars[asset.name]
    assert asset.phases == (1, 3)
    assert (car.capacity_kwh, car.target_soc, car.departure, car.max_charge_kw) == (60.0, 0.8, time(7, 30), 11.0)


def test_a_charger_whose_phases_nobody_sets_counts_on_the_larger_number():
    home, asset = the_asset("ev_charger", control_entity="number.current")
    assert (asset.phases, home.bindings[asset.name].lacks_phase_entity) == ((3,), True)
    home, asset = the_asset("ev_charger", control_entity="number.current", phase_entity="select.phases")
    assert (asset.phases, home.bindings[asset.name].lacks_phase_entity) == ((1, 3), False)


def test_a_battery_whose_inverter_is_gone_is_run_on_its_own():
    home, battery = the_asset("battery", inverter="01GONE")
    assert (home.orphans, battery.inverter) == ((battery.name,), None)


def test_what_is_behind_something_that_is_no_inverter_is_run_on_its_own():
    battery = a_subentry("battery") | {"subentry_id": "01BATTERY"}
    home = parsed(battery, a_subentry("pv", inverter="01BATTERY"))
    assert [home.titles[name] for name in home.orphans] == ["pv"]


def test_one_forecast_is_planned_for_unless_more_are_asked_for():
    assert (parsed().scenarios, parsed(scenarios=5).scenarios) == (1, 5)


def test_an_array_stands_southwards_unless_it_is_said_otherwise():
    home, asset = the_asset("pv", tilt_deg=20)
    assert (home.panels[asset.name].tilt_deg, home.panels[asset.name].azimuth_deg) == (20.0, 180.0)


def test_a_heat_pump_takes_the_points_of_its_cop_curve_that_are_known():
    _, pump = the_asset("heat_pump", cop_at_7=4, cop_at_minus_7=2.5, gains_kw=0.3, comfort_price_per_kh=1)
    assert isinstance(pump, HeatPump)
    assert pump.cop == (CopPoint(outdoor_c=-7.0, cop=2.5), CopPoint(outdoor_c=7.0, cop=4.0))
    assert (pump.building.gains_kw, pump.comfort.price_per_kh) == (0.3, 1.0)


def test_a_tank_knows_how_much_is_drawn_a_day():
    home, tank = the_asset("hot_water", daily_use_kwh=4)
    assert isinstance(tank, HotWater)
    assert home.daily_hot_water_kwh[tank.name] == 4.0
    home, tank = the_asset("hot_water")
    assert home.daily_hot_water_kwh[tank.name] == 6.0


@pytest.mark.parametrize("duration_min", [7, 60, 90, 100, 127, 1440])
def test_a_flat_programme_keeps_its_energy_and_its_length(duration_min):
    _, appliance = the_asset("appliance", energy_kwh=1.5, duration_min=duration_min)
    assert appliance.energy_kwh == pytest.approx(1.5)
    assert appliance.duration.total_seconds() == duration_min * 60


def test_a_power_profile_replaces_the_flat_programme():
    _, appliance = the_asset("appliance", profile_kw=[2, 0.1, 1.5])
    assert (appliance.profile_kw, appliance.profile_step_s) == ((2.0, 0.1, 1.5), 900)


def test_a_fixed_tariff_has_two_prices():
    assert parsed().tariff == FixedTariff(import_price_per_kwh=0.3, export_price_per_kwh=0.08)


def test_a_price_entity_may_leave_the_export_price_fixed():
    tariff = {"kind": "entity", "import_price_entity": "sensor.price", "export_price_per_kwh": 0.05}
    assert parsed(tariff=tariff).tariff == EntityTariff(
        import_price_entity="sensor.price", export_price_entity=None, export_price_per_kwh=0.05
    )


def test_time_of_use_periods_may_run_over_midnight_and_fill_the_day():
    night, day = a_period("22:00:00", "06:00:00", 0.2), a_period("06:00:00", "22:00:00", 0.35)
    tariff = parsed(tariff=time_of_use(night, day)).tariff
    prices = [tariff.import_price_at(clock) for clock in (time(0), time(5, 59), time(6), time(21, 59), time(22))]
    assert prices == [0.2, 0.2, 0.35, 0.35, 0.2]
    assert tariff.changes == (time(6), time(22))


def test_the_price_at_other_times_fills_what_the_periods_leave():
    tariff = parsed(tariff=time_of_use(a_period("17:00:00", "20:00:00", 0.5), import_price_per_kwh=0.3)).tariff
    assert [tariff.import_price_at(time(hour)) for hour in (16, 17, 19, 20)] == [0.3, 0.5, 0.5, 0.3]


def test_one_period_can_be_the_whole_day():
    for clock in ("00:00:00", "06:00:00"):
        tariff = parsed(tariff=time_of_use(a_period(clock, clock, 0.25))).tariff
        assert [tariff.import_price_at(time(hour)) for hour in (0, 6, 23)] == [0.25] * 3


def test_a_period_may_end_at_midnight():
    morning, evening = a_period("00:00:00", "12:00:00", 0.2), a_period("12:00:00", "00:00:00", 0.3)
    tariff = parsed(tariff=time_of_use(morning, evening)).tariff
    assert isinstance(tariff, TimeOfUseTariff)
    assert tariff.periods[1] == Period(start=time(12), end=time(0), import_price_per_kwh=0.3)
    assert tariff.import_price_at(time(23, 59)) == 0.3


BAD_ASSETS = [
    ("negative", "battery", {"capacity_kwh": -1}, "capacity_kwh must be greater than 0, got -1"),
    ("missing", "battery", {"capacity_kwh": None}, "capacity_kwh is missing"),
    ("target without a time", "battery", {"target_soc": 0.9}, "target_by is missing beside target_soc"),
    ("not a number", "battery", {"capacity_kwh": "10"}, "capacity_kwh must be a number, got '10'"),
    ("true is no number", "battery", {"capacity_kwh": True}, "capacity_kwh must be a number, got True"),
    ("NaN", "battery", {"max_charge_kw": NAN}, "max_charge_kw must be a finite number, got nan"),
    (
        "reserve above full",
        "battery",
        {"min_soc": 0.9, "max_soc": 0.8},
        r"min_soc \(0.9\) must not exceed max_soc \(0.8\)",
    ),
    ("not yes or no", "battery", {"may_export": 1}, "may_export must be true or false, got 1"),
    ("no text", "battery", {"power_entity": 5}, "power_entity must be text, got 5"),
    ("no sun", "pv", {"peak_kw": 0}, "peak_kw must be greater than 0, got 0"),
    ("overhanging", "pv", {"tilt_deg": 95}, "tilt_deg must be between 0 and 90, got 95"),
    ("two phases", "ev_charger", {"phases": [2]}, "phases must be 1, 3 or both, got"),
    ("phases no list", "ev_charger", {"phases": 3}, "phases must be a list of numbers, got 3"),
    ("currents reversed", "ev_charger", {"min_current_a": 32}, r"min_current_a \(32\) must not exceed max_current_a"),
    ("car without capacity", "ev_charger", {"capacity_kwh": 0}, "capacity_kwh must be greater than 0, got 0"),
    ("car more than full", "ev_charger", {"target_soc": 80}, "target_soc must be between 0 and 1, got 80"),
    ("car that takes nothing", "ev_charger", {"max_charge_kw": 0}, "max_charge_kw must be greater than 0, got 0"),
    ("no time of day", "ev_charger", {"departure": "25:00"}, "departure must be a time such as 07:30, got '25:00'"),
    ("time with zone", "ev_charger", {"departure": "07:00+01:00"}, "departure must be a local time without a zone"),
    ("comfort reversed", "heat_pump", {"comfort_min_c": 25}, r"comfort_min_c \(25\) must not exceed"),
    ("comfort too hot", "heat_pump", {"comfort_max_c": 99}, "comfort_max_c must be between 0 and 80, got 99"),
    ("no walls", "heat_pump", {"heat_loss_kw_per_k": 0}, "heat_loss_kw_per_k must be greater than 0, got 0"),
    ("miracle", "heat_pump", {"cop_at_7": 40}, "cop_at_7 must be between 0.5 and 12, got 40"),
    ("negative draw", "hot_water", {"daily_use_kwh": -1}, "daily_use_kwh must be at least 0, got -1"),
    ("no programme", "appliance", {"energy_kwh": None}, "energy_kwh is missing"),
    ("empty programme", "appliance", {"energy_kwh": 0}, "energy_kwh must be greater than 0, got 0"),
    ("half a minute", "appliance", {"duration_min": 0.5}, "duration_min must be a whole number, got 0.5"),
    ("two days", "appliance", {"duration_min": 2880}, "duration_min must be between 1 and 1440, got 2880"),
    ("negative power", "appliance", {"profile_kw": [1, -1]}, "profile_kw must be at least 0, got -1"),
    ("no such phase", "appliance", {"phase": "l4"}, "phase must be one of l1, l2, l3, got 'l4'"),
    ("no power", "flexible_load", {"power_kw": 0}, "power_kw must be greater than 0, got 0"),
]


@pytest.mark.parametrize(
    ("kind", "changes", "message"), [row[1:] for row in BAD_ASSETS], ids=[r[0] for r in BAD_ASSETS]
)
def test_a_bad_asset_is_refused_by_title_field_and_value(kind, changes, message):
    with pytest.raises(HomeError, match=rf"^Cellar: {message}") as error:
        parsed(a_subentry(kind, title="Cellar", **changes))
    assert error.value.field in str(error.value)
    assert error.value.owner == "Cellar"


BAD_HOMES = [
    ("no name", {"name": None}, "name is missing"),
    ("blank name", {"name": "  "}, "name must be text"),
    ("no currency", {"currency": None}, "currency is missing"),
    ("currency sign", {"currency": "€"}, "currency must be a three-letter code such as EUR, got '€'"),
    ("no grid", {"grid": None}, "grid is missing"),
    ("grid no fields", {"grid": 17}, "grid must hold fields, got 17"),
    ("negative fuse", {"grid": {"max_import_kw": -1, "max_export_kw": 1}}, "max_import_kw must be at least 0, got -1"),
    ("no fuse", {"grid": {"max_export_kw": 1}}, "max_import_kw is missing"),
    ("four scenarios", {"scenarios": 4}, "scenarios must be one of 1, 3 or 5, got 4"),
    (
        "tier without a fee",
        {"tariff": {"kind": "fixed", "import_price_per_kwh": 0.3, "export_price_per_kwh": 0.1, "capacity_tiers": [{}]}},
        "capacity_tiers fee is missing",
    ),
    ("other engine", {"engine": {"kind": "steam"}}, "kind must be embedded, app or url, got 'steam'"),
    ("engine nowhere", {"engine": {"kind": "url"}}, "url is missing"),
    (
        "frozen time",
        {"simulated": True, "simulation_seed": 1, "simulation_speed": 0},
        "simulation_speed must be greater",
    ),
    (
        "half a seed",
        {"simulated": True, "simulation_seed": 1.5, "simulation_speed": 1},
        "simulation_seed must be a whole",
    ),
    ("other tariff", {"tariff": {"kind": "barter"}}, "kind must be one of fixed, time_of_use, entity, got 'barter'"),
    ("no price", {"tariff": {"kind": "fixed", "import_price_per_kwh": 0.3}}, "export_price_per_kwh is missing"),
    ("NaN price", {"tariff": {"kind": "fixed", "import_price_per_kwh": NAN}}, "import_price_per_kwh must be a finite"),
    ("no periods", {"tariff": time_of_use()}, "periods must not be empty"),
    ("periods no list", {"tariff": {**time_of_use(), "periods": "cheap"}}, "periods must be a list, got 'cheap'"),
    (
        "overlap",
        {"tariff": time_of_use(a_period("00:00", "12:00"), a_period("11:00", "00:00"))},
        "periods must not overlap, got 00:00-12:00 and 11:00-00:00",
    ),
    (
        "twice the same",
        {"tariff": time_of_use(a_period("06:00", "12:00"), a_period("06:00", "12:00"), import_price_per_kwh=1)},
        "periods must not overlap, got 06:00-12:00 and 06:00-12:00",
    ),
    (
        "hole at noon",
        {"tariff": time_of_use(a_period("00:00", "12:00"), a_period("13:00", "00:00"))},
        "periods must fill the day, got no price for 12:00-13:00",
    ),
    (
        "hole at night",
        {"tariff": time_of_use(a_period("06:00", "22:30"))},
        "periods must fill the day, got no price for 00:00-06:00",
    ),
    (
        "seconds",
        {"tariff": time_of_use(a_period("06:00:30", "06:00"))},
        "start must be a full minute, got 06:00:30",
    ),
    (
        "no export price",
        {"tariff": {"kind": "entity", "import_price_entity": "sensor.price"}},
        "export_price_per_kwh is missing, and there is no export_price_entity either",
    ),
]


@pytest.mark.parametrize(("changes", "message"), [row[1:] for row in BAD_HOMES], ids=[row[0] for row in BAD_HOMES])
def test_a_bad_home_is_refused_by_field_and_value(changes, message):
    with pytest.raises(HomeError, match=message):
        parsed(**changes)


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(HomeError, match="time_zone must be an IANA name"):
        parse_home(an_entry(), "Middle/Earth")


def test_a_refusal_that_names_no_field_is_passed_on_as_it_is():
    with pytest.raises(HomeError, match="Cellar: configuration cannot be used: invalid literal"):
        Reader("Cellar", {}).build(lambda: int("x"))
