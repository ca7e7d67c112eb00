"""scripts/stack as its user starts it: one message goes the whole way from the grid to the database."""

import asyncio
from contextlib import ExitStack, asynccontextmanager
import hashlib
import json
import logging
from pathlib import Path
import queue
import time
from urllib.parse import urlencode
from urllib.request import urlopen

import aiohttp
from demo_support.home import command
from demo_support.server import Api
from hems_core.exchange import Topics
from paho.mqtt import client as paho
import pytest
from stack_support.household import become_owner, discovered, set_up_simulated_home

from custom_components.hems.websocket import LIVE_EVERY_S
from tests.stack.person import Person
from tests.stack.whole_stack import patiently, running_stack

pytestmark = [pytest.mark.demo, pytest.mark.timeout(600)]

_LOGGER = logging.getLogger(__name__)
PROMISED_S = 1.0
CHARGING_KW = 3.0
ASKED_FOR = {
    "services": {"engine", "mosquitto", "influxdb", "grafana", "nginx"},
    "queue": {"queue_lag", "queue_fill", "lost_points"},
    "replication": {"replication_backlog", "replication_lag", "replication_fill"},
    "feeds": {"silent_feeds"},
    "alert": {"alert", "problem"},
    "access point": {"access_point"},
}
"""What Home Assistant is to know of the stack."""


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return tmp_path_factory.mktemp("stack") / "state"


@pytest.fixture(scope="module")
def boots():
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def home(state, boots):
    return boots.enter_context(running_stack(state, "--fresh"))


@asynccontextmanager
async def an_owner(home):
    """Logged in through nginx; made by whoever comes first."""
    async with aiohttp.ClientSession() as session:
        person = Person(home.url, session)
        if not (home.state / "owned").exists():
            token = await become_owner(session, home.url, name="Ada", password="engine-of-1843")
            (home.state / "owned").touch()
        else:
            token = await person.logs_in()
        await person.waits_until_started(token)
        yield Api(session, home.url, token)


async def entities(api):
    async with api.websocket() as socket:
        return await command(socket, "config/entity_registry/list")


async def test_home_assistant_knows_how_the_stack_is_and_offers_hems(home, socket_enabled):
    async with an_owner(home) as api:
        flow = await discovered(api)
        assert flow["context"]["source"] == "mqtt"
        assert flow["context"]["unique_id"] == f"stack-{home.id}"
        device = f"hems-stack-{home.id}-"
        found = {
            entity["unique_id"].removeprefix(device): entity
            for entity in await entities(api)
            if entity["platform"] == "mqtt" and entity["unique_id"].startswith(device)
        }
        for what, keys in ASKED_FOR.items():
            assert keys <= found.keys(), what
        wanted = {"grafana": "off"} | dict.fromkeys(("engine", "mosquitto", "influxdb", "nginx"), "on")
        is_on = {}
        # Those that came up after the agent's first look are seen in the next.
        deadline = time.monotonic() + 60
        while is_on != wanted and time.monotonic() < deadline:
            await asyncio.sleep(0.5)
            for key in ASKED_FOR["services"]:
                is_on[key] = (await api.rest("GET", f"states/{found[key]['entity_id']}"))["state"]
        assert is_on == wanted


async def engine_kept(home):
    """What Home Assistant has stored of the engine; it writes some seconds after a change."""
    file = home.state / "homeassistant/.storage/core.config_entries"
    for _ in range(120):
        for entry in json.loads(file.read_text())["data"]["entries"]:
            if entry["domain"] == "hems":
                return entry["data"]["engine"]
        await asyncio.sleep(0.25)
    pytest.fail("Home Assistant has stored no entry of HEMS")


async def test_a_home_that_is_set_up_from_the_offer_is_recorded_and_copied_to_the_fleet(home, socket_enabled):
    async with an_owner(home) as api:
        await set_up_simulated_home(api)
        (entry,) = await api.rest("GET", "config/config_entries/entry?domain=hems")
        assert entry["state"] == "loaded"
        plan = await api.rest("POST", "services/hems/plan_now?return_response", {})
        assert plan["service_response"]["status"] in {"optimal", "feasible"}
    engine = await engine_kept(home)
    assert engine["url"] == f"http://127.0.0.1:{home.port('engine')}"

    def recorded():
        rows = home.rows("telemetry")
        return rows if {"battery", "grid", "pv"} <= {tags["kind"] for tags, _, _ in rows} else []

    rows = await asyncio.to_thread(patiently, recorded, "no telemetry in the database")
    assert {tuple(sorted(tags)) for tags, _, _ in rows} == {("asset", "home", "kind", "site")}
    assert {tags["home"] for tags, _, _ in rows} == {home.id}
    assert {"power_kw", "soc_percent"} <= {field for _, field, _ in rows}
    assert await asyncio.to_thread(patiently, lambda: home.rows("plan", minutes=600), "no plan in the database")
    assert await asyncio.to_thread(patiently, lambda: fleet_knows(home), "nothing was copied to the fleet")


def fleet_knows(home) -> bool:
    query = urlencode({"match[]": f'telemetry_soc_percent{{home="{home.id}",kind="battery"}}'})
    with urlopen(f"http://127.0.0.1:{home.port('fleet')}/api/v1/series?{query}", timeout=20) as answer:
        return bool(json.loads(answer.read())["data"])


class Operator:
    """The grid operator's script: TLS, the home's own CA, and the rights of the user dr."""

    def __init__(self, home) -> None:
        self.topics, self.heard = Topics(home.id), queue.Queue()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.tls_set(ca_certs=str(home.state / "secrets/ca.crt"))
        self.client.username_pw_set("dr", home.secret("people/mqtt_dr_password"))
        self.client.on_connect = lambda client, *_: client.subscribe(f"{self.topics.event_states}/#", qos=1)
        self.client.on_message = lambda _c, _d, message: self.heard.put(json.loads(message.payload or b"{}"))
        self.client.connect("127.0.0.1", home.port("mqtts"))
        self.client.loop_start()
        patiently(self.client.is_connected, "the broker does not take the script", 20)

    def asks(self, **event) -> float:
        """When it was sent."""
        sent = time.monotonic()
        message = json.dumps({"schema": 1, "duration_s": 600, **event})
        self.client.publish(self.topics.event_request, message, qos=1).wait_for_publish(10)
        return sent

    def hears(self, state: str) -> dict:
        deadline = time.monotonic() + 30
        while (answer := self.heard.get(timeout=deadline - time.monotonic())).get("state") != state:
            pass
        return answer

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


async def obeyed_after_s(api, act, obeys) -> float:
    """Seconds from what `act(battery)` does until the home itself says that its battery does as it must."""
    battery = sent = None
    async with asyncio.timeout(60), api.websocket() as socket:
        await socket.send_json({"id": 1, "type": "hems/subscribe"})
        while True:
            event = (await socket.receive_json()).get("event", {})
            for info in event.get("assets", []):
                battery = info["asset"] if info["kind"] == "battery" else battery
            if battery is not None and sent is None:
                sent = await act(battery)
            live = event.get("live")
            if sent is not None and live and obeys(live["assets"][battery]["setpoint_kw"] or 0.0):
                return time.monotonic() - sent


@pytest.fixture
def operator(home, socket_enabled):
    operator = Operator(home)
    yield operator
    operator.close()


async def test_a_limit_of_the_grid_operator_goes_the_whole_way(home, operator):
    async with an_owner(home) as api:

        async def charge(battery) -> float:
            override = {"asset": battery, "power_kw": CHARGING_KW, "duration": {"hours": 2}}
            await api.rest("POST", "services/hems/set_override", override)
            return time.monotonic()

        async def limit(_battery) -> float:
            return await asyncio.to_thread(operator.asks, id="dso-7", kind="import_limit", limit_kw=0.0)

        await obeyed_after_s(api, charge, lambda kw: kw == pytest.approx(CHARGING_KW))
        seconds = await obeyed_after_s(api, limit, lambda kw: kw < CHARGING_KW - 0.5)
        _LOGGER.info("obeyed %.0f ms after it was sent over TLS", 1000 * seconds)
        assert seconds < PROMISED_S + LIVE_EVERY_S
    assert (await asyncio.to_thread(operator.hears, "active"))["id"] == "dso-7"

    def recorded():
        return [(tags, value) for tags, field, value in home.rows("events") if field == "state"]

    ((tags, value),) = await asyncio.to_thread(patiently, recorded, "no event in the database")
    assert (tags["home"], tags["id"], value) == (home.id, "dso-7", "active")
    assert await asyncio.to_thread(patiently, (home.state / "agent/updates.lock").exists, "no update lock")


def fingerprints(directory: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.rglob("*") if path.is_file()}


def changes(log: Path) -> list[str]:
    """Requests that changed something in the database."""
    return [line for line in log.read_text().splitlines() if line.startswith(("POST ", "PATCH ", "PUT ", "DELETE "))]


def test_a_second_boot_makes_no_new_secret_changes_nothing_and_knows_the_home(home, boots, socket_enabled):
    state, database = home.state, home.state / "logs/influxdb.log"
    assert "POST /api/v2/setup: 201" in changes(database)
    secrets, first = fingerprints(state / "secrets"), home.id
    boots.close()
    database.write_text("")
    with running_stack(state) as again:

        async def the_home():
            async with an_owner(again) as api:
                (entry,) = await api.rest("GET", "config/config_entries/entry?domain=hems")
                known = {entity["unique_id"] for entity in await entities(api)}
                return entry["state"], f"hems-stack-{first}-alert" in known

        assert asyncio.run(the_home()) == ("loaded", True)
        assert (again.id, fingerprints(state / "secrets")) == (first, secrets)
    assert changes(database) == []
