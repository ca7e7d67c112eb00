"""What all entities of HEMS have in common: a row that says what they show, a device, two rhythms to follow."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntry, DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .abilities import PowerTooLow
from .const import DOMAIN, SUBENTRY_TYPES
from .core.model import HybridInverter
from .overrides import OverridesOverlap
from .runs import RunRefused
from .runtime import HemsConfigEntry
from .views import AssetView, SiteView

MANUFACTURER = "HEMS"
MODELS = {
    "pv": "PV array",
    "battery": "Battery",
    "ev_charger": "EV charger",
    "heat_pump": "Heat pump",
    "hot_water": "Hot water",
    "appliance": "Appliance",
    "flexible_load": "Flexible load",
}


@dataclass(frozen=True, kw_only=True)
class HemsDescription[V: SiteView | AssetView](EntityDescription):
    """One row: what to show of the home or of an asset."""

    value_fn: Callable[[V], Any]
    """None is unknown."""
    available_fn: Callable[[V], bool] = lambda _: True
    attributes_fn: Callable[[V], dict[str, Any]] | None = None
    """Beside the value; none of them is recorded."""
    kinds: tuple[str, ...] = SUBENTRY_TYPES
    """Assets that have it."""
    exists_fn: Callable[[V], bool] = lambda _: True


class HemsEntity[V: SiteView | AssetView](Entity):
    """Shows one row of the home or of one asset, and writes only when that has changed."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    entity_description: HemsDescription[V]
    _published: tuple[Any, ...] = ()

    def __init__(self, view: V, description: HemsDescription[V], device: DeviceInfo) -> None:
        self.view = view
        self.entity_description = description
        self._attr_unique_id = f"{unique_prefix(view)}_{description.key}"
        self._attr_device_info = device

    @property
    @override
    def available(self) -> bool:
        """Whether there is anything to show: measurements and plans come and go."""
        return self.entity_description.available_fn(self.view)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """What the row tells beside its value."""
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn(self.view) if attributes_fn else None

    def read(self) -> Any:
        """The value of the row now."""
        return self.entity_description.value_fn(self.view)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow both rhythms."""
        self._published = self._seen()
        self.async_on_remove(self.view.runtime.coordinator.async_add_listener(self._refresh))
        self.async_on_remove(self.view.runtime.dispatcher.async_add_listener(self._refresh))

    @callback
    def _refresh(self) -> None:
        seen = self._seen()
        if seen != self._published:
            self._published = seen
            self.async_write_ha_state()

    def _seen(self) -> tuple[Any, ...]:
        return (self.available, self.read(), self.extra_state_attributes) if self.available else (False,)


def unique_prefix(view: SiteView | AssetView) -> str:
    """What the unique ids and the device identifier of the home or of an asset begin with."""
    if isinstance(view, AssetView):
        return f"{view.site.entry.entry_id}_{view.name}"
    return view.entry.entry_id


@callback
def async_register_hub(hass: HomeAssistant, entry: HemsConfigEntry) -> DeviceEntry:
    """The device of the home itself, made where it is not there yet: assets refer to it."""
    return dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, **hub_info(entry))


def hub_info(entry: HemsConfigEntry) -> DeviceInfo:
    """The home as a device."""
    return DeviceInfo(
        identifiers={(DOMAIN, entry.entry_id)},
        name=entry.title,
        manufacturer=MANUFACTURER,
        model="Simulated home" if entry.runtime_data.home.simulated else "Home",
        entry_type=DeviceEntryType.SERVICE,
    )


def asset_info(view: AssetView, hub: DeviceEntry) -> DeviceInfo:
    """An asset as a device."""
    return DeviceInfo(
        identifiers={(DOMAIN, unique_prefix(view))},
        name=view.title,
        manufacturer=MANUFACTURER,
        model=MODELS.get(view.kind, view.kind),
        via_device_id=hub.id,
    )


@callback
def async_add_site_rows[D: HemsDescription[SiteView]](
    hass: HomeAssistant,
    entry: HemsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    rows: Iterable[D],
    make: Callable[[SiteView, D, DeviceInfo], Entity],
) -> None:
    """One entity per row that the home has."""
    async_register_hub(hass, entry)
    view = SiteView(entry)
    async_add_entities([make(view, row, hub_info(entry)) for row in rows if row.exists_fn(view)])


@callback
def async_add_asset_rows[D: HemsDescription[AssetView]](
    hass: HomeAssistant,
    entry: HemsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    rows: Iterable[D],
    make: Callable[[AssetView, D, DeviceInfo], Entity],
) -> None:
    """One entity per asset and row that its kind has, under the asset's subentry."""
    hub = async_register_hub(hass, entry)
    rows = tuple(rows)
    for view in asset_views(entry):
        fitting = [row for row in rows if view.kind in row.kinds and row.exists_fn(view)]
        async_add_entities([make(view, row, asset_info(view, hub)) for row in fitting], config_subentry_id=view.name)


def asset_views(entry: HemsConfigEntry) -> Iterator[AssetView]:
    """Each asset of the home that there is something to show or to say of; inverters only join others."""
    site, assets = SiteView(entry), entry.runtime_data.home.site.assets
    return (AssetView(site, asset.name) for asset in assets if not isinstance(asset, HybridInverter))


@contextmanager
def refusals_shown() -> Iterator[None]:
    """A value that the model refuses is the user's to mend: say what is wrong with it."""
    try:
        yield
    except PowerTooLow as error:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="power_too_low",
            translation_placeholders=error.placeholders,
        ) from error
    except (RunRefused, OverridesOverlap) as error:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key=error.key, translation_placeholders=error.placeholders
        ) from error
    except ValueError as error:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="invalid_value", translation_placeholders={"reason": str(error)}
        ) from error
