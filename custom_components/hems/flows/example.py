"""The simulated home: everything a new user needs to see HEMS at work, made at once."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.util import slugify

from ..const import (
    CONF_EXPORT_PRICE,
    CONF_GRID,
    CONF_IMPORT_PRICE,
    CONF_MAX_EXPORT_KW,
    CONF_MAX_IMPORT_KW,
    CONF_PERIOD_END,
    CONF_PERIOD_START,
    CONF_SIMULATED,
    CONF_TARIFF,
    CONF_TARIFF_KIND,
    CONF_TIME_OF_USE,
    SUBENTRY_APPLIANCE,
    SUBENTRY_BATTERY,
    SUBENTRY_EV_CHARGER,
    SUBENTRY_HEAT_PUMP,
    SUBENTRY_HOT_WATER,
    SUBENTRY_PV,
    TARIFF_TIME_OF_USE,
)
from .names import async_word, free_name

EXAMPLE_HOME: Mapping[str, Any] = {
    CONF_SIMULATED: True,
    CONF_GRID: {CONF_MAX_IMPORT_KW: 17.25, CONF_MAX_EXPORT_KW: 10.0},
    # A contract as many suppliers offer it: cheap at night and around noon, dear in the evening.
    CONF_TARIFF: {
        CONF_TARIFF_KIND: TARIFF_TIME_OF_USE,
        CONF_TIME_OF_USE: [
            {CONF_PERIOD_START: "00:00:00", CONF_PERIOD_END: "06:00:00", CONF_IMPORT_PRICE: 0.22},
            {CONF_PERIOD_START: "11:00:00", CONF_PERIOD_END: "15:00:00", CONF_IMPORT_PRICE: 0.24},
            {CONF_PERIOD_START: "17:00:00", CONF_PERIOD_END: "21:00:00", CONF_IMPORT_PRICE: 0.42},
        ],
        CONF_IMPORT_PRICE: 0.32,
        CONF_EXPORT_PRICE: 0.08,
    },
}

EXAMPLE_ASSETS: Mapping[str, Mapping[str, Any]] = {
    SUBENTRY_PV: {"peak_kw": 5.0, "tilt_deg": 35.0, "azimuth_deg": 180.0},
    SUBENTRY_BATTERY: {"capacity_kwh": 10.0, "max_charge_kw": 5.0, "max_discharge_kw": 5.0, "min_soc": 0.05},
    SUBENTRY_EV_CHARGER: {
        "phases": [1, 3],
        "max_current_a": 16.0,
        "capacity_kwh": 60.0,
        "target_soc": 0.8,
        "departure": "07:30:00",
    },
    SUBENTRY_HEAT_PUMP: {
        "min_electric_kw": 0.6,
        "max_electric_kw": 3.0,
        "heat_loss_kw_per_k": 0.2,
        "heat_capacity_kwh_per_k": 8.0,
        "gains_kw": 0.4,
        "comfort_min_c": 20.0,
        "comfort_max_c": 24.0,
    },
    SUBENTRY_HOT_WATER: {
        "volume_l": 200.0,
        "max_electric_kw": 0.7,
        "cop": 2.8,
        "heat_loss_kw_per_k": 0.0018,
        "comfort_min_c": 45.0,
        "comfort_max_c": 58.0,
        "comfort_price_per_kh": 0.1,
    },
    SUBENTRY_APPLIANCE: {
        "energy_kwh": 1.05,
        "duration_min": 120.0,
        "profile_kw": [0.2, 1.9, 0.15, 0.15, 1.6, 0.1, 0.05, 0.05],
    },
}


async def async_example_assets(hass: HomeAssistant) -> list[ConfigSubentryData]:
    """The assets of the simulated home, called in the language of Home Assistant."""
    return [
        ConfigSubentryData(data=data, subentry_type=kind, title=await _async_name(hass, kind), unique_id=None)
        for kind, data in EXAMPLE_ASSETS.items()
    ]


async def async_example_name(hass: HomeAssistant, taken: frozenset[str]) -> str:
    """A name for a simulated home whose unique id is not taken."""
    return free_name(await _async_name(hass, "home"), lambda name: slugify(name) in taken)


async def _async_name(hass: HomeAssistant, what: str) -> str:
    return await async_word(hass, "selector", f"example.options.{what}")
