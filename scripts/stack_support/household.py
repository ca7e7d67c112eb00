"""What a household does once with its new home: make the owner, take what Home Assistant has discovered."""

import asyncio
from typing import Any

import aiohttp
from demo_support.home import command, finish_simulated_home
from demo_support.server import Api, DemoError

DISCOVERED_S = 60.0


async def become_owner(session: aiohttp.ClientSession, url: str, *, name: str, password: str) -> str:
    """On the first page of a new Home Assistant; the token of the new owner. Raises DemoError."""
    client = {"client_id": f"{url}/"}
    wanted = {"name": name, "username": name.lower(), "password": password, "language": "en", **client}
    async with session.post(f"{url}/api/onboarding/users", json=wanted) as answer:
        if answer.status != 200:
            raise DemoError(f"Home Assistant refuses a first owner: {answer.status} {await answer.text()}")
        code = (await answer.json())["auth_code"]
    async with session.post(
        f"{url}/auth/token", data={"grant_type": "authorization_code", "code": code, **client}
    ) as answer:
        token: str = (await answer.json())["access_token"]
    return token


async def discovered(api: Api) -> dict[str, Any]:
    """The flow by which Home Assistant offers HEMS after the stack has announced itself. Raises DemoError."""
    for _ in range(round(2 * DISCOVERED_S)):
        async with api.websocket() as socket:
            flows = await command(socket, "config_entries/flow/progress")
        found = [flow for flow in flows if flow["handler"] == "hems"]
        if found:
            flow: dict[str, Any] = found[0]
            return flow
        await asyncio.sleep(0.5)
    raise DemoError("Home Assistant did not discover the stack")


async def set_up_simulated_home(api: Api, speed: float = 1.0) -> None:
    """Through the discovered flow, so that the home plans with the stack's engine and publishes over its broker."""
    flow = await discovered(api)
    shown = await api.rest("GET", f"config/config_entries/flow/{flow['flow_id']}")
    await finish_simulated_home(api, shown, speed)
