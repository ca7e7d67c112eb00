"""What the agent does about sealing, by the variables alone."""

from hems_agent.sealed_fleet import SealedFleet
from hems_agent.sealed_link import CLIENT_ID, LinkOptions, _unused
from hems_agent.sealing import PrivateKey
import pytest

HOME = "h-3f9c2a7d51e04b86"
OPTIONS = LinkOptions(home=HOME, host="127.0.0.1", port=9, username="agent", password=lambda: "")
HOST = {"FLEET_MQTT_HOST": "mqtt.example.org"}
KEY = {"FLEET_PUBLIC_KEY": PrivateKey.new().public.text}
BAD = {"FLEET_PUBLIC_KEY": "hems-pub1-cut"}
PLAIN, SEALED = f"fleet-{HOME}", f"fleet-sealed-{HOME}"


@pytest.mark.parametrize(
    ("variables", "seals"), [({}, False), (HOST, False), (KEY, False), (HOST | KEY, True), (HOST | BAD, False)]
)
def test_the_agent_seals_where_there_is_a_bridge_and_a_key(variables, seals):
    assert (SealedFleet(OPTIONS, variables, "names").state() is not None) is seals


@pytest.mark.parametrize(
    ("variables", "names", "problem"),
    [
        (HOST, "names", ""),
        (HOST | KEY, "names", ""),
        (HOST | BAD, "names", "FLEET_PUBLIC_KEY has 3 characters"),
        (BAD, "names", "FLEET_PUBLIC_KEY has 3 characters"),
        (HOST | KEY, "", "start init again"),
    ],
)
def test_what_keeps_it_from_sealing_is_a_problem_for_somebody(variables, names, problem):
    found = SealedFleet(OPTIONS, variables, names).problems()
    assert [problem in one for one in found] == ([True] if problem else [])


@pytest.mark.parametrize(
    ("variables", "unused"),
    [
        ({}, {SEALED, CLIENT_ID}),
        (KEY, {PLAIN, SEALED, CLIENT_ID}),
        (HOST, {SEALED, CLIENT_ID}),
        (HOST | KEY, {PLAIN}),
        (HOST | BAD, {PLAIN}),
    ],
)
def test_the_sessions_of_the_other_way_of_sending_are_forgotten_and_no_other(variables, unused):
    assert _unused(HOME, variables) == unused
