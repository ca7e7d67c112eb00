"""What is in the household's hands: issues that say what is wrong and how to mend it, and flows that try."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .engine_client import EngineError, EngineRefused, EngineUnauthorized
from .home import Home
from .runtime import HemsConfigEntry

ENGINE_UNAVAILABLE = "engine_unavailable"
ENGINE_UNAUTHORIZED = "engine_unauthorized"
REQUEST_REFUSED = "request_refused"
INVERTER_REMOVED = "inverter_removed"
WEATHER_SILENT = "weather_silent"
MQTT_MISSING = "mqtt_missing"
ENGINE_ISSUES = (ENGINE_UNAVAILABLE, ENGINE_UNAUTHORIZED, REQUEST_REFUSED)
ISSUES = (*ENGINE_ISSUES, INVERTER_REMOVED, WEATHER_SILENT, MQTT_MISSING)

SILENT_FOR = timedelta(hours=24)
"""A weather service that fails for less mends itself, as a rule."""

ENTRY_ID = "entry_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why plans are made without the engine."""

    key: str
    """One of `ENGINE_ISSUES`: translation key and first part of the issue's id."""
    reason: str
    placeholders: Mapping[str, str] = field(default_factory=dict)


def trouble_of(error: EngineError, home: Home) -> Trouble:
    """What an engine's failure means for the household."""
    reason = home.in_words(str(error))
    match error:
        case EngineUnauthorized():
            return Trouble(key=ENGINE_UNAUTHORIZED, reason=reason, placeholders={"reason": reason})
        case EngineRefused(errors=fields) if fields:
            named = home.in_words("; ".join(f"{entry.field}: {entry.message}" for entry in fields))
            return Trouble(key=REQUEST_REFUSED, reason=named, placeholders={"reason": named})
        case EngineRefused():
            return Trouble(key=REQUEST_REFUSED, reason=reason, placeholders={"reason": reason})
        case _:
            return Trouble(key=ENGINE_UNAVAILABLE, reason=reason, placeholders={"reason": reason})


@callback
def async_notice_engine(hass: HomeAssistant, entry: HemsConfigEntry, trouble: Trouble | None) -> None:
    """Say what is wrong with the engine, or that nothing is any more, whoever said so before a reload.

    An issue is gone by itself after a restart, as it is found again if it still holds.
    """
    for key in ENGINE_ISSUES:
        if trouble is None or trouble.key != key:
            ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, key))
    if trouble is not None:
        ir.async_create_issue(
            hass,
            DOMAIN,
            _issue_id(entry, trouble.key),
            data={ENTRY_ID: entry.entry_id},
            is_fixable=trouble.key == ENGINE_UNAVAILABLE,
            severity=ir.IssueSeverity.ERROR,
            translation_key=trouble.key,
            translation_placeholders={"home": entry.title, **trouble.placeholders},
        )


@callback
def async_notice_orphans(hass: HomeAssistant, entry: HemsConfigEntry, home: Home) -> None:
    """Say which devices lost their inverter, or that none did any more."""
    if home.orphans:
        _warn(hass, entry, INVERTER_REMOVED, devices=", ".join(sorted(home.titles[name] for name in home.orphans)))
    else:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, INVERTER_REMOVED))


@callback
def async_notice_weather(
    hass: HomeAssistant, entry: HemsConfigEntry, home: Home, since: datetime | None, now: datetime
) -> None:
    """Say that the weather entity has been silent for long, or that it speaks again."""
    if since is None:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, WEATHER_SILENT))
    elif now - since >= SILENT_FOR:
        entity = home.grid_bindings.weather_entity or ""
        _warn(hass, entry, WEATHER_SILENT, entity=entity, hours=str(int((now - since) / timedelta(hours=1))))


@callback
def async_notice_mqtt(hass: HomeAssistant, entry: HemsConfigEntry, *, missing: bool) -> None:
    """Say that the home shall publish and cannot, or that it can."""
    if missing:
        _warn(hass, entry, MQTT_MISSING)
    else:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, MQTT_MISSING))


def _warn(hass: HomeAssistant, entry: HemsConfigEntry, key: str, **placeholders: str) -> None:
    """Show an issue that only the household can mend."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, key),
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=key,
        translation_placeholders={"home": entry.title, **placeholders},
    )


@callback
def async_resolve_all(hass: HomeAssistant, entry: HemsConfigEntry) -> None:
    """The home is gone, and with it all that could be wrong with it."""
    for key in ISSUES:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, key))


def _issue_id(entry: HemsConfigEntry, key: str) -> str:
    return f"{key}_{entry.entry_id}"


class EngineRepairFlow(RepairsFlow):
    """Tries the engine again, once the household has done what the issue says."""

    def __init__(self, entry: HemsConfigEntry, placeholders: Mapping[str, str]) -> None:
        self._entry = entry
        self._placeholders = placeholders

    async def async_step_init(self, _user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Begin with the explanation."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Plan again; done when the engine made the plan."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if await self._async_works():
                return self.async_create_entry(data={})
            errors["base"] = "still_unavailable"
        return self.async_show_form(
            step_id="confirm",
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def _async_works(self) -> bool:
        if self._entry.state is not ConfigEntryState.LOADED:
            return False
        coordinator = self._entry.runtime_data.coordinator
        try:
            await coordinator.async_plan_now()
        except HomeAssistantError:
            return False
        return coordinator.engine_works


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """The flow that belongs to a fixable issue."""
    entry = hass.config_entries.async_get_entry(str((data or {}).get(ENTRY_ID)))
    if entry is None:
        return ConfirmRepairFlow()
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    return EngineRepairFlow(entry, (issue and issue.translation_placeholders) or {"home": entry.title, "reason": ""})
