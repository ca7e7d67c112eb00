"""What a controller may know at a moment: the past, the present step and the prices that are out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from custom_components.hems.core.model import Series

from .weather import foreseen_sun_kw

if TYPE_CHECKING:
    from .plant import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One home at the beginning of one step."""

    home: Home
    """For its plant; its record is read through the methods here only."""
    step: int
    energy_kwh: float

    @property
    def now(self) -> datetime:
        """When the step begins."""
        return self.home.start + self.step * self.home.step

    @property
    def load_kw(self) -> float:
        """Of the present step."""
        return self.home.load_kw[self.step]

    @property
    def sun_kw(self) -> float:
        """Of the present step."""
        return self.home.sun_kw[self.step]

    def past_load_kw(self, steps: int) -> Sequence[float]:
        """The last `steps` (fewer at the record's beginning), oldest first."""
        return self.home.load_kw[max(0, self.step - steps) : self.step]

    def past_sun_kw(self, steps: int) -> Sequence[float]:
        """The last `steps` (fewer at the record's beginning), oldest first."""
        return self.home.sun_kw[max(0, self.step - steps) : self.step]

    def foreseen_sun_kw(self, steps: int) -> Series:
        """What a weather service tells of the coming `steps`, with quantiles."""
        return foreseen_sun_kw(self.home, self.step, steps)

    def import_prices(self, steps: int) -> Sequence[float]:
        """The coming `steps`; the same hour of the day before where they are not out yet."""
        return self._known(self.home.import_price, steps)

    def export_prices(self, steps: int) -> Sequence[float]:
        """The coming `steps`; the same hour of the day before where they are not out yet."""
        return self._known(self.home.export_price, steps)

    def co2_kg_per_kwh(self, steps: int) -> Sequence[float]:
        """Of the day before, over and over: nobody publishes the grid's mix in advance."""
        day = self.home.steps_a_day
        last = self.home.co2_kg_per_kwh[max(0, self.step - day) : self.step] or (0.0,)
        return [last[i % len(last)] for i in range(steps)]

    def _known(self, prices: Sequence[float], steps: int) -> Sequence[float]:
        """Beyond the record the last day is repeated."""
        day = self.home.steps_a_day
        until = min(len(prices), self.step + self._published_steps(steps))
        known = list(prices[self.step : until])
        for i in range(len(known), steps):
            known.append(known[i - day] if i >= day else prices[self.step + i - day])
        return known

    def _published_steps(self, steps: int) -> int:
        hour = self.home.published_at_h
        if hour is None:
            return steps
        zone = ZoneInfo(self.home.time_zone)
        local = self.now.astimezone(zone)
        days = 2 if local.time() >= time(hour) else 1
        until = datetime.combine(local.date() + timedelta(days=days), time(), zone)
        return min(steps, round((until - self.now) / self.home.step))
