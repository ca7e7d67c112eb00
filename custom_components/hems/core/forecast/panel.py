"""How an array stands, and what a clear sky gives it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from ..model import Series
from .local_time import quarters
from .sun import clear_sky_on_plane


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """How an array stands, and where."""

    latitude: float
    longitude: float
    tilt_deg: float = 35.0
    azimuth_deg: float = 180.0
    """Clockwise from north."""
    peak_kw: float

    def clear_kw(self, moment: datetime) -> float:
        """AC power under a clear sky."""
        share = clear_sky_on_plane(moment, self.latitude, self.longitude, self.tilt_deg, self.azimuth_deg)
        return min(self.peak_kw, self.peak_kw * share)


def clear_sky_kw(panel: Panel, start: datetime, end: datetime) -> Series:
    """What the array gives under a clear sky, in quarter-hours; most at the middle of each."""
    times, values = [start.astimezone(UTC)], []
    for piece, until in quarters(start, end):
        times.append(until)
        values.append(panel.clear_kw(piece + (until - piece) / 2))
    return Series(times=tuple(times), values=tuple(values))
