"""When the soak counts a second as one in which Home Assistant commands its devices."""

import asyncio
from contextlib import suppress
import threading
import time

from aiohttp import WSMsgType, web
import pytest

from bench.soak import control
from bench.soak.control import Control

PATIENCE_S = 20.0


class HomeAssistant(threading.Thread):
    """Its websocket, as far as the soak looks at it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.decides = self.answers = True
        self.url = ""
        self._ready = threading.Event()

    def run(self):
        asyncio.run(self._serve())

    async def _serve(self):
        self._loop = asyncio.get_running_loop()
        app = web.Application()
        app.router.add_get("/api/websocket", self._talk)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._over = asyncio.Event()
        self._ready.set()
        await self._over.wait()
        await runner.cleanup()

    async def _talk(self, request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required"})
        await socket.receive_json()
        await socket.send_json({"type": "auth_ok"})
        subscribed = await socket.receive_json()
        await socket.send_json({"id": subscribed["id"], "type": "result", "success": True, "result": None})
        event = {"type": "plan", "plan": {"made_at": "12:00", "outcome": {"kind": "optimal"}}}
        await socket.send_json({"id": subscribed["id"], "type": "event", "event": event})
        telling = asyncio.create_task(self._tell(socket, subscribed["id"]))
        async for message in socket:
            if message.type is WSMsgType.TEXT and self.answers:
                await socket.send_json({"id": message.json()["id"], "type": "pong"})
        telling.cancel()
        return socket

    async def _tell(self, socket, number):
        with suppress(ConnectionError):
            while True:
                if self.decides:
                    event = {"type": "live", "live": {"at": "now"}}
                    await socket.send_json({"id": number, "type": "event", "event": event})
                await asyncio.sleep(0.05)

    def begin(self):
        self.start()
        self._ready.wait(PATIENCE_S)

    def end(self):
        self._loop.call_soon_threadsafe(self._over.set)
        self.join()


@pytest.fixture
def home_assistant(socket_enabled):
    server = HomeAssistant()
    server.begin()
    yield server
    server.end()


@pytest.fixture
def watching(home_assistant, monkeypatch):
    monkeypatch.setattr(control, "EVERY_S", 0.1)
    monkeypatch.setattr(control, "ANSWERS_WITHIN_S", 0.4)
    monkeypatch.setattr(control, "HEARTBEAT_S", 0.4)
    watching = Control(home_assistant.url, "token")
    watching.start()
    yield watching
    watching.end()


def until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_control_is_there_while_pings_are_answered_and_setpoints_are_decided(watching):
    until(lambda: watching.timeline.is_well)
    assert watching.outcomes == {"optimal": 1}


@pytest.mark.parametrize("what", ["decides", "answers"])
def test_control_is_not_there_where_one_of_the_two_stops_and_comes_back_with_it(watching, home_assistant, what):
    until(lambda: watching.timeline.is_well)
    setattr(home_assistant, what, False)
    until(lambda: not watching.timeline.is_well)
    setattr(home_assistant, what, True)
    until(lambda: watching.timeline.is_well)


def test_nobody_there_is_no_control(socket_enabled, monkeypatch):
    monkeypatch.setattr(control, "EVERY_S", 0.05)
    watching = Control("http://127.0.0.1:9", "token")
    watching.start()
    until(lambda: len(watching.timeline.seen) > 10)
    watching.end()
    assert watching.timeline.share == 0.0
