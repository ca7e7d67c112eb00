"""What a kWh of the grid emits: the course of the last days, as far above it as it is now."""

from datetime import datetime

from ..model import HealthStatus, InputHealth, Series
from .temperature import temperature_forecast

SOURCE = "co2_kg_per_kwh"


def emission_forecast(
    history: Series | None, now_kg_per_kwh: float | None, start: datetime, end: datetime
) -> tuple[Series | None, tuple[InputHealth, ...]]:
    """Kg CO2 per kWh from `start` to `end`; None where nothing at all is known.

    Like the temperature it follows the day, and what is unusual about now fades; it is never below 0.
    """
    found, _ = temperature_forecast(None, history, now_kg_per_kwh, start, end)
    if found is None:
        reason = "neither a measurement nor a past: emissions do not count"
        return None, (InputHealth(source=SOURCE, status=HealthStatus.DEGRADED, reason=reason),)
    reason = "made from the last days" if history is not None else "taken to stay as it is now"
    course = Series(times=found.times, values=tuple(None if kg is None else max(0.0, kg) for kg in found.values))
    return course, (InputHealth(source=SOURCE, status=HealthStatus.OK, reason=reason),)
