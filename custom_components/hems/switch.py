"""Switches: whether HEMS commands the home and each of its assets, and whether the home takes part in events."""

from collections.abc import Awaitable, Callable
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
    """A yes or no that can be changed."""

    set_fn: Callable[[V, bool], Awaitable[None]]


SITE_AUTOMATIC = HemsSwitchDescription[SiteView](
    key="automatic",
    translation_key="site_automatic",
    entity_category=EntityCategory.CONFIG,
    value_fn=lambda view: view.runtime.dispatcher.settings.automatic,
    set_fn=lambda view, on: view.runtime.dispatcher.async_update_settings(automatic=on),
)


async def _take_part(view: SiteView, on: bool) -> None:
    view.runtime.events.set_takes_part(on)


TAKES_PART = HemsSwitchDescription[SiteView](
    key="takes_part",
    translation_key="takes_part",
    entity_category=EntityCategory.CONFIG,
    value_fn=lambda view: view.runtime.events.takes_part,
    set_fn=_take_part,
)
ASSET_AUTOMATIC = HemsSwitchDescription[AssetView](
    key="automatic",
    translation_key="automatic",
    entity_category=EntityCategory.CONFIG,
    value_fn=lambda view: view.settings.automatic,
    set_fn=lambda view, on: view.runtime.dispatcher.async_update_asset(view.name, automatic=on),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HemsConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switches of the home and of its assets."""
    async_add_site_rows(hass, entry, async_add_entities, (SITE_AUTOMATIC, TAKES_PART), HemsSwitch)
    async_add_asset_rows(hass, entry, async_add_entities, (ASSET_AUTOMATIC,), HemsSwitch)


class HemsSwitch[V: SiteView | AssetView](HemsEntity[V], SwitchEntity):
    """A row as a switch. Automatic control: on, HEMS commands; off, it only plans and advises."""

    entity_description: HemsSwitchDescription[V]

    @property
    @override
    def is_on(self) -> bool:
        """Whether it is so."""
        return bool(self.read())

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """From now on it is so."""
        await self._async_set(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """From now on it is not so."""
        await self._async_set(False)

    async def _async_set(self, on: bool) -> None:
        with refusals_shown():
            await self.entity_description.set_fn(self.view, on)
