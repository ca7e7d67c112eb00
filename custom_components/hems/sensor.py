"""Sensors: one class, rows in `sensor_site.py` and `sensor_asset.py`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import HemsEntity, async_add_asset_rows, async_add_site_rows
from .rounding import rounded
from .runtime import HemsConfigEntry
from .sensor_asset import ASSET_ROWS
from .sensor_rows import HemsSensorDescription
from .sensor_site import NEXT_ACTION, SITE_ROWS
from .views import AssetView, SiteView
from .words import Words, async_words

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: HemsConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of the home and of its assets."""
    words = await async_words(hass, entry.runtime_data.home.site.time_zone)
    async_add_site_rows(hass, entry, async_add_entities, SITE_ROWS, HemsSensor)
    async_add_site_rows(
        hass, entry, async_add_entities, (NEXT_ACTION,), lambda *what: NextActionSensor(*what, words=words)
    )
    async_add_asset_rows(hass, entry, async_add_entities, ASSET_ROWS, HemsSensor)


class HemsSensor[V: SiteView | AssetView](HemsEntity[V], SensorEntity):
    """A row as a sensor."""

    _unrecorded_attributes = frozenset(
        {
            "action",
            "activity",
            "asset",
            "assets",
            "at",
            "direction",
            "end",
            "id",
            "kind",
            "kinds",
            "learned_until",
            "limit_kw",
            "made_from",
            "method",
            "methods",
            "planned_end",
            "planned_start",
            "power_kw",
            "reason",
            "reasons",
            "start",
            "started",
            "violations",
        }
    )
    entity_description: HemsSensorDescription[V]

    def __init__(self, view: V, description: HemsSensorDescription[V], device: DeviceInfo) -> None:
        super().__init__(view, description, device)
        if description.unit_fn:
            self._attr_native_unit_of_measurement = description.unit_fn(view)

    @override
    def read(self) -> Any:
        """The value, without the noise behind its digits."""
        value = super().read()
        return rounded(value, self.entity_description.digits) if isinstance(value, float) else value

    @property
    @override
    def native_value(self) -> Any:
        """The value now."""
        return self.read()

    @property
    @override
    def last_reset(self) -> datetime | None:
        """When a counter of the day began at zero."""
        last_reset_fn = self.entity_description.last_reset_fn
        return last_reset_fn(self.view) if last_reset_fn else None


class NextActionSensor(HemsSensor[SiteView]):
    """What comes next, as a sentence in the language of this Home Assistant."""

    def __init__(
        self, view: SiteView, description: HemsSensorDescription[SiteView], device: DeviceInfo, *, words: Words
    ) -> None:
        super().__init__(view, description, device)
        self._words = words

    @override
    def read(self) -> str | None:
        """The sentence, at most as long as a state may be."""
        action = super().read()
        if action is None:
            return None
        titles: Mapping[str, str] = self.view.runtime.home.titles
        return self._words.next_action(action, titles.get(action.asset, action.asset))[:255]
