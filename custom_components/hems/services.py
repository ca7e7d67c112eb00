"""Actions: plan now, read the plan, take an asset over and give it back, let an appliance run in time."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import service
from homeassistant.util import dt as dt_util
import probatio

from .abilities import DEFAULT_READY_BY
from .asset_lookup import async_find_asset
from .const import DOMAIN
from .core.model import Appliance
from .entity import asset_views, refusals_shown
from .event_services import async_setup_event_services
from .overrides import checked_override
from .permissions import async_check_caller, async_may_control
from .plan_told import asset_rows, local_time, outturn_told, plan_summary, reason_told, site_rows
from .runs import next_ready_by
from .runtime import HemsConfigEntry
from .views import AssetView, SiteView

SERVICE_PLAN_NOW = "plan_now"
SERVICE_GET_PLAN = "get_plan"
SERVICE_SET_OVERRIDE = "set_override"
SERVICE_CLEAR_OVERRIDE = "clear_override"
SERVICE_WHAT_IF = "what_if"
SERVICE_REQUEST_RUN = "request_run"
SERVICE_CANCEL_RUN = "cancel_run"

ATTR_CONFIG_ENTRY_ID = "config_entry_id"
ATTR_ASSET = "asset"
ATTR_POWER_KW = "power_kw"
ATTR_MODE = "mode"
ATTR_START = "start"
ATTR_UNTIL = "until"
ATTR_DURATION = "duration"
ATTR_READY_BY = "ready_by"
ATTR_WITHIN = "within"
ATTR_EARLIEST = "earliest"

MODE_AUTO = "auto"
MODES = ("charge", "discharge", "on", "off", MODE_AUTO)

LONGEST_OVERRIDE = timedelta(days=7)
"""Beyond that an override is a setting: switch automatic control off instead."""
JUST_NOW = timedelta(minutes=1)
"""A start that long ago means now: whoever writes or calls it takes a moment."""

SITE_SCHEMA = probatio.Schema({probatio.Optional(ATTR_CONFIG_ENTRY_ID): cv.string})
GET_PLAN_SCHEMA = SITE_SCHEMA.extend({probatio.Optional(ATTR_ASSET): cv.string})
CLEAR_OVERRIDE_SCHEMA = GET_PLAN_SCHEMA.extend({probatio.Optional(ATTR_START): cv.datetime})
SET_OVERRIDE_SCHEMA = SITE_SCHEMA.extend(
    {
        probatio.Required(ATTR_ASSET): cv.string,
        probatio.Optional(ATTR_POWER_KW): probatio.Coerce(float),
        probatio.Optional(ATTR_MODE): probatio.In(MODES),
        probatio.Optional(ATTR_START): cv.datetime,
        probatio.Optional(ATTR_UNTIL): cv.datetime,
        probatio.Optional(ATTR_DURATION): cv.positive_time_period,
    }
)
WHAT_IF_SCHEMA = SET_OVERRIDE_SCHEMA
"""It asks what such an override would cost."""
REQUEST_RUN_SCHEMA = SITE_SCHEMA.extend(
    {
        probatio.Required(ATTR_ASSET): cv.string,
        probatio.Optional(ATTR_READY_BY): cv.datetime,
        probatio.Optional(ATTR_WITHIN): cv.positive_time_period,
        probatio.Optional(ATTR_EARLIEST): cv.datetime,
    }
)
CANCEL_RUN_SCHEMA = GET_PLAN_SCHEMA


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions, once for all homes."""
    for name, action, schema, answers in (
        (SERVICE_PLAN_NOW, _plan_now, SITE_SCHEMA, SupportsResponse.OPTIONAL),
        (SERVICE_GET_PLAN, _get_plan, GET_PLAN_SCHEMA, SupportsResponse.ONLY),
        (SERVICE_SET_OVERRIDE, _set_override, SET_OVERRIDE_SCHEMA, SupportsResponse.OPTIONAL),
        (SERVICE_WHAT_IF, _what_if, WHAT_IF_SCHEMA, SupportsResponse.ONLY),
        (SERVICE_CLEAR_OVERRIDE, _clear_override, CLEAR_OVERRIDE_SCHEMA, SupportsResponse.OPTIONAL),
        (SERVICE_REQUEST_RUN, _request_run, REQUEST_RUN_SCHEMA, SupportsResponse.OPTIONAL),
        (SERVICE_CANCEL_RUN, _cancel_run, CANCEL_RUN_SCHEMA, SupportsResponse.OPTIONAL),
    ):
        handler = action if name == SERVICE_GET_PLAN else _controlling(action)
        hass.services.async_register(DOMAIN, name, handler, schema, answers)
    async_setup_event_services(hass)


def _controlling(action: Callable[[ServiceCall], Awaitable[dict[str, Any]]]) -> Callable[..., Any]:
    """The action for those who may control what it is about; looking is free."""

    async def checked(call: ServiceCall) -> dict[str, Any]:
        view = _asset(call) if ATTR_ASSET in call.data else None
        entry = view.site.entry if view else _site(call).entry
        await async_check_caller(call.hass, call.context, entry, view.name if view else None)
        return await action(call)

    return checked


async def _plan_now(call: ServiceCall) -> dict[str, Any]:
    site = _site(call)
    plan = await site.runtime.coordinator.async_plan_now()
    return plan_summary(site, plan)


async def _get_plan(call: ServiceCall) -> dict[str, Any]:
    wanted = _asset(call) if ATTR_ASSET in call.data else None
    site = wanted.site if wanted else _site(call)
    plan = site.plan
    if plan is None:
        raise _wrong("no_plan", home=site.entry.title)
    views = [wanted] if wanted else list(asset_views(site.entry))
    return plan_summary(site, plan) | {
        "rows": site_rows(site, plan),
        "assets": [
            {"asset": view.name, "title": view.title, "kind": view.kind, "rows": asset_rows(view, plan, part)}
            for view in views
            if (part := plan.asset(view.name)) is not None
        ],
        "violations": site.violations,
        "reasons": [
            reason_told(site, reason) for reason in site.reasons if wanted is None or wanted.name == reason.asset
        ],
        "outturn": outturn_told(site, wanted.name if wanted else None),
    }


async def _set_override(call: ServiceCall) -> dict[str, Any]:
    view = _asset(call)
    wanted = _wanted(call, view)
    if wanted == MODE_AUTO:
        if ATTR_START in call.data:
            raise _wrong("auto_without_start", asset=view.title)
        await view.runtime.dispatcher.async_clear_override(view.name)
        return {ATTR_ASSET: view.name, "title": view.title, ATTR_MODE: MODE_AUTO}
    start, until = _times(call, view.site)
    with refusals_shown():
        override = await view.runtime.dispatcher.async_set_override(view.name, wanted, until, start)
    return {
        ATTR_ASSET: view.name,
        "title": view.title,
        ATTR_POWER_KW: override.power_kw,
        ATTR_START: local_time(view.site, override.start or view.site.now),
        ATTR_UNTIL: local_time(view.site, override.until),
    }


async def _what_if(call: ServiceCall) -> dict[str, Any]:
    view = _asset(call)
    wanted = _wanted(call, view)
    if wanted == MODE_AUTO:
        raise _wrong("auto_is_the_plan", asset=view.title)
    start, until = _times(call, view.site)
    with refusals_shown():
        word = checked_override(view.runtime.home, view.name, wanted, start=start, until=until)
    answer = await view.runtime.coordinator.async_what_if(word)
    return {
        ATTR_ASSET: view.name,
        "title": view.title,
        ATTR_POWER_KW: word.power_kw,
        ATTR_START: local_time(view.site, word.start or view.site.now),
        ATTR_UNTIL: local_time(view.site, word.until),
        "extra_cost": round(answer.extra_cost, 4),
        "extra_bill": round(answer.extra_bill, 4),
        "extra_comfort": round(answer.extra_comfort, 4),
        "extra_co2_kg": None if answer.extra_co2_kg is None else round(answer.extra_co2_kg, 3),
        "warmth": [
            {
                ATTR_ASSET: warmth.asset,
                "planned_c": round(warmth.planned_c, 1),
                "other_c": round(warmth.other_c, 1),
            }
            for warmth in answer.warmth
        ],
        "currency": answer.currency,
        "broken": view.site.told(answer.broken),
    }


async def _clear_override(call: ServiceCall) -> dict[str, Any]:
    views = await _async_meant(call)
    held = [(view, override) for view in views for override in view.overrides]
    meant = held
    if ATTR_START in call.data:
        start = dt_util.as_utc(call.data[ATTR_START])
        meant = [(view, override) for view, override in held if override.start == start]
        if not meant:
            starts = sorted(override.start for _, override in held if override.start)
            site = views[0].site if views else _site(call)
            there = ", ".join(local_time(site, other) for other in starts) or "-"
            raise _wrong("no_override_then", start=local_time(site, start), starts=there)
    for view, override in meant:
        await view.runtime.dispatcher.async_clear_override(view.name, override)
    return {"cleared": list(dict.fromkeys(view.title for view, _ in meant))}


async def _request_run(call: ServiceCall) -> dict[str, Any]:
    view = _asset(call)
    earliest, latest = _window(call, view)
    with refusals_shown():
        await view.runtime.dispatcher.async_request_run(view.name, earliest, latest)
    # What is asked for stays so if it cannot be planned now; the answer then names no start.
    with suppress(HomeAssistantError):
        await view.runtime.coordinator.async_plan_now()
    planned = view.planned_run
    return {
        ATTR_ASSET: view.name,
        "title": view.title,
        ATTR_EARLIEST: local_time(view.site, earliest),
        ATTR_READY_BY: local_time(view.site, latest),
        "planned_start": local_time(view.site, planned.start) if planned else None,
        "planned_end": local_time(view.site, planned.end) if planned else None,
        "expected_cost": round(planned.cost, 4) if planned and planned.cost is not None else None,
        "currency": view.runtime.home.currency,
    }


async def _cancel_run(call: ServiceCall) -> dict[str, Any]:
    views = await _async_meant(call)
    if ATTR_ASSET not in call.data:
        views = [view for view in views if view.run and view.run.started is None]
    with refusals_shown():
        cancelled = [view.title for view in views if await view.runtime.dispatcher.async_cancel_run(view.name)]
    return {"cancelled": cancelled}


async def _async_meant(call: ServiceCall) -> list[AssetView]:
    """The asset that is named, or else all that the caller may control."""
    if ATTR_ASSET in call.data:
        return [_asset(call)]
    return [
        view
        for view in asset_views(_site(call).entry)
        if await async_may_control(call.hass, call.context, view.site.entry, view.name)
    ]


def _window(call: ServiceCall, view: AssetView) -> tuple[datetime, datetime]:
    """From when and until when a run is wanted, in the home's time; without an end, by the appliance's own."""
    now = view.site.now
    if ATTR_READY_BY in call.data and ATTR_WITHIN in call.data:
        raise _wrong("ready_by_or_within", asset=view.title)
    earliest = max(now, dt_util.as_utc(call.data[ATTR_EARLIEST])) if ATTR_EARLIEST in call.data else now
    if ATTR_READY_BY in call.data:
        return earliest, dt_util.as_utc(call.data[ATTR_READY_BY])
    if ATTR_WITHIN in call.data:
        return earliest, now + call.data[ATTR_WITHIN]
    if not isinstance(view.asset, Appliance):
        # The household says in words why not.
        return earliest, earliest
    clock = view.settings.ready_by or DEFAULT_READY_BY
    return earliest, next_ready_by(earliest, clock, view.runtime.home.site.time_zone, view.asset.duration)


def _site(call: ServiceCall) -> SiteView:
    entry: HemsConfigEntry = service.async_get_config_entry(call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID))
    return SiteView(entry)


def _asset(call: ServiceCall) -> AssetView:
    return async_find_asset(call.hass, call.data[ATTR_ASSET], call.data.get(ATTR_CONFIG_ENTRY_ID))


def _wanted(call: ServiceCall, view: AssetView) -> float | str:
    """The power or the mode that is asked for: exactly one of them."""
    given: list[float | str] = [call.data[field] for field in (ATTR_POWER_KW, ATTR_MODE) if field in call.data]
    if len(given) != 1:
        raise _wrong("power_or_mode", asset=view.title)
    return given[0]


def _times(call: ServiceCall, site: SiteView) -> tuple[datetime | None, datetime]:
    """When the override begins (None: now) and ends, in the home's time: given as such, or by its duration."""
    now = site.now
    if (ATTR_UNTIL in call.data) == (ATTR_DURATION in call.data):
        raise _wrong("until_or_duration")
    # A time without a zone is the local time of whoever writes it.
    start = dt_util.as_utc(call.data[ATTR_START]) if ATTR_START in call.data else now
    if start < now - JUST_NOW:
        raise _wrong("start_in_past", start=local_time(site, start), now=local_time(site, now))
    until = dt_util.as_utc(call.data[ATTR_UNTIL]) if ATTR_UNTIL in call.data else start + call.data[ATTR_DURATION]
    if until <= now:
        raise _wrong("until_in_past", until=local_time(site, until), now=local_time(site, now))
    if until <= start:
        raise _wrong("until_before_start", until=local_time(site, until), start=local_time(site, start))
    if until - now > LONGEST_OVERRIDE:
        raise _wrong("until_too_far", until=local_time(site, until), days=str(LONGEST_OVERRIDE.days))
    return (start if start > now else None), until


def _wrong(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders or None
    )
