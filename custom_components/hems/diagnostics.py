"""Diagnostics: everything that is needed to see and plan again what HEMS did, and not who lives there."""

from typing import Any

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration

from .const import CONF_ENGINE_TOKEN, CONF_ENGINE_URL, DOMAIN
from .core.model import PlanRequest, worst
from .core.wire import to_plain
from .runtime import HemsConfigEntry
from .views import SiteView

TO_REDACT = {CONF_ENGINE_TOKEN, CONF_ENGINE_URL, "latitude", "longitude", "name", "title", "unique_id"}


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: HemsConfigEntry) -> dict[str, Any]:
    """The home as HEMS sees it; `request` and `plan` are what scripts/replay reads."""
    site = SiteView(entry)
    data = entry.runtime_data.coordinator.data
    integration = await async_get_integration(hass, DOMAIN)
    return {
        "version": str(integration.version),
        "entry": async_redact_data(entry.as_dict(), TO_REDACT),
        "health": {"status": worst(site.health), "inputs": [to_plain(entry) for entry in site.health]},
        "settings": to_plain(entry.runtime_data.dispatcher.settings),
        "overrides": {name: to_plain(entry) for name, entry in entry.runtime_data.dispatcher.overrides.items()},
        "scheduled": {
            name: [to_plain(override) for override in found]
            for name, found in entry.runtime_data.dispatcher.scheduled.items()
        },
        "today": to_plain(entry.runtime_data.accounts.today),
        "outturns": [to_plain(hour) for hour in site.outturns],
        "live": to_plain(site.live) if site.live else None,
        "next_action": to_plain(site.next_action) if site.next_action else None,
        "request": _request(data.request) if data.request else None,
        "plan": to_plain(data.plan) if data.plan else None,
    }


def _request(request: PlanRequest) -> Any:
    """The request without the home's name; assets are called by the ids of their subentries."""
    plain = to_plain(request)
    plain["site"]["name"] = REDACTED
    return plain
