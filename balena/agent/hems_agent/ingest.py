"""The agent's one connection to Mosquitto: every message is acknowledged after the spool has it durably, not before.

The session is persistent and QoS 1, so whatever comes while the agent is away waits in the broker; a Receive Maximum of
our own (MQTT 5) lifts the broker's usual twenty unacknowledged messages, which would stop a batch. One thread does
everything here, because the client library is not made for acknowledgements from a second one; only the disk has its
own.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
import json
import logging
from pathlib import Path
from queue import Empty, SimpleQueue
import random
import select
import threading
import time
from typing import Any

from hems_core.exchange import EventAnswer, Topics
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from .feeds import Change, FeedOptions, Feeds, feed_line
from .intake import Counts, Intake
from .saving import Batch, Saver
from .spool import Spool

_LOGGER = logging.getLogger(__name__)

BROKER_DROPPED = "$SYS/broker/publish/messages/dropped"
TURN_S = 0.2
"""The longest sleep: a message to publish waits this long at most."""
GATHER_S = 0.02
"""After the first byte: reading what came meanwhile in one go halves the wake-ups at a thousand messages a second."""
MESSAGES_A_TURN = 2000
"""So that a long queue in the broker keeps nothing else waiting."""
LONGEST_BATCH = 20_000
"""Messages not yet acknowledged; the broker holds back the rest while the disk does not take any."""
MOST_LINES = 2 * LONGEST_BATCH
"""While the disk takes none: what came without a guarantee (QoS 0) is dropped beyond this."""
LAST_SAVE_S = 5.0
"""When the agent is stopped, a batch gets so long; what is not saved then comes again from the broker."""
LONGEST_RETRY_S = 30.0
FEEDS_EVERY_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """Where the broker is and how often the disk is asked."""

    home: str
    host: str
    port: int = 1883
    username: str | None = None
    password: Callable[[], str] | None = None
    """Asked at every connection, so that a new one is followed."""
    client_id: str = "hems-agent"
    keepalive_s: int = 30
    session_expiry_s: int = 7 * 86400
    """How long the broker keeps messages for an agent that is away."""
    flush_s: float = 1.0
    """Between two writes to the disk; what arrived since the last one is not acknowledged."""
    feed_points_s: float = 60.0
    will: tuple[str, bytes] | None = None
    """Topic and retained payload that the broker publishes when the agent vanishes."""
    feeds: FeedOptions = field(default_factory=FeedOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestState:
    """Figures of this moment."""

    connected: bool
    trouble: str
    """Why not; empty when all is well, else for people."""
    disk_trouble: str = ""
    """Why nothing is saved; empty when all is well. No illness of the broker's, which keeps what is not saved."""
    waiting: int
    """Messages that have not been given to the disk yet."""
    broker_dropped: int
    """Messages that the broker could not queue for some client since it started: nobody else is told of them."""
    counts: Counts


@dataclass(slots=True)
class _Clocks:
    saved_s: float
    feeds_s: float
    feed_points_s: float


class Ingest:
    """Telemetry, plans and the states of events, from the broker into the spool."""

    def __init__(
        self,
        options: IngestOptions,
        spool: Spool,
        *,
        on_event: Callable[[EventAnswer], None] | None = None,
        on_feeds: Callable[[list[Change]], None] | None = None,
    ) -> None:
        """Both callbacks run in the thread of `run`; they must be short and must not raise."""
        self._options, self._on_feeds = options, on_feeds
        self._known = spool.directory / "feeds.json"
        now_s = time.monotonic()
        self.feeds = Feeds(options.feeds, now_s, _read_known(self._known))
        self.intake = Intake(options.home, self._heard, on_event=on_event)
        self._at = _Clocks(now_s, now_s, now_s)
        self._now_s = now_s
        self._unacknowledged: list[int] = []
        self._arrived = self._broker_dropped = 0
        self._own: SimpleQueue[str] = SimpleQueue()
        self._outgoing: dict[str, tuple[bytes, bool]] = {}
        self._kept: dict[str, tuple[bytes, bool]] = {}
        self._outgoing_lock = threading.Lock()
        self._saver = Saver(spool, options.flush_s)
        self._connected, self._trouble, self._failures, self._connections = False, "not connected yet", 0, 0
        self._client = self._new_client()

    def run(self, stop: threading.Event) -> None:
        """Until stopped; then what has arrived is on the disk and acknowledged."""
        while not stop.is_set():
            if self._client.socket() is None and not self._connect(stop):
                self._save_when_due()
                continue
            self._turn()
            self._save_when_due()
            self._watch_feeds()
        self._save_the_rest()
        self._send_outgoing()
        _write_known(self._known, self.feeds.known())
        self._connected = False
        self._client.disconnect()

    def write(self, lines: Iterable[str]) -> None:
        """Points of the agent's own, from any thread; they are on the disk with the next batch."""
        for one in lines:
            if self._own.qsize() >= MOST_LINES:
                self.intake.counts.count_bad("overflow")
            else:
                self._own.put(one)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send at QoS 1, from any thread; the last message of a topic waits for the connection.

        What is retained is sent again at every connection: meanwhile the broker may have published the last will, or
        forgotten everything.
        """
        with self._outgoing_lock:
            self._outgoing[topic] = (payload, retain)
            if retain:
                self._kept[topic] = (payload, retain)

    def state(self) -> IngestState:
        """The figures of this moment."""
        return IngestState(
            connected=self._connected,
            trouble=self._trouble,
            disk_trouble=self._saver.trouble,
            waiting=len(self._unacknowledged),
            broker_dropped=self._broker_dropped,
            counts=replace(self.intake.counts, bad=dict(self.intake.counts.bad)),
        )

    def _new_client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._options.client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=True,
        )
        client.connect_timeout = 5.0
        if self._options.will:
            topic, payload = self._options.will
            client.will_set(topic, payload, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _connect(self, stop: threading.Event) -> bool:
        if self._failures:
            stop.wait(min(LONGEST_RETRY_S, 0.5 * 2.0 ** min(self._failures, 10)) * (0.5 + 0.5 * random.random()))
            if stop.is_set():
                return False
        self._failures += 1
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._options.session_expiry_s
        properties.ReceiveMaximum = LONGEST_BATCH
        try:
            if self._options.username is not None:
                password = None if self._options.password is None else self._options.password()
                self._client.username_pw_set(self._options.username, password)
            self._client.connect(
                self._options.host,
                self._options.port,
                self._options.keepalive_s,
                clean_start=False,
                properties=properties,
            )
        except OSError as error:
            self._say(f"the broker at {self._options.host}:{self._options.port} does not answer: {error}")
            return False
        return True

    def _turn(self) -> None:
        client = self._client
        socket = client.socket()
        if socket is None:
            return
        readable, _, _ = select.select([socket], [socket] if client.want_write() else [], [], TURN_S)
        self._now_s = time.monotonic()
        if readable:
            time.sleep(GATHER_S)
            limit = self._arrived + MESSAGES_A_TURN
            while True:
                before = self._arrived
                client.loop_read()
                if self._arrived == before or self._arrived >= limit:
                    break
        if client.want_write():
            client.loop_write()
        client.loop_misc()
        self._send_outgoing()

    def _send_outgoing(self) -> None:
        if not self._connected or not self._outgoing:
            return
        with self._outgoing_lock:
            outgoing, self._outgoing = self._outgoing, {}
        for topic, (payload, retain) in outgoing.items():
            self._client.publish(topic, payload, qos=1, retain=retain)

    def _save_when_due(self) -> None:
        """To the disk first, then to the broker: a kill in between repeats messages, and loses none."""
        now_s = time.monotonic()
        if now_s - self._at.saved_s >= self._options.flush_s and not self._saver.is_busy:
            self._at.saved_s = now_s
            self._save()
        self._acknowledge()

    def _save(self) -> None:
        lines = self.intake.lines
        while len(lines) < MOST_LINES:
            try:
                lines.append(self._own.get_nowait())
            except Empty:
                break
        if lines or self._unacknowledged:
            self._saver.save(Batch(lines, self._unacknowledged, self._connections))
            self.intake.lines, self._unacknowledged = [], []

    def _save_the_rest(self) -> None:
        self._saver.wait(LAST_SAVE_S)
        if not self._saver.is_busy:
            self._save()
            self._saver.wait(LAST_SAVE_S)
        self._saver.close()
        self._acknowledge()

    def _acknowledge(self) -> None:
        for batch in self._saver.done():
            if batch.connection == self._connections:
                for number in batch.numbers:
                    self._client.ack(number, 1)

    def _watch_feeds(self) -> None:
        now_s = self._now_s
        if not self._connected or now_s - self._at.feeds_s < FEEDS_EVERY_S:
            return
        self._at.feeds_s = now_s
        changes = self.feeds.changes(now_s)
        if changes and self._on_feeds:
            self._on_feeds(changes)
        if now_s - self._at.feed_points_s >= self._options.feed_points_s and len(self.intake.lines) < MOST_LINES:
            self._at.feed_points_s = now_s
            now_ms = _now_ms()
            self.intake.lines += [feed_line(self._options.home, state, now_ms) for state in self.feeds.states(now_s)]
            _write_known(self._known, self.feeds.known())

    def _heard(self, asset: str, time_ms: int, /) -> None:
        self.feeds.heard(asset, time_ms, self._now_s)

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        del client, userdata
        self._arrived += 1
        topic = message.topic
        if message.qos:
            self._unacknowledged.append(message.mid)
        elif len(self.intake.lines) >= MOST_LINES:
            self.intake.counts.count_bad("overflow")
            return
        if topic == BROKER_DROPPED:
            self._broker_dropped = int(message.payload)
        else:
            self.intake.take(topic, message.payload, _now_ms(), retained=message.retain)

    def _on_connect(self, client: Client, userdata: Any, flags: ConnectFlags, reason: ReasonCode, props: Any) -> None:
        del userdata, flags, props
        if reason.is_failure:
            self._say(f"the broker refuses the agent: {reason}")
            return
        _LOGGER.info("Connected to the broker")
        self._connected, self._trouble, self._failures = True, "", 0
        self.feeds.resume(time.monotonic())
        with self._outgoing_lock:
            self._outgoing = {**self._kept, **self._outgoing}
        topics = Topics(self._options.home)
        filters = (f"{topics.base}/telemetry/#", topics.plan, f"{topics.event_states}/#", BROKER_DROPPED)
        client.subscribe([(one, 1) for one in filters])

    def _on_subscribe(self, client: Client, userdata: Any, mid: int, reasons: list[ReasonCode], props: Any) -> None:
        del client, userdata, mid, props
        if any(reason.is_failure for reason in reasons):
            self._say(f"the broker lets the agent not read all of its topics: {[str(reason) for reason in reasons]}")

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: DisconnectFlags, reason: ReasonCode, props: Any
    ) -> None:
        del client, userdata, flags, props
        # Their numbers mean other messages in the next connection; the broker sends these again, as duplicates.
        self._unacknowledged.clear()
        self._connections += 1
        if self._connected:
            self._say(f"the broker is gone: {reason}")
        self._connected = False

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble:
            _LOGGER.warning("Telemetry: %s", trouble)
        self._trouble = trouble


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _read_known(path: Path) -> dict[str, float]:
    try:
        return {str(asset): float(interval_s) for asset, interval_s in json.loads(path.read_text()).items()}
    except OSError, ValueError, AttributeError, TypeError:
        return {}


def _write_known(path: Path, known: dict[str, float]) -> None:
    partial = path.with_suffix(".new")
    try:
        partial.write_text(json.dumps(known))
        partial.replace(path)
    except OSError as error:
        _LOGGER.warning("What feeds there are cannot be kept: %s", error.strerror)
