"""Switches: whether HEMS commands the home, and each of its assets."""

from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import HemsDescription, HemsEntity, async_add_asset_rows, async_add_site_rows, refusals_shown
from .runtime import HemsConfigEntry
from .views import AssetView, SiteView

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class HemsSwitchDescription[V: SiteView | AssetView](HemsDescription[V], SwitchEntityDescription):
    """A yes or no."""


SITE_AUTOMATIC = HemsSwitchDescription[SiteView](
    key="automatic",
    translation_key="site_automatic",
    entity_category=EntityCategory.CONFIG,
    value_fn=lambda view: view.runtime.dispatcher.settings.automatic,
)
ASSET_AUTOMATIC = HemsSwitchDescription[AssetView](
    key="automatic",
    translation_key="automatic",
    entity_category=EntityCategory.CONFIG,
    value_fn=lambda view: view.settings.automatic,
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HemsConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switches of the home and of its assets."""
    async_add_site_rows(hass, entry, async_add_entities, (SITE_AUTOMATIC,), SiteSwitch)
    async_add_asset_rows(hass, entry, async_add_entities, (ASSET_AUTOMATIC,), AssetSwitch)


class _Automatic[V: SiteView | AssetView](HemsEntity[V], SwitchEntity):
    entity_description: HemsSwitchDescription[V]

    @property
    @override
    def is_on(self) -> bool:
        """Whether HEMS commands."""
        return bool(self.read())

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Let HEMS command."""
        await self.async_set(automatic=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Only plan and advise."""
        await self.async_set(automatic=False)

    async def async_set(self, *, automatic: bool) -> None:
        """Keep the wish, plan and dispatch with it."""
        raise NotImplementedError


class SiteSwitch(_Automatic[SiteView]):
    """Automatic control of the whole home."""

    @override
    async def async_set(self, *, automatic: bool) -> None:
        with refusals_shown():
            await self.view.runtime.dispatcher.async_update_settings(automatic=automatic)


class AssetSwitch(_Automatic[AssetView]):
    """Automatic control of one asset."""

    @override
    async def async_set(self, *, automatic: bool) -> None:
        with refusals_shown():
            await self.view.runtime.dispatcher.async_update_asset(self.view.name, automatic=automatic)
