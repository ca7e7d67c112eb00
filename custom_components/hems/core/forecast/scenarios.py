"""A few ways in which load and sun may turn out together, each with its probability, from their quantiles.

Three points per quantity with the probabilities 0.3, 0.4 and 0.3 of Swanson's rule: P10, the middle and P90 (Hurst,
Brown and Swanson 2000). The middle is the forecast itself rather than P50, so that the plan, which is the forecast's,
counts with its 0.4 and needs no branch of its own; the others are moved so that the mean is the forecast's, too.

What decides about storage is energy over hours, and neither hours that err by themselves nor hours that all err alike
have its spread. So a scenario's *energy since now* lies at its P10 or P90, after every lead: with s the deviation of a
step's power (a third of its quantiles' distance, roughly), h its length, and errors that fade as exp(-apart / memory),

    S_k^2 = sum over i, j <= k of s_i h_i s_j h_j exp(-|t_i - t_j| / memory)
    power_k = forecast_k +/- 1.28 (S_k - S_(k-1)) / h_k

A step whose quantiles do not differ is known, and the same in all of them.
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import exp, hypot, sqrt
from statistics import NormalDist

from ..model import Scenario, Series

LOAD_MEMORY = timedelta(hours=6)
SUN_MEMORY = timedelta(hours=16)
"""After which an error weighs 1/e: the best for the energy of 3 to 36 hours in five real homes (load: 3 to 50 hours
by home; sun: 12 to 30)."""
EXTREME = NormalDist().inv_cdf(0.9)
HOUR = timedelta(hours=1)
NOTHING = 1e-9

THREE: Sequence[tuple[float, int, int]] = ((0.4, 0, 0), (0.3, -1, 1), (0.3, 1, -1))
"""Probability, sun, load: little sun and much load come together, so that both make the P90 of what must be bought."""
FIVE: Sequence[tuple[float, int, int]] = (
    (0.4, 0, 0),
    (0.15, -1, 1),
    (0.15, -1, -1),
    (0.15, 1, 1),
    (0.15, 1, -1),
)
"""Sun and load are independent: all four corners around the middle."""


def scenarios_of(
    load: Series,
    suns: Mapping[str, Series],
    count: int,
    *,
    load_memory: timedelta = LOAD_MEMORY,
    sun_memory: timedelta = SUN_MEMORY,
) -> tuple[Scenario, ...]:
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
    weights, sun_signs, load_signs = zip(*design, strict=True)
    demand = _Spread.of(load, load_memory)
    skies = {name: _Spread.of(sun, sun_memory) for name, sun in suns.items()}
    if count == 3:
        under = tuple(skies.values())
        skies = {name: sky.beside(under, (demand,)) for name, sky in skies.items()}
        demand = demand.beside((demand,), under)
    loads = demand.paths(load_signs, weights)
    by_sun = {name: sky.paths(sun_signs, weights) for name, sky in skies.items()}
    return tuple(
        Scenario(probability=weight, load_kw=loads[i], available_kw={name: paths[i] for name, paths in by_sun.items()})
        for i, weight in enumerate(weights)
    )


def _plain(series: Series) -> Series:
    return Series(times=series.times, values=series.values)


@dataclass(frozen=True, slots=True)
class _Spread:
    """How far a forecast's energy may be off."""

    series: Series
    energy: tuple[float, ...]
    """Its deviation since the first edge in kWh, by edge."""
    shares: tuple[float, ...]
    """By step: what a scenario takes of the distance to a quantile."""

    @classmethod
    def of(cls, series: Series, memory: timedelta) -> _Spread:
        """From the distance of the outer quantiles."""
        energy, shares = [0.0], []
        # The sum of all steps before, each with its correlation with this one.
        before_kwh = 0.0
        for i, (start, end) in enumerate(pairwise(series.times)):
            own_kwh = _deviation_kw(series, i) * ((end - start) / HOUR)
            total = sqrt(energy[-1] ** 2 + 2.0 * own_kwh * before_kwh + own_kwh**2)
            shares.append((total - energy[-1]) / own_kwh if own_kwh > NOTHING else 0.0)
            energy.append(total)
            before_kwh = (before_kwh + own_kwh) * exp(-((end - start) / memory))
        return cls(series, tuple(energy), tuple(shares))

    def at(self, moment: datetime) -> float:
        """Deviation of the energy until then, linear within a step."""
        times = self.series.times
        right = min(max(1, bisect(times, moment)), len(times) - 1)
        share = (moment - times[right - 1]) / (times[right] - times[right - 1])
        return self.energy[right - 1] + (self.energy[right] - self.energy[right - 1]) * min(max(share, 0.0), 1.0)

    def beside(self, own: Sequence[_Spread], other: Sequence[_Spread]) -> _Spread:
        """Narrower, so that `own` (this one among them) and `other`, independent of it, are off by their P90 together.

        Of two independent errors that add up to an unlikely one each has its share: S_own^2 / (S_own^2 + S_other^2).
        """
        narrower = []
        for share, (start, end) in zip(self.shares, pairwise(self.series.times), strict=True):
            middle = start + (end - start) / 2
            one, another = (sum(spread.at(middle) for spread in spreads) for spreads in (own, other))
            narrower.append(share * one / hypot(one, another) if one > NOTHING else share)
        return replace(self, shares=tuple(narrower))

    def paths(self, signs: Sequence[int], weights: Sequence[float]) -> list[Series]:
        """One series per sign; the first is the forecast, and so is the mean of the others at each time."""
        points = sorted((NormalDist().inv_cdf(quantile.level), quantile.values) for quantile in self.series.quantiles)
        known = [kw for values in (self.series.values, *(v for _, v in points)) for kw in values if kw is not None]
        top = max(known, default=0.0)
        columns = []
        for i, value in enumerate(self.series.values):
            curve = [(z, level) for z, values in points if (level := values[i]) is not None]
            if value is None or len(curve) < 2:
                columns.append([value] * len(signs))
                continue
            reach = EXTREME * self.shares[i]
            moved = [value + _at(curve, sign * reach) - _at(curve, 0.0) for sign in signs[1:]]
            columns.append([value, *_centred(moved, weights[1:], value, top)])
        times = self.series.times
        return [Series(times=times, values=tuple(column[k] for column in columns)) for k in range(len(signs))]


def _deviation_kw(series: Series, step: int) -> float:
    """Of one step, as that of a normal distribution with the same outer quantiles; 0 where there are none."""
    known = [(q.level, kw) for q in series.quantiles if (kw := q.values[step]) is not None]
    if len(known) < 2:
        return 0.0
    (low, below), (high, above) = min(known), max(known)
    return max(0.0, above - below) / (NormalDist().inv_cdf(high) - NormalDist().inv_cdf(low))


def _at(curve: Sequence[tuple[float, float]], z: float) -> float:
    """Linear in standard normal numbers between the known quantiles, and beyond the outer ones."""
    right = next((i for i, (known, _) in enumerate(curve) if known >= z and i), len(curve) - 1)
    (low, below), (high, above) = curve[right - 1], curve[right]
    return below + (above - below) * (z - low) / (high - low)


def _centred(raw: Sequence[float], weights: Sequence[float], mean: float, top: float) -> Sequence[float]:
    """Between 0 and `top`, moved so that the weighted mean is `mean`."""
    shares = [weight / sum(weights) for weight in weights]
    values = [min(top, max(0.0, value)) for value in raw]
    for _ in values:
        off = mean - sum(share * value for share, value in zip(shares, values, strict=True))
        if abs(off) < NOTHING:
            break
        values = [min(top, max(0.0, value + off)) for value in values]
    # What the ends have cut off is taken from all in proportion, or from what is left up to the top.
    found = sum(share * value for share, value in zip(shares, values, strict=True))
    if found > mean:
        return [value * mean / found for value in values]
    if found < mean:
        return [value + (top - value) * (mean - found) / (top - found) for value in values]
    return values
