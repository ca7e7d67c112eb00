"""A few whole days that may come, each with its probability, from the quantiles of load and sun.

Three points per quantity with the probabilities 0.3, 0.4 and 0.3 of Swanson's rule: P10, the middle and P90 (Hurst,
Brown and Swanson 2000). The middle is the forecast itself rather than P50, so that the plan, which is the forecast's,
counts with its 0.4 and needs no branch of its own; the others are scaled so that the mean is the forecast's, too.

A cloudy day is cloudy for hours: a scenario keeps its level and drifts to another one in `MEMORY`. Its course in
standard normal numbers is `a * c(t) + b * sqrt(1 - c(t)^2)` with c = exp(-(lead / MEMORY)^2). Where the signs a and b
over the scenarios are orthogonal, as the sun's in `FIVE` are, its variance is the same at all times; where b is 0 it
returns to the middle, as a household's does, whose busy hours say little of tomorrow's.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from math import exp, sqrt
from statistics import NormalDist

from ..model import Scenario, Series

MEMORY = timedelta(hours=24)
"""Cloudiness and the habits of a day are seldom those of the next."""
EXTREME = NormalDist().inv_cdf(0.9)

type Course = tuple[float, float]
"""Level now and level that it drifts to, in units of `EXTREME`; + is more."""

THREE: Sequence[tuple[float, Course, Course]] = (
    (0.4, (0.0, 0.0), (0.0, 0.0)),
    (0.3, (-1.0, 0.0), (1.0, 0.0)),
    (0.3, (1.0, 0.0), (-1.0, 0.0)),
)
"""Probability, sun, load: little sun and much load come together, the widest spread of what must be bought."""
FIVE: Sequence[tuple[float, Course, Course]] = (
    (0.4, (0.0, 0.0), (0.0, 0.0)),
    (0.15, (-1.0, 1.0), (1.0, 0.0)),
    (0.15, (-1.0, -1.0), (-1.0, 0.0)),
    (0.15, (1.0, -1.0), (1.0, 0.0)),
    (0.15, (1.0, 1.0), (-1.0, 0.0)),
)
"""Sun and load are independent: all four corners around the middle."""


def scenarios_of(load: Series, suns: Mapping[str, Series], count: int) -> tuple[Scenario, ...]:
    """`count` (1, 3 or 5) scenarios in kW whose mean is that of the forecasts; the forecasts themselves come first.

    All arrays stand under one sky. A forecast without quantiles is the same in every scenario; unknown stays unknown.

    Raises:
        ValueError: another count.
    """
    if count == 1:
        plain = {name: _plain(sun) for name, sun in suns.items()}
        return (Scenario(probability=1.0, load_kw=_plain(load), available_kw=plain),)
    if count not in (3, 5):
        raise ValueError(f"scenarios: count must be 1, 3 or 5, got {count}")
    design = THREE if count == 3 else FIVE
    weights = [weight for weight, _, _ in design]
    by_sun = {name: _paths(sun, [course for _, course, _ in design], weights) for name, sun in suns.items()}
    loads = _paths(load, [course for _, _, course in design], weights)
    return tuple(
        Scenario(probability=weight, load_kw=loads[i], available_kw={name: paths[i] for name, paths in by_sun.items()})
        for i, weight in enumerate(weights)
    )


def _plain(series: Series) -> Series:
    return Series(times=series.times, values=series.values)


def _paths(series: Series, courses: Sequence[Course], weights: Sequence[float]) -> list[Series]:
    """One series per course; the first is the forecast, and so is the mean of the others at each time."""
    points = sorted((NormalDist().inv_cdf(quantile.level), quantile.values) for quantile in series.quantiles)
    known = [value for values in (series.values, *(v for _, v in points)) for value in values if value is not None]
    top = max(known, default=0.0)
    columns = []
    for i, (start, end) in enumerate(pairwise(series.times)):
        value = series.values[i]
        curve = [(z, level) for z, values in points if (level := values[i]) is not None]
        if value is None or not curve:
            columns.append([value] * len(courses))
            continue
        lead = max(0.0, (start + (end - start) / 2 - series.start) / MEMORY)
        raw = [min(top, max(0.0, _at(curve, EXTREME * _level(course, lead)))) for course in courses[1:]]
        columns.append([value, *_centred(raw, weights[1:], value, top)])
    return [Series(times=series.times, values=tuple(column[k] for column in columns)) for k in range(len(courses))]


def _level(course: Course, lead: float) -> float:
    """`lead` in units of `MEMORY`."""
    kept = exp(-lead * lead)
    return course[0] * kept + course[1] * sqrt(1.0 - kept * kept)


def _at(curve: Sequence[tuple[float, float]], z: float) -> float:
    """Linear in standard normal numbers between the known quantiles, and beyond the outer ones."""
    if len(curve) == 1:
        return curve[0][1]
    right = next((i for i, (known, _) in enumerate(curve) if known >= z and i), len(curve) - 1)
    (low, below), (high, above) = curve[right - 1], curve[right]
    return below + (above - below) * (z - low) / (high - low)


def _centred(raw: Sequence[float], weights: Sequence[float], mean: float, top: float) -> Sequence[float]:
    """Multiplied so that the weighted mean is `mean`, as far as `top` allows."""
    found = sum(weight * value for weight, value in zip(weights, raw, strict=True)) / sum(weights)
    if found <= 1e-9:
        return [mean] * len(raw)
    return [min(top, value * mean / found) for value in raw]
