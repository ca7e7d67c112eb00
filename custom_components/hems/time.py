"""Times: when the car leaves."""

from dataclasses import dataclass
import datetime as dt
from typing import override

from homeassistant.components.time import TimeEntity, TimeEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import SUBENTRY_EV_CHARGER
from .entity import HemsDescription, HemsEntity, async_add_asset_rows, refusals_shown
from .runtime import HemsConfigEntry
from .views import AssetView

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class HemsTimeDescription(HemsDescription[AssetView], TimeEntityDescription):
    """A wish for an asset that is a time of day."""


DEPARTURE = HemsTimeDescription(
    key="departure",
    translation_key="departure",
    kinds=(SUBENTRY_EV_CHARGER,),
    entity_category=EntityCategory.CONFIG,
    value_fn=lambda view: view.settings.departure,
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HemsConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the departure of each EV charger."""
    async_add_asset_rows(hass, entry, async_add_entities, (DEPARTURE,), HemsTime)


class HemsTime(HemsEntity[AssetView], TimeEntity):
    """The local time at which the car is to be ready, each day."""

    entity_description: HemsTimeDescription

    @property
    @override
    def native_value(self) -> dt.time | None:
        """The time wanted now."""
        value: dt.time | None = self.read()
        return value

    @override
    async def async_set_value(self, value: dt.time) -> None:
        """Leave at another time: plan again with it."""
        with refusals_shown():
            await self.view.runtime.dispatcher.async_update_asset(self.view.name, departure=value)
