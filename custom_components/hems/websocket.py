"""What the cards follow: one subscription with the home, its plan, its measurements and its settings.

The shape of the messages is written in docs/websocket.md. A subscription outlives a reload of the
entry: when the home is back, it begins again with a snapshot.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from homeassistant.components import websocket_api
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.const import ERR_INVALID_FORMAT, ERR_NOT_FOUND
from homeassistant.components.websocket_api.decorators import async_response, websocket_command
from homeassistant.components.websocket_api.messages import event_message
from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
import probatio

from .asset_lookup import device_of
from .const import DOMAIN
from .core.accounting import total_of
from .core.model import Battery, Plan
from .core.wire import to_plain
from .entity import asset_views, unique_prefix
from .overrides import checked_override
from .permissions import check_control
from .runtime import HemsConfigEntry, Live, NextAction
from .views import AssetView, SiteView

type Message = dict[str, Any]

LIVE_EVERY_S = 1.0
"""Measurements are sent at most that often."""


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the command, once for all homes."""
    websocket_api.async_register_command(hass, subscribe)
    websocket_api.async_register_command(hass, what_if)


@websocket_command({probatio.Required("type"): f"{DOMAIN}/subscribe", probatio.Optional("entry_id"): cv.string})
@callback
def subscribe(hass: HomeAssistant, connection: ActiveConnection, message: Message) -> None:
    """Follow a home; any user who is logged in may."""
    entry = _entry_meant(hass, connection, message)
    if entry is None:
        return

    @callback
    def send(event: Message) -> None:
        connection.send_message(event_message(message["id"], event))

    connection.send_result(message["id"])
    connection.subscriptions[message["id"]] = _Subscription(hass, entry, send).async_start()


@websocket_command(
    {
        probatio.Required("type"): f"{DOMAIN}/what_if",
        probatio.Optional("entry_id"): cv.string,
        probatio.Required("asset"): cv.string,
        probatio.Required("power_kw"): probatio.Coerce(float),
        probatio.Required("start"): cv.datetime,
        probatio.Required("until"): cv.datetime,
    }
)
@async_response
async def what_if(hass: HomeAssistant, connection: ActiveConnection, message: Message) -> None:
    """What it would cost if an asset ran at that power in that time; nothing is changed by asking."""
    entry = _entry_meant(hass, connection, message)
    if entry is None:
        return
    if entry.state is not ConfigEntryState.LOADED:
        connection.send_error(message["id"], ERR_NOT_FOUND, "The home is not running")
        return
    try:
        word = checked_override(
            entry.runtime_data.home,
            message["asset"],
            message["power_kw"],
            start=dt_util.as_utc(message["start"]),
            until=dt_util.as_utc(message["until"]),
        )
    except (KeyError, ValueError) as error:
        connection.send_error(message["id"], ERR_INVALID_FORMAT, str(error))
        return
    check_control(hass, connection.user, entry, word.asset)
    answer = await entry.runtime_data.coordinator.async_what_if(word)
    connection.send_result(message["id"], to_plain(answer))


def _entry_meant(hass: HomeAssistant, connection: ActiveConnection, message: Message) -> HemsConfigEntry | None:
    """The home that a message is about; where that is not clear, the message is refused."""
    entries = [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN, include_disabled=False, include_ignore=False)
        if message.get("entry_id") in {None, entry.entry_id}
    ]
    if len(entries) == 1:
        return entries[0]
    wrong = "Several homes are set up: give entry_id" if entries else "There is no such home"
    connection.send_error(message["id"], ERR_NOT_FOUND, wrong)
    return None


class _Subscription:
    """One listener to one home."""

    def __init__(self, hass: HomeAssistant, entry: HemsConfigEntry, send: Callable[[Message], None]) -> None:
        self._hass = hass
        self._entry = entry
        self._send = send
        self._unsubscribe: list[CALLBACK_TYPE] = []
        self._later: CALLBACK_TYPE | None = None
        self._sent: dict[str, Any] = {}
        """By type of message: what was sent last."""

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Begin; the returned function ends it."""
        stop = async_dispatcher_connect(self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._entry_changed)
        if self._entry.state is ConfigEntryState.LOADED:
            self._attach()

        @callback
        def async_stop() -> None:
            stop()
            self._detach()

        return async_stop

    @callback
    def _entry_changed(self, _: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.entry_id != self._entry.entry_id:
            return
        if entry.state is not ConfigEntryState.LOADED:
            self._detach()
        elif not self._unsubscribe:
            self._attach()

    def _attach(self) -> None:
        runtime = self._entry.runtime_data
        site = SiteView(self._entry)
        self._sent = {"plan": site.last_plan, "settings": _wishes(site)}
        self._send(snapshot(self._hass, site))
        self._unsubscribe = [
            runtime.coordinator.async_add_listener(self._changed),
            runtime.dispatcher.async_add_listener(self._ticked),
        ]

    def _detach(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        if self._later:
            self._later()
            self._later = None

    @callback
    def _changed(self) -> None:
        """Send the plan and the settings, each when it is another one."""
        site = SiteView(self._entry)
        if self._is_new("plan", site.last_plan):
            self._send({"type": "plan", **_plan(site)})
        if self._is_new("settings", _wishes(site)):
            self._send({"type": "settings", **_settings(site)})

    @callback
    def _ticked(self) -> None:
        """Send the measurements, now or when the pause since the last ones is over."""
        self._changed()
        if self._later is None:
            self._send_live()
            self._later = async_call_later(self._hass, LIVE_EVERY_S, self._pause_over)

    @callback
    def _pause_over(self, _: datetime) -> None:
        self._later = None
        if self._is_new("live", SiteView(self._entry).live):
            self._ticked()

    def _send_live(self) -> None:
        site = SiteView(self._entry)
        self._sent["live"] = site.live
        self._send({"type": "live", "live": _plain(site.live)})

    def _is_new(self, kind: str, value: object) -> bool:
        known = self._sent.get(kind) == value
        self._sent[kind] = value
        return not known


def snapshot(hass: HomeAssistant, site: SiteView) -> Message:
    """Everything a card needs to draw the home."""
    entry = site.entry
    return {
        "type": "snapshot",
        "site": {
            "entry_id": entry.entry_id,
            "title": entry.title,
            "currency": site.runtime.home.currency,
            "simulated": site.runtime.home.simulated is not None,
            "time_zone": site.runtime.home.site.time_zone,
            "entities": _entities(hass, site, None),
        },
        "assets": [_asset(hass, view) for view in asset_views(entry)],
        "live": _plain(site.live),
        **_plan(site),
        **_settings(site),
    }


def _asset(hass: HomeAssistant, view: AssetView) -> Message:
    device = device_of(hass, view)
    return {
        "asset": view.name,
        "kind": view.kind,
        "title": view.title,
        "device_id": device.id if device else None,
        "capacity_kwh": _capacity_kwh(view),
        "entities": _entities(hass, view, view.name),
    }


def _capacity_kwh(view: AssetView) -> float | None:
    """Of a battery or of the car that usually charges here: what a fraction of charge refers to."""
    if isinstance(view.asset, Battery):
        return view.asset.capacity_kwh
    car = view.runtime.home.cars.get(view.name)
    return car.capacity_kwh if car else None


def _entities(hass: HomeAssistant, view: SiteView | AssetView, subentry_id: str | None) -> dict[str, str]:
    """Ids of the enabled entities by the key of their row; no two platforms share a key."""
    entry_id = view.site.entry.entry_id if isinstance(view, AssetView) else view.entry.entry_id
    prefix = f"{unique_prefix(view)}_"
    return {
        entity.unique_id.removeprefix(prefix): entity.entity_id
        for entity in er.async_entries_for_config_entry(er.async_get(hass), entry_id)
        if entity.config_subentry_id == subentry_id and entity.disabled_by is None
    }


def _plan(site: SiteView) -> Message:
    return {
        "plan": _plain(site.last_plan),
        "next_action": _plain(site.next_action),
        "reasons": [to_plain(reason) for reason in site.reasons],
        "outturn": _outturn(site),
    }


def _outturn(site: SiteView) -> Message | None:
    """What became of the plans of the last 24 hours; None before the first hour is over."""
    total = total_of(site.outturns)
    return None if total is None else {"total": to_plain(total), "hours": [to_plain(hour) for hour in site.outturns]}


def _plain(value: Plan | Live | NextAction | None) -> Any:
    return None if value is None else to_plain(value)


def _wishes(site: SiteView) -> tuple[object, ...]:
    dispatcher = site.runtime.dispatcher
    return dispatcher.settings, dict(dispatcher.overrides), dict(dispatcher.scheduled)


def _settings(site: SiteView) -> Message:
    dispatcher = site.runtime.dispatcher
    return {
        "settings": to_plain(dispatcher.settings),
        "overrides": {asset: to_plain(override) for asset, override in dispatcher.overrides.items()},
        "scheduled": {
            asset: [to_plain(override) for override in overrides] for asset, overrides in dispatcher.scheduled.items()
        },
    }
