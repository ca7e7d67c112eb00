"""Actions for events of the grid: the same path as a message over MQTT, with the answer as the response."""

from datetime import timedelta
import json
from typing import Any
from uuid import uuid4

from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import service
from homeassistant.util import dt as dt_util
import probatio

from .asset_lookup import async_find_asset
from .const import DOMAIN
from .core.demand_response import EventRefused, GridEvent
from .core.exchange import ExchangeError, read_cancel, read_request
from .permissions import async_check_caller
from .plan_told import local_time
from .runtime import HemsConfigEntry
from .views import SiteView

SERVICE_START_EVENT = "start_event"
SERVICE_CANCEL_EVENT = "cancel_event"

ATTR_CONFIG_ENTRY_ID = "config_entry_id"
ATTR_ID = "event_id"
ATTR_KIND = "kind"
ATTR_LIMIT_KW = "limit_kw"
ATTR_DIRECTION = "direction"
ATTR_POWER_KW = "power_kw"
ATTR_ASSET = "asset"
ATTR_ASSETS = "assets"
ATTR_START = "start"
ATTR_DURATION = "duration"
ATTR_REASON = "reason"
ATTR_OPT_OUT = "opt_out"

KINDS = ("import_limit", "export_limit", "level", "setpoint")
DIRECTIONS = ("up", "down")

_HOME = {probatio.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}
START_EVENT_SCHEMA = probatio.Schema(
    {
        **_HOME,
        probatio.Required(ATTR_KIND): probatio.In(KINDS),
        probatio.Required(ATTR_DURATION): cv.positive_time_period,
        probatio.Optional(ATTR_ID): cv.string,
        probatio.Optional(ATTR_LIMIT_KW): probatio.Coerce(float),
        probatio.Optional(ATTR_DIRECTION): probatio.In(DIRECTIONS),
        probatio.Optional(ATTR_POWER_KW): probatio.Coerce(float),
        probatio.Optional(ATTR_ASSET): cv.string,
        probatio.Optional(ATTR_ASSETS): probatio.All(cv.ensure_list, [cv.string]),
        probatio.Optional(ATTR_START): cv.datetime,
        probatio.Optional(ATTR_REASON): cv.string,
        probatio.Optional(ATTR_OPT_OUT, default=False): cv.boolean,
    }
)
CANCEL_EVENT_SCHEMA = probatio.Schema(
    {**_HOME, probatio.Required(ATTR_ID): cv.string, probatio.Optional(ATTR_OPT_OUT, default=False): cv.boolean}
)


@callback
def async_setup_event_services(hass: HomeAssistant) -> None:
    """Register the actions, once for all homes."""
    for name, action, schema in (
        (SERVICE_START_EVENT, _start_event, START_EVENT_SCHEMA),
        (SERVICE_CANCEL_EVENT, _cancel_event, CANCEL_EVENT_SCHEMA),
    ):
        hass.services.async_register(DOMAIN, name, action, schema, SupportsResponse.OPTIONAL)


async def _start_event(call: ServiceCall) -> dict[str, Any]:
    site = await _async_site(call)
    try:
        request = await _async_request(call, site)
        event = site.runtime.events.ask(read_request(request), opt_out=call.data[ATTR_OPT_OUT])
    except (ExchangeError, EventRefused) as error:
        raise _refused(error) from error
    return _told(site, event)


async def _cancel_event(call: ServiceCall) -> dict[str, Any]:
    site = await _async_site(call)
    events = site.runtime.events
    end = events.opt_out if call.data[ATTR_OPT_OUT] else events.cancel
    try:
        event = end(read_cancel(json.dumps({"id": call.data[ATTR_ID]})).id)
    except (ExchangeError, EventRefused) as error:
        raise _refused(error) from error
    return _told(site, event)


async def _async_request(call: ServiceCall, site: SiteView) -> str:
    """The message that a demand-response script would have sent, about assets that the caller may control."""
    duration: timedelta = call.data[ATTR_DURATION]
    message: dict[str, Any] = {
        "id": call.data.get(ATTR_ID) or f"action-{uuid4().hex[:12]}",
        "kind": call.data[ATTR_KIND],
        "duration_s": round(duration.total_seconds()),
    }
    for field in (ATTR_LIMIT_KW, ATTR_DIRECTION, ATTR_POWER_KW, ATTR_REASON):
        if field in call.data:
            message[field] = call.data[field]
    if ATTR_START in call.data:
        # A time without a zone is the local time of whoever writes it.
        message["start"] = dt_util.as_utc(call.data[ATTR_START]).isoformat()
    if ATTR_ASSET in call.data:
        message["asset"] = await _async_asset_id(call, site, call.data[ATTR_ASSET])
    if ATTR_ASSETS in call.data:
        message["assets"] = [await _async_asset_id(call, site, meant) for meant in call.data[ATTR_ASSETS]]
    return json.dumps(message)


async def _async_asset_id(call: ServiceCall, site: SiteView, meant: str) -> str:
    view = async_find_asset(call.hass, meant, site.entry.entry_id)
    await async_check_caller(call.hass, call.context, site.entry, view.name)
    return site.runtime.events.asset_ids[view.name]


async def _async_site(call: ServiceCall) -> SiteView:
    entry: HemsConfigEntry = service.async_get_config_entry(call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID))
    await async_check_caller(call.hass, call.context, entry)
    return SiteView(entry)


def _told(site: SiteView, event: GridEvent) -> dict[str, Any]:
    return {
        ATTR_ID: event.id,
        "state": str(event.state),
        "start": local_time(site, event.start),
        "end": local_time(site, event.end),
        "reason": event.reason or None,
    }


def _refused(error: ExchangeError | EventRefused) -> ServiceValidationError:
    code = error.code if isinstance(error, EventRefused) else "malformed"
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=f"event_{code}",
        translation_placeholders={"reason": str(error)},
    )
