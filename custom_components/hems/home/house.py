"""The home itself, as it is configured: its connection and meters, its engine, and what it says to others."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from homeassistant.const import CONF_NAME

from ..const import (
    CONF_AWAY_ENTITY,
    CONF_CO2_ENTITY,
    CONF_CURRENCY,
    CONF_ENGINE_KIND,
    CONF_ENGINE_TOKEN,
    CONF_ENGINE_URL,
    CONF_GRID,
    CONF_GRID_POWER_ENTITY,
    CONF_GRID_POWER_INVERTED,
    CONF_HOLIDAY_ENTITY,
    CONF_HOME_ID,
    CONF_INTERVAL_S,
    CONF_LOAD_POWER_ENTITY,
    CONF_MAX_EXPORT_KW,
    CONF_MAX_IMPORT_A_PER_PHASE,
    CONF_MAX_IMPORT_KW,
    CONF_OUTDOOR_ENTITY,
    CONF_PUBLISH,
    CONF_SCENARIOS,
    CONF_SIMULATED,
    CONF_SIMULATION_SEED,
    CONF_SIMULATION_SPEED,
    CONF_WEATHER_ENTITY,
    ENGINE_APP,
    ENGINE_EMBEDDED,
    ENGINE_URL,
)
from ..core.exchange import is_home_id
from ..core.model import Asset, Site
from .reader import Reader
from .recorded import GRID_RECORDED, parse_recorded

SCENARIO_COUNTS = (1, 3, 5)
"""That `core.forecast.scenarios_of` can make."""
DEFAULT_INTERVAL_S = 10.0
INTERVALS_S = (1.0, 60.0)
"""Shortest and longest between two messages of measurements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """Where plans are made."""

    kind: str
    """One of the ENGINE_ constants."""
    url: str | None = None
    """None for the embedded engine."""
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeConfig:
    """What the home says over MQTT."""

    home_id: str
    interval_s: float = DEFAULT_INTERVAL_S
    """Between two messages of measurements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationConfig:
    """A home that exists only in the computer."""

    seed: int
    speed: float
    """Simulated seconds per second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridBinding:
    """The entities of the house itself; None: it has none of that sort."""

    grid_power_entity: str | None = None
    grid_power_inverted: bool = False
    """Usually positive imports; inverted, positive exports."""
    load_power_entity: str | None = None
    """What the house consumes without its assets; None: it follows from the other meters."""
    outdoor_temperature_entity: str | None = None
    weather_entity: str | None = None
    """Gives a forecast by the hour."""
    holiday_entity: str | None = None
    """A calendar of holidays, or the binary sensor of the integration Workday."""
    away_entity: str | None = None
    """Says when nobody is at home."""
    co2_intensity_entity: str | None = None
    """What a kWh of the grid emits."""
    recorded: Mapping[str, str] = field(default_factory=dict)
    """By quantity: what no plan needs."""


def parse_currency(fields: Reader) -> str:
    """The currency of all prices."""
    currency = fields.text(CONF_CURRENCY)
    if len(currency) != 3 or not currency.isalpha() or not currency.isupper():
        raise fields.wrong(CONF_CURRENCY, f"must be a three-letter code such as EUR, got {currency!r}")
    return currency


def parse_scenarios(fields: Reader) -> int:
    """How many scenarios are planned for; 1 where nobody asked for more."""
    if not fields.has(CONF_SCENARIOS):
        return 1
    count = fields.whole(CONF_SCENARIOS)
    if count not in SCENARIO_COUNTS:
        raise fields.wrong(CONF_SCENARIOS, f"must be one of 1, 3 or 5, got {count}")
    return count


def parse_exchange(fields: Reader) -> ExchangeConfig | None:
    """What is said over MQTT; None: nothing."""
    if not fields.flag(CONF_PUBLISH):
        return None
    config = ExchangeConfig(home_id=fields.text(CONF_HOME_ID), **fields.given(fields.number, CONF_INTERVAL_S))
    if not is_home_id(config.home_id):
        raise fields.wrong(CONF_HOME_ID, f"must be 1 to 64 of a-z, 0-9, _ and -, got {config.home_id!r}")
    if not INTERVALS_S[0] <= config.interval_s <= INTERVALS_S[1]:
        raise fields.wrong(CONF_INTERVAL_S, f"must be between 1 and 60, got {config.interval_s:g}")
    return config


def parse_site(fields: Reader, time_zone: str, assets: tuple[Asset, ...] = ()) -> Site:
    """The connection and the assets behind it."""
    grid = fields.part(CONF_GRID)
    return fields.build(
        lambda: Site(
            name=fields.text(CONF_NAME),
            time_zone=time_zone,
            max_import_kw=grid.number(CONF_MAX_IMPORT_KW),
            max_export_kw=grid.number(CONF_MAX_EXPORT_KW),
            assets=assets,
            **grid.given(grid.number, CONF_MAX_IMPORT_A_PER_PHASE),
        )
    )


def parse_grid_binding(fields: Reader) -> GridBinding:
    """Its meters, and what else says something of the house."""
    return GridBinding(
        **fields.given(
            fields.text,
            CONF_GRID_POWER_ENTITY,
            CONF_LOAD_POWER_ENTITY,
            CONF_OUTDOOR_ENTITY,
            CONF_WEATHER_ENTITY,
            CONF_HOLIDAY_ENTITY,
            CONF_AWAY_ENTITY,
            CONF_CO2_ENTITY,
        ),
        **fields.given(fields.flag, CONF_GRID_POWER_INVERTED),
        recorded=parse_recorded(fields, GRID_RECORDED),
    )


def parse_engine(fields: Reader) -> EngineConfig:
    """Where its plans are made."""
    kind = fields.text(CONF_ENGINE_KIND)
    if kind not in (ENGINE_EMBEDDED, ENGINE_APP, ENGINE_URL):
        raise fields.wrong(CONF_ENGINE_KIND, f"must be embedded, app or url, got {kind!r}")
    if kind == ENGINE_EMBEDDED:
        return EngineConfig(kind=kind)
    return EngineConfig(kind=kind, url=fields.text(CONF_ENGINE_URL), token=fields.optional_text(CONF_ENGINE_TOKEN))


def parse_simulation(fields: Reader) -> SimulationConfig | None:
    """Seed and speed of a simulated home; None for a real one."""
    if not fields.has(CONF_SIMULATED) or not fields.flag(CONF_SIMULATED):
        return None
    simulation = SimulationConfig(seed=fields.whole(CONF_SIMULATION_SEED), speed=fields.number(CONF_SIMULATION_SPEED))
    if simulation.speed <= 0.0:
        raise fields.wrong(CONF_SIMULATION_SPEED, f"must be greater than 0, got {simulation.speed:g}")
    return simulation
