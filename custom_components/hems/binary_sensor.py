"""Binary sensors: what is plugged in, what runs, what a person has taken over."""

from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity, BinarySensorEntityDescription
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import (
    SUBENTRY_APPLIANCE,
    SUBENTRY_EV_CHARGER,
    SUBENTRY_FLEXIBLE_LOAD,
    SUBENTRY_HEAT_PUMP,
    SUBENTRY_HOT_WATER,
)
from .entity import HemsDescription, HemsEntity, async_add_asset_rows, async_add_site_rows
from .grid_events import event_told
from .runtime import HemsConfigEntry
from .views import AssetView, SiteView
from .windows import REST_KW

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class HemsBinarySensorDescription[V: SiteView | AssetView](HemsDescription[V], BinarySensorEntityDescription):
    """A yes or no."""


def _measured(view: AssetView) -> bool:
    return view.reading is not None


def _running(view: AssetView) -> bool | None:
    """What the appliance says, or what its power shows."""
    reading = view.reading
    if reading is None or reading.running is not None:
        return reading.running if reading else None
    return None if reading.power_kw is None else reading.power_kw >= REST_KW


def _override_attributes(view: AssetView) -> dict[str, Any]:
    dispatcher = view.runtime.dispatcher
    override, scheduled = dispatcher.overrides.get(view.name), dispatcher.scheduled.get(view.name)
    acting = {"power_kw": override.power_kw, "until": override.until} if override else {}
    return acting | ({"next_start": scheduled[0].start} if scheduled else {})


def _event_attributes(view: SiteView) -> dict[str, Any]:
    return {"events": [event_told(event) for event in view.runtime.events.active]}


GRID_EVENT = HemsBinarySensorDescription[SiteView](
    key="grid_event",
    translation_key="grid_event",
    device_class=BinarySensorDeviceClass.RUNNING,
    value_fn=lambda view: bool(view.runtime.events.active),
    attributes_fn=_event_attributes,
)
ROWS = (
    HemsBinarySensorDescription[AssetView](
        key="connected",
        translation_key="connected",
        kinds=(SUBENTRY_EV_CHARGER,),
        device_class=BinarySensorDeviceClass.PLUG,
        available_fn=_measured,
        value_fn=lambda view: view.reading.connected if view.reading else None,
    ),
    HemsBinarySensorDescription[AssetView](
        key="charging",
        translation_key="charging",
        kinds=(SUBENTRY_EV_CHARGER,),
        device_class=BinarySensorDeviceClass.BATTERY_CHARGING,
        available_fn=_measured,
        value_fn=_running,
    ),
    HemsBinarySensorDescription[AssetView](
        key="running",
        translation_key="running",
        kinds=(SUBENTRY_APPLIANCE, SUBENTRY_HEAT_PUMP, SUBENTRY_HOT_WATER, SUBENTRY_FLEXIBLE_LOAD),
        device_class=BinarySensorDeviceClass.RUNNING,
        available_fn=_measured,
        value_fn=_running,
    ),
    HemsBinarySensorDescription[AssetView](
        key="override",
        translation_key="override",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda view: view.name in view.runtime.dispatcher.overrides,
        attributes_fn=_override_attributes,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HemsConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the binary sensors of the home and of each asset."""
    async_add_site_rows(hass, entry, async_add_entities, (GRID_EVENT,), HemsBinarySensor)
    async_add_asset_rows(hass, entry, async_add_entities, ROWS, HemsBinarySensor)


class HemsBinarySensor[V: SiteView | AssetView](HemsEntity[V], BinarySensorEntity):
    """A row as a binary sensor."""

    _unrecorded_attributes = frozenset({"power_kw", "until", "next_start", "events"})
    entity_description: HemsBinarySensorDescription[V]

    @property
    @override
    def is_on(self) -> bool | None:
        """Yes, no or unknown."""
        value: bool | None = self.read()
        return value
