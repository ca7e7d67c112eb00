"""Where the sun stands and what a PV array makes of it.

Declination and equation of time after Spencer (1971), clear-sky irradiance after Haurwitz (1945);
good to a degree and a few minutes, which is far below what clouds do.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import acos, asin, cos, degrees, exp, pi, radians, sin, sqrt
from random import Random

SYSTEM_EFFICIENCY = 0.87
"""AC power per nominal DC power at 1 kW/m2: cables, inverter, warm modules."""
DIFFUSE_SHARE = 0.12
"""Of clear-sky global irradiance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the home is; the array faces the equator."""

    latitude: float
    """Degrees, north positive."""
    longitude: float
    """Degrees, east positive."""
    tilt: float = 35.0
    """Of the array in degrees; 0 lies flat."""

    def __post_init__(self) -> None:
        if not -90.0 <= self.latitude <= 90.0:
            raise ValueError(f"place: latitude must be between -90 and 90, got {self.latitude:g}")
        if not -180.0 <= self.longitude <= 180.0:
            raise ValueError(f"place: longitude must be between -180 and 180, got {self.longitude:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SunDay:
    """The sun over one place on one date."""

    noon_s: float
    """Solar noon, seconds since the epoch."""
    declination: float
    """Radians."""
    latitude: float
    """Radians."""
    half_day_s: float
    """From sunrise to solar noon; 0 in the polar night, half a day under the midnight sun."""

    @classmethod
    def on(cls, day: date, place: Place) -> SunDay:
        """The solar day whose noon falls on that date by the sun."""
        angle = 2.0 * pi * (day.timetuple().tm_yday - 1) / 365.0
        declination = (
            0.006918
            - 0.399912 * cos(angle)
            + 0.070257 * sin(angle)
            - 0.006758 * cos(2 * angle)
            + 0.000907 * sin(2 * angle)
            - 0.002697 * cos(3 * angle)
            + 0.00148 * sin(3 * angle)
        )
        equation_min = 229.18 * (
            0.000075
            + 0.001868 * cos(angle)
            - 0.032077 * sin(angle)
            - 0.014615 * cos(2 * angle)
            - 0.040849 * sin(2 * angle)
        )
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(
            minutes=4.0 * place.longitude + equation_min
        )
        latitude = radians(max(-89.9, min(89.9, place.latitude)))
        cosine = -sin(latitude) * sin(declination) / (cos(latitude) * cos(declination))
        half_day_s = acos(max(-1.0, min(1.0, cosine))) / pi * 43200.0
        return cls(noon_s=noon.timestamp(), declination=declination, latitude=latitude, half_day_s=half_day_s)

    @property
    def sunrise_s(self) -> float:
        """Seconds since the epoch."""
        return self.noon_s - self.half_day_s

    @property
    def sunset_s(self) -> float:
        """Seconds since the epoch."""
        return self.noon_s + self.half_day_s

    def sine_of_elevation(self, time_s: float) -> float:
        """Above 0 by day, below 0 at night."""
        hour_angle = (time_s - self.noon_s) * pi / 43200.0
        return sin(self.latitude) * sin(self.declination) + cos(self.latitude) * cos(self.declination) * cos(hour_angle)

    def elevation(self, time_s: float) -> float:
        """Degrees above the horizon."""
        return degrees(asin(self.sine_of_elevation(time_s)))


def clear_sky(sun: SunDay, tilt: float, time_s: float) -> float:
    """AC power per kW peak under a cloudless sky; exactly 0 while the sun is down."""
    height = sun.sine_of_elevation(time_s)
    if height <= 0.0:
        return 0.0
    hour_angle = (time_s - sun.noon_s) * pi / 43200.0
    # An array tilted towards the equator sees the sun as a flat one does at a lower latitude.
    seen_from = sun.latitude - radians(tilt) if sun.latitude >= 0.0 else sun.latitude + radians(tilt)
    incidence = sin(sun.declination) * sin(seen_from) + cos(sun.declination) * cos(seen_from) * cos(hour_angle)
    normal = 1.098 * exp(-0.057 / height)
    beam = normal * (1.0 - DIFFUSE_SHARE) * max(0.0, incidence)
    diffuse = normal * DIFFUSE_SHARE * height * (1.0 + cos(radians(tilt))) / 2.0
    return min(1.0, SYSTEM_EFFICIENCY * (beam + diffuse))


def gaussian(sun: SunDay, tilt: float, time_s: float) -> float:
    """A bell around solar noon, as high as the clear-sky peak and exactly 0 outside daylight."""
    if sun.half_day_s <= 0.0 or abs(time_s - sun.noon_s) >= sun.half_day_s:
        return 0.0
    # Sunrise lies 2.5 standard deviations before noon; the rest of the bell is cut off smoothly.
    edge = exp(-0.5 * 2.5**2)
    bell = exp(-0.5 * (2.5 * (time_s - sun.noon_s) / sun.half_day_s) ** 2)
    return clear_sky(sun, tilt, sun.noon_s) * (bell - edge) / (1.0 - edge)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """The character of a day's clouds."""

    mean: float
    """Share of clear-sky power that comes through."""
    deviation: float
    """Of that share within the day."""


def draw_sky(rng: Random, wintry: float) -> Sky:
    """Clear, mixed or overcast; `wintry` (0 to 1) makes overcast days more frequent."""
    kind = rng.random()
    level = rng.random()
    if kind < 0.40 - 0.22 * wintry:
        return Sky(mean=0.92 + 0.08 * level, deviation=0.02)
    if kind < 0.82 - 0.30 * wintry:
        return Sky(mean=0.45 + 0.35 * level, deviation=0.22)
    return Sky(mean=0.12 + 0.23 * level, deviation=0.05)


def cloud_transmittance(rng: Random, sky: Sky, knots: int, step_s: float) -> list[float]:
    """Clouds pass with a memory of a quarter of an hour around the day's mean."""
    memory = exp(-step_s / 900.0)
    innovation = sky.deviation * sqrt(1.0 - memory * memory)
    value = sky.mean + rng.gauss(0.0, sky.deviation)
    values = []
    for _ in range(knots):
        values.append(min(1.0, max(0.05, value)))
        value = sky.mean + memory * (value - sky.mean) + rng.gauss(0.0, innovation)
    return values
