"""What describes the household, on its way to the fleet: read at the home's broker, sealed, given back to it.

The bridge forwards `hems/<home>/sealed/#` instead of the messages themselves (broker_files). A connection of its own,
because the one that records waits for the disk. Messages are sealed in the order in which they come, with the quality
of service and the retain flag that they came with; what is retained comes again at each connection, so that a new key
is followed. Whatever goes wrong, nothing leaves the home that is not sealed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import logging
import random
import threading
import time
from typing import TYPE_CHECKING, Any

from hems_core.exchange import Topics
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from .broker_files import LEAVING, bridge_session, is_bridged, public_key_text

if TYPE_CHECKING:
    from .sealing import Sealer

_LOGGER = logging.getLogger(__name__)

CLIENT_ID = "hems-sealer"
SESSION_EXPIRY_S = 7 * 86400
"""How long the broker keeps messages for an agent that is away; measurements it does not keep."""
TURN_S = 1.0
PATIENCE_S = 10.0
LONGEST_RETRY_S = 30.0
LOG_EVERY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOptions:
    """Where the home's broker is."""

    home: str
    host: str
    port: int
    username: str
    password: Callable[[], str]
    """Asked at every connection, so that a new one is followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """Since the agent started."""

    trouble: str
    """Why nothing is sealed; empty when all is well, else for people."""
    sealed: int
    too_large: int
    """Messages that were left in the home."""


class SealedLink:
    """Seals while it runs."""

    def __init__(self, options: LinkOptions, sealer: Sealer) -> None:
        self._options, self._sealer = options, sealer
        self._trouble, self._sealed, self._too_large = "", 0, 0
        self._failures, self._logged_s = 0, -LOG_EVERY_S
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=CLIENT_ID, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.connect_timeout = 5.0
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish

    def run(self, stop: threading.Event) -> None:
        """Until stopped. What has arrived and is not sealed then comes again from the broker."""
        while not stop.is_set():
            if self._client.socket() is None and not self._connect(stop):
                continue
            self._client.loop(TURN_S)
        self._client.disconnect()

    def state(self) -> LinkState:
        """The figures of this moment."""
        return LinkState(trouble=self._trouble, sealed=self._sealed, too_large=self._too_large)

    def _connect(self, stop: threading.Event) -> bool:
        if self._failures and stop.wait(_pause_s(self._failures)):
            return False
        self._failures += 1
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        options = self._options
        try:
            self._client.username_pw_set(options.username, options.password())
            self._client.connect(options.host, options.port, clean_start=False, properties=properties)
        except OSError as error:
            self._say(f"the broker at {options.host}:{options.port} does not answer: {error}")
            return False
        return True

    def _on_connect(self, client: Client, userdata: Any, flags: ConnectFlags, reason: ReasonCode, props: Any) -> None:
        del userdata, flags, props
        if reason.is_failure:
            self._say(f"the broker refuses the agent: {reason}")
            return
        self._trouble, self._failures = "", 0
        base = Topics(self._options.home).base
        client.subscribe([(f"{base}/{topic}", SubscribeOptions(qos, retainAsPublished=True)) for topic, qos in LEAVING])

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        """The sealed message is sent before this one is acknowledged, so none is lost between the two."""
        del userdata
        try:
            topic, payload = self._sealer.seal(message.topic, message.payload)
        except ValueError as error:
            self._too_large += 1
            now_s = time.monotonic()
            if now_s - self._logged_s >= LOG_EVERY_S:
                self._logged_s = now_s
                _LOGGER.warning("A message of %.100s stays in the home: %s", message.topic, error)
            return
        client.publish(topic, payload, message.qos, message.retain)
        self._sealed += 1

    def _on_publish(self, client: Client, userdata: Any, mid: int, reason: ReasonCode, props: Any) -> None:
        del client, userdata, mid, props
        if reason.is_failure:
            self._say(f"the broker does not take what is sealed: {reason}")

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: DisconnectFlags, reason: ReasonCode, props: Any
    ) -> None:
        del client, userdata, flags, props
        if reason.is_failure:
            self._say(f"the broker is gone: {reason}")

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble:
            _LOGGER.warning("Sealing for the fleet: %s", trouble)
        self._trouble = trouble


def forget_sessions(options: LinkOptions, variables: Mapping[str, str], stop: threading.Event) -> None:
    """Have the broker drop the sessions of the other way of sending, with what is queued in them.

    In that of a bridge from before sealing plain messages would wait, and be sent when sealing ends.
    """
    for session in sorted(_unused(options.home, variables)):
        failures = 0
        while not stop.is_set() and not _forgotten(options, session):
            failures += 1
            stop.wait(_pause_s(failures))


def _unused(home: str, variables: Mapping[str, str]) -> set[str]:
    plain, sealed = ({bridge_session(home, sealed=is_sealed)} for is_sealed in (False, True))
    if not public_key_text(variables):
        return {*sealed, CLIENT_ID}
    return plain if is_bridged(variables) else {*plain, *sealed, CLIENT_ID}


def _forgotten(options: LinkOptions, session: str) -> bool:
    """A connection that asks for a clean start ends what was there under its name; whether the broker has answered."""
    answers: list[ReasonCode] = []
    client = Client(CallbackAPIVersion.VERSION2, client_id=session, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect_timeout = 5.0
    client.on_connect = lambda *said: answers.append(said[3])
    try:
        client.username_pw_set(options.username, options.password())
        client.connect(options.host, options.port, clean_start=True)
    except OSError:
        return False
    deadline_s = time.monotonic() + PATIENCE_S
    while not answers and time.monotonic() < deadline_s:
        if client.loop(TURN_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            break
    client.disconnect()
    if answers and answers[0].is_failure:
        _LOGGER.warning("The broker does not let go of the session %s: %s", session, answers[0])
    return bool(answers)


def _pause_s(failures: int) -> float:
    longest_s: float = min(LONGEST_RETRY_S, 0.5 * 2.0 ** min(failures, 10))
    return longest_s * (0.5 + 0.5 * random.random())
