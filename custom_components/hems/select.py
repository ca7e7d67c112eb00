"""Select: what the home strives for."""

from dataclasses import dataclass
from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import SITE_MODES
from .entity import HemsDescription, HemsEntity, async_add_site_rows, refusals_shown
from .runtime import HemsConfigEntry
from .views import SiteView

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class HemsSelectDescription(HemsDescription[SiteView], SelectEntityDescription):
    """A choice for the home."""


MODE = HemsSelectDescription(
    key="mode",
    translation_key="mode",
    entity_category=EntityCategory.CONFIG,
    options=list(SITE_MODES),
    value_fn=lambda view: view.runtime.dispatcher.settings.mode,
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HemsConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the mode of the home."""
    async_add_site_rows(hass, entry, async_add_entities, (MODE,), HemsSelect)


class HemsSelect(HemsEntity[SiteView], SelectEntity):
    """Cost, self-consumption or comfort."""

    entity_description: HemsSelectDescription

    @property
    @override
    def current_option(self) -> str:
        """The mode now."""
        return str(self.read())

    @override
    async def async_select_option(self, option: str) -> None:
        """Strive for something else: plan again with it."""
        with refusals_shown():
            await self.view.runtime.dispatcher.async_update_settings(mode=option)
