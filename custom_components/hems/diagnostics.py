"""Diagnostics: everything that is needed to see and plan again what HEMS did, and not who lives there."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration

from .const import CONF_AWAY_ENTITY, CONF_ENGINE_TOKEN, CONF_ENGINE_URL, CONF_HOME_ID, DOMAIN
from .core.model import PlanRequest, worst
from .core.wire import to_plain
from .observe.days import AWAY
from .runtime import HemsConfigEntry
from .views import SiteView

TO_REDACT = {
    CONF_AWAY_ENTITY,
    CONF_ENGINE_TOKEN,
    CONF_ENGINE_URL,
    CONF_HOME_ID,
    "latitude",
    "longitude",
    "name",
    "title",
    "unique_id",
}


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: HemsConfigEntry) -> dict[str, Any]:
    """The home as HEMS sees it; `request` and `plan` are what scripts/replay reads."""
    bundle: dict[str, Any] = _without(await _async_bundle(hass, entry), _addresses(entry))
    return bundle


async def _async_bundle(hass: HomeAssistant, entry: HemsConfigEntry) -> dict[str, Any]:
    site = SiteView(entry)
    data = entry.runtime_data.coordinator.data
    integration = await async_get_integration(hass, DOMAIN)
    return {
        "version": str(integration.version),
        "entry": async_redact_data(entry.as_dict(), TO_REDACT),
        "health": {"status": worst(site.health), "inputs": [_discreet(entry) for entry in map(to_plain, site.health)]},
        "settings": to_plain(entry.runtime_data.dispatcher.settings),
        "overrides": {name: to_plain(entry) for name, entry in entry.runtime_data.dispatcher.overrides.items()},
        "scheduled": {
            name: [to_plain(override) for override in found]
            for name, found in entry.runtime_data.dispatcher.scheduled.items()
        },
        "events": async_redact_data(to_plain(entry.runtime_data.events.ledger), {"home", "reason"}),
        "today": to_plain(entry.runtime_data.accounts.today),
        "outturns": [to_plain(hour) for hour in site.outturns],
        "live": _discreetly(to_plain(site.live)) if site.live else None,
        "next_action": to_plain(site.next_action) if site.next_action else None,
        "request": _request(data.request) if data.request else None,
        "plan": _discreetly(to_plain(data.plan)) if data.plan else None,
    }


def _addresses(entry: HemsConfigEntry) -> tuple[str, ...]:
    """Of the engine, the longest first: what went wrong with it names them in the middle of a sentence.

    A bare name such as `engine` says nothing of a home, and is a word of other sentences too.
    """
    url = entry.runtime_data.home.engine.url
    if url is None:
        return ()
    host = urlsplit(url).hostname or ""
    return (url, host) if {".", ":"} & set(host) else (url,)


def _without(value: Any, addresses: tuple[str, ...]) -> Any:
    match value:
        case str():
            for address in addresses:
                value = value.replace(address, REDACTED)
            return value
        case Mapping():
            return {key: _without(entry, addresses) for key, entry in value.items()}
        case list() | tuple():
            return [_without(entry, addresses) for entry in value]
        case _:
            return value


def _request(request: PlanRequest) -> Any:
    """The request without the home's name; assets are called by the ids of their subentries."""
    plain = to_plain(request)
    plain["site"]["name"] = REDACTED
    return _discreetly(plain)


def _discreetly(message: Any) -> Any:
    """A message that does not tell when nobody is at home: such files are shown to strangers."""
    return {**message, "health": [_discreet(entry) for entry in message["health"]]}


def _discreet(entry: Any) -> Any:
    return {**entry, "reason": REDACTED} if entry["source"] == AWAY else entry
