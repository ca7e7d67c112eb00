"""What rows of sensors are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription, SensorStateClass
from homeassistant.const import UnitOfEnergy, UnitOfPower

from .entity import HemsDescription
from .rounding import rounded
from .views import AssetView, SiteView
from .windows import Activity


@dataclass(frozen=True, kw_only=True)
class HemsSensorDescription[V: SiteView | AssetView](HemsDescription[V], SensorEntityDescription):
    """A row of numbers, words or times."""

    digits: int = 3
    """Rounded to that, so that noise behind it neither fills the database nor wakes automations."""
    unit_fn: Callable[[V], str] | None = None
    """Where the unit depends on the home, as money does."""
    last_reset_fn: Callable[[V], Any] | None = None


def power_row[V: SiteView | AssetView](key: str, **more: Any) -> HemsSensorDescription[V]:
    """A power in kW."""
    return HemsSensorDescription(
        key=key,
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=2,
        **{"translation_key": key, "state_class": SensorStateClass.MEASUREMENT, **more},
    )


def energy_row[V: SiteView | AssetView](key: str, **more: Any) -> HemsSensorDescription[V]:
    """A meter in kWh that only counts upwards, as the Energy dashboard wants it."""
    return HemsSensorDescription(
        key=key,
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=2,
        **{"translation_key": key, **more},
    )


def activity_row[V: SiteView | AssetView](
    key: str, activities: tuple[Activity, ...], **more: Any
) -> HemsSensorDescription[V]:
    """What it does, in one word."""
    return HemsSensorDescription(
        key=key, device_class=SensorDeviceClass.ENUM, options=list(activities), **{"translation_key": key, **more}
    )


def next_change_attributes(view: SiteView, asset: str) -> dict[str, Any]:
    """What begins then, and how strongly; a rest has no power, whatever standby and rounding leave of it."""
    window = view.upcoming(asset)
    if window is None:
        return {}
    power_kw = 0.0 if window.activity is Activity.IDLE else rounded(window.mean_kw, 3)
    return {"activity": str(window.activity), "power_kw": power_kw}


def measured(view: SiteView) -> bool:
    """Whether the dispatcher has read the home."""
    return view.live is not None


def planned(view: SiteView) -> bool:
    """Whether there is a plan that holds."""
    return view.plan is not None
