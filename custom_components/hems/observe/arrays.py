"""What each array will give: its forecasts as it has kept them so far, remembered over restarts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
import logging

from homeassistant.core import HomeAssistant

from ..core.dispatch import Setpoint
from ..core.forecast import Panel, from_clouds, performance_of, pv_forecast, pv_from_history
from ..core.model import HealthStatus, Horizon, InputHealth, Pv, Series
from ..home import Home
from ..runtime import AssetReading
from ..settings import Kept
from .forecasts import async_read_pv
from .history import positive
from .sun import ArrayPast, Meter
from .weather import WeatherReading

_LOGGER = logging.getLogger(__name__)

SAVE_WITHIN_S = 900.0
HOUR = timedelta(hours=1)
DARK = 0.05
"""Of the peak: where a clear sky offers less, inverters wake and fall asleep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SunMemory:
    """By array."""

    arrays: Mapping[str, ArrayPast] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the forecast of one array is made from."""

    array: Pv
    source: str
    panel: Panel
    past: ArrayPast
    providers: Mapping[str, Series]
    history_kw: Series | None
    weather: WeatherReading


class ArrayOutlook:
    """Reads the forecasts of all arrays and learns from what came of them."""

    def __init__(self, hass: HomeAssistant, home: Home, kept: Kept[SunMemory]) -> None:
        self._hass = hass
        self._home = home
        self._kept = kept
        self._arrays = {asset.name: asset for asset in home.site.assets if isinstance(asset, Pv)}
        self._past = dict.fromkeys(self._arrays, ArrayPast())
        self._meters = {name: Meter() for name in self._arrays}
        self._held_back: set[str] = set()

    async def async_start(self) -> None:
        """Go on with what was learned before."""
        stored = await self._kept.async_load() or SunMemory()
        for name in self._arrays.keys() & stored.arrays.keys():
            if stored.arrays[name].usable:
                self._past[name] = stored.arrays[name]
            else:
                _LOGGER.warning("What was learned of %s is of another version: begun afresh", self._home.titles[name])

    async def async_stop(self) -> None:
        """Nothing that was learned is lost."""
        await self._kept.async_flush()

    def told(self, setpoint: Setpoint) -> None:
        """An array that is held back says nothing of the sun; without a control it never is."""
        binding = self._home.bindings.get(setpoint.asset)
        if setpoint.power_kw is None:
            self._held_back.discard(setpoint.asset)
        elif binding is not None and binding.control_entity is not None:
            self._held_back.add(setpoint.asset)

    def seen(self, asset: str, reading: AssetReading, now: datetime) -> None:
        """Count what an array gives."""
        meter = self._meters.get(asset)
        if meter is None:
            return
        power_kw = None if reading.power_kw is None or asset in self._held_back else abs(reading.power_kw)
        new = meter.read(power_kw, now)
        if new:
            self._past[asset] = self._past[asset].with_given(new)

    async def async_read(
        self, history: Mapping[str, Series], weather: WeatherReading, horizon: Horizon
    ) -> tuple[dict[str, Series], list[InputHealth]]:
        """The power of each array over the horizon; `history` by entity, the weather where no provider speaks."""
        found: dict[str, Series] = {}
        health: list[InputHealth] = []
        for name, array in self._arrays.items():
            binding, source = self._home.bindings[name], f"{name}.available_kw"
            providers: dict[str, Series] = {}
            for entity_id in binding.forecast_entities:
                reading = await async_read_pv(self._hass, entity_id, source)
                health += reading.health
                if reading.series is not None:
                    providers[entity_id] = reading.series
            asked = _Asked(
                array=array,
                source=source,
                panel=self._panel(array),
                past=self._past[name],
                providers=providers,
                history_kw=history.get(binding.power_entity or ""),
                weather=weather,
            )
            # The sun's way over two days takes longer than the event loop may stall.
            past, found[name], poor = await self._hass.async_add_executor_job(_forecast, asked, horizon)
            self._keep(name, past)
            health += poor
        return found, health

    def _keep(self, name: str, past: ArrayPast) -> None:
        """What was given meanwhile is newer than what the thread was told."""
        if past == self._past[name]:
            return
        self._past[name] = replace(past, given=self._past[name].given)
        self._kept.save_within(SAVE_WITHIN_S, lambda: SunMemory(arrays=dict(self._past)))

    def _panel(self, array: Pv) -> Panel:
        panels = self._home.panels[array.name]
        return Panel(
            latitude=self._hass.config.latitude,
            longitude=self._hass.config.longitude,
            tilt_deg=panels.tilt_deg,
            azimuth_deg=panels.azimuth_deg,
            peak_kw=array.peak_kw,
        )


def _forecast(asked: _Asked, horizon: Horizon) -> tuple[ArrayPast, Series, tuple[InputHealth, ...]]:
    """Runs in a worker thread."""
    asked = replace(asked, providers={**asked.providers, **_from_weather(asked, horizon)})
    now, history_kw = horizon.start, positive(asked.history_kw) if asked.history_kw else None
    past = asked.past.foretelling(asked.providers, now).learned(asked.panel, history_kw, now)
    learned = past.calibration.until is not None
    if not asked.providers and history_kw and not asked.array.curtailable:
        alike, poor = pv_from_history(_with_nights(history_kw, asked.panel), now, horizon.end, asked.source)
        if alike is not None:
            return past, alike, poor
    performance = performance_of(asked.panel, history_kw, now) if history_kw else None
    series, poor = pv_forecast(
        asked.providers,
        asked.panel,
        now,
        horizon.end,
        asked.source,
        performance,
        calibration=past.calibration if learned else None,
        measured_kw=_lately_kw(asked, history_kw, now),
    )
    return past, series, (*poor, *_made_from(asked, learned=learned))


def _with_nights(history_kw: Series, panel: Panel) -> Series:
    """Nothing where an inverter that sleeps in the dark has told nothing."""
    rows: list[tuple[datetime, datetime, float]] = []
    for (start, end), value in zip(pairwise(history_kw.times), history_kw.values, strict=True):
        if value is not None:
            rows.append((start, end, value))
            continue
        hours = [start + HOUR * i for i in range(-(-(end - start) // HOUR))]
        dark = [hour for hour in hours if panel.clear_kw(hour + HOUR / 2) < DARK * panel.peak_kw]
        rows += [(hour, min(end, hour + HOUR), 0.0) for hour in dark]
    return Series.from_rows(rows)


def _lately_kw(asked: _Asked, history_kw: Series | None, now: datetime) -> Series | None:
    """Of the last hour; statistics do not say when HEMS held the array back."""
    measured_kw = asked.past.measured_kw()
    if measured_kw is not None and now - measured_kw.end < HOUR:
        end = measured_kw.end
        if measured_kw.start <= end - HOUR and measured_kw.mean(end - HOUR, end) is not None:
            return measured_kw
    return None if asked.array.curtailable else history_kw


def _from_weather(asked: _Asked, horizon: Horizon) -> Mapping[str, Series]:
    """What the clouds leave of a clear sky, where no provider speaks; nothing where they all do by day."""
    if asked.weather.covered is None:
        return {}
    told = from_clouds(asked.panel, asked.weather.covered)
    unsaid = tuple(
        None if any(series.at(moment) is not None for series in asked.providers.values()) else kw
        for moment, kw in zip(told.times, told.values, strict=False)
    )
    ahead = zip(told.times, unsaid, strict=False)
    if not any(kw for moment, kw in ahead if horizon.start <= moment < horizon.end):
        return {}
    return {asked.weather.source: Series(times=told.times, values=unsaid)}


def _made_from(asked: _Asked, *, learned: bool) -> tuple[InputHealth, ...]:
    if not asked.providers:
        return ()
    clouds = asked.weather.source
    made = " and ".join(f"the clouds of {name}" if name == clouds else name for name in asked.providers)
    how = "calibrated by what the array gave" if learned else "not calibrated yet"
    return (InputHealth(source=asked.source, status=HealthStatus.OK, reason=f"made from {made}, {how}"),)
