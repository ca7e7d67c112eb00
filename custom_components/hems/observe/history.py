"""The past of measurements, from Home Assistant's long-term statistics."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from ..core.model import Series

UNITS = {"power": "kW", "temperature": "°C"}


async def async_hourly_means(
    hass: HomeAssistant, statistic_ids: set[str], start: datetime, end: datetime
) -> Mapping[str, Series]:
    """Hourly means in kW or degC of those that have statistics; holes are None."""
    if not statistic_ids or "recorder" not in hass.config.components:
        return {}
    return await get_instance(hass).async_add_executor_job(_hourly_means, hass, statistic_ids, start, end)


def _hourly_means(hass: HomeAssistant, statistic_ids: set[str], start: datetime, end: datetime) -> Mapping[str, Series]:
    """Runs in a thread of the recorder: a year of rows takes a moment to read and to turn into series."""
    found = statistics_during_period(hass, start, end, statistic_ids, "hour", UNITS, {"mean"})
    return {name: series for name, rows in found.items() if (series := _series(rows)) is not None}


def _series(rows: list[Any]) -> Series | None:
    """Statistics give epoch seconds."""
    hours = [(datetime.fromtimestamp(row["start"], UTC), row["mean"]) for row in rows if row.get("mean") is not None]
    if not hours:
        return None
    return Series.from_rows((start, start + timedelta(hours=1), float(mean)) for start, mean in hours)


def combined(parts: Mapping[str, tuple[Series, float]]) -> Series:
    """The sum of series, at least one, each times its factor, where all of them are known."""
    times = sorted({moment for part, _ in parts.values() for moment in part.times})
    values: list[float | None] = []
    for moment in times[:-1]:
        terms = [(part.at(moment), factor) for part, factor in parts.values()]
        known = [value * factor for value, factor in terms if value is not None]
        values.append(sum(known) if len(known) == len(terms) else None)
    return Series(times=tuple(times), values=tuple(values))


def positive(power_kw: Series) -> Series:
    """Without the sign that an inverter or a meter happens to give it."""
    return Series(
        times=power_kw.times, values=tuple(None if value is None else abs(value) for value in power_kw.values)
    )
