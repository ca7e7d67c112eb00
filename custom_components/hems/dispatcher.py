"""The fast rhythm: on each change of a measurement, and every two seconds, tell the devices what to do now."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
import logging
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from .abilities import comfort_at, observed_asset
from .command_line import CommandLine
from .coordinator import HemsCoordinator
from .core.dispatch import LiveAsset, LiveHome, Meter, Setpoint, of_override, setpoints
from .core.model import (
    Appliance,
    ApplianceRun,
    ApplianceState,
    AssetState,
    HealthStatus,
    InputHealth,
    Override,
    PlanRequest,
    Source,
)
from .devices import Change, CommandResult, HomeDevices, Refused
from .grid_events import GridEvents
from .home import Home
from .household import Household
from .runtime import AssetReading, HemsConfigEntry, HemsSettings, Live

_LOGGER = logging.getLogger(__name__)

TICK = timedelta(seconds=2)
RELEASED = "released"
"""Reason of the last setpoint before HEMS lets go of a device."""


class HemsDispatcher:
    """Reads the devices, resolves plan and wishes into setpoints, and applies those that changed."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: HemsConfigEntry,
        *,
        home: Home,
        devices: HomeDevices,
        household: Household,
        events: GridEvents,
        coordinator: HemsCoordinator,
    ) -> None:
        self._hass = hass
        self._home = home
        self._devices = devices
        self._household = household
        self._events = events
        self._coordinator = coordinator
        self._listeners: list[CALLBACK_TYPE] = []
        self._unsubs: list[CALLBACK_TYPE] = []
        self._ticking = False
        self._meter = Meter()
        self._load_is_derived = home.grid_bindings.load_power_entity is None
        self._lines = {
            asset.name: CommandLine(hass, entry, devices, home.titles[asset.name]) for asset in home.site.assets
        }
        self.live: Live | None = None
        """The last moment that was read, with what was commanded in it."""
        self.setpoints: Mapping[str, Setpoint] = {}
        """By asset: what was decided last, and why."""

    @property
    def settings(self) -> HemsSettings:
        """The household's wishes, with an entry for each asset."""
        return self._household.settings

    @property
    def overrides(self) -> Mapping[str, Override]:
        """By asset: those in force."""
        return self._household.overrides_at(self._devices.now())

    @property
    def scheduled(self) -> Mapping[str, tuple[Override, ...]]:
        """By asset: overrides that begin later, the earliest first."""
        return self._household.scheduled_at(self._devices.now())

    @property
    def results(self) -> Mapping[str, CommandResult]:
        """By asset: how the last command ended."""
        return {name: line.last for name, line in self._lines.items() if line.last is not None}

    @property
    def runs(self) -> Mapping[str, ApplianceRun]:
        """By appliance: the run that waits or is under way."""
        return self._household.runs

    async def async_start(self) -> None:
        """Begin to tick."""
        self._unsubs = [
            async_track_time_interval(self._hass, self._on_time, TICK, name="HEMS dispatch", cancel_on_shutdown=True),
            self._devices.async_add_listener(self._on_change),
            self._household.async_add_listener(self.async_tick),
            self._events.async_add_listener(self.async_tick),
            self._coordinator.async_add_listener(self.async_tick),
        ]
        self.async_tick()

    async def async_stop(self) -> None:
        """Release every device that was commanded, all at once; nothing is left running."""
        while self._unsubs:
            self._unsubs.pop()()
        # Home Assistant gives all of them together 20 seconds to do so when it stops.
        await asyncio.gather(*(line.async_close(_release(name)) for name, line in self._lines.items()))

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Be called after each tick."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def async_update_settings(self, **changes: Any) -> None:
        """Change `automatic` or `mode` of the home; ValueError if that cannot be."""
        self._household.update_settings(**changes)

    async def async_update_asset(self, asset: str, **changes: Any) -> None:
        """Change what is wanted of one asset; ValueError if it cannot be run that way."""
        self._household.update_asset(asset, **changes)

    async def async_set_override(
        self, asset: str, power_kw: float | str, until: datetime, start: datetime | None = None
    ) -> Override:
        """A power in kW or a mode for one asset, from `start` (None: now) until then; ValueError if that cannot be."""
        return self._household.set_override(asset, power_kw, until, now=self._devices.now(), start=start)

    async def async_clear_override(self, asset: str, only: Override | None = None) -> None:
        """Give the asset back to the plan: all its overrides end, those to come too, or only that one."""
        self._household.clear_override(asset, only)

    async def async_request_run(self, asset: str, earliest: datetime, latest: datetime) -> None:
        """One run of an appliance between these times; ValueError if that cannot be."""
        self._household.request_run(asset, earliest, latest)

    async def async_cancel_run(self, asset: str) -> bool:
        """Take back a run that waits, and say whether there was one; ValueError if it has begun."""
        return self._household.cancel_run(asset)

    @callback
    def async_tick(self) -> None:
        """Read, decide, command. Never waits: each device has a line of commands of its own."""
        if self._ticking:
            return
        self._ticking = True
        try:
            read = self._devices.read()
            self._notice_cars(read)
            self._household.follow(read, self._told_to_run())
            self._command(read)
        finally:
            self._ticking = False
        self.live = self._observed(read)
        for listener in tuple(self._listeners):
            listener()

    @callback
    def _on_time(self, _now: datetime) -> None:
        self.async_tick()

    @callback
    def _on_change(self, change: Change) -> None:
        if change is Change.MEASUREMENT:
            self.async_tick()

    def _notice_cars(self, read: Live) -> None:
        """A car that comes or leaves makes the plan old."""
        before = self.live.assets if self.live else {}
        if any(
            name in before and before[name].connected is not None and before[name].connected != reading.connected
            for name, reading in read.assets.items()
        ):
            self._coordinator.async_request_plan()

    def _command(self, read: Live) -> None:
        settings = self.settings
        self._events.follow_automatic(settings.automatic)
        manual = {name for name, wishes in settings.assets.items() if not (settings.automatic and wishes.automatic)}
        view, now = self._coordinator.data, self._devices.now()
        assets = {
            asset.name: observed_asset(self._household.wanted(asset.name), read.assets.get(asset.name))
            for asset in self._home.site.assets
        }
        decided = setpoints(
            replace(self._home.site, assets=tuple(assets.values())),
            view.plan,
            [of_override(override) for override in self._household.wishes.overrides],
            self._measured(read),
            self._events.limits,
            now,
            states=self._states(view.request),
            manual=manual,
            steering=self._events.steering,
        )
        self.setpoints = {setpoint.asset: setpoint for setpoint in decided}
        for setpoint in decided:
            comfort_c = comfort_at(assets[setpoint.asset], now, self._home.site.time_zone)
            self._lines[setpoint.asset].want(setpoint, comfort_c)

    def _told_to_run(self) -> set[str]:
        return {name for name, line in self._lines.items() if (line.commanded_kw or 0.0) > 0.0}

    def _states(self, request: PlanRequest | None) -> tuple[AssetState, ...]:
        """Those of the plan, with runs as they are by now: none is begun twice, or after it was taken back."""
        states = {state.asset: state for state in request.states} if request else {}
        for name in [asset.name for asset in self._home.site.assets if isinstance(asset, Appliance)]:
            run = self.runs.get(name)
            # A simulated household has runs of its own, beside those that were asked for.
            if self._home.simulated is None or (run is not None and run.started is not None):
                states[name] = ApplianceState(asset=name, runs=() if run is None else (run,))
        return tuple(states.values())

    def _measured(self, read: Live) -> LiveHome:
        assets = {name: self._measured_asset(name, reading) for name, reading in read.assets.items()}
        grid_kw, load_kw = self._meter.exchange_kw(read.grid_kw, read.grid_at, assets), read.load_kw
        if load_kw is not None and grid_kw is not None and read.grid_kw is not None and self._load_is_derived:
            load_kw = max(0.0, load_kw + grid_kw - read.grid_kw)
        return LiveHome(at=read.at, grid_kw=grid_kw, load_kw=load_kw, assets=assets)

    def _measured_asset(self, name: str, reading: AssetReading) -> LiveAsset:
        return LiveAsset(
            power_kw=reading.power_kw,
            energy_kwh=reading.energy_kwh,
            soc=reading.soc,
            temperature_c=reading.temperature_c,
            connected=reading.connected,
            max_charge_kw=reading.max_charge_kw,
            running=reading.running,
            setpoint_kw=self._lines[name].commanded_kw,
        )

    def _observed(self, read: Live) -> Live:
        """What was read, with what was commanded and what was refused."""
        assets = {}
        missed = self._household.health
        for name, reading in read.assets.items():
            health = reading.health
            setpoint = self.setpoints.get(name)
            if setpoint is not None:
                health = (*health, *setpoint.health)
            if name in missed:
                health = (*health, missed[name])
            last = self._lines[name].last
            if isinstance(last, Refused):
                refused = InputHealth(source=f"{name}.control", status=HealthStatus.DEGRADED, reason=last.reason)
                health = (*health, refused)
            assets[name] = replace(
                reading, setpoint_kw=self._lines[name].commanded_kw, health=tuple(dict.fromkeys(health))
            )
        return replace(read, assets=assets)


def _release(asset: str) -> Setpoint:
    return Setpoint(asset=asset, power_kw=None, source=Source.SAFETY, reason=RELEASED)
