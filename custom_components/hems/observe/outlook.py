"""What the home's own sources say about the time ahead."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant

from ..core.forecast import (
    Panel,
    draws_of,
    joined_prices,
    learned_draws,
    load_forecast,
    performance_of,
    pv_forecast,
    temperature_forecast,
)
from ..core.model import Horizon, HotWater, InputHealth, Pv, Series
from ..devices import Outlook
from ..home import EntityTariff, Home
from ..runtime import Live
from .forecasts import PvReading, async_read_pv
from .history import async_hourly_means, combined
from .prices import PriceReading, async_read_prices
from .readings import power_sign

HISTORY = timedelta(days=28)
KEEP = timedelta(minutes=30)
"""Statistics get one more row an hour."""


class OutlookReader:
    """Reads prices, forecasts and the past of a real home."""

    def __init__(self, hass: HomeAssistant, home: Home) -> None:
        self._hass = hass
        self._home = home
        self._past: Mapping[str, Series] = {}
        self._past_until: datetime | None = None
        self._published: dict[str, Series] = {}

    async def async_read(self, horizon: Horizon, live: Live) -> Outlook:
        """Everything over the horizon that the home's sources know; what is poor is named."""
        start, end = horizon.start, horizon.end
        past = await self._async_past(start)
        imported, exported = await self._async_prices(start, end)
        load_kw, load_health = self._load(past, horizon)
        outdoor_c, outdoor_health = self._outdoor(past, live, horizon)
        pv_kw, pv_health = await self._async_pv(past, horizon)
        return Outlook(
            import_price=imported.series,
            export_price=exported.series,
            load_kw=load_kw,
            outdoor_c=outdoor_c,
            pv_kw=pv_kw,
            draw_kw=self._draws(past, horizon),
            health=(*imported.health, *exported.health, *load_health, *outdoor_health, *pv_health),
        )

    async def _async_prices(self, start: datetime, end: datetime) -> tuple[PriceReading, PriceReading]:
        tariff = self._home.tariff
        nothing = PriceReading(series=None)
        if not isinstance(tariff, EntityTariff):
            return nothing, nothing
        imported = await self._async_prices_of(tariff.import_price_entity, start, end, "tariff.import_price")
        if tariff.export_price_entity is None:
            return imported, nothing
        return imported, await self._async_prices_of(tariff.export_price_entity, start, end, "tariff.export_price")

    async def _async_prices_of(self, entity_id: str, start: datetime, end: datetime, source: str) -> PriceReading:
        """What is published, behind it what was published in the last weeks: what is not yet is estimated from it."""
        reading = await async_read_prices(self._hass, entity_id, start, end, source)
        if reading.series is None:
            return reading
        known = joined_prices(reading.series, self._published.get(entity_id), start - HISTORY)
        self._published[entity_id] = known
        return replace(reading, series=known)

    async def _async_past(self, now: datetime) -> Mapping[str, Series]:
        """Hourly means of the last weeks by entity; read again every half hour."""
        if self._past_until is None or not timedelta(0) <= now - self._past_until < KEEP:
            bound = self._home.grid_bindings
            wanted = {bound.grid_power_entity, bound.load_power_entity, bound.outdoor_temperature_entity}
            wanted |= {binding.power_entity for binding in self._home.bindings.values()}
            wanted |= {self._home.bindings[tank.name].temperature_entity for tank in self._tanks()}
            ids = {entity_id for entity_id in wanted if entity_id}
            self._past = await async_hourly_means(self._hass, ids, now - HISTORY, now)
            self._past_until = now
        return self._past

    def _load(self, past: Mapping[str, Series], horizon: Horizon) -> tuple[Series | None, tuple[InputHealth, ...]]:
        history = self._load_history(past)
        if history is None:
            return None, ()
        return load_forecast(history, horizon.start, horizon.end, self._home.site.time_zone)

    def _load_history(self, past: Mapping[str, Series]) -> Series | None:
        """The load's own statistics, or what is left of the meter's without the assets'."""
        bound = self._home.grid_bindings
        if bound.load_power_entity:
            return past.get(bound.load_power_entity)
        grid = past.get(bound.grid_power_entity or "")
        if grid is None:
            return None
        parts = {"grid": (grid, -1.0 if bound.grid_power_inverted else 1.0)}
        for asset in self._home.site.assets:
            binding = self._home.bindings[asset.name]
            if binding.power_entity is None:
                continue
            own = past.get(binding.power_entity)
            if own is None:
                return None
            parts[asset.name] = (own, -power_sign(asset, binding))
        return combined(parts)

    def _outdoor(
        self, past: Mapping[str, Series], live: Live, horizon: Horizon
    ) -> tuple[Series | None, tuple[InputHealth, ...]]:
        entity_id = self._home.grid_bindings.outdoor_temperature_entity
        history = past.get(entity_id) if entity_id else None
        if history is None:
            return None, ()
        return temperature_forecast(None, history, live.outdoor_c, horizon.start, horizon.end)

    async def _async_pv(
        self, past: Mapping[str, Series], horizon: Horizon
    ) -> tuple[dict[str, Series], list[InputHealth]]:
        found: dict[str, Series] = {}
        health: list[InputHealth] = []
        for asset in self._home.site.assets:
            if not isinstance(asset, Pv):
                continue
            binding, source = self._home.bindings[asset.name], f"{asset.name}.available_kw"
            own = PvReading(series=None)
            if binding.forecast_entity:
                own = await async_read_pv(self._hass, binding.forecast_entity, source)
            panel = self._panel(asset)
            history = past.get(binding.power_entity or "")
            performance = performance_of(panel, history, horizon.start) if history else None
            # What HEMS may have curtailed says nothing of the sun.
            measured_kw = _positive(history) if history and not asset.curtailable else None
            found[asset.name], poor = pv_forecast(
                own.series, panel, horizon.start, horizon.end, source, performance, measured_kw=measured_kw
            )
            health += [*own.health, *poor]
        return found, health

    def _tanks(self) -> list[HotWater]:
        return [asset for asset in self._home.site.assets if isinstance(asset, HotWater)]

    def _draws(self, past: Mapping[str, Series], horizon: Horizon) -> dict[str, Series]:
        """Of the tanks whose weeks of temperatures and power tell what was drawn; the others keep what was set up."""
        found: dict[str, Series] = {}
        for tank in self._tanks():
            binding = self._home.bindings[tank.name]
            tank_c, power_kw = past.get(binding.temperature_entity or ""), past.get(binding.power_entity or "")
            if tank_c is None or power_kw is None:
                continue
            drawn, poor = learned_draws(
                draws_of(tank, tank_c, _positive(power_kw)),
                self._home.daily_hot_water_kwh.get(tank.name, 0.0),
                horizon.start,
                horizon.end,
                self._home.site.time_zone,
                f"{tank.name}.draw_kw",
            )
            if not poor:
                found[tank.name] = drawn
        return found

    def _panel(self, array: Pv) -> Panel:
        panels = self._home.panels[array.name]
        return Panel(
            latitude=self._hass.config.latitude,
            longitude=self._hass.config.longitude,
            tilt_deg=panels.tilt_deg,
            azimuth_deg=panels.azimuth_deg,
            peak_kw=array.peak_kw,
        )


def _positive(power_kw: Series) -> Series:
    """Without the sign that an inverter or a meter happens to give it."""
    return Series(
        times=power_kw.times, values=tuple(None if value is None else abs(value) for value in power_kw.values)
    )
