"""A real Home Assistant, a real Mosquitto and a real nginx, each started by the stack's own files."""

import asyncio
from contextlib import contextmanager
import json
import re
import subprocess

import aiohttp
from hems_agent.secrets import make_secrets
import pytest

from tests.stack.native_stack import free_ports, native, needs, running, the_secrets
from tests.stack.person import START_S, Person

pytestmark = [pytest.mark.demo, pytest.mark.timeout(400)]


class Stack:
    """Secrets, configuration and ports of one home; whoever asks comes through nginx."""

    def __init__(self, directory) -> None:
        needs("mosquitto")
        needs("nginx")
        self.directory, self.config = directory, directory / "config"
        self.secrets = the_secrets(directory / "secrets")
        self.http, self.https, self.mqtt, self.mqtt_tls, self.direct = free_ports(5)
        self.url = f"http://127.0.0.1:{self.http}"

    @contextmanager
    def running(self):
        broker = native.mosquitto(self.directory / "mosquitto", self.secrets, port=self.mqtt, tls_port=self.mqtt_tls)
        upstreams = {"homeassistant": f"127.0.0.1:{self.direct}"}
        door = native.nginx(
            self.directory / "nginx", self.secrets, http_port=self.http, https_port=self.https, upstreams=upstreams
        )
        home = native.homeassistant(self.config, self.secrets, port=self.direct, mqtt_port=self.mqtt)
        with (
            running(broker, self.directory / "mosquitto", self.mqtt),
            running(door, self.directory / "nginx", self.http),
            running(home, self.directory, self.direct, patience_s=START_S) as self.process,
        ):
            yield self

    def password(self, user: str) -> str:
        return (self.secrets / user / "mqtt_password").read_text()

    def heard(self, topic: str) -> str:
        """What is retained on a topic of the broker."""
        who = ["-u", "homeassistant", "-P", self.password("homeassistant")]
        command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(self.mqtt), *who, "-t", topic, "-C", "1", "-W", "20"]
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()

    def stored(self, key: str) -> dict:
        return json.loads((self.config / ".storage" / key).read_text())


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    return Stack(tmp_path_factory.mktemp("home"))


async def publishes(stack: Stack, person: Person, token: str, text: str) -> None:
    said = {"topic": "proof/of/life", "payload": text, "retain": True}
    await person.asks(token, "call_service", domain="mqtt", service="publish", service_data=said)
    assert await asyncio.to_thread(stack.heard, "proof/of/life") == text


async def is_confirmed(person: Person, token: str) -> None:
    """The proxy's settings are no trial that Home Assistant would take back after five minutes."""
    settings = await person.asks(token, "http/config")
    assert (settings["active_config_type"], settings["pending"], settings["revert_at"]) == ("stable", None, None)
    problems = (await person.asks(token, "repairs/list_issues"))["issues"]
    assert [issue["issue_id"] for issue in problems if issue["domain"] in {"http", "mqtt"}] == []


async def test_a_new_home_needs_an_owner_and_nothing_else(stack, socket_enabled):
    with stack.running():
        async with aiohttp.ClientSession() as session:
            person = Person(stack.url, session)
            status, page = await person.page("/onboarding.html")
            assert (status, "<title>Home Assistant</title>" in page) == (200, True)
            token = await person.becomes_owner()
            await person.waits_until_started(token)
            assert (await person.broker_of(token))["state"] == "loaded"
            await publishes(stack, person, token, "hello")
            await is_confirmed(person, token)
            assert [
                integration["is_built_in"]
                for integration in await person.asks(token, "manifest/list", integrations=["hems"])
            ] == [False]


async def test_after_a_rotation_of_all_secrets_the_same_home_comes_back(stack, socket_enabled):
    before = (
        stack.stored("http"),
        stack.stored("core.config_entries")["data"]["entries"],
        stack.password("homeassistant"),
    )
    make_secrets(stack.secrets, {"ROTATE_SECRETS": "spring"}, owners=None)
    assert stack.password("homeassistant") != before[2]
    with stack.running():
        async with aiohttp.ClientSession() as session:
            person = Person(stack.url, session)
            status, page = await person.page("/auth/authorize")
            assert (status, "<title>Home Assistant</title>" in page) == (200, True)
            token = await person.logs_in()
            await person.waits_until_started(token)
            assert (await person.broker_of(token))["state"] == "loaded"
            await publishes(stack, person, token, "hello again")
            await is_confirmed(person, token)
    entries = stack.stored("core.config_entries")["data"]["entries"]
    assert stack.stored("http") == before[0]
    assert [entry["entry_id"] for entry in entries] == [entry["entry_id"] for entry in before[1]]
    log = (stack.config / "home-assistant.log").read_text()
    # What this machine lacks (ffmpeg, turbojpeg, the internet) is no fault of the stack's.
    ours = re.compile(r" ERROR .*(components\.(mqtt|http|hems)|Setup failed|Invalid config)")
    assert [line for line in log.splitlines() if ours.search(line)] == []


async def test_who_guesses_passwords_is_slowed_down_before_a_real_login_page(stack, socket_enabled):
    with stack.running():
        async with aiohttp.ClientSession() as session:
            handler = {"client_id": stack.url, "handler": ["homeassistant", None], "redirect_uri": stack.url}
            statuses = []
            for _ in range(30):
                async with session.post(f"{stack.url}/auth/login_flow", json=handler) as answer:
                    statuses.append(answer.status)
            assert statuses[0] == 200
            assert statuses[-1] == 429
            headers = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https, http"}
            async with session.get(f"{stack.url}/", headers=headers) as answer:
                assert answer.status == 200
            # As balena's public URL asks: its own name, and claims about the way that nobody here can check.
            headers = {"Host": "1a2b3c.balena-devices.com", "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https"}
            async with session.get(f"{stack.url}/auth/authorize", headers=headers) as answer:
                assert answer.status == 200
            async with session.ws_connect(f"{stack.url}/api/websocket", headers=headers) as socket:
                assert (await socket.receive_json())["type"] == "auth_required"
