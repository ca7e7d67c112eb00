"""`scripts/bench fleet` with a few homes, and what it would make of losses."""

from collections import Counter
import json
from pathlib import Path
import re
import ssl

from hems_core.exchange import read_telemetry
import pytest

from bench.__main__ import main
from bench.fleet import command, mqtt
from bench.fleet.homes import Home
from bench.fleet.reader import Reader, dial
from bench.fleet.rhythm import MESSAGES_S, PLAN_BYTES, PLAN_EVERY
from bench.fleet.rig import a_fleet
from tests.stack.native_stack import needs

HOME = "h-0123456789abcdef"


@pytest.fixture
def sockets(request):
    """Open, where the harness for Home Assistant closes them."""
    if request.config.pluginmanager.hasplugin("homeassistant"):
        pytest_socket = pytest.importorskip("pytest_socket")
        pytest_socket.enable_socket()
        pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


class Wire:
    """What a home writes."""

    def __init__(self, home: Home) -> None:
        self.data = bytearray()
        home._transport = self

    def write(self, data: bytes) -> None:
        self.data += data


def said_in_a_plans_time(home: Home) -> list[mqtt.Packet]:
    wire = Wire(home)
    for tick in range(PLAN_EVERY):
        home.speak(tick)
    return list(mqtt.packets(wire.data))


def test_a_home_says_what_the_workload_is_computed_from():
    said = said_in_a_plans_time(Home(HOME, "secret", 7))
    assert len(said) / 300 == pytest.approx(MESSAGES_S)
    by_kind = Counter(packet.topic.split(b"/")[2] for packet in said)
    assert by_kind == {b"telemetry": 390, b"status": 5, b"plan": 1}
    measurements = [packet for packet in said if b"/telemetry/" in packet.topic]
    assert {packet.qos for packet in measurements} == {0}
    assert {packet.qos for packet in said if packet not in measurements} == {1}
    assert read_telemetry(measurements[-1].payload).values["imported_kwh"] == 100_029.0
    sizes = [len(packet.payload) for packet in measurements]
    assert sum(sizes) / len(sizes) == pytest.approx(222, rel=0.05)
    assert [len(packet.payload) for packet in said if packet.topic.endswith(b"/plan")] == [PLAN_BYTES]


def test_packets_that_come_in_pieces_are_put_together():
    whole = mqtt.publish(b"hems/a/plan", b"x" * 20_000, 7) + mqtt.publish(b"hems/a/status", b"{}")
    buffer, found = bytearray(), []
    for at in range(0, len(whole), 1500):
        buffer += whole[at : at + 1500]
        found += mqtt.packets(buffer)
    assert [(packet.topic, len(packet.payload), packet.qos) for packet in found] == [
        (b"hems/a/plan", 20_000, 1),
        (b"hems/a/status", 2, 0),
    ]
    assert mqtt.acknowledge(found[0]) == b"\x40\x02\x00\x07"
    assert not buffer


def test_what_is_lost_or_comes_twice_is_said():
    home, reader = Home(HOME, "secret", 7), Reader()
    said = said_in_a_plans_time(home)
    measurement = next(packet for packet in said if b"/telemetry/" in packet.topic)
    plan = next(packet for packet in said if packet.topic.endswith(b"/plan"))
    for packet in said:
        if packet is not plan:
            reader._take(packet)
    reader._take(measurement)
    told = {"sent": {HOME: home.sent}, "bytes": 0, "unacknowledged": 0, "connections_lost": 0, "late_s": 0.0}
    found = dict(command._messages(told, reader.told(), 300.0))
    wrong = {metric: found[metric] for metric in ("lost_qos0", "lost_qos1", "repeated", "out_of_order")}
    assert wrong == {"lost_qos0": 0, "lost_qos1": 1, "repeated": 1, "out_of_order": 1}


@pytest.mark.usefixtures("sockets")
def test_twenty_homes_lose_nothing_and_each_obeys(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    needs("mosquitto")
    needs("victoria-metrics")
    arguments = ["fleet", "--homes", "20", "--minutes", "0.1", "--json", "--state", str(tmp_path / "fleet")]
    assert main(arguments) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(row["bench"], row["case"]) for row in rows} == {("fleet", "20 homes, 6 s")}
    found = {row["metric"]: row["value"] for row in rows}
    assert found["connections"] >= 21, "the homes and their reader"
    assert found["messages_sent"] > 20 * 3, "three events were answered by all"
    assert {metric: found[metric] for metric in command.SHALL_BE_NONE} == dict.fromkeys(command.SHALL_BE_NONE, 0)
    users = re.findall(r"^(.+?):\$7\$", (tmp_path / "fleet/broker/passwd").read_text(), re.MULTILINE)
    assert len(set(users)) == 21


@pytest.mark.usefixtures("sockets")
def test_by_the_access_list_a_home_reaches_no_other(tmp_path: Path) -> None:
    needs("mosquitto")
    needs("victoria-metrics")
    with a_fleet(tmp_path / "fleet", 2) as fleet:
        (one, its_password), (other, _) = fleet.passwords.items()
        link = {"port": fleet.port, "ca": str(fleet.directory / "secrets/mosquitto/ca.crt")}
        with dial(link, "reader", fleet.operator) as reader, dial(link, one, its_password, user=one) as home:
            for client, topic in ((reader, b"hems/#"), (home, b"hems/#")):
                client.sendall(mqtt.subscribe(1, topic))
                assert next_of(client, mqtt.SUBACK)
            for number, name in enumerate((other, one), 1):
                home.sendall(mqtt.publish(f"hems/{name}/status".encode(), b"{}", number))
            assert next_of(reader, mqtt.PUBLISH).topic == f"hems/{one}/status".encode(), "not the other one's"
            for number, name in enumerate((other, one), 1):
                reader.sendall(mqtt.publish(f"hems/{name}/events/request".encode(), b"{}", number))
            topics = [next_of(home, mqtt.PUBLISH).topic for _ in range(2)]
            assert topics == [f"hems/{one}/{topic}".encode() for topic in ("status", "events/request")]


def next_of(client: ssl.SSLSocket, kind: int) -> mqtt.Packet:
    """The next packet of a kind, byte by byte, so that what follows it is still there."""
    client.settimeout(10)
    buffer = bytearray()
    while True:
        buffer += client.recv(1)
        for packet in mqtt.packets(buffer):
            if packet.kind == kind:
                return packet
