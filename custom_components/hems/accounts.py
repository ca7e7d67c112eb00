"""Counts energy and money at each tick, and keeps the counters over restarts."""

from datetime import timedelta
import logging
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.util import dt as dt_util

from .coordinator import HemsCoordinator
from .core.accounting import AssetSample, DayAccount, Ledger, Outturn, Outturns, Sample, Uptime
from .devices import HomeDevices
from .dispatcher import HemsDispatcher
from .home import Home
from .runtime import AssetReading, Live
from .settings import Kept

_LOGGER = logging.getLogger(__name__)

SAVE_WITHIN_S = 60.0
OUTTURNS = "outturns"
UPTIME = "uptime"
"""Beside what the ledger keeps."""
LONGEST_SAMPLE = timedelta(minutes=15)
"""What happened in a longer silence is unknown and is not counted ..."""
LONGEST_WAIT = timedelta(minutes=1)
"""... unless time runs faster than the clock and the next measurement only took so long, by the clock."""


class Accounts:
    """Totals of the home, the account of its day, and what became of the plans of the last hours."""

    def __init__(
        self,
        *,
        home: Home,
        devices: HomeDevices,
        dispatcher: HemsDispatcher,
        coordinator: HemsCoordinator,
        kept: Kept[dict[str, Any]],
    ) -> None:
        self._home = home
        self._devices = devices
        self._dispatcher = dispatcher
        self._coordinator = coordinator
        self._kept = kept
        self._ledger = Ledger(home.site)
        self._outturns = Outturns()
        self._uptime = Uptime()
        self._last: Live | None = None
        self._unsub: CALLBACK_TYPE | None = None

    @property
    def today(self) -> DayAccount:
        """The home's local day so far; empty until something is counted of it."""
        live, counted = self._dispatcher.live, self._ledger.today
        now = live.at if live else self._devices.now()
        day = now.astimezone(ZoneInfo(self._home.site.time_zone)).date()
        return counted if counted is not None and counted.day == day else DayAccount(day=day)

    @property
    def outturns(self) -> tuple[Outturn, ...]:
        """What was expected of each of the last 24 hours, and what became of it; the oldest first."""
        return self._outturns.past

    @property
    def uptime(self) -> float | None:
        """Share of the last 30 days, by the clock, in which the home was looked after."""
        return self._uptime.share

    def energy_kwh(self, asset: str, direction: str) -> float:
        """Total that went "in" to (was drawn by) or "out" of an asset, the "grid" (in: imported) or the "load"."""
        return self._ledger.energy_kwh(asset, direction)

    async def async_start(self) -> None:
        """Go on counting."""
        state = await self._kept.async_load()
        if state is not None:
            try:
                self._ledger = Ledger.restore(state, self._home.site)
                self._outturns = Outturns.restore(state.get(OUTTURNS, []))
                self._uptime = Uptime.restore(state[UPTIME]) if UPTIME in state else self._uptime
            except ValueError as error:
                _LOGGER.warning("The counters of %s begin anew: %s", self._home.name, error)
        self._unsub = self._dispatcher.async_add_listener(self._count)

    async def async_stop(self) -> None:
        """Count no more; the totals are kept, unless those of before could not even be loaded."""
        if self._unsub is not None:
            self._unsub()
            self._unsub = None
            await self._kept.async_save(self._state())

    @callback
    def _count(self) -> None:
        self._uptime.decided(dt_util.utcnow())
        live, last = self._dispatcher.live, self._last
        if live is None or (last is not None and live.at <= last.at):
            return
        self._last = live
        if last is None or live.at - last.at > max(LONGEST_SAMPLE, LONGEST_WAIT * self._devices.speed):
            return
        if live.load_kw is None:
            return
        sample = self._sample(live, live.load_kw, (live.at - last.at).total_seconds())
        self._ledger.record(sample)
        self._outturns.record(sample, self._coordinator.data.plan)
        self._kept.save_within(SAVE_WITHIN_S, self._state)

    def _state(self) -> dict[str, Any]:
        return self._ledger.state() | {OUTTURNS: self._outturns.state(), UPTIME: self._uptime.state()}

    def _sample(self, live: Live, load_kw: float, dt_s: float) -> Sample:
        request = self._coordinator.data.request
        middle = live.at - timedelta(seconds=dt_s / 2.0)
        return Sample(
            end=live.at,
            dt_s=dt_s,
            assets={name: self._asset(name, reading) for name, reading in live.assets.items()},
            load_kw=load_kw,
            exported_kw=live.exported_kw,
            import_price_per_kwh=request.tariff.import_price.at(middle) if request else None,
            export_price_per_kwh=request.tariff.export_price.at(middle) if request else None,
            outdoor_c=live.outdoor_c,
        )

    def _asset(self, name: str, reading: AssetReading) -> AssetSample:
        target_soc = self._dispatcher.settings.assets[name].target_soc
        known = target_soc is not None and reading.capacity_kwh is not None
        return AssetSample(
            power_kw=reading.power_kw,
            energy_kwh=reading.energy_kwh,
            temperature_c=reading.temperature_c,
            connected=reading.connected,
            target_kwh=target_soc * reading.capacity_kwh if known and target_soc and reading.capacity_kwh else None,
        )
