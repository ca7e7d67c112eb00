"""The devices of a home that exists only in the computer: setpoints act on it, its measurements come back."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
import logging
from time import monotonic
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from .core.dispatch import Setpoint
from .core.model import (
    ApplianceState,
    EvChargerState,
    FlexibleLoadState,
    Horizon,
    HotWaterState,
    PvState,
)
from .core.simulation import Car, Physics, Reading, World
from .devices import Applied, Change, CommandResult, Outlook, Refused
from .home import Home, SimulationConfig
from .runtime import AssetReading, HemsConfigEntry, Live
from .settings import Kept

_LOGGER = logging.getLogger(__name__)

TICK = timedelta(seconds=1)
FINEST_STEP_S = 5.0
COARSEST_STEP_S = 60.0
STEPS_A_TICK = 24
"""Steps become longer rather than more numerous: a tick costs the same at every speed that allows it."""
LONGEST_GAP_S = 30.0
"""A computer that slept does not have its home live through the night in one tick."""
CATCH_UP = timedelta(days=2)
"""At normal speed a home that was switched off for less lives on to the present; otherwise it begins anew."""
CATCH_UP_STEP_S = 300.0
SAVE_WITHIN_S = 120.0


class SimulatedDevices:
    """Steps the world beside the event loop and shows what its meters read over the last tick."""

    def __init__(self, hass: HomeAssistant, entry: HemsConfigEntry, home: Home, kept: Kept[dict[str, Any]]) -> None:
        assert home.simulated is not None  # noqa: S101  # whoever makes this has looked
        self._hass = hass
        self._entry = entry
        self._home = home
        self._config: SimulationConfig = home.simulated
        self._kept = kept
        self._commands: dict[str, float | None] = {}
        self._listeners: list[Callable[[Change], None]] = []
        self._world_lock = asyncio.Lock()
        self._unsub: CALLBACK_TYPE | None = None
        self._stepped_s = 0.0
        self._ticking = False
        self._world: World
        self._reading: Reading
        self._snapshot: dict[str, Any] = {}

    @property
    def speed(self) -> float:
        """Simulated seconds per second."""
        return self._config.speed

    def now(self) -> datetime:
        """The simulated time at the last tick."""
        return self._reading.at

    def read(self) -> Live:
        """What the meters of the simulated home show."""
        reading = self._reading
        return Live(
            at=reading.at,
            grid_kw=reading.grid_kw,
            load_kw=reading.load_kw,
            exported_kw=reading.exported_kw,
            outdoor_c=reading.outdoor_c,
            assets={name: self._asset(name) for name in reading.assets},
        )

    async def async_outlook(self, horizon: Horizon) -> Outlook:
        """Forecasts as good as those of a real home: the world's own future stays hidden."""
        async with self._world_lock:
            seen = await self._hass.async_add_executor_job(self._world.states, horizon)
        return Outlook(
            load_kw=seen.load_kw,
            outdoor_c=seen.outdoor_c,
            pv_kw={state.asset: state.available_kw for state in seen.states if isinstance(state, PvState)},
            draw_kw={state.asset: state.draw_kw for state in seen.states if isinstance(state, HotWaterState)},
            wanted={state.asset: state.wanted for state in seen.states if isinstance(state, FlexibleLoadState)},
            sessions={state.asset: state.sessions for state in seen.states if isinstance(state, EvChargerState)},
            runs={state.asset: state.runs for state in seen.states if isinstance(state, ApplianceState)},
        )

    async def async_apply(self, setpoint: Setpoint) -> CommandResult:
        """Acts from the next tick on."""
        if setpoint.asset not in self._reading.assets:
            return Refused(setpoint=setpoint, at=self.now(), reason="not an asset of this home")
        self._commands[setpoint.asset] = setpoint.power_kw
        return Applied(setpoint=setpoint, at=self.now())

    @callback
    def async_add_listener(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Called after each tick."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def async_start(self) -> None:
        """Let the world live from where it was, or from now."""
        snapshot = await self._kept.async_load()
        self._world, self._reading = await self._hass.async_add_executor_job(
            self._begin_living, snapshot, dt_util.utcnow()
        )
        self._stepped_s = monotonic()
        self._unsub = async_track_time_interval(
            self._hass, self._on_time, TICK, name="HEMS simulated home", cancel_on_shutdown=True
        )

    async def async_stop(self) -> None:
        """Let the world stand still and remember it."""
        if self._unsub is None:
            return
        self._unsub()
        self._unsub = None
        async with self._world_lock:
            self._snapshot = self._world.snapshot()
        await self._kept.async_save(self._snapshot)

    async def _on_time(self, _now: datetime) -> None:
        """Live for the time that has passed, then tell everybody."""
        if self._ticking:
            # The last tick is still at work: no time is lost, the next one is longer.
            return
        self._ticking = True
        try:
            async with self._world_lock:
                if self._unsub is None:
                    return
                now_s = monotonic()
                gap_s, self._stepped_s = min(now_s - self._stepped_s, LONGEST_GAP_S), now_s
                if gap_s > 0.0:
                    self._reading = await self._hass.async_add_executor_job(
                        self._live, gap_s * self.speed, dict(self._commands)
                    )
                self._snapshot = self._world.snapshot()
        finally:
            self._ticking = False
        self._kept.save_within(SAVE_WITHIN_S, lambda: self._snapshot)
        for listener in tuple(self._listeners):
            listener(Change.MEASUREMENT)

    def _begin_living(self, snapshot: dict[str, Any] | None, now: datetime) -> tuple[World, Reading]:
        """Runs in a worker thread."""
        world = self._restored(snapshot, now) or World(
            site=self._home.site,
            seed=self._config.seed,
            start=now,
            latitude=self._hass.config.latitude,
            longitude=self._hass.config.longitude,
            physics=self._physics,
        )
        reading = world.step(1.0)
        while self.speed == 1.0 and (behind := now - world.now) > TICK:
            reading = world.step(min(behind.total_seconds(), CATCH_UP_STEP_S))
        return world, reading

    def _restored(self, snapshot: dict[str, Any] | None, now: datetime) -> World | None:
        """The world that was left, unless there is none, it cannot be read, or it was left too long ago."""
        if snapshot is None:
            return None
        try:
            world = World.restore(snapshot, self._home.site, self._physics)
        except ValueError as error:
            _LOGGER.warning("The simulated home begins anew: %s", error)
            return None
        if world.seed != self._config.seed or (self.speed == 1.0 and now - world.now > CATCH_UP):
            return None
        return world

    @property
    def _physics(self) -> Physics:
        """The truth; the only car there is comes from the configuration."""
        for car in self._home.cars.values():
            return Physics(car=Car(capacity_kwh=car.capacity_kwh, target_soc=car.target_soc))
        return Physics()

    def _live(self, seconds: float, commands: dict[str, float | None]) -> Reading:
        """Runs in a worker thread."""
        step_s = min(max(seconds / STEPS_A_TICK, FINEST_STEP_S), COARSEST_STEP_S)
        return self._world.live(seconds, commands, step_s=step_s)

    def _asset(self, name: str) -> AssetReading:
        shown = self._reading.assets[name]
        car = self._home.cars.get(name)
        return AssetReading(
            power_kw=shown.power_kw,
            energy_kwh=shown.energy_kwh,
            soc=shown.soc,
            temperature_c=shown.temperature_c,
            connected=shown.connected,
            capacity_kwh=car.capacity_kwh if car else None,
            max_charge_kw=car.max_charge_kw if car else None,
            running=shown.running,
            setpoint_kw=self._commands.get(name),
        )
