"""The connection test of the flow, with a real engine at the other end of a real socket."""

from contextlib import asynccontextmanager
from unittest.mock import patch

from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from homeassistant.config_entries import SOURCE_USER
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.hems.const import DOMAIN
from custom_components.hems.core.engine.app import make_app
from custom_components.hems.core.engine.metrics import Metrics
from custom_components.hems.core.engine.planning import Planning
from custom_components.hems.core.engine.worker_process import Worker
from tests.integration.words import as_sent

STEPS = (
    {"next_step_id": "home"},
    {"name": "Villa", "currency": "EUR", "max_import_kw": 17, "max_export_kw": 10},
    {"next_step_id": "tariff_fixed"},
    {"import_price_per_kwh": 0.3, "export_price_per_kwh": 0.08},
    {"kind": "url"},
)


@pytest.fixture(autouse=True)
def set_up(socket_enabled):
    """Entries are stored and not run; sockets of this machine are open."""
    with patch("custom_components.hems.async_setup_entry", return_value=True):
        yield


def engine_app():
    worker, metrics = Worker(["never-started"]), Metrics("test")
    return make_app(worker, Planning(worker, metrics), metrics, token="secret")


def another_program():
    app = web.Application()

    async def hello(_):
        return web.Response(text="hello")

    app.add_routes([web.get("/v1/health", hello)])
    return app


@asynccontextmanager
async def serving(app):
    async with TestServer(app, host="127.0.0.1") as server:
        yield f"http://127.0.0.1:{server.port}"


async def tried(hass, url, token):
    """The result of a whole flow that ends with this engine."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    for data in (*STEPS, {"url": url, "token": token}):
        flow = await hass.config_entries.flow.async_configure(flow["flow_id"], as_sent(flow, data))
    return flow


async def test_an_engine_with_the_right_token_is_stored(hass):
    async with serving(engine_app()) as url:
        result = await tried(hass, url, "secret")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["engine"] == {"kind": "url", "url": url, "token": "secret"}


async def test_an_engine_that_wants_another_token_is_refused(hass):
    async with serving(engine_app()) as url:
        assert (await tried(hass, url, "guess"))["errors"] == {"token": "invalid_auth"}


async def test_a_server_that_is_no_engine_is_refused(hass):
    async with serving(another_program()) as url:
        assert (await tried(hass, url, "secret"))["errors"] == {"url": "incompatible"}


async def test_an_address_where_nobody_listens_is_refused(hass):
    assert (await tried(hass, f"http://127.0.0.1:{unused_port()}", "secret"))["errors"] == {"url": "cannot_connect"}
