"""The fields of each asset kind: what is asked, in which unit, and with which default."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..const import (
    CONF_CONNECTED_ENTITY,
    CONF_CONTROL_ENTITY,
    CONF_FORECAST_ENTITY,
    CONF_INVERTER,
    CONF_PHASE,
    CONF_PHASE_ENTITY,
    CONF_POWER_ENTITY,
    CONF_POWER_INVERTED,
    CONF_SOC_ENTITY,
    CONF_TEMPERATURE_ENTITY,
    SUBENTRY_APPLIANCE,
    SUBENTRY_BATTERY,
    SUBENTRY_EV_CHARGER,
    SUBENTRY_FLEXIBLE_LOAD,
    SUBENTRY_HEAT_PUMP,
    SUBENTRY_HOT_WATER,
    SUBENTRY_INVERTER,
    SUBENTRY_PV,
)
from ..core.model.asset import PHASES as PHASE_NAMES
from ..home import (
    HomeError,
    Reader,
    parse_asset,
    parse_binding,
    parse_car,
    parse_daily_hot_water,
    parse_daily_target,
    parse_panels,
)
from .entities import (
    CONNECTED,
    COUNT,
    CURRENT,
    FORECAST,
    PHASE_SWITCH,
    POWER,
    START,
    STATE_OF_CHARGE,
    STATE_OF_HEALTH,
    TEMPERATURE,
    VOLTAGE,
    control,
)
from .fields import ADVANCED, MEASUREMENTS, Field, choice, clock, entities, entity, flag, number, percent, text

PHASES: Mapping[str, list[int]] = {"one": [1], "three": [3], "switchable": [1, 3]}
"""Choices of the form and what they mean."""
EMPTY: Mapping[str, str] = MappingProxyType({})


def _phases(key: str, default: str) -> Field:
    config = SelectSelectorConfig(options=list(PHASES), translation_key="phases", mode=SelectSelectorMode.LIST)
    return Field(
        key=key,
        selector=lambda _: SelectSelector(config),
        required=True,
        default=PHASES[default],
        to_stored=PHASES.__getitem__,
        to_shown=lambda stored: next(name for name, counts in PHASES.items() if counts == stored),
    )


def _profile(key: str) -> Field:
    """Powers with spaces between them, a comma being as good as a point."""

    def numbers(shown: str) -> list[float]:
        try:
            return [float(word.replace(",", ".")) for word in shown.split()]
        except ValueError as error:
            raise HomeError("", key, f"must be a number, got {str(error).rpartition(': ')[2]}") from error

    return text(
        key, section=ADVANCED, to_stored=numbers, to_shown=lambda stored: " ".join(f"{value:g}" for value in stored)
    )


def _inverters(titles: Mapping[str, str]) -> SelectSelector:
    options = [SelectOptionDict(value=name, label=title) for name, title in titles.items()]
    return SelectSelector(SelectSelectorConfig(options=options, mode=SelectSelectorMode.DROPDOWN))


POWER_INVERTED = flag(CONF_POWER_INVERTED, default=False, section=ADVANCED)
OPTIONAL_POWER = entity(CONF_POWER_ENTITY, POWER)
PHASE = choice(CONF_PHASE, PHASE_NAMES, section=ADVANCED)
INVERTER = Field(key=CONF_INVERTER, selector=lambda _: _inverters({}), section=ADVANCED)
"""Which inverters there are is known when the form is shown."""
GIVING_BACK = (
    number("max_discharge_kw", "kW", default=0.0, section=ADVANCED),
    percent("min_soc", default=0.3, section=ADVANCED),
)
"""Of a car; simulated ones only charge."""
NIGHT = (
    clock("night_from", section=ADVANCED),
    clock("night_until", section=ADVANCED),
    number("night_min_c", "°C", section=ADVANCED),
)
ELECTRIC = (
    entity("voltage_entity", VOLTAGE, section=MEASUREMENTS),
    entity("current_entity", CURRENT, section=MEASUREMENTS),
)
DEVICE_TEMPERATURE = entity("device_temperature_entity", TEMPERATURE, section=MEASUREMENTS)

ASSET_FIELDS: Mapping[str, tuple[Field, ...]] = {
    SUBENTRY_PV: (
        number("peak_kw", "kW", required=True, default=5.0),
        number("tilt_deg", "°", default=35.0),
        number("azimuth_deg", "°", default=180.0),
        entity(CONF_POWER_ENTITY, POWER, required=True),
        entities(CONF_FORECAST_ENTITY, FORECAST),
        entity(CONF_CONTROL_ENTITY, control()),
        flag("curtailable", default=True, section=ADVANCED),
        INVERTER,
        PHASE,
        POWER_INVERTED,
        *ELECTRIC,
    ),
    SUBENTRY_BATTERY: (
        number("capacity_kwh", "kWh", required=True, default=10.0),
        number("max_charge_kw", "kW", required=True, default=5.0),
        number("max_discharge_kw", "kW", required=True, default=5.0),
        percent("min_soc", default=0.1),
        entity(CONF_POWER_ENTITY, POWER, required=True),
        entity(CONF_SOC_ENTITY, STATE_OF_CHARGE, required=True),
        entity(CONF_CONTROL_ENTITY, control()),
        percent("reserve_soc", section=ADVANCED),
        percent("max_soc", default=1.0, section=ADVANCED),
        percent("charge_efficiency", default=0.95, section=ADVANCED),
        percent("discharge_efficiency", default=0.95, section=ADVANCED),
        number("wear_per_kwh", "¤/kWh", default=0.02, section=ADVANCED),
        flag("may_export", default=True, section=ADVANCED),
        flag("may_charge_ev", default=True, section=ADVANCED),
        percent("target_soc", section=ADVANCED),
        clock("target_by", section=ADVANCED),
        percent("full_power_up_to_soc", section=ADVANCED),
        number("power_when_full_kw", "kW", section=ADVANCED),
        percent("full_power_down_to_soc", section=ADVANCED),
        number("power_when_empty_kw", "kW", section=ADVANCED),
        INVERTER,
        PHASE,
        POWER_INVERTED,
        entity("soh_entity", STATE_OF_HEALTH, section=MEASUREMENTS),
        entity("cycles_entity", COUNT, section=MEASUREMENTS),
        DEVICE_TEMPERATURE,
        *ELECTRIC,
    ),
    SUBENTRY_INVERTER: (
        number("max_ac_kw", "kW", required=True, default=10.0),
        number("max_ac_charge_kw", "kW", section=ADVANCED),
        percent("efficiency", default=0.97, section=ADVANCED),
        PHASE,
        DEVICE_TEMPERATURE,
    ),
    SUBENTRY_EV_CHARGER: (
        _phases("phases", default="three"),
        number("max_current_a", "A", required=True, default=16.0),
        number("capacity_kwh", "kWh", required=True, default=60.0),
        percent("target_soc", default=0.8),
        percent("at_once_soc", default=0.0),
        clock("departure", default="07:30:00"),
        entity(CONF_POWER_ENTITY, POWER, required=True),
        entity(CONF_CONNECTED_ENTITY, CONNECTED, required=True),
        entity(CONF_SOC_ENTITY, STATE_OF_CHARGE),
        entity(CONF_CONTROL_ENTITY, control(current=True)),
        entity(CONF_PHASE_ENTITY, PHASE_SWITCH),
        number("min_current_a", "A", default=6.0, section=ADVANCED),
        number("max_charge_kw", "kW", section=ADVANCED),
        number("voltage_v", "V", default=230.0, section=ADVANCED),
        percent("efficiency", default=0.9, section=ADVANCED),
        number("late_price_per_kwh", "¤/kWh", default=1.0, section=ADVANCED),
        *GIVING_BACK,
        PHASE,
        POWER_INVERTED,
        *ELECTRIC,
    ),
    SUBENTRY_HEAT_PUMP: (
        number("max_electric_kw", "kW", required=True, default=3.0),
        number("heat_loss_kw_per_k", "kW/K", required=True, default=0.2),
        number("heat_capacity_kwh_per_k", "kWh/K", required=True, default=10.0),
        number("comfort_min_c", "°C", required=True, default=20.0),
        number("comfort_max_c", "°C", required=True, default=23.0),
        entity(CONF_TEMPERATURE_ENTITY, TEMPERATURE, required=True),
        OPTIONAL_POWER,
        entity(CONF_CONTROL_ENTITY, control("climate", "water_heater")),
        number("min_electric_kw", "kW", default=0.0, section=ADVANCED),
        number("cop_at_minus_7", default=2.6, section=ADVANCED),
        number("cop_at_2", default=3.4, section=ADVANCED),
        number("cop_at_7", default=4.2, section=ADVANCED),
        number("cop_at_15", default=5.2, section=ADVANCED),
        number("gains_kw", "kW", default=0.3, section=ADVANCED),
        number("comfort_price_per_kh", "¤/Kh", default=0.5, section=ADVANCED),
        *NIGHT,
        number("min_on_min", "min", section=ADVANCED),
        number("min_off_min", "min", section=ADVANCED),
        number("start_price", "¤", section=ADVANCED),
        percent("mass_share", section=ADVANCED),
        number("mass_coupling_kw_per_k", "kW/K", section=ADVANCED),
        PHASE,
        POWER_INVERTED,
    ),
    SUBENTRY_HOT_WATER: (
        number("volume_l", "L", required=True, default=200.0),
        number("max_electric_kw", "kW", required=True, default=2.0),
        number("cop", required=True, default=1.0),
        number("comfort_min_c", "°C", required=True, default=45.0),
        number("comfort_max_c", "°C", required=True, default=60.0),
        number("daily_use_kwh", "kWh", default=6.0),
        entity(CONF_TEMPERATURE_ENTITY, TEMPERATURE, required=True),
        OPTIONAL_POWER,
        entity(CONF_CONTROL_ENTITY, control("water_heater", "climate")),
        number("min_electric_kw", "kW", section=ADVANCED),
        number("heat_loss_kw_per_k", "kW/K", default=0.002, section=ADVANCED),
        number("ambient_c", "°C", default=18.0, section=ADVANCED),
        number("comfort_price_per_kh", "¤/Kh", default=0.5, section=ADVANCED),
        *NIGHT,
        number("start_price", "¤", section=ADVANCED),
        flag("legionella", default=False, section=ADVANCED),
        number("legionella_temperature_c", "°C", default=60.0, section=ADVANCED),
        number("legionella_every_days", "d", default=7.0, section=ADVANCED),
        PHASE,
        POWER_INVERTED,
    ),
    SUBENTRY_APPLIANCE: (
        number("energy_kwh", "kWh", required=True, default=1.0),
        number("duration_min", "min", required=True, default=120.0),
        OPTIONAL_POWER,
        entity(CONF_CONTROL_ENTITY, START),
        _profile("profile_kw"),
        number("skip_price", "¤", default=5.0, section=ADVANCED),
        PHASE,
        POWER_INVERTED,
    ),
    SUBENTRY_FLEXIBLE_LOAD: (
        number("power_kw", "kW", required=True, default=0.5),
        number("comfort_price_per_kwh", "¤/kWh", required=True, default=0.5),
        OPTIONAL_POWER,
        entity(CONF_CONTROL_ENTITY, control("light", "climate")),
        number("min_on_h_per_day", "h", section=ADVANCED),
        PHASE,
        POWER_INVERTED,
    ),
}


def fields_of(kind: str, *, simulated: bool, inverters: Mapping[str, str] = EMPTY) -> tuple[Field, ...]:
    """What is asked for an asset: in a simulated home only what it can do, and of inverters where there are any.

    `inverters` are the titles of the home's by their subentry.
    """
    offered = replace(INVERTER, selector=lambda _: _inverters(inverters))
    fields = (offered if field is INVERTER else field for field in ASSET_FIELDS[kind])
    return tuple(
        field
        for field in fields
        if not (simulated and (field.role is not None or field in (POWER_INVERTED, *GIVING_BACK)))
        and not (field is offered and not inverters)
    )


def parse_whole_asset(kind: str, title: str, data: Mapping[str, Any]) -> None:
    """Read everything of an asset as the integration will do it.

    Raises:
        HomeError: a field is missing or cannot be used.
    """
    fields = Reader(title, data)
    parse_asset(kind, kind, fields)
    if parse_binding(kind, fields).lacks_phase_entity:
        raise fields.wrong(CONF_PHASE_ENTITY, "is missing, and the charger switches its phases")
    match kind:
        case "battery":
            parse_daily_target(fields)
        case "ev_charger":
            parse_car(fields)
        case "pv":
            parse_panels(fields)
        case "hot_water":
            parse_daily_hot_water(fields)
