"""What the home's own sources say about the time ahead."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant

from ..core.forecast import draws_of, learned_draws, temperature_forecast
from ..core.model import HealthStatus, Horizon, HotWater, InputHealth, Series
from ..devices import Outlook
from ..home import EntityTariff, Home
from ..runtime import Live
from .arrays import ArrayOutlook
from .emissions import emissions
from .history import async_hourly_means, positive
from .load import LoadOutlook
from .prices import PriceReading, async_read_prices
from .published import PriceMemory
from .visits import VisitLog
from .weather import WeatherOutlook, WeatherReading

HISTORY = timedelta(days=42)
"""To compare methods on the last two weeks, each with the four weeks before."""
PUBLISHED = timedelta(days=28)
KEEP = timedelta(minutes=30)
"""Statistics get one more row an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the home has learned of itself, kept over restarts."""

    arrays: ArrayOutlook
    prices: PriceMemory
    visits: VisitLog
    load: LoadOutlook
    weather: WeatherOutlook


class OutlookReader:
    """Reads prices, forecasts and the past of a real home."""

    def __init__(self, hass: HomeAssistant, home: Home, sources: Sources) -> None:
        self._hass = hass
        self._home = home
        self._sources = sources
        self._past: Mapping[str, Series] = {}
        self._past_until: datetime | None = None

    async def async_read(self, horizon: Horizon, live: Live) -> Outlook:
        """Everything over the horizon that the home's sources know; what is poor is named."""
        start, end = horizon.start, horizon.end
        past = await self._async_past(start)
        weather = await self._sources.weather.async_read(start)
        imported, exported = await self._async_prices(start, end)
        # What takes longer than the event loop may stall, on a small computer, is done beside it.
        aside = self._hass.async_add_executor_job
        outdoor_c, outdoor_health = await aside(self._outdoor, past, live, weather, horizon)
        draw_kw = await aside(self._draws, past, horizon)
        load = await self._sources.load.async_read(past, outdoor_c, horizon)
        pv_kw, pv_health = await self._sources.arrays.async_read(past, weather, horizon)
        expected, visit_health = await aside(self._sources.visits.expected, horizon)
        emitting = self._home.grid_bindings.co2_intensity_entity
        co2_kg_per_kwh, co2_health = await aside(emissions, self._hass, emitting, past, start, end)
        return Outlook(
            import_price=imported.series,
            export_price=exported.series,
            load_kw=load.series,
            outdoor_c=outdoor_c,
            weather_silent_since=weather.silent_since,
            co2_kg_per_kwh=co2_kg_per_kwh,
            pv_kw=pv_kw,
            draw_kw=draw_kw,
            expected=expected,
            learned_load=load.learned,
            load_memory=load.memory,
            health=(
                *imported.health,
                *exported.health,
                *weather.health,
                *load.health,
                *outdoor_health,
                *pv_health,
                *visit_health,
                *co2_health,
            ),
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
        if reading.series is None or reading.health:
            # A price without a list is an assumption, and no price that was published.
            return reading
        prices = self._sources.prices
        known = await self._hass.async_add_executor_job(prices.joined, entity_id, reading.series, start - PUBLISHED)
        prices.keep(entity_id, known)
        return replace(reading, series=known)

    async def _async_past(self, now: datetime) -> Mapping[str, Series]:
        """Hourly means of the last weeks by entity; read again every half hour."""
        if self._past_until is None or not timedelta(0) <= now - self._past_until < KEEP:
            bound = self._home.grid_bindings
            wanted = {bound.grid_power_entity, bound.load_power_entity, bound.outdoor_temperature_entity}
            wanted.add(bound.co2_intensity_entity)
            wanted |= {binding.power_entity for binding in self._home.bindings.values()}
            wanted |= {self._home.bindings[tank.name].temperature_entity for tank in self._tanks()}
            ids = {entity_id for entity_id in wanted if entity_id}
            self._past = await async_hourly_means(self._hass, ids, now - HISTORY, now)
            self._past_until = now
        return self._past

    def _outdoor(
        self, past: Mapping[str, Series], live: Live, weather: WeatherReading, horizon: Horizon
    ) -> tuple[Series | None, tuple[InputHealth, ...]]:
        """The weather's forecast, and where it does not reach the course of the last days."""
        entity_id = self._home.grid_bindings.outdoor_temperature_entity
        history = past.get(entity_id) if entity_id else None
        if history is None and weather.outdoor_c is None:
            return None, ()
        found, poor = temperature_forecast(weather.outdoor_c, history, live.outdoor_c, horizon.start, horizon.end)
        if weather.outdoor_c is None:
            return found, poor
        reason = f"made from the forecast of {weather.source}"
        return found, (*poor, InputHealth(source="outdoor_c", status=HealthStatus.OK, reason=reason))

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
                draws_of(tank, tank_c, positive(power_kw)),
                self._home.daily_hot_water_kwh.get(tank.name, 0.0),
                horizon.start,
                horizon.end,
                self._home.site.time_zone,
                f"{tank.name}.draw_kw",
            )
            if not poor:
                found[tank.name] = drawn
        return found
