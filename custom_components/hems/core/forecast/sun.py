"""Where the sun stands, and what a clear sky sends to a tilted plane."""

from datetime import UTC, datetime
from math import acos, asin, cos, degrees, exp, pi, radians, sin


def elevation_and_azimuth(moment: datetime, latitude: float, longitude: float) -> tuple[float, float]:
    """Radians above the horizon and clockwise from north.

    Declination and equation of time by the Fourier series of Spencer (1971): within a degree, which is less
    than a roof's own uncertainty.
    """
    moment = moment.astimezone(UTC)
    hours_utc = moment.hour + moment.minute / 60 + moment.second / 3600
    day = 2 * pi * (moment.timetuple().tm_yday - 1 + (hours_utc - 12) / 24) / 365
    declination = (
        0.006918 - 0.399912 * cos(day) + 0.070257 * sin(day) - 0.006758 * cos(2 * day) + 0.000907 * sin(2 * day)
        - 0.002697 * cos(3 * day) + 0.00148 * sin(3 * day)
    )  # fmt: skip
    equation_min = 229.18 * (
        0.000075 + 0.001868 * cos(day) - 0.032077 * sin(day) - 0.014615 * cos(2 * day) - 0.04089 * sin(2 * day)
    )
    hour_angle = radians((hours_utc * 60 + equation_min + 4 * longitude) / 4 - 180)
    phi = radians(latitude)
    sin_elevation = sin(phi) * sin(declination) + cos(phi) * cos(declination) * cos(hour_angle)
    elevation = asin(min(1.0, max(-1.0, sin_elevation)))
    across = cos(phi) * cos(elevation)
    cos_azimuth = (sin(declination) - sin(phi) * sin_elevation) / across if abs(across) > 1e-9 else 1.0
    azimuth = acos(min(1.0, max(-1.0, cos_azimuth)))
    return elevation, 2 * pi - azimuth if sin(hour_angle) > 0 else azimuth


def clear_sky_on_plane(
    moment: datetime, latitude: float, longitude: float, tilt_deg: float, azimuth_deg: float
) -> float:
    """Irradiance on a plane under a clear sky, as a fraction of 1 kW/m2.

    Horizontal irradiance by Haurwitz (1945): 1098 cos(z) exp(-0.059 / cos(z)) W/m2; a fifth of it comes from
    the whole sky, the rest from the sun.
    """
    elevation, azimuth = elevation_and_azimuth(moment, latitude, longitude)
    cos_zenith = sin(elevation)
    if degrees(elevation) <= 0.5:
        return 0.0
    horizontal = 1.098 * cos_zenith * exp(-0.059 / cos_zenith)
    tilt = radians(tilt_deg)
    incidence = cos_zenith * cos(tilt) + cos(elevation) * sin(tilt) * cos(azimuth - radians(azimuth_deg))
    beam = 0.8 * horizontal * max(0.0, incidence) / max(cos_zenith, 0.05)
    return max(0.0, min(1.2, beam + 0.2 * horizontal * (1 + cos(tilt)) / 2))
