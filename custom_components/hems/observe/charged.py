"""What a car was given since it came: all that is known of one that does not say how full it is."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ..core.model import EvCharger
from ..home import Home
from ..runtime import AssetReading
from ..settings import Kept

SAVE_WITHIN_S = 60.0
LONGEST_SAMPLE = timedelta(minutes=15)
"""What a charger gave in a longer silence is unknown and is not counted."""


class ChargeCounter:
    """Counts the energy of each charger from the moment its car is plugged in, over restarts too."""

    def __init__(self, home: Home, kept: Kept[dict[str, Any]]) -> None:
        self._chargers = {asset.name for asset in home.site.assets if isinstance(asset, EvCharger)}
        self._kept = kept
        self._charged_kwh: Mapping[str, float] = {}
        self._last: dict[str, tuple[datetime, float]] = {}
        """When each charger was read last, and its power then."""

    async def async_start(self) -> None:
        """Go on with the car that was there before."""
        stored = await self._kept.async_load() or {}
        self._charged_kwh = {
            name: float(kwh) for name, kwh in stored.items() if name in self._chargers and isinstance(kwh, int | float)
        }

    async def async_stop(self) -> None:
        """Nothing that was counted is lost."""
        await self._kept.async_flush()

    def seen(self, asset: str, reading: AssetReading, now: datetime) -> AssetReading:
        """The reading, with what its car was given so far; what a charger drew since the last one is counted."""
        if asset not in self._chargers:
            return reading
        counted_kwh = self._charged_kwh.get(asset, 0.0)
        if reading.connected is False:
            self._last.pop(asset, None)
            self._count(asset, 0.0)
            return reading
        at, power_kw = self._last.get(asset, (now, 0.0))
        if timedelta(0) < now - at <= LONGEST_SAMPLE:
            counted_kwh += power_kw * (now - at) / timedelta(hours=1)
        self._last[asset] = now, max(0.0, reading.power_kw or 0.0)
        self._count(asset, counted_kwh)
        return replace(reading, charged_kwh=counted_kwh)

    def _count(self, asset: str, kwh: float) -> None:
        if self._charged_kwh.get(asset, 0.0) == kwh:
            return
        self._charged_kwh = {**self._charged_kwh, asset: kwh}
        self._kept.save_within(SAVE_WITHIN_S, lambda: dict(self._charged_kwh))
