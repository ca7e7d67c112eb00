"""The rules of acknowledging and publishing, beside a client that only writes down what it is asked."""

import errno
import json
import threading
import time

from hems_agent.feeds import Trouble
from hems_agent.ingest import BROKER_DROPPED, MOST_LINES, Ingest, IngestOptions
from hems_agent.spool import Spool
from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode
import pytest

TELEMETRY = b"hems/h-1/telemetry/"
WELL = ReasonCode(PacketTypes.CONNACK, "Success")


class FakeClient:
    def __init__(self):
        self.acknowledged, self.published, self.subscribed = [], [], []

    def ack(self, number, qos):
        self.acknowledged.append(number)

    def publish(self, topic, payload, qos, retain):
        self.published.append((topic, payload, retain))

    def subscribe(self, filters):
        self.subscribed += filters


class Bench:
    def __init__(self, tmp_path, **options):
        self.spool = Spool(tmp_path)
        self.ingest = Ingest(IngestOptions(home="h-1", host="nowhere", flush_s=0.01, **options), self.spool)
        self.client = self.ingest._client = FakeClient()
        self.number = 0
        self.connect()

    def connect(self):
        self.ingest._on_connect(self.client, None, None, WELL, None)
        self.ingest._send_outgoing()

    def arrive(self, topic=b"meter", power_kw=1.0, qos=1):
        self.number += 1
        message = MQTTMessage(mid=self.number, topic=topic if topic.startswith(b"$") else TELEMETRY + topic)
        message.qos = qos
        values = {"site": "home", "kind": "meter", "values": {"power_kw": power_kw}}
        message.payload = b"17" if topic.startswith(b"$") else json.dumps(values).encode()
        self.ingest._on_message(self.client, None, message)

    def save(self, patience_s=20.0):
        if not self.ingest._saver.is_busy:
            self.ingest._save()
        self.ingest._saver.wait(patience_s)
        self.ingest._acknowledge()

    @property
    def lines(self):
        batch = self.spool.read(10**6)
        return batch.points if batch else 0


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.ingest._saver.close()


def until(condition):
    deadline = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def full(*_):
    raise OSError(errno.EROFS, "Read-only file system")


def test_nothing_is_acknowledged_before_it_is_on_the_disk(bench):
    for _ in range(3):
        bench.arrive()
    assert (bench.client.acknowledged, bench.lines, bench.ingest.state().waiting) == ([], 0, 3)
    bench.save()
    assert (bench.client.acknowledged, bench.lines, bench.ingest.state().waiting) == ([1, 2, 3], 3, 0)


def test_while_the_disk_takes_nothing_nothing_is_acknowledged_and_then_all_is_there(bench, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(bench.spool, "append", full)
        for _ in range(3):
            bench.arrive()
            bench.save(0.05)
        until(lambda: bench.ingest.state().disk_trouble)
        assert bench.client.acknowledged == []
        assert bench.ingest.state().disk_trouble == "the disk takes no points: Read-only file system"
        assert bench.ingest.state().trouble == "", "the broker is well: nobody is to restart it"
    bench.arrive()
    for _ in range(2):
        bench.save()
    assert (bench.client.acknowledged, bench.lines, bench.ingest.state().disk_trouble) == ([1, 2, 3, 4], 4, "")


def test_messages_are_read_while_the_disk_is_slow_and_acknowledged_when_theirs_are_safe(bench, monkeypatch):
    go_on, append = threading.Event(), bench.spool.append
    monkeypatch.setattr(bench.spool, "append", lambda *given: (go_on.wait(20), append(*given)))
    bench.arrive()
    bench.save(0.05)
    bench.arrive()
    bench.save(0.05)
    assert (bench.client.acknowledged, bench.ingest.state().waiting) == ([], 1)
    go_on.set()
    bench.save()
    assert bench.client.acknowledged == [1]
    bench.save()
    assert (bench.client.acknowledged, bench.lines) == ([1, 2], 2)


def test_a_disk_that_never_takes_anything_does_not_keep_the_agent_from_stopping(bench, monkeypatch):
    monkeypatch.setattr("hems_agent.ingest.LAST_SAVE_S", 0.05)
    monkeypatch.setattr(bench.spool, "append", full)
    bench.arrive()
    bench.ingest._save()
    bench.ingest._save_the_rest()
    assert bench.client.acknowledged == []


def test_a_long_batch_is_saved_in_pieces_in_order(bench, monkeypatch):
    monkeypatch.setattr("hems_agent.saving.PIECE_BYTES", 100)
    bench.ingest.write([f"m x={number}.0 {number}\n" for number in range(40)])
    bench.save()
    times = [int(line.split()[-1]) for line in bench.spool.read(1000).lines.splitlines()]
    assert times == list(range(40))


def test_what_comes_without_a_guarantee_does_not_fill_the_memory_meanwhile(bench, monkeypatch):
    monkeypatch.setattr(bench.spool, "append", full)
    bench.arrive()
    bench.save(0.05)
    for _ in range(MOST_LINES + 5):
        bench.arrive(qos=0)
    bench.ingest.write(["m x=1.0 1\n"] * (MOST_LINES + 7))
    assert len(bench.ingest.intake.lines) == MOST_LINES
    assert bench.ingest.state().counts.bad == {"overflow": 12}


def test_a_batch_of_a_lost_connection_is_saved_and_not_acknowledged_in_the_next_one(bench):
    bench.arrive()
    bench.ingest._save()
    bench.ingest._on_disconnect(bench.client, None, None, ReasonCode(PacketTypes.DISCONNECT, "Normal disconnection"), 0)
    bench.connect()
    bench.save()
    assert (bench.client.acknowledged, bench.lines) == ([], 1)


def test_numbers_of_a_lost_connection_are_not_acknowledged_in_the_next_one(bench):
    bench.arrive()
    bench.ingest._on_disconnect(bench.client, None, None, ReasonCode(PacketTypes.DISCONNECT, "Normal disconnection"), 0)
    bench.connect()
    bench.arrive()
    bench.save()
    assert (bench.client.acknowledged, bench.lines) == ([2], 2)


def test_a_bad_message_is_acknowledged_too(bench):
    bench.arrive(topic=b"no/asset")
    bench.save()
    assert (bench.client.acknowledged, bench.lines) == ([1], 0)


def test_points_of_the_agents_own_go_the_same_way(bench):
    bench.ingest.write(["stack,home=h-1 up=1.0 1\n"])
    bench.save()
    assert bench.spool.read(10).lines == b"stack,home=h-1 up=1.0 1\n"


def test_only_the_last_message_of_a_topic_waits_for_the_connection(bench):
    bench.ingest._connected = False
    for payload in (b"1", b"2"):
        bench.ingest.publish("a", payload)
    bench.ingest._send_outgoing()
    assert bench.client.published == []
    bench.connect()
    assert bench.client.published == [("a", b"2", False)]


def test_what_is_retained_is_said_again_to_a_broker_that_may_have_forgotten(bench):
    bench.ingest.publish("availability", b"online", retain=True)
    bench.ingest.publish("once", b"x")
    bench.ingest._send_outgoing()
    bench.client.published.clear()
    bench.connect()
    assert bench.client.published == [("availability", b"online", True)]


def test_what_the_broker_had_to_drop_is_known(bench):
    bench.arrive(topic=BROKER_DROPPED.encode())
    assert bench.ingest.state().broker_dropped == 17
    assert bench.ingest.state().counts.messages == 0


def test_feeds_are_remembered_over_a_restart(bench, tmp_path):
    for second in range(20):
        bench.ingest.feeds.heard("meter", second * 1000, float(second))
    bench.ingest.feeds.changes(20.0)
    (tmp_path / "feeds.json").write_text(json.dumps(bench.ingest.feeds.known()))
    again = Ingest(IngestOptions(home="h-1", host="nowhere"), bench.spool)
    assert again.feeds.known() == {"meter": 1.0}
    assert [change.trouble for change in again.feeds.changes(again._now_s + 60)] == [Trouble.SILENT]


@pytest.mark.parametrize("content", ["", "[]", '{"a": null}', "\x00"])
def test_a_damaged_memory_of_feeds_stops_nothing(tmp_path, content):
    (tmp_path / "feeds.json").write_text(content)
    assert Bench(tmp_path).ingest.feeds.known() == {}
