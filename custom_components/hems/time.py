"""Times: when the car leaves, and when an appliance is to have ended."""

from dataclasses import dataclass
import datetime as dt
from typing import override

from homeassistant.components.time import TimeEntity, TimeEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import SUBENTRY_APPLIANCE, SUBENTRY_EV_CHARGER
from .entity import HemsDescription, HemsEntity, async_add_asset_rows, refusals_shown
from .runtime import HemsConfigEntry
from .views import AssetView

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class HemsTimeDescription(HemsDescription[AssetView], TimeEntityDescription):
    """A wish for an asset that is a time of day; its key is that of the setting."""


ASSET_ROWS = (
    HemsTimeDescription(
        key="departure",
        translation_key="departure",
        kinds=(SUBENTRY_EV_CHARGER,),
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda view: view.settings.departure,
    ),
    HemsTimeDescription(
        key="ready_by",
        translation_key="ready_by",
        kinds=(SUBENTRY_APPLIANCE,),
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda view: view.settings.ready_by,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HemsConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the times of each asset."""
    async_add_asset_rows(hass, entry, async_add_entities, ASSET_ROWS, HemsTime)


class HemsTime(HemsEntity[AssetView], TimeEntity):
    """A local time, each day."""

    entity_description: HemsTimeDescription

    @property
    @override
    def native_value(self) -> dt.time | None:
        """The time wanted now."""
        value: dt.time | None = self.read()
        return value

    @override
    async def async_set_value(self, value: dt.time) -> None:
        """Another time: plan again with it."""
        with refusals_shown():
            await self.view.runtime.dispatcher.async_update_asset(
                self.view.name, **{self.entity_description.key: value}
            )
