"""The heat that a household draws from its tank."""

from datetime import datetime
from zoneinfo import ZoneInfo

from ..model import Series
from .local_time import quarters

SHAPE = (
    0.1, 0.1, 0.1, 0.1, 0.3, 1.2, 2.6, 2.4, 1.4, 0.9, 0.8, 0.9,
    1.0, 0.8, 0.6, 0.6, 0.8, 1.2, 1.8, 2.0, 1.6, 1.4, 0.9, 0.4,
)  # fmt: skip
"""By local hour, mean 1: morning and evening peaks, the outline of the tapping profile M of EN 16147."""


def draw_forecast(daily_kwh: float, start: datetime, end: datetime, time_zone: str) -> Series:
    """Thermal power drawn, hour by hour, that adds up to `daily_kwh` in a day."""
    zone = ZoneInfo(time_zone)
    mean = sum(SHAPE) / 24
    pieces = list(quarters(start, end, 60))
    return Series(
        times=(pieces[0][0], *(until for _, until in pieces)),
        values=tuple(daily_kwh / 24 * SHAPE[piece.astimezone(zone).hour] / mean for piece, _ in pieces),
    )
