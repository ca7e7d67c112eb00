"""HEMS's own figure of how much of the time somebody looked after the home: a sensor that is off until asked for."""

import asyncio
import time

import aiohttp
from demo_support.home import command
from demo_support.server import Api, DemoError

from bench.recovery.home import Home

PATIENCE_S = 120.0
"""Home Assistant loads the home anew half a minute after a sensor was enabled."""


def enable(home: Home) -> None:
    """And wait until it says something. Raises TimeoutError."""
    asyncio.run(_enable(home))
    until = time.monotonic() + PATIENCE_S
    while read(home) is None:
        if time.monotonic() > until:
            raise TimeoutError("the sensor of the uptime says nothing")
        time.sleep(1.0)


def read(home: Home) -> float | None:
    """Percent; None where it says nothing."""
    return asyncio.run(_read(home))


async def _entity(api: Api) -> str:
    async with api.websocket() as socket:
        entities = await command(socket, "config/entity_registry/list")
    return next(
        str(one["entity_id"]) for one in entities if (one["platform"], one["translation_key"]) == ("hems", "uptime")
    )


async def _enable(home: Home) -> None:
    async with aiohttp.ClientSession() as session:
        api = Api(session, home.url("homeassistant"), home.token)
        entity = await _entity(api)
        async with api.websocket() as socket:
            await command(socket, "config/entity_registry/update", entity_id=entity, disabled_by=None)


async def _read(home: Home) -> float | None:
    async with aiohttp.ClientSession() as session:
        api = Api(session, home.url("homeassistant"), home.token)
        try:
            state = await api.rest("GET", f"states/{await _entity(api)}")
            return float(state["state"])
        except aiohttp.ClientError, DemoError, ValueError, TimeoutError:
            return None
