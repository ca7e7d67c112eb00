"""The forms of the home itself: its connection, its meters and its contract."""

from collections.abc import Callable, Mapping
from dataclasses import replace
import re
from typing import Any

from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import ObjectSelector, ObjectSelectorConfig, ObjectSelectorField
from homeassistant.util import slugify

from ..const import (
    CONF_AWAY_ENTITY,
    CONF_CAPACITY_PERIOD,
    CONF_CAPACITY_PRICE,
    CONF_CAPACITY_TIERS,
    CONF_CO2_ENTITY,
    CONF_CO2_PRICE,
    CONF_CURRENCY,
    CONF_EXPORT_PRICE,
    CONF_EXPORT_PRICE_ENTITY,
    CONF_FIXED_PER_DAY,
    CONF_GRID,
    CONF_GRID_POWER_ENTITY,
    CONF_GRID_POWER_INVERTED,
    CONF_HOLIDAY_ENTITY,
    CONF_IMPORT_LIMIT_KW,
    CONF_IMPORT_PRICE,
    CONF_IMPORT_PRICE_ENTITY,
    CONF_LOAD_POWER_ENTITY,
    CONF_MAX_EXPORT_KW,
    CONF_MAX_IMPORT_A_PER_PHASE,
    CONF_MAX_IMPORT_KW,
    CONF_OUTDOOR_ENTITY,
    CONF_PERIOD_END,
    CONF_PERIOD_START,
    CONF_RAMPING_PRICE,
    CONF_SIMULATED,
    CONF_SIMULATION_SEED,
    CONF_SIMULATION_SPEED,
    CONF_TARIFF_KIND,
    CONF_TIME_OF_USE,
    CONF_WEATHER_ENTITY,
    TARIFF_ENTITY,
    TARIFF_FIXED,
    TARIFF_TIME_OF_USE,
)
from ..home import GRID_RECORDED, HomeError, Reader, parse_currency, parse_simulation, parse_site, parse_tariff
from ..home.tariffs import PERIODS
from .entities import AWAY, CO2, CURRENT, HOLIDAYS, POWER, PRICE, TEMPERATURE, VOLTAGE, WEATHER
from .fields import ADVANCED, CURRENCY_SIGN, MEASUREMENTS, Field, choice, entity, flag, number, text
from .form import FormStep
from .problems import Problem

PER_KWH = f"{CURRENCY_SIGN}/kWh"

NAME = text(CONF_NAME, required=True, to_stored=str.strip)
CURRENCY = text(CONF_CURRENCY, required=True, to_stored=lambda shown: shown.strip().upper())
LIMITS = (
    number(CONF_MAX_IMPORT_KW, "kW", required=True, default=17.25),
    number(CONF_MAX_EXPORT_KW, "kW", required=True, default=10.0),
)
PHASE_FUSE = number(CONF_MAX_IMPORT_A_PER_PHASE, "A", section=ADVANCED)
METERS = (
    entity(CONF_GRID_POWER_ENTITY, POWER),
    flag(CONF_GRID_POWER_INVERTED, default=False),
    entity(CONF_LOAD_POWER_ENTITY, POWER),
    entity(CONF_OUTDOOR_ENTITY, TEMPERATURE),
    entity(CONF_WEATHER_ENTITY, WEATHER),
    entity(CONF_HOLIDAY_ENTITY, HOLIDAYS, section=ADVANCED),
    entity(CONF_AWAY_ENTITY, AWAY, section=ADVANCED),
    entity(CONF_CO2_ENTITY, CO2, section=ADVANCED),
)
RECORDED = tuple(entity(key, VOLTAGE if "voltage" in key else CURRENT, section=MEASUREMENTS) for key in GRID_RECORDED)
SPEED = number(CONF_SIMULATION_SPEED, required=True, default=60.0)
SEED = number(CONF_SIMULATION_SEED, required=True, default=1.0)

# Not marked as required: the frontend fills a required number with 0, and a forgotten price is not free energy.
IMPORT_PRICE = number(CONF_IMPORT_PRICE, PER_KWH)
EXPORT_PRICE = number(CONF_EXPORT_PRICE, PER_KWH)
FIXED_PER_DAY = number(CONF_FIXED_PER_DAY, f"{CURRENCY_SIGN}/d")


def _tiers(shown: str) -> list[dict[str, float]]:
    """`5: 100, 10: 200, 300`: the fee of each month up to a peak in kW, the last one perhaps without an end."""
    tiers = []
    for word in re.sub(r"\s*:\s*", ":", shown).replace(";", " ").split():
        ends, _, fee = word.rstrip(",").rpartition(":")
        try:
            numbers = [float(part.replace(",", ".")) for part in (*([ends] if ends else []), fee)]
        except ValueError as error:
            raise HomeError("", CONF_CAPACITY_TIERS, f"must be a number, got {word!r}") from error
        tiers.append(dict(zip(("up_to_kw", "fee") if ends else ("fee",), numbers, strict=True)))
    return tiers


def _tiers_shown(stored: list[dict[str, float]]) -> str:
    return ", ".join(
        f"{tier['up_to_kw']:g}: {tier['fee']:g}" if "up_to_kw" in tier else f"{tier['fee']:g}" for tier in stored
    )


CONTRACT = (
    FIXED_PER_DAY,
    number(CONF_IMPORT_LIMIT_KW, "kW", section=ADVANCED),
    number(CONF_CAPACITY_PRICE, f"{CURRENCY_SIGN}/kW", section=ADVANCED),
    text(CONF_CAPACITY_TIERS, section=ADVANCED, to_stored=_tiers, to_shown=_tiers_shown),
    choice(CONF_CAPACITY_PERIOD, PERIODS, default="month", section=ADVANCED),
    number(CONF_CO2_PRICE, f"{CURRENCY_SIGN}/t", section=ADVANCED),
    number(CONF_RAMPING_PRICE, f"{CURRENCY_SIGN}/kW", section=ADVANCED),
)


def _periods(currency: str) -> ObjectSelector:
    """A list of periods, each with its own small form."""
    price = {"mode": "box", "step": "any", "unit_of_measurement": PER_KWH.replace(CURRENCY_SIGN, currency)}
    return ObjectSelector(
        ObjectSelectorConfig(
            multiple=True,
            label_field=CONF_PERIOD_START,
            description_field=CONF_IMPORT_PRICE,
            translation_key="periods",
            fields={
                CONF_PERIOD_START: ObjectSelectorField(selector={"time": {}}, required=True),
                CONF_PERIOD_END: ObjectSelectorField(selector={"time": {}}, required=True),
                CONF_IMPORT_PRICE: ObjectSelectorField(selector={"number": price}),
            },
        )
    )


TARIFFS: Mapping[str, tuple[Field, ...]] = {
    TARIFF_FIXED: (IMPORT_PRICE, EXPORT_PRICE, *CONTRACT),
    TARIFF_TIME_OF_USE: (
        Field(key=CONF_TIME_OF_USE, selector=_periods, required=True),
        IMPORT_PRICE,
        EXPORT_PRICE,
        *CONTRACT,
    ),
    TARIFF_ENTITY: (
        entity(CONF_IMPORT_PRICE_ENTITY, PRICE, required=True),
        entity(CONF_EXPORT_PRICE_ENTITY, PRICE),
        EXPORT_PRICE,
        *CONTRACT,
    ),
}


def home_form(currency: str, taken: frozenset[str], name: str) -> FormStep:
    """A new real home; `taken` are the unique ids of the homes that exist, `name` is proposed."""

    def check(data: Mapping[str, Any]) -> Problem | None:
        parse_currency(Reader("", data))
        return _name_problem(data, taken) or _check_connection(data)

    identity = (replace(NAME, default=name), replace(CURRENCY, default=currency))
    return _form("home", (*identity, *LIMITS, *METERS, PHASE_FUSE, *RECORDED), currency, check)


def simulated_form(currency: str, taken: frozenset[str], name: str) -> FormStep:
    """A new simulated home."""

    def check(data: Mapping[str, Any]) -> Problem | None:
        return _name_problem(data, taken) or _check_simulation(data)

    fields = (replace(NAME, default=name), replace(SPEED, section=ADVANCED), replace(SEED, section=ADVANCED))
    return _form("simulated", fields, currency, check)


def simulation_form(currency: str) -> FormStep:
    """Another speed for a simulated home; another seed would make it another home."""
    return _form("simulation", (SPEED,), currency, lambda data: _check_simulation({CONF_SIMULATION_SEED: 1, **data}))


def connection_form(currency: str, *, simulated: bool) -> FormStep:
    """The limits of the connection and, in a real home, its meters."""
    fields = (*LIMITS, PHASE_FUSE) if simulated else (*LIMITS, *METERS, PHASE_FUSE, *RECORDED)
    return _form("connection", fields, currency, _check_connection)


def tariff_form(kind: str, currency: str) -> FormStep:
    """The prices of a contract."""

    def check(data: Mapping[str, Any]) -> Problem | None:
        parse_tariff(Reader("", {CONF_TARIFF_KIND: kind, **data}))
        return None

    return _form(f"tariff_{kind}", TARIFFS[kind], currency, check)


def _check_simulation(data: Mapping[str, Any]) -> Problem | None:
    parse_simulation(Reader("", {CONF_SIMULATED: True, **data}))
    return None


def _check_connection(data: Mapping[str, Any]) -> Problem | None:
    parse_site(Reader("", {CONF_NAME: "home", CONF_GRID: data}), "UTC")
    return None


def _name_problem(data: Mapping[str, Any], taken: frozenset[str]) -> Problem | None:
    name = data[CONF_NAME]
    if not name:
        return Problem("missing", CONF_NAME)
    return Problem("name_taken", CONF_NAME, {"value": name}) if slugify(name) in taken else None


def _form(
    step_id: str, fields: tuple[Field, ...], currency: str, check: Callable[[Mapping[str, Any]], Problem | None]
) -> FormStep:
    return FormStep(step_id=step_id, strings=f"config.step.{step_id}", fields=fields, currency=currency, check=check)
