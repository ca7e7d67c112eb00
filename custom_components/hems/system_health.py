"""System health: is every home planned?"""

from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.loader import async_get_integration

from .const import DOMAIN
from .core.model import worst
from .runtime import HemsConfigEntry
from .views import SiteView


@callback
def async_register(_: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Add the card to the system's health."""
    register.async_register_info(async_system_health_info)


async def async_system_health_info(hass: HomeAssistant) -> dict[str, Any]:
    """Version and, for each home, engine, plan and data."""
    integration = await async_get_integration(hass, DOMAIN)
    entries: list[HemsConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    sites = [SiteView(entry) for entry in entries if entry.state is ConfigEntryState.LOADED]
    return {
        "version": str(integration.version),
        "homes": f"{len(sites)}/{len(entries)}",
        "engine": ", ".join(site.runtime.home.engine.kind for site in sites),
        "plan": ", ".join(str(getattr(site.plan.outcome, "kind", "none")) if site.plan else "none" for site in sites),
        "data_health": ", ".join(str(worst(site.health)) for site in sites),
    }
