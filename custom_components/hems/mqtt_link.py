"""The home on MQTT, through Home Assistant's own integration: it says what it measures and plans, and hears events."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
import logging
from typing import TYPE_CHECKING

from homeassistant.components import mqtt
from homeassistant.components.mqtt.models import ReceiveMessage
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.loader import async_get_integration

from . import repairs
from .const import DOMAIN
from .core.demand_response import EventRefused, GridEvent
from .core.exchange import (
    EventAnswer,
    EventRequest,
    EventState,
    ExchangeError,
    Flexibility,
    Status,
    Topics,
    asset_id,
    encode,
    id_of,
    plan_message,
    read_cancel,
    read_request,
)
from .home import ExchangeConfig
from .runtime import HemsConfigEntry
from .told_over_mqtt import telemetry_of

if TYPE_CHECKING:
    from .runtime import HemsRuntimeData

_LOGGER = logging.getLogger(__name__)

STATUS_EVERY = timedelta(minutes=1)
MOST_WAITING = 500
"""Messages that wait for the broker; beyond it measurements are dropped, as newer ones follow."""
MOST_REQUESTS_PER_MINUTE = 120
NO_FLEXIBILITY = "not worked out by this version"
RETAINED_WITHOUT_TIME = "start: a retained request needs a start or expires, or each restart would begin it anew"


class MqttLink:
    """One home's messages."""

    def __init__(
        self, hass: HomeAssistant, entry: HemsConfigEntry, config: ExchangeConfig, runtime: HemsRuntimeData
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._config = config
        self._runtime = runtime
        self._site = asset_id(runtime.home.site.name)
        self._topics = Topics(config.home_id)
        self._waiting: deque[tuple[str, bytes, int, bool]] = deque()
        self._unsubs: list[Callable[[], None]] = []
        self._connecting: asyncio.Task[None] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._told: dict[str, EventState] = {}
        """By event: the state that was published last."""
        self._plan_made: datetime | None = None
        self._measured: datetime | None = None
        self._version = ""
        self._heard: list[float] = []
        """When the last requests came, by the clock of the event loop."""

    async def async_start(self) -> None:
        """Connect in the background: a home runs without its broker too."""
        self._version = str((await async_get_integration(self._hass, DOMAIN)).version)
        self._connecting = self._entry.async_create_background_task(
            self._hass, self._async_connect(), "HEMS connects to MQTT"
        )

    async def async_stop(self) -> None:
        """Say that nobody is there any more."""
        while self._unsubs:
            self._unsubs.pop()()
        tasks = [task for task in (self._connecting, self._sending) if task is not None]
        self._connecting = self._sending = None
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
            await self._async_say_goodbye()

    async def _async_say_goodbye(self) -> None:
        if self._connected:
            await self._async_publish(self._topics.status, encode(self._status(online=False)), 1, retain=True)

    async def _async_connect(self) -> None:
        if not await mqtt.async_wait_for_mqtt_client(self._hass):
            _LOGGER.warning("%s cannot say anything over MQTT: its integration is not set up", self._entry.title)
            repairs.async_notice_mqtt(self._hass, self._entry, missing=True)
            return
        repairs.async_notice_mqtt(self._hass, self._entry, missing=False)
        runtime, hass = self._runtime, self._hass
        for topic, hear in (
            (self._topics.event_request, self._on_request),
            (self._topics.event_cancel, self._on_cancel),
        ):
            self._unsubs.append(await mqtt.async_subscribe(hass, topic, hear, qos=1, encoding=None))
        self._unsubs += [
            mqtt.async_subscribe_connection_status(hass, self._on_connection),
            runtime.events.async_add_listener(self._tell_events),
            runtime.coordinator.async_add_listener(self._tell_plan),
            async_track_time_interval(hass, self._tell_status, STATUS_EVERY, cancel_on_shutdown=True),
            async_track_time_interval(
                hass, self._tell_measurements, timedelta(seconds=self._config.interval_s), cancel_on_shutdown=True
            ),
        ]
        self._tell_everything()

    @property
    def _connected(self) -> bool:
        return mqtt.DOMAIN in self._hass.config.components and mqtt.is_connected(self._hass)

    @callback
    def _on_connection(self, connected: bool) -> None:
        if connected:
            # A broker may have lost what it kept.
            self._tell_everything()

    @callback
    def _tell_everything(self) -> None:
        self._told, self._plan_made = {}, None
        self._tell_status()
        self._say(self._topics.flexibility, Flexibility(reason=NO_FLEXIBILITY), retain=True)
        self._tell_events()
        self._tell_plan()
        self._tell_measurements()

    @callback
    def _tell_status(self, _now: datetime | None = None) -> None:
        self._say(self._topics.status, self._status(online=True), retain=True)

    def _status(self, *, online: bool) -> Status:
        runtime = self._runtime
        active, plan = runtime.events.active, runtime.coordinator.data.plan
        return Status(
            online=online,
            time=runtime.devices.now(),
            version=self._version,
            automatic=runtime.dispatcher.settings.automatic,
            takes_part=runtime.events.takes_part,
            plan=None if plan is None else str(getattr(plan.outcome, "kind", "")),
            event=active[0].id if active else None,
        )

    @callback
    def _tell_plan(self) -> None:
        view = self._runtime.coordinator.data
        if view.plan is None or view.plan.made_at == self._plan_made:
            return
        self._plan_made = view.plan.made_at
        self._say(self._topics.plan, plan_message(view.plan, view.request, self._runtime.events.asset_ids), retain=True)

    @callback
    def _tell_measurements(self, _now: datetime | None = None) -> None:
        runtime = self._runtime
        live = runtime.dispatcher.live
        if live is None or live.at == self._measured or not self._connected:
            return
        self._measured = live.at
        plan = runtime.coordinator.data.plan
        for key, said in telemetry_of(runtime.home, runtime.events.asset_ids, self._site, live, plan, runtime.accounts):
            self._say(self._topics.telemetry(key), said)

    @callback
    def _tell_events(self) -> None:
        """The state of each event that has changed; what is forgotten is cleared."""
        events = {event.id: event for event in self._runtime.events.ledger.events}
        changed = [event for key, event in events.items() if self._told.get(key) is not event.state]
        for event in changed:
            self._answer(event)
        for key in self._told.keys() - events.keys():
            self._send(self._topics.event_state(key), b"", 1, retain=True)
        self._told = {key: event.state for key, event in events.items()}
        if changed:
            self._tell_status()

    def _answer(self, event: GridEvent) -> None:
        said = EventAnswer(id=event.id, state=event.state, time=event.since, reason=event.reason)
        self._say(self._topics.event_state(event.id), said, retain=True)

    @callback
    def _on_request(self, message: ReceiveMessage) -> None:
        payload = _bytes(message)
        try:
            self._check_rate()
            self._runtime.events.ask(_lasting(read_request(payload), retained=message.retain))
        except (ExchangeError, EventRefused) as error:
            self._refuse(payload, str(error))

    @callback
    def _on_cancel(self, message: ReceiveMessage) -> None:
        payload = _bytes(message)
        try:
            self._check_rate()
            self._runtime.events.cancel(read_cancel(payload).id)
        except (ExchangeError, EventRefused) as error:
            self._refuse(payload, str(error))

    def _check_rate(self) -> None:
        now = self._hass.loop.time()
        self._heard = [*(at for at in self._heard if now - at < 60.0), now]
        if len(self._heard) > MOST_REQUESTS_PER_MINUTE:
            raise EventRefused("too_many", f"more than {MOST_REQUESTS_PER_MINUTE} messages a minute; try again later")

    def _refuse(self, payload: bytes, reason: str) -> None:
        """Not retained, and never in the place of what is known of an event: a repeated request ends nothing."""
        key = id_of(payload)
        _LOGGER.warning("A message about event %s is refused: %s", key or "without an id", reason)
        said = EventAnswer(id=key, state=EventState.REFUSED, time=self._runtime.devices.now(), reason=reason)
        known = None if key is None else self._runtime.events.ledger.event(key)
        if key is None or known is not None:
            self._say(self._topics.event_states, said)
        else:
            self._say(self._topics.event_state(key), said)
        if known is not None:
            self._answer(known)

    def _say(self, topic: str, message: object, *, retain: bool = False) -> None:
        # QoS 1: the broker keeps it for a recorder that is away.
        self._send(topic, encode(message), 1, retain=retain)

    def _send(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        if not retain and len(self._waiting) >= MOST_WAITING:
            return
        self._waiting.append((topic, payload, qos, retain))
        if self._sending is None:
            self._sending = self._entry.async_create_background_task(
                self._hass, self._async_send(), "HEMS speaks MQTT", eager_start=False
            )

    async def _async_send(self) -> None:
        """One after the other, so that nothing overtakes what was said before it."""
        try:
            while self._waiting:
                topic, payload, qos, retain = self._waiting.popleft()
                if self._connected:
                    await self._async_publish(topic, payload, qos, retain=retain)
        finally:
            self._sending = None

    async def _async_publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        try:
            await mqtt.async_publish(self._hass, topic, payload, qos, retain, encoding=None)
        except (HomeAssistantError, ValueError) as error:
            # The client below Home Assistant's refuses what is too large or oddly named with a ValueError.
            _LOGGER.debug("%s was not published: %s", topic, error)


def _lasting(request: EventRequest, *, retained: bool) -> EventRequest:
    """The request, unless the broker would give it to each restart as if it were new."""
    if retained and request.start is None and request.expires is None:
        raise EventRefused("impossible", RETAINED_WITHOUT_TIME)
    return request


def _bytes(message: ReceiveMessage) -> bytes:
    payload = message.payload
    return payload.encode() if isinstance(payload, str) else bytes(payload)
