"""The past of measurements, from Home Assistant's long-term statistics."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
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
    read = partial(statistics_during_period, hass, start, end, statistic_ids, "hour", UNITS, {"mean"})
    found = await get_instance(hass).async_add_executor_job(read)
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
