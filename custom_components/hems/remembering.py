"""The devices of a home with what only follows from all their measurements before, kept over restarts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from homeassistant.core import callback

from .core.dispatch import Setpoint
from .core.model import EvCharger, FlexibleLoad, HeatPump, Horizon, HotWater
from .devices import Applied, Change, CommandResult, HomeDevices, Outlook
from .home import Home
from .observe.traces import GridTrace, Trace, grid_traced, traced
from .runtime import Live
from .settings import Kept

SAVE_WITHIN_S = 300.0
"""What is lost when the power fails."""
APART = timedelta(seconds=10)
"""Of home time between two samples; a home is read more often than it changes."""
REMEMBERED = (EvCharger, FlexibleLoad, HeatPump, HotWater)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Everything that is remembered of a home."""

    assets: Mapping[str, Trace] = field(default_factory=dict)
    grid: GridTrace | None = None


class RememberingDevices:
    """Passes everything on, and adds to each reading what is remembered."""

    def __init__(self, devices: HomeDevices, home: Home, kept: Kept[Memory]) -> None:
        self.source = devices
        """What they are without a memory."""
        self._assets = [asset for asset in home.site.assets if isinstance(asset, REMEMBERED)]
        self._zone = ZoneInfo(home.site.time_zone)
        charge = home.tariff.capacity
        self._by_day = charge is not None and charge.period == "day"
        self._kept = kept
        self._memory = Memory()
        self._told_kw: dict[str, float] = {}
        self._sampled: datetime | None = None

    @property
    def speed(self) -> float:
        """Of the home's time."""
        return self.source.speed

    def now(self) -> datetime:
        """The home's time."""
        return self.source.now()

    def read(self) -> Live:
        """The latest measurements, with what they add up to."""
        live = self.source.read()
        self._sample(live)
        traces = self._memory.assets
        return replace(
            live,
            peak_import_kw=self._peak_kw,
            assets={
                name: replace(reading, past=traces[name].past) if name in traces else reading
                for name, reading in live.assets.items()
            },
        )

    @property
    def _peak_kw(self) -> float | None:
        """Of the period that the contract counts by."""
        grid = self._memory.grid
        if grid is None:
            return None
        return grid.day_peak_kw if self._by_day else grid.peak_kw

    async def async_outlook(self, horizon: Horizon) -> Outlook:
        """As the devices say."""
        return await self.source.async_outlook(horizon)

    async def async_apply(self, setpoint: Setpoint) -> CommandResult:
        """As the devices do it; what has no meter is taken to do as it was told."""
        result = await self.source.async_apply(setpoint)
        if isinstance(result, Applied) and setpoint.power_kw is not None:
            self._told_kw[setpoint.asset] = setpoint.power_kw
        else:
            self._told_kw.pop(setpoint.asset, None)
        return result

    @callback
    def async_add_listener(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Be told about changes."""
        return self.source.async_add_listener(listener)

    async def async_start(self) -> None:
        """Remember."""
        stored = await self._kept.async_load() or Memory()
        names = {asset.name for asset in self._assets}
        self._memory = replace(stored, assets={name: trace for name, trace in stored.assets.items() if name in names})
        await self.source.async_start()

    async def async_stop(self) -> None:
        """Nothing is forgotten."""
        await self.source.async_stop()
        await self._kept.async_flush()

    def _sample(self, live: Live) -> None:
        """Add a moment to what is remembered."""
        if self._sampled is not None and timedelta(0) <= live.at - self._sampled < APART:
            return
        self._sampled = live.at
        before = self._memory.assets
        assets = {
            asset.name: traced(
                asset,
                live.assets[asset.name],
                self._told_kw.get(asset.name),
                live.at,
                self._zone,
                before.get(asset.name),
            )
            for asset in self._assets
            if asset.name in live.assets
        }
        self._memory = Memory(assets=assets, grid=grid_traced(live.grid_kw, live.at, self._zone, self._memory.grid))
        self._kept.save_within(SAVE_WITHIN_S, lambda: self._memory)
