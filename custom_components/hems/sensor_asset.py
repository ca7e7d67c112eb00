"""The rows of the assets: power, energy, state, and what the plan has for them."""

from collections.abc import Callable
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfEnergy, UnitOfTemperature

from .const import (
    SUBENTRY_APPLIANCE,
    SUBENTRY_BATTERY,
    SUBENTRY_EV_CHARGER,
    SUBENTRY_FLEXIBLE_LOAD,
    SUBENTRY_HEAT_PUMP,
    SUBENTRY_HOT_WATER,
    SUBENTRY_PV,
    SUBENTRY_TYPES,
)
from .runtime import AssetReading
from .sensor_rows import HemsSensorDescription, activity_row, energy_row, next_change_attributes, planned, power_row
from .views import AssetView
from .windows import Activity, activity_of

CONSUMERS = (
    SUBENTRY_EV_CHARGER,
    SUBENTRY_HEAT_PUMP,
    SUBENTRY_HOT_WATER,
    SUBENTRY_APPLIANCE,
    SUBENTRY_FLEXIBLE_LOAD,
)
ALL_BUT_PV = (SUBENTRY_BATTERY, *CONSUMERS)


def _reading(value: Callable[[AssetReading], float | None]) -> Callable[[AssetView], float | None]:
    return lambda view: value(view.reading) if view.reading else None


def _measured(view: AssetView) -> bool:
    return view.reading is not None


def _planned(view: AssetView) -> bool:
    return planned(view.site) and view.plan is not None


def _negated(value: float | None) -> float | None:
    # A PV array feeds the bus, so its production is the negative of its power.
    return None if value is None else -value


def _soc(view: AssetView) -> float | None:
    return 100 * view.reading.soc if view.reading and view.reading.soc is not None else None


def _run_attributes(view: AssetView) -> dict[str, Any]:
    """When it began, or when the plan lets it; absent where that is not known."""
    run, planned_run = view.run, view.planned_run
    times = {
        "started": run.started if run else None,
        "planned_start": planned_run.start if planned_run and run and run.started is None else None,
        "planned_end": planned_run.end if planned_run else None,
    }
    return {name: time for name, time in times.items() if time is not None}


def _activity(view: AssetView) -> Activity | None:
    reading = view.reading
    return None if reading is None or reading.power_kw is None else activity_of(view.kind, reading.power_kw)


def _activity_row(kind: str, *activities: Activity) -> HemsSensorDescription[AssetView]:
    return activity_row(
        "state", (*activities, Activity.IDLE), kinds=(kind,), available_fn=_measured, value_fn=_activity
    )


def _temperature_row(kind: str, translation_key: str) -> HemsSensorDescription[AssetView]:
    return HemsSensorDescription(
        key="temperature",
        translation_key=translation_key,
        kinds=(kind,),
        device_class=SensorDeviceClass.TEMPERATURE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        suggested_display_precision=1,
        digits=2,
        available_fn=_measured,
        value_fn=_reading(lambda reading: reading.temperature_c),
    )


POWER_ROWS: tuple[HemsSensorDescription[AssetView], ...] = (
    power_row("power", kinds=ALL_BUT_PV, available_fn=_measured, value_fn=_reading(lambda reading: reading.power_kw)),
    power_row(
        "power",
        translation_key="production",
        kinds=(SUBENTRY_PV,),
        available_fn=_measured,
        value_fn=_reading(lambda reading: _negated(reading.power_kw)),
    ),
    power_row(
        "planned_power", kinds=ALL_BUT_PV, state_class=None, available_fn=_planned, value_fn=lambda v: v.planned_kw
    ),
    power_row(
        "planned_power",
        translation_key="planned_production",
        kinds=(SUBENTRY_PV,),
        state_class=None,
        available_fn=_planned,
        value_fn=lambda view: _negated(view.planned_kw),
    ),
    power_row(
        "setpoint",
        kinds=SUBENTRY_TYPES,
        state_class=None,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        available_fn=_measured,
        value_fn=_reading(lambda reading: reading.setpoint_kw),
    ),
)

ENERGY_ROWS: tuple[HemsSensorDescription[AssetView], ...] = (
    energy_row(
        "energy_out",
        translation_key="energy_produced",
        kinds=(SUBENTRY_PV,),
        value_fn=lambda view: view.runtime.accounts.energy_kwh(view.name, "out"),
    ),
    energy_row(
        "energy_in",
        translation_key="energy_charged",
        kinds=(SUBENTRY_BATTERY,),
        value_fn=lambda view: view.runtime.accounts.energy_kwh(view.name, "in"),
    ),
    energy_row(
        "energy_out",
        translation_key="energy_discharged",
        kinds=(SUBENTRY_BATTERY,),
        value_fn=lambda view: view.runtime.accounts.energy_kwh(view.name, "out"),
    ),
    energy_row(
        "energy_in",
        translation_key="energy_consumed",
        kinds=CONSUMERS,
        value_fn=lambda view: view.runtime.accounts.energy_kwh(view.name, "in"),
    ),
)

STATE_ROWS: tuple[HemsSensorDescription[AssetView], ...] = (
    HemsSensorDescription(
        key="soc",
        translation_key="soc",
        kinds=(SUBENTRY_BATTERY, SUBENTRY_EV_CHARGER),
        device_class=SensorDeviceClass.BATTERY,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        digits=1,
        available_fn=_measured,
        value_fn=_soc,
    ),
    HemsSensorDescription(
        key="stored_energy",
        translation_key="stored_energy",
        kinds=(SUBENTRY_BATTERY, SUBENTRY_EV_CHARGER),
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
        available_fn=_measured,
        value_fn=_reading(lambda reading: reading.energy_kwh),
    ),
    _temperature_row(SUBENTRY_HEAT_PUMP, "indoor_temperature"),
    _temperature_row(SUBENTRY_HOT_WATER, "tank_temperature"),
    _activity_row(SUBENTRY_PV, Activity.PRODUCE),
    _activity_row(SUBENTRY_BATTERY, Activity.CHARGE, Activity.DISCHARGE),
    _activity_row(SUBENTRY_EV_CHARGER, Activity.CHARGE, Activity.DISCHARGE),
    _activity_row(SUBENTRY_HEAT_PUMP, Activity.HEAT),
    _activity_row(SUBENTRY_HOT_WATER, Activity.HEAT),
    _activity_row(SUBENTRY_APPLIANCE, Activity.RUN),
    _activity_row(SUBENTRY_FLEXIBLE_LOAD, Activity.RUN),
    HemsSensorDescription(
        key="run_deadline",
        translation_key="run_deadline",
        kinds=(SUBENTRY_APPLIANCE,),
        device_class=SensorDeviceClass.TIMESTAMP,
        available_fn=lambda view: view.run is not None,
        value_fn=lambda view: view.run.latest_end if view.run else None,
        attributes_fn=_run_attributes,
    ),
    HemsSensorDescription(
        key="next_change",
        translation_key="next_change",
        device_class=SensorDeviceClass.TIMESTAMP,
        available_fn=_planned,
        value_fn=lambda view: window.start if (window := view.site.upcoming(view.name)) else None,
        attributes_fn=lambda view: next_change_attributes(view.site, view.name),
    ),
)

ASSET_ROWS = (*POWER_ROWS, *ENERGY_ROWS, *STATE_ROWS)
