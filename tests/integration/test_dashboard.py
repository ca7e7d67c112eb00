"""The dashboard in the sidebar: made once, loaded in one version, respected, and taken back."""

import asyncio
from unittest.mock import AsyncMock

from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL, async_panel_exists
from homeassistant.components.lovelace.const import LOVELACE_DATA
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest

from custom_components.hems import dashboard
from custom_components.hems.const import DOMAIN
from custom_components.hems.dashboard import STRATEGY, URL_PATH, async_remove_dashboard, async_setup_dashboard


@pytest.fixture
async def storage_mode(hass):
    """Home Assistant with its user interface, dashboards and resources in storage."""
    assert await async_setup_component(hass, "frontend", {})
    await hass.async_block_till_done()


@pytest.fixture
async def yaml_mode(hass):
    """Resources listed in YAML."""
    assert await async_setup_component(hass, "lovelace", {"lovelace": {"resource_mode": "yaml", "resources": []}})
    assert await async_setup_component(hass, "frontend", {})
    await hass.async_block_till_done()


async def resources(hass):
    collection = hass.data[LOVELACE_DATA].resources
    await collection.async_get_info()
    return [item["url"] for item in collection.async_items()]


async def test_the_dashboard_stands_in_the_sidebar(hass, storage_mode):
    await async_setup_dashboard(hass)
    assert async_panel_exists(hass, URL_PATH)
    kept = hass.data[LOVELACE_DATA].dashboards[URL_PATH]
    assert await kept.async_load(False) == STRATEGY
    assert kept.config["title"] == "HEMS"
    assert kept.config["show_in_sidebar"]


async def test_the_module_is_served_and_loaded_with_its_version(hass, storage_mode, hass_client_no_auth):
    await async_setup_dashboard(hass)
    [url] = await resources(hass)
    assert url.startswith("/hems/hems.js?v=")
    response = await (await hass_client_no_auth()).get(url)
    assert response.status == 200
    assert "javascript" in response.content_type
    assert "hems-plan-card" in await response.text()


async def test_doing_it_again_changes_nothing(hass, storage_mode):
    await async_setup_dashboard(hass)
    before = await resources(hass)
    await async_setup_dashboard(hass)
    assert await resources(hass) == before
    assert len(dashboard._dashboards(hass).async_items()) == 1


async def test_homes_that_start_at_once_share_one_dashboard(hass, storage_mode):
    await asyncio.gather(*(async_setup_dashboard(hass) for _ in range(3)))
    assert len(await resources(hass)) == 1
    assert len(dashboard._dashboards(hass).async_items()) == 1


async def test_a_new_version_replaces_the_old_one_and_stray_copies(hass, storage_mode):
    collection = hass.data[LOVELACE_DATA].resources
    for url in ("/hems/hems.js?v=old", "/local/other.js", "/hems/hems.js?v=older"):
        await collection.async_create_item({"res_type": "module", "url": url})
    await async_setup_dashboard(hass)
    urls = await resources(hass)
    assert sorted(url.partition("?")[0] for url in urls) == ["/hems/hems.js", "/local/other.js"]
    assert "/hems/hems.js?v=old" not in urls


async def test_a_deleted_dashboard_stays_deleted(hass, storage_mode):
    await async_setup_dashboard(hass)
    await dashboard._dashboards(hass).async_delete_item(URL_PATH.replace("-", "_"))
    await async_setup_dashboard(hass)
    assert not async_panel_exists(hass, URL_PATH)


async def test_an_edited_dashboard_stays_as_it_is_even_without_homes(hass, storage_mode):
    await async_setup_dashboard(hass)
    mine = {"views": [{"title": "Mine"}]}
    await hass.data[LOVELACE_DATA].dashboards[URL_PATH].async_save(mine)
    await async_setup_dashboard(hass)
    await async_remove_dashboard(hass)
    assert await hass.data[LOVELACE_DATA].dashboards[URL_PATH].async_load(False) == mine


async def test_a_dashboard_of_the_user_at_our_address_is_not_touched(hass, storage_mode):
    await dashboard._dashboards(hass).async_create_item({"url_path": URL_PATH, "title": "My own"})
    mine = {"views": [{"title": "Mine"}]}
    await hass.data[LOVELACE_DATA].dashboards[URL_PATH].async_save(mine)
    await async_setup_dashboard(hass)
    assert await hass.data[LOVELACE_DATA].dashboards[URL_PATH].async_load(False) == mine


async def test_a_dashboard_that_cannot_be_read_is_left_alone(hass, storage_mode, monkeypatch, caplog):
    await async_setup_dashboard(hass)
    kept = hass.data[LOVELACE_DATA].dashboards[URL_PATH]
    monkeypatch.setattr(kept, "async_load", AsyncMock(side_effect=HomeAssistantError("broken")))
    await async_remove_dashboard(hass)
    assert async_panel_exists(hass, URL_PATH)
    assert f"The dashboard {URL_PATH} cannot be read" in caplog.text


async def test_a_dashboard_that_home_assistant_does_not_show_is_left_alone(hass, storage_mode):
    await async_setup_dashboard(hass)
    del hass.data[LOVELACE_DATA].dashboards[URL_PATH]
    await async_remove_dashboard(hass)
    assert len(dashboard._dashboards(hass).async_items()) == 1


async def test_everything_is_taken_back_with_the_last_home(hass, storage_mode, hass_storage):
    await async_setup_dashboard(hass)
    await async_remove_dashboard(hass)
    assert not async_panel_exists(hass, URL_PATH)
    assert await resources(hass) == []
    assert "hems.dashboard" not in hass_storage
    await async_setup_dashboard(hass)
    assert async_panel_exists(hass, URL_PATH)


async def test_yaml_resources_are_left_to_the_user_and_the_module_is_loaded_all_the_same(hass, yaml_mode):
    await async_setup_dashboard(hass)
    assert await resources(hass) == []
    assert any(url.startswith("/hems/hems.js?v=") for url in hass.data[DATA_EXTRA_MODULE_URL].urls)
    assert async_panel_exists(hass, URL_PATH)
    await async_remove_dashboard(hass)


async def test_an_unknown_home_assistant_gets_a_repair_instead_of_a_crash(hass, storage_mode, monkeypatch):
    monkeypatch.setattr(dashboard, "_dashboards", lambda hass: None)
    await async_setup_dashboard(hass)
    assert ir.async_get(hass).async_get_issue(DOMAIN, dashboard.ISSUE_NO_DASHBOARD)
    monkeypatch.undo()
    await async_setup_dashboard(hass)
    assert async_panel_exists(hass, URL_PATH)
    assert not ir.async_get(hass).async_get_issue(DOMAIN, dashboard.ISSUE_NO_DASHBOARD)


async def test_without_a_user_interface_nothing_happens(hass, hass_storage):
    await async_setup_dashboard(hass)
    await async_remove_dashboard(hass)
    assert "hems.dashboard" not in hass_storage
