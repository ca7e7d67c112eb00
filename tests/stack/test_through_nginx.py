"""The home is watched and controlled through a real nginx as it is without one."""

import asyncio
from contextlib import asynccontextmanager
import os
from pathlib import Path
import shutil
import subprocess
import time

import aiohttp
import pytest

from custom_components.hems.websocket import LIVE_EVERY_S
from tests.demo_process import free_port, running_demo
from tests.stack.native_stack import listens, patiently

pytestmark = [pytest.mark.demo, pytest.mark.timeout(400)]

CONFIGURATION = """
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  map $http_upgrade $connection_upgrade {{ default upgrade; "" close; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {upstream};
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }}
  }}
}}
"""
PROMISED_S = 1.0


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """At the speed of the clock, so that a tick of the home is two seconds like in a real one."""
    directory = tmp_path_factory.mktemp("demo")
    with running_demo(directory, "--speed", "1") as url:
        yield url, (directory / "state/demo-token").read_text()


@pytest.fixture(scope="module")
def proxy(demo, tmp_path_factory):
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if nginx is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no nginx: install the package nginx-light")
    directory, port = tmp_path_factory.mktemp("nginx"), free_port()
    configuration = directory / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(directory=directory, port=port, upstream=demo[0]))
    subprocess.run([nginx, "-t", "-c", configuration, "-p", directory], check=True, capture_output=True)
    process = subprocess.Popen([nginx, "-c", configuration, "-p", directory])
    patiently(lambda: listens(port), process, configuration)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=20)


@asynccontextmanager
async def watching(url, token):
    """A subscription to the home, and a function that calls an action over the same connection."""
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/api/websocket", max_msg_size=0) as socket:
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": token})
        assert (await socket.receive_json())["type"] == "auth_ok"
        await socket.send_json({"id": 1, "type": "hems/subscribe"})
        yield socket


async def battery_obeys(url, token, power_kw):
    """Seconds from the action call until the home measures that the battery does as it was told."""
    async with asyncio.timeout(60), watching(url, token) as socket:
        battery = None
        while battery is None:
            event = (await socket.receive_json()).get("event", {})
            battery = next((info["asset"] for info in event.get("assets", []) if info["kind"] == "battery"), None)
        call = {"asset": battery, "power_kw": power_kw, "duration": {"hours": 1}}
        called = time.monotonic()
        await socket.send_json(
            {"id": 2, "type": "call_service", "domain": "hems", "service": "set_override", "service_data": call}
        )
        while True:
            message = await socket.receive_json()
            assert message.get("success", True), message
            live = message.get("event", {}).get("live")
            if live and live["assets"][battery]["setpoint_kw"] == pytest.approx(power_kw):
                return time.monotonic() - called


@pytest.mark.parametrize("power_kw", [1.25, -0.75], ids=["charging", "discharging"])
def test_an_action_reaches_the_device_within_a_second_directly_and_through_nginx(demo, proxy, power_kw, socket_enabled):
    url, token = demo
    for address in (url, proxy):
        # The promise of A15 and B17: it takes milliseconds, and is seen with what the home tells next.
        assert asyncio.run(battery_obeys(address, token, power_kw)) < PROMISED_S + LIVE_EVERY_S
        power_kw = -power_kw / 2.0


def test_the_page_and_its_bundle_come_through_nginx(proxy, socket_enabled):
    async def fetch(path):
        async with aiohttp.ClientSession() as session, session.get(proxy + path) as response:
            return response.status, len(await response.read())

    assert asyncio.run(fetch("/"))[0] == 200
    status, size = asyncio.run(fetch("/hems/hems.js"))
    assert status == 200
    assert size == Path(__file__).parents[2].joinpath("custom_components/hems/frontend/hems.js").stat().st_size


def test_nobody_controls_the_home_without_a_token(proxy, socket_enabled):
    async def call():
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{proxy}/api/services/hems/plan_now", json={}) as answer,
        ):
            return answer.status

    assert asyncio.run(call()) == 401
