"""Somebody with a browser before a home of the stack."""

import asyncio

import aiohttp
import pytest

START_S = 240
OWNER = {"name": "Ada", "username": "ada", "password": "engine-of-1843", "language": "en"}


class Person:
    """Somebody with a browser, on the other side of nginx."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url, self.session = url, session
        self.client_id = f"{url}/"

    async def post(self, path: str, status: int = 200, **body):
        async with self.session.post(self.url + path, **body) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def becomes_owner(self) -> str:
        made = await self.post("/api/onboarding/users", json={**OWNER, "client_id": self.client_id})
        return await self.token(made["auth_code"])

    async def logs_in(self) -> str:
        handler = {"client_id": self.client_id, "handler": ["homeassistant", None], "redirect_uri": self.client_id}
        flow = await self.post("/auth/login_flow", json=handler)
        answer = {key: OWNER[key] for key in ("username", "password")} | {"client_id": self.client_id}
        done = await self.post(f"/auth/login_flow/{flow['flow_id']}", json=answer)
        return await self.token(done["result"])

    async def token(self, code: str) -> str:
        data = {"grant_type": "authorization_code", "code": code, "client_id": self.client_id}
        return (await self.post("/auth/token", data=data))["access_token"]

    async def page(self, path: str) -> tuple[int, str]:
        async with self.session.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def asks(self, token: str, kind: str, **fields):
        """One command over the websocket."""
        async with self.session.ws_connect(f"{self.url}/api/websocket", max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": token})
            assert (await socket.receive_json())["type"] == "auth_ok"
            await socket.send_json({"id": 1, "type": kind, **fields})
            answer = await socket.receive_json()
            assert answer["success"], answer
            return answer["result"]

    async def waits_until_started(self, token: str) -> None:
        for _ in range(2 * START_S):
            if (await self.asks(token, "get_config"))["state"] == "RUNNING":
                return
            await asyncio.sleep(0.5)
        pytest.fail("Home Assistant did not finish its start")

    async def broker_of(self, token: str) -> dict:
        entries = await self.asks(token, "config_entries/get", domain="mqtt")
        assert len(entries) == 1
        return entries[0]
