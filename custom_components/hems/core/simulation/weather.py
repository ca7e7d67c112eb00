"""Outdoor temperature: the season, the time of day, and weather that drifts from day to day."""

from collections.abc import Callable
from datetime import date
from math import cos, pi
from random import Random

from .solar import Place


def wintriness(day: date, place: Place) -> float:
    """1 at midwinter, 0 at midsummer, in either hemisphere."""
    phase = cos(2.0 * pi * (day.timetuple().tm_yday - 20) / 365.25)
    return 0.5 + 0.5 * (phase if place.latitude >= 0.0 else -phase)


def usual_day_mean_c(day: date, place: Place) -> float:
    """What the climate expects: about 9 degC on average at 52 degrees, colder and more seasonal polewards."""
    distance = abs(place.latitude)
    return 27.5 - 0.35 * distance + 0.19 * distance * (1.0 - 2.0 * wintriness(day, place))


def daily_swing_c(seconds_from_noon: float) -> float:
    """Coldest before dawn, warmest about three hours after solar noon."""
    return 4.0 * cos(2.0 * pi * (seconds_from_noon - 3.0 * 3600.0) / 86400.0)


def outdoor_knots(
    anomaly_c: Callable[[int], float], rng: Random, knots: int, usual_c: Callable[[int], float]
) -> list[float]:
    """`usual_c(i)` plus an anomaly that moves straight from this day's start to the next one's, plus gusts.

    The gusts vanish at both ends, so that days join without a jump.
    """
    first, last = anomaly_c(0), anomaly_c(1)
    gusts = [0.0, *(rng.gauss(0.0, 0.6) for _ in range(7)), 0.0]
    values = []
    for index in range(knots):
        share = index / (knots - 1)
        left = min(int(share * 8.0), 7)
        gust = gusts[left] + (share * 8.0 - left) * (gusts[left + 1] - gusts[left])
        values.append(usual_c(index) + first + share * (last - first) + gust)
    return values


def draw_anomaly_c(rng: Random) -> float:
    """How much warmer than usual a day begins."""
    return rng.gauss(0.0, 2.5)
