"""Heat that a tank should hold ready for a draw that is larger than expected."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise

from .horizon import Horizon
from .series import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """What a large draw would cost in comfort, times its probability."""

    ready_c: tuple[float, ...]
    """At edges 1 to n: from here the draw that may follow leaves the tank inside its band."""
    price_per_kh: float

    def cost(self, temperatures_c: tuple[float, ...], steps_h: tuple[float, ...]) -> float:
        """Of a schedule with these temperatures at the edges, in currency."""
        short_k = (max(0.0, c - is_c) for c, is_c in zip(self.ready_c, temperatures_c[1:], strict=True))
        return self.price_per_kh * sum(k * h for k, h in zip(short_k, steps_h, strict=True))


def reserve_of(
    draw_kw: Series, horizon: Horizon, min_c: tuple[float, ...], capacity_kwh_per_k: float, price_per_kh: float
) -> Reserve | None:
    """From the highest quantile of the draws; None where the forecast has none above the middle.

    A quantile of 0.95 says that in one of twenty such times more than that is drawn. The heater is too slow to help
    then, so the difference to the expected draw should be in the tank when that time begins; what is short of it is
    priced as the comfort that it would cost, times the chance.
    """
    highest = max(draw_kw.quantiles, key=lambda quantile: quantile.level, default=None)
    if highest is None or highest.level <= 0.5 or price_per_kh <= 0.0:
        return None
    extra_kwh = [0.0] * horizon.steps
    edges = horizon.edges
    for (start, end), usual_kw, high_kw in zip(pairwise(draw_kw.times), draw_kw.values, highest.values, strict=True):
        more_kwh = ((high_kw or 0.0) - (usual_kw or 0.0)) * (end - start).total_seconds() / 3600.0
        for step in range(max(0, bisect_right(edges, start) - 1), min(horizon.steps, bisect_left(edges, end))):
            extra_kwh[step] = max(extra_kwh[step], more_kwh)
    if not any(extra_kwh[1:]):
        return None
    ready_c = (
        least_c + more_kwh / capacity_kwh_per_k
        for least_c, more_kwh in zip(min_c[1:], (*extra_kwh[1:], 0.0), strict=True)
    )
    return Reserve(ready_c=tuple(ready_c), price_per_kh=(1.0 - highest.level) * price_per_kh)
