"""Config entries for tests: a complete real home, of which a test spells out only what matters to it."""

from copy import deepcopy

from homeassistant.config_entries import ConfigSubentryData
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hems.const import DOMAIN

HOME = {
    "name": "My home",
    "currency": "EUR",
    "simulated": False,
    "engine": {"kind": "url", "url": "http://engine.local:8710", "token": "secret"},
    "grid": {
        "max_import_kw": 17.0,
        "max_export_kw": 10.0,
        "grid_power_entity": "sensor.grid_power",
        "outdoor_temperature_entity": "sensor.outdoor",
    },
    "tariff": {"kind": "fixed", "import_price_per_kwh": 0.3, "export_price_per_kwh": 0.08},
}

ASSETS = {
    "pv": {"peak_kw": 5.0, "power_entity": "sensor.pv_power"},
    "battery": {
        "capacity_kwh": 10.0,
        "max_charge_kw": 5.0,
        "max_discharge_kw": 5.0,
        "power_entity": "sensor.battery_power",
        "soc_entity": "sensor.battery_soc",
    },
    "inverter": {"max_ac_kw": 8.0},
    "ev_charger": {
        "phases": [1, 3],
        "capacity_kwh": 60.0,
        "target_soc": 0.8,
        "departure": "07:30:00",
        "power_entity": "sensor.wallbox_power",
        "connected_entity": "binary_sensor.wallbox_connected",
    },
    "heat_pump": {
        "max_electric_kw": 3.0,
        "heat_loss_kw_per_k": 0.2,
        "heat_capacity_kwh_per_k": 12.0,
        "comfort_min_c": 20.0,
        "comfort_max_c": 22.0,
        "temperature_entity": "sensor.living_room",
    },
    "hot_water": {
        "volume_l": 200.0,
        "max_electric_kw": 2.0,
        "comfort_min_c": 45.0,
        "comfort_max_c": 60.0,
        "temperature_entity": "sensor.tank",
    },
    "appliance": {"energy_kwh": 1.2, "duration_min": 120},
    "flexible_load": {"power_kw": 0.5, "comfort_price_per_kwh": 0.6},
}


def home_data(**changes):
    """Entry data of a real home; a change to None leaves the field out."""
    return _changed(HOME, changes)


def asset_data(kind, **changes):
    """Subentry data of an asset; a change to None leaves the field out."""
    return _changed(ASSETS[kind], changes)


def a_subentry(kind, title=None, **changes):
    """An asset, called like its kind unless the title matters."""
    return ConfigSubentryData(
        data=asset_data(kind, **changes), subentry_type=kind, title=title or kind.replace("_", " "), unique_id=None
    )


def an_entry(*subentries, **changes):
    """A real home with these assets, not yet added to Home Assistant."""
    data = home_data(**changes)
    return MockConfigEntry(domain=DOMAIN, title=data.get("name", "My home"), data=data, subentries_data=subentries)


def _changed(data, changes):
    return {key: value for key, value in (deepcopy(data) | changes).items() if value is not None}
