"""What a weather entity foretells by the hour: the temperature, and how much of the sky is covered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
import logging
from math import isfinite
from typing import Any

from homeassistant.components.weather import (
    ATTR_CONDITION_CLEAR_NIGHT,
    ATTR_CONDITION_CLOUDY,
    ATTR_CONDITION_EXCEPTIONAL,
    ATTR_CONDITION_FOG,
    ATTR_CONDITION_HAIL,
    ATTR_CONDITION_LIGHTNING,
    ATTR_CONDITION_LIGHTNING_RAINY,
    ATTR_CONDITION_PARTLYCLOUDY,
    ATTR_CONDITION_POURING,
    ATTR_CONDITION_RAINY,
    ATTR_CONDITION_SNOWY,
    ATTR_CONDITION_SNOWY_RAINY,
    ATTR_CONDITION_SUNNY,
    ATTR_CONDITION_WINDY,
    ATTR_CONDITION_WINDY_VARIANT,
    ATTR_FORECAST_CLOUD_COVERAGE,
    ATTR_FORECAST_CONDITION,
    ATTR_FORECAST_TEMP,
    ATTR_FORECAST_TIME,
)
from homeassistant.components.weather.const import (
    ATTR_WEATHER_TEMPERATURE_UNIT,
    SERVICE_GET_FORECASTS,
)
from homeassistant.components.weather.const import (
    DOMAIN as WEATHER,
)
from homeassistant.const import ATTR_ENTITY_ID, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import TemperatureConverter

from ..core.model import HealthStatus, InputHealth, Series
from .answers import async_answer_or_reason
from .forecasts.entity import joined
from .measurements import absent

_LOGGER = logging.getLogger(__name__)

ASK_EVERY = timedelta(minutes=30)
HOLDS = timedelta(hours=12)
"""An older forecast is no better than the course of the last days."""
REACHES = timedelta(hours=3)
"""A row holds until the next one, at most so long; the first one, so long before it too."""
KEPT = timedelta(hours=2)
"""What was foretold of the last hours is compared with what came of it."""
LARGEST_C = 60.0

COVERED: Mapping[str, float] = {
    ATTR_CONDITION_SUNNY: 0.05,
    ATTR_CONDITION_CLEAR_NIGHT: 0.05,
    ATTR_CONDITION_WINDY: 0.2,
    ATTR_CONDITION_PARTLYCLOUDY: 0.5,
    ATTR_CONDITION_WINDY_VARIANT: 0.7,
    ATTR_CONDITION_LIGHTNING: 0.8,
    ATTR_CONDITION_CLOUDY: 0.9,
    ATTR_CONDITION_EXCEPTIONAL: 0.9,
    ATTR_CONDITION_RAINY: 0.95,
    ATTR_CONDITION_SNOWY: 0.95,
    ATTR_CONDITION_FOG: 1.0,
    ATTR_CONDITION_HAIL: 1.0,
    ATTR_CONDITION_LIGHTNING_RAINY: 1.0,
    ATTR_CONDITION_POURING: 1.0,
    ATTR_CONDITION_SNOWY_RAINY: 1.0,
}
"""Where only a word is given: the middle of what it means in eighths of the sky (WMO: few 1-2, scattered 3-4,
broken 5-7, overcast 8). How far that is off is learned like any forecast's error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherReading:
    """What is foretold, as far as it is known."""

    source: str = ""
    """The entity."""
    outdoor_c: Series | None = None
    covered: Series | None = None
    """Share of the sky, 0 to 1."""
    silent_since: datetime | None = None
    """Since when it has not answered; None: it does, or nobody asks."""
    health: tuple[InputHealth, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """The last answer."""

    at: datetime
    outdoor_c: Series | None
    covered: Series | None


class WeatherOutlook:
    """Asks a weather entity now and then; a silent one is done without."""

    def __init__(self, hass: HomeAssistant, entity_id: str | None) -> None:
        self._hass = hass
        self._entity_id = entity_id
        self._told: _Told | None = None
        self._silent_since: datetime | None = None

    async def async_read(self, now: datetime) -> WeatherReading:
        """The newest forecast that is known."""
        if self._entity_id is None:
            return WeatherReading()
        problem = ""
        if self._told is None or self._silent_since or not timedelta(0) <= now - self._told.at < ASK_EVERY:
            problem = await self._async_ask(self._entity_id, now)
        told = self._told
        if told is not None and now - told.at >= HOLDS:
            told = None
        return WeatherReading(
            source=self._entity_id,
            outdoor_c=told.outdoor_c if told else None,
            covered=told.covered if told else None,
            silent_since=self._silent_since,
            health=_health(self._entity_id, problem, told),
        )

    async def _async_ask(self, entity_id: str, now: datetime) -> str:
        """Ask; the text says why there is no answer."""
        answer = await async_answer_or_reason(self._async_forecast(entity_id))
        told = answer if isinstance(answer, str) else _understood(answer, self._unit(entity_id), now)
        if isinstance(told, str):
            if self._silent_since is None:
                self._silent_since = now
                _LOGGER.info("%s gives no forecast: %s", entity_id, told)
            return told
        if self._silent_since is not None:
            _LOGGER.info("%s gives a forecast again", entity_id)
            self._silent_since = None
        before = self._told
        self._told = _Told(
            at=now,
            outdoor_c=_with_last_hours(told[0], before.outdoor_c if before else None, now),
            covered=_with_last_hours(told[1], before.covered if before else None, now),
        )
        return ""

    async def _async_forecast(self, entity_id: str) -> list[Any]:
        if reason := absent(self._hass.states.get(entity_id)):
            # Home Assistant would log a warning each time.
            raise HomeAssistantError(f"it {reason}")
        answer = await self._hass.services.async_call(
            WEATHER,
            SERVICE_GET_FORECASTS,
            {ATTR_ENTITY_ID: entity_id, "type": "hourly"},
            blocking=True,
            return_response=True,
        )
        own = (answer or {}).get(entity_id)
        rows = own.get("forecast") if isinstance(own, Mapping) else None
        return rows if isinstance(rows, list) else []

    def _unit(self, entity_id: str) -> str:
        """Of its temperatures: the service gives them as the entity's own are shown."""
        state = self._hass.states.get(entity_id)
        unit = state.attributes.get(ATTR_WEATHER_TEMPERATURE_UNIT) if state else None
        return str(unit if unit in TemperatureConverter.VALID_UNITS else self._hass.config.units.temperature_unit)


def _understood(rows: list[Any], unit: str, now: datetime) -> tuple[Series | None, Series | None] | str:
    """Temperature and clouds, or why there are neither."""
    hours = sorted(
        ((moment, row) for row in rows if isinstance(row, Mapping) and (moment := _moment(row)) is not None),
        key=lambda hour: hour[0],
    )
    if not hours:
        return "its forecast is empty"
    outdoor_c = _series(((moment, _celsius(row, unit)) for moment, row in hours), now)
    covered = _series(((moment, _covered(row)) for moment, row in hours), now)
    if outdoor_c is None and covered is None:
        return "its forecast says nothing of temperatures or clouds for the time ahead"
    return outdoor_c, covered


def _series(values: Iterable[tuple[datetime, float | None]], now: datetime) -> Series | None:
    """Each value until the next; None where none reaches beyond `now`."""
    found = {moment: value for moment, value in values if value is not None}
    if not found:
        return None
    starts = [*found, max(found) + REACHES]
    rows = [
        (start, min(until, start + REACHES), value)
        for (start, until), value in zip(pairwise(starts), found.values(), strict=True)
    ]
    first_start, first_end, first = rows[0]
    if now < first_start <= now + REACHES:
        rows[0] = (now, first_end, first)
    series = Series.from_rows(rows)
    return series if series.end > now else None


def _with_last_hours(new: Series | None, before: Series | None, now: datetime) -> Series | None:
    """What is foretold now, and what had been of the last hours."""
    if new is None or before is None or new.start <= now - KEPT:
        return new
    both = joined((new, before)) or new
    first = now - KEPT
    times = [moment for moment in both.times if first < moment <= new.end]
    if both.start <= first:
        times = [first, *times]
    return Series(times=tuple(times), values=tuple(both.at(moment) for moment in times[:-1]))


def _moment(row: Mapping[str, Any]) -> datetime | None:
    told = row.get(ATTR_FORECAST_TIME)
    moment = dt_util.parse_datetime(told) if isinstance(told, str) else told
    if not isinstance(moment, datetime):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt_util.get_default_time_zone())
    return moment.astimezone(UTC)


def _celsius(row: Mapping[str, Any], unit: str) -> float | None:
    told = _number(row.get(ATTR_FORECAST_TEMP))
    if told is None:
        return None
    celsius = TemperatureConverter.convert(told, unit, UnitOfTemperature.CELSIUS)
    return celsius if -LARGEST_C <= celsius <= LARGEST_C else None


def _covered(row: Mapping[str, Any]) -> float | None:
    """The share in per cent, or what the word for the weather means."""
    told = _number(row.get(ATTR_FORECAST_CLOUD_COVERAGE))
    if told is not None and 0.0 <= told <= 100.0:
        return told / 100.0
    return COVERED.get(str(row.get(ATTR_FORECAST_CONDITION)))


def _number(value: Any) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return float(value) if good else None


def _health(entity_id: str, problem: str, told: _Told | None) -> tuple[InputHealth, ...]:
    if not problem:
        return ()
    instead = f"; what it said at {told.at.isoformat(timespec='minutes')} is used" if told else ""
    reason = f"{entity_id} gives no forecast: {problem}{instead}"
    return (InputHealth(source="weather", status=HealthStatus.DEGRADED, reason=reason),)
