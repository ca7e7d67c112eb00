"""A home as it is configured: the config entry and its subentries, parsed once into a frozen value.

Below this package nobody reads entry data.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
import re
from types import MappingProxyType

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_NAME

from ..const import (
    CONF_AWAY_ENTITY,
    CONF_CO2_ENTITY,
    CONF_CURRENCY,
    CONF_ENGINE,
    CONF_ENGINE_KIND,
    CONF_ENGINE_TOKEN,
    CONF_ENGINE_URL,
    CONF_EXCHANGE,
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
    CONF_TARIFF,
    CONF_WEATHER_ENTITY,
    ENGINE_APP,
    ENGINE_EMBEDDED,
    ENGINE_URL,
    SUBENTRY_BATTERY,
    SUBENTRY_EV_CHARGER,
    SUBENTRY_HOT_WATER,
    SUBENTRY_INVERTER,
    SUBENTRY_PV,
    SUBENTRY_TYPES,
)
from ..core.exchange import is_home_id
from ..core.model import Asset, Battery, Pv, Site
from .assets import BINDINGS, Binding, parse_asset, parse_binding
from .charging import Car, parse_car
from .heating import parse_daily_hot_water
from .reader import HomeError, Reader
from .recorded import GRID_RECORDED, RECORDED, parse_recorded
from .storage import DailyTarget, Panels, parse_daily_target, parse_panels
from .tariffs import EntityTariff, FixedTariff, Period, TariffConfig, TimeOfUseTariff, parse_tariff

__all__ = [
    "BINDINGS",
    "GRID_RECORDED",
    "RECORDED",
    "SCENARIO_COUNTS",
    "Binding",
    "Car",
    "DailyTarget",
    "EngineConfig",
    "EntityTariff",
    "ExchangeConfig",
    "FixedTariff",
    "GridBinding",
    "Home",
    "HomeError",
    "Panels",
    "Period",
    "Reader",
    "SimulationConfig",
    "TariffConfig",
    "TimeOfUseTariff",
    "parse_asset",
    "parse_binding",
    "parse_car",
    "parse_currency",
    "parse_daily_hot_water",
    "parse_daily_target",
    "parse_exchange",
    "parse_home",
    "parse_panels",
    "parse_scenarios",
    "parse_simulation",
    "parse_site",
    "parse_tariff",
]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Everything that was configured; an asset's name is the id of its subentry."""

    name: str
    currency: str
    site: Site
    titles: Mapping[str, str]
    """What people call each asset."""
    bindings: Mapping[str, Binding]
    """Of each asset; empty bindings in a simulated home."""
    grid_bindings: GridBinding
    tariff: TariffConfig
    engine: EngineConfig
    simulated: SimulationConfig | None
    """None: a real home."""
    cars: Mapping[str, Car]
    """Of each EV charger."""
    panels: Mapping[str, Panels]
    """Of each PV array."""
    daily_hot_water_kwh: Mapping[str, float]
    """Heat drawn from each tank on an ordinary day."""
    daily_targets: Mapping[str, DailyTarget] = field(default_factory=dict)
    """Of each battery that has one."""
    orphans: tuple[str, ...] = ()
    """Batteries and arrays whose inverter was removed: they are run as if each had one of its own."""
    scenarios: int = 1
    """How many ways in which load and sun may turn out are planned for at once."""
    exchange: ExchangeConfig | None = None
    """None: nothing is said over MQTT."""

    def subentry_of(self, asset: str) -> str | None:
        """The subentry that describes an asset; None for anything else, e.g. the grid."""
        return asset if asset in self.titles else None

    def in_words(self, text: str) -> str:
        """What the core says of an asset, for people: `Home battery: min_soc` instead of `01K3…9Z.min_soc`."""
        ids = "|".join(re.escape(name) for name in self.titles)
        if not ids:
            return text
        # Not inside an entity's id, which may be called like an asset.
        named = re.compile(rf"(?<![\w.])({ids})(?:(\.)(?=\w)|(?!\w))")
        return named.sub(lambda found: self.titles[found[1]] + (": " if found[2] else ""), text)

    def asset(self, name: str) -> Asset:
        """The asset with that name; KeyError if there is none."""
        found = self.site.asset(name)
        if found is None:
            raise KeyError(name)
        return found


def parse_home(entry: ConfigEntry, time_zone: str) -> Home:
    """A config entry and its subentries as a value.

    Raises:
        HomeError: a field is missing or cannot be used; it names the home or asset, the field and the value.
    """
    fields = Reader(entry.title, entry.data)
    assets = {subentry.subentry_id: subentry for subentry in entry.subentries.values() if _is_asset(subentry)}
    readers = {name: Reader(subentry.title, subentry.data) for name, subentry in assets.items()}
    kinds = {name: subentry.subentry_type for name, subentry in assets.items()}

    parsed = tuple(parse_asset(kinds[name], name, reader) for name, reader in readers.items())
    orphans = tuple(asset.name for asset in parsed if _is_orphan(asset, kinds))

    def of_kind(kind: str) -> Iterator[tuple[str, Reader]]:
        return ((name, readers[name]) for name in assets if kinds[name] == kind)

    return Home(
        name=fields.text(CONF_NAME),
        currency=parse_currency(fields),
        site=parse_site(
            fields, time_zone, tuple(_on_its_own(asset) if asset.name in orphans else asset for asset in parsed)
        ),
        titles=_frozen({name: subentry.title for name, subentry in assets.items()}),
        bindings=_frozen({name: parse_binding(kinds[name], reader) for name, reader in readers.items()}),
        grid_bindings=_grid_binding(fields.part(CONF_GRID)),
        tariff=parse_tariff(fields.part(CONF_TARIFF)),
        engine=_engine(fields.part(CONF_ENGINE)),
        simulated=parse_simulation(fields),
        cars=_frozen({name: parse_car(reader) for name, reader in of_kind(SUBENTRY_EV_CHARGER)}),
        panels=_frozen({name: parse_panels(reader) for name, reader in of_kind(SUBENTRY_PV)}),
        daily_hot_water_kwh=_frozen(
            {name: parse_daily_hot_water(reader) for name, reader in of_kind(SUBENTRY_HOT_WATER)}
        ),
        daily_targets=_frozen(
            {name: target for name, reader in of_kind(SUBENTRY_BATTERY) if (target := parse_daily_target(reader))}
        ),
        orphans=orphans,
        scenarios=parse_scenarios(fields),
        exchange=parse_exchange(fields.part(CONF_EXCHANGE)) if fields.has(CONF_EXCHANGE) else None,
    )


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


def _grid_binding(fields: Reader) -> GridBinding:
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


def _engine(fields: Reader) -> EngineConfig:
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


def _is_orphan(asset: Asset, kinds: Mapping[str, str]) -> bool:
    """Whether the inverter that it is behind is not there any more."""
    inverter = asset.inverter if isinstance(asset, Battery | Pv) else None
    return inverter is not None and kinds.get(inverter) != SUBENTRY_INVERTER


def _on_its_own(asset: Asset) -> Asset:
    return replace(asset, inverter=None) if isinstance(asset, Battery | Pv) else asset


def _is_asset(subentry: ConfigSubentry) -> bool:
    """Subentries of a newer version are left alone."""
    return subentry.subentry_type in SUBENTRY_TYPES


def _frozen[V](values: dict[str, V]) -> Mapping[str, V]:
    return MappingProxyType(values)
