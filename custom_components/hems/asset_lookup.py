"""Which asset a person means: by its name, its device or one of its entities."""

from collections.abc import Iterator

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import service
from homeassistant.helpers.device_registry import DeviceEntry

from .const import DOMAIN
from .entity import asset_views, unique_prefix
from .runtime import HemsConfigEntry
from .views import AssetView


@callback
def async_find_asset(hass: HomeAssistant, meant: str, entry_id: str | None = None) -> AssetView:
    """The asset that is meant, in the home given or in any that is loaded.

    Raises:
        ServiceValidationError: there is none, or more than one; the message lists those that there are.
    """
    views = list(_candidates(hass, entry_id))
    by_id = [view for view in views if meant in _ids(hass, view)]
    found = by_id or [view for view in views if view.title.casefold() == meant.strip().casefold()]
    if len(found) == 1:
        return found[0]
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="asset_ambiguous" if found else "asset_unknown",
        translation_placeholders={"asset": meant, "assets": ", ".join(sorted(view.title for view in views))},
    )


def device_of(hass: HomeAssistant, view: AssetView) -> DeviceEntry | None:
    """The asset in the device registry."""
    identifier = (DOMAIN, unique_prefix(view))
    return dr.async_get(hass).async_get_device_by_identifier(identifier, view.site.entry.entry_id)


def _candidates(hass: HomeAssistant, entry_id: str | None) -> Iterator[AssetView]:
    if entry_id is not None:
        yield from asset_views(service.async_get_config_entry(hass, DOMAIN, entry_id))
        return
    entries: list[HemsConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    for entry in entries:
        if entry.state is ConfigEntryState.LOADED:
            yield from asset_views(entry)


def _ids(hass: HomeAssistant, view: AssetView) -> set[str]:
    entities = er.async_entries_for_config_entry(er.async_get(hass), view.site.entry.entry_id)
    device = device_of(hass, view)
    ids = {entity.entity_id for entity in entities if entity.config_subentry_id == view.name}
    return ids | {view.name} | ({device.id} if device else set())
