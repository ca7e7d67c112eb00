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
    CONF_ENGINE,
    CONF_EXCHANGE,
    CONF_GRID,
    CONF_TARIFF,
    SUBENTRY_BATTERY,
    SUBENTRY_EV_CHARGER,
    SUBENTRY_HOT_WATER,
    SUBENTRY_INVERTER,
    SUBENTRY_PV,
    SUBENTRY_TYPES,
)
from ..core.model import Asset, Battery, Pv, Site
from .assets import BINDINGS, Binding, parse_asset, parse_binding
from .charging import Car, parse_car
from .heating import parse_daily_hot_water
from .house import (
    DEFAULT_INTERVAL_S,
    SCENARIO_COUNTS,
    EngineConfig,
    ExchangeConfig,
    GridBinding,
    SimulationConfig,
    parse_currency,
    parse_engine,
    parse_exchange,
    parse_grid_binding,
    parse_scenarios,
    parse_simulation,
    parse_site,
)
from .reader import HomeError, Reader
from .recorded import GRID_RECORDED, RECORDED
from .storage import DailyTarget, Panels, parse_daily_target, parse_panels
from .tariffs import EntityTariff, FixedTariff, Period, TariffConfig, TimeOfUseTariff, parse_tariff

__all__ = [
    "BINDINGS",
    "DEFAULT_INTERVAL_S",
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
        grid_bindings=parse_grid_binding(fields.part(CONF_GRID)),
        tariff=parse_tariff(fields.part(CONF_TARIFF)),
        engine=parse_engine(fields.part(CONF_ENGINE)),
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
