"""The HEMS dashboard: its module is served and loaded, and it stands in the sidebar once.

A user who edits, renames or deletes the dashboard is respected: what was made is remembered, and
nothing is made a second time until the last home is gone.
"""

from asyncio import Lock
from hashlib import sha256
from inspect import unwrap
import logging
from pathlib import Path
from typing import TypedDict

from homeassistant.components import frontend, websocket_api
from homeassistant.components.http.server import StaticPathConfig
from homeassistant.components.lovelace.const import LOVELACE_DATA, ConfigNotFound
from homeassistant.components.lovelace.dashboard import DashboardsCollection
from homeassistant.components.lovelace.resources import ResourceStorageCollection
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

_LOGGER = logging.getLogger(__name__)

URL_PATH = "hems-home"
TITLE = "HEMS"
ICON = "mdi:home-lightning-bolt"
STRATEGY = {"strategy": {"type": "custom:hems"}}
ISSUE_NO_DASHBOARD = "dashboard_not_made"

MODULE = Path(__file__).parent / "frontend" / "hems.js"
MODULE_URL = f"/{DOMAIN}/hems.js"


class _Made(TypedDict):
    """What is remembered: the id of the dashboard, None where one of the user's took its place."""

    dashboard_id: str | None


_SERVED: HassKey[str] = HassKey(f"{DOMAIN}_dashboard_module")
_LOCK: HassKey[Lock] = HassKey(f"{DOMAIN}_dashboard_lock")


async def async_setup_dashboard(hass: HomeAssistant) -> None:
    """Make the dashboard appear; doing so again changes nothing. Without a user interface there is nothing to do."""
    if LOVELACE_DATA not in hass.data:
        return
    async with hass.data.setdefault(_LOCK, Lock()):  # several homes may start at once
        await _async_load_module(hass, await _async_serve_module(hass))
        store = _store(hass)
        if await store.async_load() is None:
            await _async_make(hass, store)


async def async_remove_dashboard(hass: HomeAssistant) -> None:
    """Take everything back, when the last home is gone; a dashboard that the user has rewritten stays."""
    if LOVELACE_DATA not in hass.data:
        return
    resources = hass.data[LOVELACE_DATA].resources
    if isinstance(resources, ResourceStorageCollection):
        await resources.async_get_info()  # loads it
        for item_id in [item["id"] for item in resources.async_items() if _is_ours(item["url"])]:
            await resources.async_delete_item(item_id)
    store = _store(hass)
    made, collection = await store.async_load(), _dashboards(hass)
    if made and collection and made["dashboard_id"] in collection.data and await _is_untouched(hass):
        await collection.async_delete_item(made["dashboard_id"])
    ir.async_delete_issue(hass, DOMAIN, ISSUE_NO_DASHBOARD)
    await store.async_remove()


def _store(hass: HomeAssistant) -> Store[_Made]:
    return Store(hass, 1, f"{DOMAIN}.dashboard")


async def _async_serve_module(hass: HomeAssistant) -> str:
    """The module's URL; its content is in the version, so that a browser never keeps an old one."""
    if _SERVED not in hass.data:
        digest = sha256(await hass.async_add_executor_job(MODULE.read_bytes)).hexdigest()[:12]
        # Registered once: a static path cannot be taken back, and one entry may follow another.
        await hass.http.async_register_static_paths([StaticPathConfig(MODULE_URL, str(MODULE), cache_headers=False)])
        hass.data[_SERVED] = f"{MODULE_URL}?v={digest}"
    return hass.data[_SERVED]


async def _async_load_module(hass: HomeAssistant, url: str) -> None:
    """Have dashboards load the module, in exactly one version."""
    resources = hass.data[LOVELACE_DATA].resources
    if not isinstance(resources, ResourceStorageCollection):
        # Resources are listed in YAML, which is the user's: every page loads the module instead.
        frontend.add_extra_js_url(hass, url)
        return
    await resources.async_get_info()  # loads it
    ours = [item for item in resources.async_items() if _is_ours(item["url"])]
    for item in ours[1:]:
        await resources.async_delete_item(item["id"])
    if not ours:
        await resources.async_create_item({"res_type": "module", "url": url})
    elif ours[0]["url"] != url:
        await resources.async_update_item(ours[0]["id"], {"res_type": "module", "url": url})


def _is_ours(url: str) -> bool:
    return url.partition("?")[0] == MODULE_URL


async def _async_make(hass: HomeAssistant, store: Store[_Made]) -> None:
    """Put the dashboard into the sidebar and remember that."""
    collection = _dashboards(hass)
    if collection is None:
        _LOGGER.warning("This Home Assistant keeps its dashboards differently: the HEMS dashboard was not made")
        ir.async_create_issue(
            hass,
            DOMAIN,
            ISSUE_NO_DASHBOARD,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=ISSUE_NO_DASHBOARD,
        )
        return
    dashboard_id = next((item["id"] for item in collection.async_items() if item["url_path"] == URL_PATH), None)
    if dashboard_id is None and URL_PATH not in hass.data[LOVELACE_DATA].dashboards:
        item = await collection.async_create_item({"url_path": URL_PATH, "title": TITLE, "icon": ICON})
        dashboard_id = item["id"]
    if dashboard_id is not None and await _is_empty(hass):
        await hass.data[LOVELACE_DATA].dashboards[URL_PATH].async_save(STRATEGY)
    ir.async_delete_issue(hass, DOMAIN, ISSUE_NO_DASHBOARD)
    await store.async_save({"dashboard_id": dashboard_id})


def _dashboards(hass: HomeAssistant) -> DashboardsCollection | None:
    """The dashboards that users make. Only the websocket command that makes them knows where they are kept."""
    command = hass.data.get(websocket_api.DOMAIN, {}).get("lovelace/dashboards/create")
    owner = getattr(unwrap(command[0]), "__self__", None) if command else None
    collection = getattr(owner, "storage_collection", None)
    return collection if isinstance(collection, DashboardsCollection) else None


async def _is_empty(hass: HomeAssistant) -> bool:
    return await _config(hass) is None


async def _is_untouched(hass: HomeAssistant) -> bool:
    return await _config(hass) == STRATEGY


async def _config(hass: HomeAssistant) -> dict[str, object] | None:
    """What the dashboard holds; None where it is empty or absent."""
    dashboard = hass.data[LOVELACE_DATA].dashboards.get(URL_PATH)
    if dashboard is None:
        return None
    try:
        return await dashboard.async_load(False)
    except ConfigNotFound:
        return None
    except HomeAssistantError:
        _LOGGER.warning("The dashboard %s cannot be read", URL_PATH)
        return {}
