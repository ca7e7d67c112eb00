"""What the grid connection costs beside energy, and where it carries more than it may."""

from collections.abc import Sequence
from itertools import pairwise
from zoneinfo import ZoneInfo

from ..terms import Terms

JUMPS_PER_KW = 10.0
"""A tier may be avoided by giving way by less than a tenth of a kW only."""


def capacity_periods(terms: Terms) -> tuple[tuple[float, tuple[int, ...]], ...]:
    """For each local day or month: what its peak already is, and the steps that begin in it."""
    charge = terms.request.tariff.capacity
    if charge is None:
        return ()
    zone = ZoneInfo(terms.request.site.time_zone)
    periods: dict[tuple[int, ...], list[int]] = {}
    for index, edge in enumerate(terms.horizon.edges[:-1]):
        local = edge.astimezone(zone)
        key = (local.year, local.month) + ((local.day,) if charge.period == "day" else ())
        periods.setdefault(key, []).append(index)
    so_far_kw = [charge.peak_so_far_kw] + [0.0] * (len(periods) - 1)
    return tuple((so_far, tuple(steps)) for so_far, steps in zip(so_far_kw, periods.values(), strict=True))


def capacity_cost(terms: Terms, import_kw: Sequence[float]) -> float:
    """What the peaks of this schedule add to the capacity charge."""
    charge = terms.request.tariff.capacity
    if charge is None:
        return 0.0
    return sum(
        charge.charge(max(so_far_kw, *(import_kw[step] for step in steps))) - charge.charge(so_far_kw)
        for so_far_kw, steps in capacity_periods(terms)
    )


def ramping_cost(terms: Terms, net_kw: Sequence[float]) -> float:
    """What the changes of the exchange from step to step are worth to the household; no bill knows of it."""
    before_kw = () if terms.request.grid_kw is None else (terms.request.grid_kw,)
    changes_kw: float = sum(abs(later - earlier) for earlier, later in pairwise((*before_kw, *net_kw)))
    return terms.request.weights.ramping_price_per_kw * changes_kw


def peak_price_per_kw(terms: Terms) -> float:
    """What giving way by a kW must cost at least, so that no peak, tier, or change up and down, is avoided by it."""
    changed = 2.0 * terms.request.weights.ramping_price_per_kw
    charge = terms.request.tariff.capacity
    if charge is None:
        return changed
    return changed + charge.price_per_kw + JUMPS_PER_KW * sum(rise for _, rise in charge.jumps)


def export_excess_kw(terms: Terms, export_kw: Sequence[float]) -> tuple[float, ...]:
    """Export above its limit, per step."""
    return tuple(max(0.0, kw - limit) for kw, limit in zip(export_kw, terms.max_export_kw, strict=True))
