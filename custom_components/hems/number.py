"""Numbers: how full, how warm, how much in reserve."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberEntityDescription, NumberMode
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import SUBENTRY_BATTERY, SUBENTRY_EV_CHARGER, SUBENTRY_HEAT_PUMP, SUBENTRY_HOT_WATER
from .entity import HemsDescription, HemsEntity, async_add_asset_rows, refusals_shown
from .runtime import HemsConfigEntry
from .views import AssetView

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class HemsNumberDescription(HemsDescription[AssetView], NumberEntityDescription):
    """A wish for an asset that is a number."""

    setting: str
    """Field of the asset's settings."""
    scale: float = 1.0
    """Shown per stored: fractions are shown in per cent."""


def _shown(setting: str, scale: float = 1.0) -> Callable[[AssetView], float | None]:
    def value(view: AssetView) -> float | None:
        stored: float | None = getattr(view.settings, setting)
        # 0.57 * 100 is 56.99999999999999.
        return None if stored is None else round(stored * scale, 6)

    return value


def _percent_row(key: str, setting: str, kind: str) -> HemsNumberDescription:
    return HemsNumberDescription(
        key=key,
        translation_key=key,
        kinds=(kind,),
        setting=setting,
        scale=100.0,
        entity_category=EntityCategory.CONFIG,
        native_unit_of_measurement=PERCENTAGE,
        native_min_value=0,
        native_max_value=100,
        native_step=1,
        mode=NumberMode.SLIDER,
        value_fn=_shown(setting, 100.0),
    )


def _comfort_rows(kind: str, low_c: float, high_c: float) -> tuple[HemsNumberDescription, ...]:
    return tuple(
        HemsNumberDescription(
            key=setting.removesuffix("_c"),
            translation_key=f"{kind}_{setting.removesuffix('_c')}",
            kinds=(kind,),
            setting=setting,
            device_class=NumberDeviceClass.TEMPERATURE,
            entity_category=EntityCategory.CONFIG,
            native_unit_of_measurement=UnitOfTemperature.CELSIUS,
            native_min_value=low_c,
            native_max_value=high_c,
            native_step=0.5,
            mode=NumberMode.BOX,
            value_fn=_shown(setting),
        )
        for setting in ("comfort_min_c", "comfort_max_c")
    )


ROWS = (
    _percent_row("target_soc", "target_soc", SUBENTRY_EV_CHARGER),
    _percent_row("at_once_soc", "at_once_soc", SUBENTRY_EV_CHARGER),
    _percent_row("reserve_soc", "reserve_soc", SUBENTRY_BATTERY),
    *_comfort_rows(SUBENTRY_HEAT_PUMP, 5, 30),
    *_comfort_rows(SUBENTRY_HOT_WATER, 20, 80),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HemsConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the numbers of each asset."""
    async_add_asset_rows(hass, entry, async_add_entities, ROWS, HemsNumber)


class HemsNumber(HemsEntity[AssetView], NumberEntity):
    """A wish that can be moved."""

    entity_description: HemsNumberDescription

    @property
    @override
    def native_value(self) -> float | None:
        """What is wanted now."""
        value: float | None = self.read()
        return value

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Want something else: plan again with it."""
        row = self.entity_description
        with refusals_shown():
            await self.view.runtime.dispatcher.async_update_asset(self.view.name, **{row.setting: value / row.scale})
