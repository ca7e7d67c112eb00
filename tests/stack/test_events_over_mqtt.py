"""A demand-response script, a real Mosquitto and a real Home Assistant: what is published is obeyed within a second."""

import asyncio
from contextlib import closing, contextmanager
import json
import logging
import os
from pathlib import Path
import queue
import shutil
import subprocess
import time

import aiohttp
from paho.mqtt import client as paho
import pytest

from custom_components.hems.core.exchange import Topics, read_answer, read_plan, read_telemetry
from custom_components.hems.core.exchange.reading import read
from custom_components.hems.core.exchange.status import Status
from custom_components.hems.websocket import LIVE_EVERY_S
from tests.demo_process import free_port, running_demo

pytestmark = [pytest.mark.demo, pytest.mark.timeout(500)]

_LOGGER = logging.getLogger(__name__)
PROMISED_S = 1.0
TOPICS = Topics("h-0123456789abcdef")
ANNOUNCED = {"schema": 1, "home": TOPICS.home, "time": "2026-11-21T12:00:00Z", "services": ["mosquitto"]}
CHARGING_KW = 3.0


class Script:
    """What a grid operator would write: publishes, and hears everything about the home."""

    def __init__(self, port: int) -> None:
        self.heard: queue.Queue[tuple[float, str, bytes, bool]] = queue.Queue()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.on_connect = lambda client, *_: client.subscribe(f"{TOPICS.base}/#", qos=1)
        self.client.on_message = lambda _c, _d, message: self.heard.put(
            (time.monotonic(), message.topic, message.payload, message.retain)
        )
        self._connect(port)
        self.client.loop_start()

    def _connect(self, port: int) -> None:
        """The broker has only been started."""
        deadline = time.monotonic() + 20.0
        while True:
            try:
                self.client.connect("127.0.0.1", port)
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def publish(self, topic: str, message: dict, *, retain: bool = False) -> float:
        """When it was sent."""
        sent = time.monotonic()
        self.client.publish(topic, json.dumps(message), qos=1, retain=retain).wait_for_publish(10)
        return sent

    def wait_for(self, topic: str, fits=lambda _: True, within_s: float = 30.0) -> tuple[float, bytes]:
        """When a fitting message came, and what it says."""
        deadline = time.monotonic() + within_s
        while (left_s := deadline - time.monotonic()) > 0:
            try:
                at, came, payload, _ = self.heard.get(timeout=left_s)
            except queue.Empty:
                break
            if came == topic and payload and fits(payload):
                return at, payload
        pytest.fail(f"nothing that fits came under {topic} within {within_s:g} s")

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@contextmanager
def a_broker(directory: Path):
    program = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no mosquitto: install the package mosquitto")
    port = free_port()
    (directory / "mosquitto.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    with (directory / "mosquitto.log").open("w") as log:
        process = subprocess.Popen([program, "-c", directory / "mosquitto.conf"], stdout=log, stderr=log)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


class Home:
    """The demo's Home Assistant, over REST and one websocket."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self._session, self._url, self._token = session, url, token
        self._ids = iter(range(1, 10_000))

    async def post(self, path: str, **data) -> dict:
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session.post(f"{self._url}/api/{path}", json=data, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def connect(self) -> None:
        self.socket = await self._session.ws_connect(f"{self._url}/api/websocket", max_msg_size=0)
        await self.socket.receive_json()
        await self.socket.send_json({"type": "auth", "access_token": self._token})
        assert (await self.socket.receive_json())["type"] == "auth_ok"

    async def command(self, kind: str, **data):
        number = next(self._ids)
        await self.socket.send_json({"id": number, "type": kind, **data})
        while True:
            message = await self.socket.receive_json()
            if message.get("id") == number and message["type"] == "result":
                assert message["success"], message
                return message["result"]

    async def set_up_mqtt(self, port: int) -> None:
        flow = await self.post("config/config_entries/flow", handler="mqtt")
        done = await self.post(
            f"config/config_entries/flow/{flow['flow_id']}",
            broker="127.0.0.1",
            port=port,
            other_settings={"set_client_cert": False, "set_ca_cert": "off"},
        )
        assert done["type"] == "create_entry", done

    async def accept_the_stack(self) -> None:
        """As a household would, once it is shown as discovered."""
        for _ in range(300):
            flows = await self.command("config_entries/flow/progress")
            found = [flow for flow in flows if flow["handler"] == "hems"]
            if found:
                assert found[0]["context"]["source"] == "mqtt"
                done = await self.post(f"config/config_entries/flow/{found[0]['flow_id']}")
                assert done["reason"] == "publishing", done
                return
            await asyncio.sleep(0.2)
        pytest.fail("Home Assistant did not discover the stack")

    async def hold(self, asset: str, power_kw: float) -> None:
        await self.post("services/hems/set_override", asset=asset, power_kw=power_kw, duration={"hours": 2})


def setpoint_kw(payload: bytes) -> float:
    return read_telemetry(payload).values.get("setpoint_kw", 0.0)


async def arranged(url: str, token: str, port: int) -> None:
    async with aiohttp.ClientSession() as session:
        home = Home(session, url, token)
        await home.connect()
        await home.set_up_mqtt(port)
        await home.accept_the_stack()
        await home.socket.close()


async def holding(url: str, token: str, power_kw: float) -> None:
    async with aiohttp.ClientSession() as session:
        home = Home(session, url, token)
        await home.hold("Car", 0.0)
        await home.hold("Battery", power_kw)


def power_kw(script: Script, asset: str) -> float:
    return read_telemetry(script.wait_for(TOPICS.telemetry(asset))[1]).values["power_kw"]


async def measured(url: str, token: str, act, fits) -> float:
    """Seconds from what `act` publishes until the home itself tells that the battery does as it must."""
    async with aiohttp.ClientSession() as session:
        home = Home(session, url, token)
        await home.connect()
        await home.socket.send_json({"id": next(home._ids), "type": "hems/subscribe"})
        battery, sent = None, None
        async with asyncio.timeout(60):
            while True:
                event = (await home.socket.receive_json()).get("event", {})
                for info in event.get("assets", []):
                    battery = info["asset"] if info["kind"] == "battery" else battery
                if battery is not None and sent is None:
                    sent = await asyncio.to_thread(act)
                live = event.get("live")
                if sent is not None and live and fits(live["assets"][battery]["setpoint_kw"] or 0.0):
                    return time.monotonic() - sent


def test_a_limit_that_a_script_publishes_is_obeyed_within_a_second_and_lifted_as_fast(tmp_path, socket_enabled):
    with a_broker(tmp_path) as port, closing(Script(port)) as script:
        with running_demo(tmp_path, "--speed", "1") as url:
            token = (tmp_path / "state/demo-token").read_text()
            script.publish(TOPICS.stack_announce, ANNOUNCED, retain=True)
            asyncio.run(arranged(url, token, port))
            script.wait_for(TOPICS.status, lambda payload: read(Status, payload).online)
            assert read_plan(script.wait_for(TOPICS.plan)[1]).outcome in ("optimal", "feasible")
            # The demo has the sun of this hour: by day it is the export that can be limited.
            load_kw, sun_kw = (power_kw(script, asset) for asset in ("load", "solar_array"))
            sunny = load_kw + sun_kw < -CHARGING_KW / 2.0
            kind, held_kw = ("export_limit", 0.0) if sunny else ("import_limit", CHARGING_KW)
            _LOGGER.info("load %s, sun %s: %s", load_kw, sun_kw, kind)
            asyncio.run(holding(url, token, held_kw))
            battery = TOPICS.telemetry("battery")
            script.wait_for(battery, lambda payload: setpoint_kw(payload) == pytest.approx(held_kw))

            def limit() -> float:
                message = {"schema": 1, "id": "dso-1", "kind": kind, "limit_kw": 0.0, "duration_s": 600}
                return script.publish(TOPICS.event_request, message)

            seconds = asyncio.run(measured(url, token, limit, lambda kw: abs(kw - held_kw) > 0.5))
            _LOGGER.info("a published limit was obeyed after %.0f ms", seconds * 1000)
            assert seconds < PROMISED_S + LIVE_EVERY_S
            state = TOPICS.event_state("dso-1")
            script.wait_for(state, lambda payload: read_answer(payload).state == "active")

            def cancel() -> float:
                return script.publish(TOPICS.event_cancel, {"schema": 1, "id": "dso-1"})

            seconds = asyncio.run(measured(url, token, cancel, lambda kw: kw == pytest.approx(held_kw)))
            _LOGGER.info("and lifted after %.0f ms", seconds * 1000)
            assert seconds < PROMISED_S + LIVE_EVERY_S
            script.wait_for(state, lambda payload: read_answer(payload).state == "cancelled")

            script.publish(TOPICS.event_request, {"schema": 1, "id": "dso-2", "kind": "level", "duration_s": 60})
            _, refused = script.wait_for(TOPICS.event_state("dso-2"))
            assert read_answer(refused).reason == "direction: is missing; add it"
        script.wait_for(TOPICS.status, lambda payload: not read(Status, payload).online)
