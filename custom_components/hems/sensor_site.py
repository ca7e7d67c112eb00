"""The rows of the home: its plan, its money, its shares of own energy, its load and its grid connection."""

from collections.abc import Callable
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfEnergy, UnitOfPower, UnitOfTime

from .core.model import HealthStatus, worst
from .grid_events import event_told
from .rounding import rounded
from .sensor_rows import (
    HemsSensorDescription,
    activity_row,
    energy_row,
    measured,
    next_change_attributes,
    planned,
    power_row,
)
from .views import SiteView
from .windows import GRID, Activity, activity_of

PLAN_STATUSES = ("optimal", "feasible", "infeasible", "timed_out", "fallback", "none")


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _status(view: SiteView) -> str:
    outcome = view.plan.outcome if view.plan else None
    return str(getattr(outcome, "kind", "none"))


def _grid_activity(view: SiteView) -> Activity | None:
    return None if view.live is None or view.live.grid_kw is None else activity_of(GRID, view.live.grid_kw)


def _next_action_attributes(view: SiteView) -> dict[str, Any]:
    action = view.next_action
    if action is None:
        return {}
    return {
        "asset": view.runtime.home.titles.get(action.asset, action.asset),
        "action": str(action.action),
        "at": action.at,
        "power_kw": rounded(action.power_kw, 3),
        "reason": action.reason and str(action.reason),
    }


def _next_event_attributes(view: SiteView) -> dict[str, Any]:
    event = view.runtime.events.upcoming
    return event_told(event) if event else {}


def _load_error_w(view: SiteView) -> float | None:
    """Of the method that the last plan is made with."""
    forecast = view.runtime.coordinator.load_forecast
    scores = forecast.scores if forecast else ()
    return next((score.mae_kw * 1000 for score in scores if forecast and score.method == forecast.method), None)


def _load_methods(view: SiteView) -> dict[str, Any]:
    forecast = view.runtime.coordinator.load_forecast
    if forecast is None:
        return {}
    return {
        "method": forecast.method,
        "methods": {score.method: rounded(score.mae_kw * 1000, 0) for score in forecast.scores},
        "learned_until": forecast.learned_until,
    }


def _money_row(key: str, value_fn: Callable[[SiteView], float | None], **more: Any) -> HemsSensorDescription[SiteView]:
    return HemsSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.MONETARY,
        unit_fn=lambda view: view.runtime.home.currency,
        suggested_display_precision=2,
        digits=4,
        value_fn=value_fn,
        **more,
    )


def _daily_money_row(key: str, value_fn: Callable[[SiteView], float | None]) -> HemsSensorDescription[SiteView]:
    return _money_row(key, value_fn, state_class=SensorStateClass.TOTAL, last_reset_fn=lambda view: view.midnight)


def _share_row(key: str, value_fn: Callable[[SiteView], float | None]) -> HemsSensorDescription[SiteView]:
    return HemsSensorDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        digits=1,
        value_fn=value_fn,
    )


def _price_row(key: str, value_fn: Callable[[SiteView], float | None]) -> HemsSensorDescription[SiteView]:
    return HemsSensorDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.MEASUREMENT,
        unit_fn=lambda view: f"{view.runtime.home.currency}/{UnitOfEnergy.KILO_WATT_HOUR}",
        suggested_display_precision=3,
        digits=5,
        available_fn=planned,
        value_fn=value_fn,
    )


PLAN_ROWS: tuple[HemsSensorDescription[SiteView], ...] = (
    HemsSensorDescription(
        key="plan_status",
        translation_key="plan_status",
        device_class=SensorDeviceClass.ENUM,
        options=list(PLAN_STATUSES),
        value_fn=_status,
        attributes_fn=lambda view: {"violations": view.violations},
    ),
    HemsSensorDescription(
        key="data_health",
        translation_key="data_health",
        device_class=SensorDeviceClass.ENUM,
        options=[str(status) for status in HealthStatus],
        entity_category=EntityCategory.DIAGNOSTIC,
        available_fn=measured,
        value_fn=lambda view: worst(view.health),
        attributes_fn=lambda view: {"reasons": view.poor_inputs, "made_from": view.made_from},
    ),
    HemsSensorDescription(
        key="next_event",
        translation_key="next_event",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda view: event.start if (event := view.runtime.events.upcoming) else None,
        attributes_fn=_next_event_attributes,
    ),
    HemsSensorDescription(
        key="simulated_time",
        translation_key="simulated_time",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        exists_fn=lambda view: view.runtime.home.simulated is not None,
        value_fn=lambda view: view.now.replace(second=0, microsecond=0),
    ),
    HemsSensorDescription(
        key="plan_made",
        translation_key="plan_made",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda view: view.last_plan.made_at if view.last_plan else None,
    ),
    HemsSensorDescription(
        key="plan_age",
        translation_key="plan_age",
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        digits=0,
        value_fn=lambda view: (view.now - view.last_plan.made_at).total_seconds() / 60 if view.last_plan else None,
    ),
    HemsSensorDescription(
        key="solve_time",
        translation_key="solve_time",
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda view: view.last_plan.stats.solve_s if view.last_plan else None,
    ),
    HemsSensorDescription(
        key="uptime",
        translation_key="uptime",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=2,
        digits=3,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda view: _percent(view.runtime.accounts.uptime),
    ),
    HemsSensorDescription(
        key="load_forecast_accuracy",
        translation_key="load_forecast_accuracy",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists_fn=lambda view: view.runtime.home.simulated is None,
        digits=0,
        available_fn=lambda view: _load_error_w(view) is not None,
        value_fn=_load_error_w,
        attributes_fn=_load_methods,
    ),
)

NEXT_ACTION = HemsSensorDescription[SiteView](
    key="next_action",
    translation_key="next_action",
    available_fn=planned,
    value_fn=lambda view: view.next_action,
    attributes_fn=_next_action_attributes,
)

MONEY_ROWS: tuple[HemsSensorDescription[SiteView], ...] = (
    _money_row("plan_cost_today", lambda view: view.planned_cost_today, available_fn=planned),
    _daily_money_row("cost_today", lambda view: view.runtime.accounts.today.cost),
    _daily_money_row("saving_today", lambda view: view.runtime.accounts.today.saving),
    _share_row("self_consumption", lambda view: _percent(view.runtime.accounts.today.self_consumption)),
    _share_row("self_sufficiency", lambda view: _percent(view.runtime.accounts.today.self_sufficiency)),
    _price_row("import_price", lambda view: view.in_slot(view.plan.import_price_per_kwh) if view.plan else None),
    _price_row("export_price", lambda view: view.in_slot(view.plan.export_price_per_kwh) if view.plan else None),
)

FLOW_ROWS: tuple[HemsSensorDescription[SiteView], ...] = (
    power_row("load_power", available_fn=measured, value_fn=lambda view: view.live.load_kw if view.live else None),
    energy_row("load_energy", value_fn=lambda view: view.runtime.accounts.energy_kwh("load", "in")),
    power_row("grid_power", available_fn=measured, value_fn=lambda view: view.live.grid_kw if view.live else None),
    energy_row("grid_import_energy", value_fn=lambda view: view.runtime.accounts.energy_kwh(GRID, "in")),
    energy_row("grid_export_energy", value_fn=lambda view: view.runtime.accounts.energy_kwh(GRID, "out")),
    activity_row(
        "grid_state",
        (Activity.IMPORT, Activity.EXPORT, Activity.IDLE),
        available_fn=measured,
        value_fn=_grid_activity,
    ),
    power_row(
        "grid_planned_power",
        state_class=None,
        available_fn=planned,
        value_fn=lambda view: view.in_slot(view.plan.grid_kw) if view.plan else None,
    ),
    HemsSensorDescription(
        key="grid_next_change",
        translation_key="grid_next_change",
        device_class=SensorDeviceClass.TIMESTAMP,
        available_fn=planned,
        value_fn=lambda view: window.start if (window := view.upcoming(GRID)) else None,
        attributes_fn=lambda view: next_change_attributes(view, GRID),
    ),
)

SITE_ROWS = (*PLAN_ROWS, *MONEY_ROWS, *FLOW_ROWS)
