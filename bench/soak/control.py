"""Whether Home Assistant commands its devices: it answers a ping, and its dispatcher has decided a moment ago."""

import asyncio
from collections import Counter
from contextlib import suppress
import threading
import time
from typing import Any

import aiohttp
from demo_support.home import command
from demo_support.server import Api, DemoError

from .probes import EVERY_S, Timeline

ANSWERS_WITHIN_S = 2.0
HEARTBEAT_S = 6.0
"""Setpoints are decided every two seconds at least; three in a row may be missing."""


class Control(threading.Thread):
    """A websocket of its own past the front door, opened again whenever it closes; it sees every plan, too."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(name="control", daemon=True)
        self._url, self._token = url, token
        self._ending = threading.Event()
        self.timeline = Timeline()
        self.plans: dict[str, str] = {}
        """Status by the time at which it was made."""
        self._decided = self._answered = -1e9

    def run(self) -> None:
        """Until `end`."""
        asyncio.run(self._run())

    def end(self) -> None:
        """Look no more."""
        self._ending.set()
        self.join()

    @property
    def outcomes(self) -> Counter[str]:
        """How many plans there were of each status."""
        return Counter(self.plans.values())

    async def _run(self) -> None:
        following = asyncio.create_task(self._follow())
        due = time.monotonic()
        while not self._ending.is_set():
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            self.timeline.tell(due, now - self._answered <= ANSWERS_WITHIN_S and now - self._decided <= HEARTBEAT_S)
            due += EVERY_S
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    async def _follow(self) -> None:
        patience = aiohttp.ClientTimeout(total=None, connect=2.0, sock_connect=2.0)
        async with aiohttp.ClientSession(timeout=patience) as session:
            api = Api(session, self._url, self._token)
            while True:
                with suppress(aiohttp.ClientError, DemoError, TimeoutError, OSError, TypeError):
                    await self._listen(api)
                await asyncio.sleep(0.5)

    async def _listen(self, api: Api) -> None:
        """Until the connection closes or nothing is answered any more."""
        opening = api.websocket()
        async with asyncio.timeout(5.0):
            socket = await opening.__aenter__()
        try:
            async with asyncio.timeout(5.0):
                await command(socket, "hems/subscribe")
            pinging = asyncio.create_task(self._ping(socket))
            try:
                while True:
                    message = await socket.receive_json(timeout=10.0)
                    self._take(message)
            finally:
                pinging.cancel()
        finally:
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with asyncio.timeout(2.0):
                    await opening.__aexit__(None, None, None)

    async def _ping(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        number = 1_000_000
        with suppress(aiohttp.ClientError, OSError):
            while True:
                number += 1
                await socket.send_json({"id": number, "type": "ping"})
                await asyncio.sleep(EVERY_S / 2)

    def _take(self, message: dict[str, Any]) -> None:
        now = time.monotonic()
        match message:
            case {"type": "pong"}:
                self._answered = now
            case {"type": "event", "event": event}:
                if event.get("live"):
                    self._decided = now
                if plan := event.get("plan"):
                    self.plans[plan["made_at"]] = plan["outcome"]["kind"]
