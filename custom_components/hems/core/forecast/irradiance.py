"""From a weather forecast to the power of an array: irradiance, or how much of the sky is covered."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from math import cos, pi, radians, sin

from ..model import Series
from .local_time import quarters
from .panel import Panel
from .sun import elevation_and_azimuth

ALBEDO = 0.2
SYSTEM = 0.9
"""What inverter, cables and dirt leave; the calibration finds the array's own."""
TEMPERATURE_PER_K = -0.004
"""Crystalline silicon."""
CELL_K_PER_W_M2 = 0.03
"""A cell's warmth above the air's (nominal operating temperature 45 degC)."""
SOLAR_CONSTANT_W_M2 = 1361.0
LEAST_SIN_ELEVATION = 0.05
"""Three degrees: below, dividing by it would magnify every error."""


def from_irradiance(
    panel: Panel,
    global_w_m2: Series,
    direct_w_m2: Series | None = None,
    diffuse_w_m2: Series | None = None,
    outdoor_c: Series | None = None,
) -> Series:
    """AC power in kW over the time of `global_w_m2`, on the horizontal as weather services give it.

    `direct_w_m2` is normal to the sun. What is not given is split off by Erbs, Klein and Duffie (1982); the sky is
    taken to be equally bright everywhere (Liu and Jordan 1963).
    """
    times, values = [global_w_m2.start], list[float | None]()
    for begin, end in _pieces(global_w_m2):
        horizontal = global_w_m2.at(begin)
        times.append(end)
        if horizontal is None:
            values.append(None)
            continue
        middle = begin + (end - begin) / 2
        direct = direct_w_m2.at(begin) if direct_w_m2 else None
        diffuse = diffuse_w_m2.at(begin) if diffuse_w_m2 else None
        plane = plane_w_m2(panel, middle, max(0.0, horizontal), direct, diffuse)
        air_c = outdoor_c.at(begin) if outdoor_c else None
        values.append(_power_kw(panel, plane, air_c))
    return Series(times=tuple(times), values=tuple(values))


def from_clouds(panel: Panel, covered: Series) -> Series:
    """AC power in kW where weather says only which share of the sky, 0 to 1, is covered.

    A covered sky leaves 1 - 0.75 N^3.4 of the global irradiance (Kasten and Czeplak 1980); what is left on the
    plane is taken in proportion.
    """
    times, values = [covered.start], list[float | None]()
    for begin, end in _pieces(covered):
        share = covered.at(begin)
        times.append(end)
        if share is None:
            values.append(None)
            continue
        left = 1.0 - 0.75 * min(max(share, 0.0), 1.0) ** 3.4
        values.append(left * panel.clear_kw(begin + (end - begin) / 2))
    return Series(times=tuple(times), values=tuple(values))


def plane_w_m2(
    panel: Panel, moment: datetime, global_w_m2: float, direct_w_m2: float | None, diffuse_w_m2: float | None
) -> float:
    """Irradiance on the array's plane."""
    elevation, azimuth = elevation_and_azimuth(moment, panel.latitude, panel.longitude)
    sine = sin(elevation)
    if sine <= 0.0:
        return 0.0
    if diffuse_w_m2 is None:
        diffuse_w_m2 = (
            global_w_m2 * _diffuse_share(global_w_m2, sine, moment)
            if direct_w_m2 is None
            else max(0.0, global_w_m2 - direct_w_m2 * sine)
        )
    if direct_w_m2 is None:
        direct_w_m2 = max(0.0, global_w_m2 - diffuse_w_m2) / max(sine, LEAST_SIN_ELEVATION)
    tilt = radians(panel.tilt_deg)
    turned = cos(elevation) * sin(tilt) * cos(azimuth - radians(panel.azimuth_deg))
    beam = direct_w_m2 * max(0.0, sine * cos(tilt) + turned)
    sky = diffuse_w_m2 * (1.0 + cos(tilt)) / 2.0
    return beam + sky + ALBEDO * global_w_m2 * (1.0 - cos(tilt)) / 2.0


def _diffuse_share(global_w_m2: float, sine: float, moment: datetime) -> float:
    """Erbs et al. (1982), from the share of the extraterrestrial irradiance that arrives."""
    day = moment.timetuple().tm_yday
    outside = SOLAR_CONSTANT_W_M2 * (1.0 + 0.033 * cos(2.0 * pi * day / 365.0)) * max(sine, LEAST_SIN_ELEVATION)
    kt = min(1.0, global_w_m2 / outside)
    if kt <= 0.22:
        return 1.0 - 0.09 * kt
    if kt <= 0.8:
        return 0.9511 - 0.1604 * kt + 4.388 * kt**2 - 16.638 * kt**3 + 12.336 * kt**4
    return 0.165


def _power_kw(panel: Panel, plane: float, air_c: float | None) -> float:
    warm = 1.0
    if air_c is not None:
        warm += TEMPERATURE_PER_K * (air_c + CELL_K_PER_W_M2 * plane - 25.0)
    return min(panel.peak_kw, max(0.0, panel.peak_kw * plane / 1000.0 * SYSTEM * warm))


def _pieces(series: Series) -> Sequence[tuple[datetime, datetime]]:
    """The quarter-hours of a series, cut at its own times too."""
    inner = {until for _, until in quarters(series.start, series.end)}
    return list(pairwise(sorted({*series.times, *inner})))
