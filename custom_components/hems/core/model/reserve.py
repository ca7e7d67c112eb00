"""Heat that a tank should hold ready for a draw that is larger than expected."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise

from .horizon import Horizon
from .series import Quantile, Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """What a large draw would cost in comfort, times its chance."""

    ready_c: tuple[float, ...]
    """At edges 1 to n: from here the draw that may follow leaves the tank inside its band."""
    price_per_kh: tuple[float, ...]
    """Of each K that is short at those edges, over the step before."""

    def cost(self, temperatures_c: tuple[float, ...], steps_h: tuple[float, ...]) -> float:
        """Of a schedule with these temperatures at the edges, in currency."""
        return sum(
            price * max(0.0, ready_c - is_c) * h
            for price, ready_c, is_c, h in zip(
                self.price_per_kh, self.ready_c, temperatures_c[1:], steps_h, strict=True
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tank:
    """What decides how a draw is felt."""

    min_c: tuple[float, ...]
    """Per edge, as `max_c`."""
    max_c: tuple[float, ...]
    capacity_kwh_per_k: float
    heating_kw: float
    """Heat that its heater gives."""
    price_per_kh: float
    """Of comfort."""


def reserves_of(draw_kw: Series, horizon: Horizon, tank: Tank) -> tuple[Reserve, ...]:
    """One for each quantile of the draws above the middle: a shower often, a bath seldom.

    Of quantiles 0.9 and 0.98 the first stands for draws that come in 8 of 100 such times, the second for 2 of 100.
    What is drawn beyond the expected should be in the tank when that time begins. What is short of it is missed until
    the heater has made up for it, on average half of the time that the whole draw takes it; that long, times its
    chance, times the price of comfort is the cost of each K.
    """
    if tank.price_per_kh <= 0.0:
        return ()
    quantiles = sorted((one for one in draw_kw.quantiles if one.level > 0.5), key=lambda one: one.level)
    chances = [higher - level for level, higher in pairwise([*(one.level for one in quantiles), 1.0])]
    reserves = (
        _reserve(draw_kw, quantile, chance, horizon, tank) for quantile, chance in zip(quantiles, chances, strict=True)
    )
    return tuple(reserve for reserve in reserves if reserve is not None)


def _reserve(draw_kw: Series, quantile: Quantile, chance: float, horizon: Horizon, tank: Tank) -> Reserve | None:
    edges = horizon.edges
    extra_kwh = [0.0] * horizon.steps
    prices = [0.0] * horizon.steps
    for (start, end), usual_kw, high_kw in zip(pairwise(draw_kw.times), draw_kw.values, quantile.values, strict=True):
        hours = (end - start).total_seconds() / 3600.0
        more_kwh = ((high_kw or 0.0) - (usual_kw or 0.0)) * hours
        missed_h = max(hours, more_kwh / tank.heating_kw / 2.0)
        for step in range(max(0, bisect_right(edges, start) - 1), min(horizon.steps, bisect_left(edges, end))):
            if more_kwh > extra_kwh[step]:
                extra_kwh[step] = more_kwh
                prices[step] = chance * tank.price_per_kh * missed_h / hours
    if not any(extra_kwh[1:]):
        return None
    around_kw = horizon.known("draw_kw", draw_kw)
    ready_c = (
        min(
            least_c + more_kwh / tank.capacity_kwh_per_k,
            # Where nothing is drawn for an hour, either, it should not become too hot.
            max(least_c, most_c - around / tank.capacity_kwh_per_k),
        )
        for least_c, most_c, more_kwh, around in zip(
            tank.min_c[1:], tank.max_c[1:], (*extra_kwh[1:], 0.0), (*around_kw[1:], 0.0), strict=True
        )
    )
    return Reserve(ready_c=tuple(ready_c), price_per_kh=(*prices[1:], 0.0))
