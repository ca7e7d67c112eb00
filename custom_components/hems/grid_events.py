"""Events of the grid at home: kept over restarts, begun and ended in time, and told to whoever must obey."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
import logging
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .abilities import power_range_kw
from .core.demand_response import (
    EventRefused,
    GridEvent,
    Ledger,
    Reach,
    Steerable,
    advanced,
    asked,
    cancelled,
    limits,
    next_change,
    opted_out,
    steering,
)
from .core.exchange import asset_id
from .core.model import Asset, GridLimit, HybridInverter, Pv, kind_of
from .core.model.grid_event import EventRequest
from .core.model.steering import Steering
from .devices import HomeDevices
from .home import Home
from .settings import Kept

_LOGGER = logging.getLogger(__name__)

SAVE_WITHIN_S = 1.0
RESERVED = ("grid", "load", "site")
"""Ids of what is measured of the home itself."""
NOT_AUTOMATIC = "automatic control of the home is off"


class GridEvents:
    """The ledger of a home, in the home's own time."""

    def __init__(self, hass: HomeAssistant, home: Home, devices: HomeDevices, kept: Kept[Ledger]) -> None:
        self._hass = hass
        self._devices = devices
        self._kept = kept
        self._ledger = Ledger()
        self._timer: CALLBACK_TYPE | None = None
        self._listeners: list[Callable[[], None]] = []
        self._running = False
        self.asset_ids: Mapping[str, str] = _ids(home)
        """By asset: its id in messages."""
        self.reach = _reach(home, self.asset_ids)

    async def async_start(self) -> None:
        """Go on with the events that were known before a restart."""
        self._ledger = await self._kept.async_load() or Ledger()
        self._running = True
        self._follow()

    async def async_stop(self) -> None:
        """Keep them."""
        self._running = False
        self._cancel_timer()
        await self._kept.async_flush()

    @property
    def ledger(self) -> Ledger:
        """All that is remembered; immutable."""
        return self._ledger

    @property
    def takes_part(self) -> bool:
        """Whether the household takes part in events."""
        return self._ledger.takes_part

    @property
    def active(self) -> tuple[GridEvent, ...]:
        """Those that are to be obeyed now."""
        return self._ledger.active(self._devices.now())

    @property
    def upcoming(self) -> GridEvent | None:
        """The next one that begins."""
        now = self._devices.now()
        return next((event for event in self._ledger.open if event.start > now), None)

    @property
    def limits(self) -> tuple[GridLimit, ...]:
        """Hard limits, those to come too."""
        return limits(self._ledger)

    @property
    def steering(self) -> Steering:
        """What devices shall do now."""
        return steering(self._ledger, self.reach, self._devices.now())

    @callback
    def async_add_listener(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Be told about each change, before anything else happens."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def ask(self, request: EventRequest, *, opt_out: bool = False) -> GridEvent:
        """A new event, obeyed at once if its time has come.

        Raises:
            EventRefused: it cannot be accepted.
        """
        now = self._devices.now()
        try:
            ledger, event = asked(advanced(self._ledger, now), request, self.reach, now, opt_out=opt_out)
        except EventRefused as error:
            _LOGGER.warning("Event %s is refused: %s", request.id, error)
            raise
        _LOGGER.info("Event %s (%s) from %s to %s", event.id, kind_of_event(event), event.start, event.end)
        self._change(ledger)
        # Whoever was told may have opted out already.
        return self._ledger.event(event.id) or event

    @callback
    def cancel(self, event: str) -> GridEvent:
        """Take an event back.

        Raises:
            EventRefused: there is none, or it is over.
        """
        return self._end(event, cancelled)

    @callback
    def opt_out(self, event: str) -> GridEvent:
        """Take part in an event no more.

        Raises:
            EventRefused: there is none, or it is over.
        """
        return self._end(event, opted_out)

    @callback
    def set_takes_part(self, takes_part: bool) -> None:
        """Whether the household takes part; if not any more, open events end."""
        now = self._devices.now()
        ledger = advanced(self._ledger, now)
        for event in () if takes_part else ledger.open:
            ledger = opted_out(ledger, event.id, now)
        self._change(Ledger(events=ledger.events, takes_part=takes_part))

    @callback
    def follow_automatic(self, automatic: bool) -> None:
        """Without automatic control nobody obeys: events that are open then end, and say so."""
        if automatic or not self._ledger.open:
            return
        now = self._devices.now()
        ledger = self._ledger
        for event in ledger.open:
            ledger = opted_out(ledger, event.id, now, NOT_AUTOMATIC)
        self._change(ledger)

    def _end(self, event: str, how: Callable[[Ledger, str, datetime], Ledger]) -> GridEvent:
        now = self._devices.now()
        ledger = how(advanced(self._ledger, now), event, now)
        self._change(ledger)
        ended = ledger.event(event)
        assert ended is not None  # noqa: S101  # what has just ended is remembered for a day
        _LOGGER.info("Event %s is %s", event, ended.state)
        return ended

    @callback
    def _follow(self, _now: datetime | None = None) -> None:
        """Let time begin and end events."""
        self._timer = None
        self._change(advanced(self._ledger, self._devices.now()))
        self._set_timer()

    def _change(self, ledger: Ledger) -> None:
        if ledger == self._ledger:
            return
        self._ledger = ledger
        self._kept.save_within(SAVE_WITHIN_S, lambda: self._ledger)
        self._set_timer()
        for listener in tuple(self._listeners):
            listener()

    def _set_timer(self) -> None:
        self._cancel_timer()
        now = self._devices.now()
        at = next_change(self._ledger, now) if self._running else None
        if at is not None:
            wait_s = max(0.0, (at - now).total_seconds() / self._devices.speed)
            self._timer = async_call_later(
                self._hass, wait_s, HassJob(self._follow, "HEMS grid events", cancel_on_shutdown=True)
            )

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer()
            self._timer = None


def kind_of_event(event: GridEvent) -> str:
    """import_limit, export_limit, level or setpoint."""
    return str(getattr(event.request, "kind", ""))


def event_told(event: GridEvent) -> dict[str, Any]:
    """An event for people and automations."""
    asked_for = {
        name: value
        for name in ("limit_kw", "direction", "power_kw", "asset", "assets", "kinds", "reason")
        if (value := getattr(event.request, name, None)) not in (None, (), "")
    }
    return {"id": event.id, "kind": kind_of_event(event), "start": event.start, "end": event.end} | {
        name: list(value) if isinstance(value, tuple) else value for name, value in asked_for.items()
    }


def _ids(home: Home) -> Mapping[str, str]:
    """What people call each asset, as one level of a topic; two of the same name are told apart."""
    taken, found = set(RESERVED), {}
    for name in sorted(home.titles):
        wanted = asset_id(home.titles[name])
        numbered = (f"{wanted[:60]}_{number}" for number in range(2, 1000))
        found[name] = next(candidate for candidate in (wanted, *numbered) if candidate not in taken)
        taken.add(found[name])
    return found


def _reach(home: Home, ids: Mapping[str, str]) -> Reach:
    return Reach(
        home="" if home.exchange is None else home.exchange.home_id,
        max_import_kw=home.site.max_import_kw,
        max_export_kw=home.site.max_export_kw,
        assets={ids[asset.name]: _steerable(asset) for asset in _commanded(home.site.assets)},
    )


def _commanded(assets: Iterable[Asset]) -> Iterable[Asset]:
    return (
        asset
        for asset in assets
        if not isinstance(asset, HybridInverter) and not (isinstance(asset, Pv) and not asset.curtailable)
    )


def _steerable(asset: Asset) -> Steerable:
    low_kw, high_kw = power_range_kw(asset)
    return Steerable(name=asset.name, kind=kind_of(asset), low_kw=low_kw, high_kw=high_kw)
