"""Names shared by the modules of the integration."""

from typing import Final

DOMAIN: Final = "hems"

# Config entry data. Power in kW, prices in currency/kWh, fractions of 1 (the flow shows per cent).
CONF_CURRENCY: Final = "currency"
CONF_SIMULATED: Final = "simulated"
CONF_SIMULATION_SEED: Final = "simulation_seed"
CONF_SIMULATION_SPEED: Final = "simulation_speed"

CONF_ENGINE: Final = "engine"
CONF_ENGINE_KIND: Final = "kind"
CONF_ENGINE_URL: Final = "url"
ENGINE_STACK: Final = "stack"
"""Only in the form: stored as an engine with a URL."""
CONF_ENGINE_TOKEN: Final = "token"  # noqa: S105  # the name of the field
ENGINE_EMBEDDED: Final = "embedded"
ENGINE_APP: Final = "app"
ENGINE_URL: Final = "url"

CONF_SCENARIOS: Final = "scenarios"

CONF_EXCHANGE: Final = "exchange"
CONF_PUBLISH: Final = "publish"
CONF_HOME_ID: Final = "home_id"
CONF_INTERVAL_S: Final = "interval_s"

CONF_GRID: Final = "grid"
CONF_MAX_IMPORT_KW: Final = "max_import_kw"
CONF_MAX_EXPORT_KW: Final = "max_export_kw"
CONF_MAX_IMPORT_A_PER_PHASE: Final = "max_import_a_per_phase"
CONF_GRID_POWER_INVERTED: Final = "grid_power_inverted"
CONF_GRID_POWER_ENTITY: Final = "grid_power_entity"
CONF_LOAD_POWER_ENTITY: Final = "load_power_entity"
CONF_OUTDOOR_ENTITY: Final = "outdoor_temperature_entity"
CONF_WEATHER_ENTITY: Final = "weather_entity"
CONF_CO2_ENTITY: Final = "co2_intensity_entity"
CONF_CO2_PRICE: Final = "co2_price_per_t"
CONF_RAMPING_PRICE: Final = "ramping_price_per_kw"
CONF_HOLIDAY_ENTITY: Final = "holiday_entity"
CONF_AWAY_ENTITY: Final = "away_entity"

CONF_TARIFF: Final = "tariff"
CONF_TARIFF_KIND: Final = "kind"
TARIFF_FIXED: Final = "fixed"
TARIFF_TIME_OF_USE: Final = "time_of_use"
TARIFF_ENTITY: Final = "entity"
CONF_IMPORT_PRICE: Final = "import_price_per_kwh"
CONF_EXPORT_PRICE: Final = "export_price_per_kwh"
CONF_TIME_OF_USE: Final = "periods"
CONF_PERIOD_START: Final = "start"
CONF_PERIOD_END: Final = "end"
CONF_FIXED_PER_DAY: Final = "fixed_per_day"
CONF_IMPORT_LIMIT_KW: Final = "import_limit_kw"
CONF_CAPACITY_PRICE: Final = "capacity_price_per_kw"
CONF_CAPACITY_TIERS: Final = "capacity_tiers"
CONF_CAPACITY_PERIOD: Final = "capacity_period"
CONF_IMPORT_PRICE_ENTITY: Final = "import_price_entity"
CONF_EXPORT_PRICE_ENTITY: Final = "export_price_entity"

# Subentry types: one per asset kind, the same words as the core's `kind`.
SUBENTRY_PV: Final = "pv"
SUBENTRY_BATTERY: Final = "battery"
SUBENTRY_INVERTER: Final = "inverter"
SUBENTRY_EV_CHARGER: Final = "ev_charger"
SUBENTRY_HEAT_PUMP: Final = "heat_pump"
SUBENTRY_HOT_WATER: Final = "hot_water"
SUBENTRY_APPLIANCE: Final = "appliance"
SUBENTRY_FLEXIBLE_LOAD: Final = "flexible_load"
SUBENTRY_TYPES: Final = (
    SUBENTRY_PV,
    SUBENTRY_BATTERY,
    SUBENTRY_INVERTER,
    SUBENTRY_EV_CHARGER,
    SUBENTRY_HEAT_PUMP,
    SUBENTRY_HOT_WATER,
    SUBENTRY_APPLIANCE,
    SUBENTRY_FLEXIBLE_LOAD,
)

# What an asset shares with others.
CONF_PHASE: Final = "phase"
CONF_INVERTER: Final = "inverter"
"""The subentry of the hybrid inverter that it is behind."""

# Entities an asset is bound to; which of them a kind has is said in home.py.
CONF_POWER_ENTITY: Final = "power_entity"
CONF_POWER_INVERTED: Final = "power_inverted"
CONF_SOC_ENTITY: Final = "soc_entity"
CONF_TEMPERATURE_ENTITY: Final = "temperature_entity"
CONF_CONTROL_ENTITY: Final = "control_entity"
CONF_FORECAST_ENTITY: Final = "forecast_entity"
CONF_CONNECTED_ENTITY: Final = "connected_entity"
CONF_PHASE_ENTITY: Final = "phase_entity"

MODE_COST: Final = "cost"
MODE_SELF_CONSUMPTION: Final = "self_consumption"
MODE_COMFORT: Final = "comfort"
SITE_MODES: Final = (MODE_COST, MODE_SELF_CONSUMPTION, MODE_COMFORT)
