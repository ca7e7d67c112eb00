"""The copy to the fleet's InfluxDB cannot be sealed: where messages are, it needs a word of the operator's own."""

import json

from hems_agent.provision import refused_copy
from hems_agent.sealing import PrivateKey
import pytest
from stack_support.influx import FakeInflux

from tests.stack.native_stack import free_ports, needs
from tests.stack.test_agent import Stack, patiently

COPY = {"FLEET_INFLUX_URL": "https://fleet.example", "FLEET_INFLUX_BUCKET": "homes"}
KEY = {"FLEET_PUBLIC_KEY": PrivateKey.new().public.text}


@pytest.mark.parametrize(
    ("variables", "refused"),
    [
        ({}, False),
        (COPY, False),
        (KEY, False),
        (COPY | KEY, True),
        (COPY | {"FLEET_PUBLIC_KEY": "a key that is none"}, True),
        (COPY | {"FLEET_PUBLIC_KEY": " "}, False),
        (COPY | KEY | {"FLEET_INFLUX_PLAIN": "off"}, True),
        (COPY | KEY | {"FLEET_INFLUX_PLAIN": " on "}, False),
        ({"FLEET_INFLUX_TOKEN": "alone"} | KEY, True),
    ],
)
def test_a_copy_in_plain_beside_sealed_messages_needs_to_be_asked_for_twice(variables, refused):
    said = refused_copy(variables)
    assert bool(said) is refused
    assert not said or all(name in said for name in ("FLEET_PUBLIC_KEY", "FLEET_INFLUX_PLAIN", "FLEET_INFLUX_*"))


@pytest.mark.timeout(180)
def test_a_copy_that_there_is_ends_with_an_alert_when_a_key_is_set_and_comes_back_when_it_is_allowed(tmp_path):
    needs("mosquitto")
    with FakeInflux() as influx, FakeInflux() as fleet:
        org, token = fleet.add_bucket("homes")
        copy = COPY | {"FLEET_INFLUX_URL": fleet.url, "FLEET_INFLUX_ORG": org, "FLEET_INFLUX_TOKEN": token}
        home = Stack(tmp_path, influx, free_ports(3))

        def alerts() -> str:
            told = home.data / "diagnostics.json"  # of the first round
            return " · ".join(json.loads(told.read_text())["alerts"]) if told.exists() else ""

        with home.broker():
            with home.agent(**copy):
                patiently(lambda: influx.state.replications, "no copy")
            with home.agent(**copy, **KEY):
                patiently(lambda: not influx.state.replications, "the copy goes on")
                patiently(lambda: "no copy to the fleet's InfluxDB" in alerts(), "no alert")
            with home.agent(**copy, **KEY, FLEET_INFLUX_PLAIN="on"):
                patiently(lambda: influx.state.replications, "no copy again")
                patiently(lambda: "no copy to the fleet's InfluxDB" not in alerts(), "the alert stays")
