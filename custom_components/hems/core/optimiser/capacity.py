"""The charge for peaks: by kW, by tiers, or both."""

import cvxpy as cp
import numpy as np

from ..model import CapacityCharge
from ..model.assessment.grid import capacity_periods
from .block import Context
from .constraints import Affine, at_least, at_most, total


def capacity_cost(import_kw: cp.Variable, sells: Affine, context: Context) -> tuple[Affine, tuple[cp.Constraint, ...]]:
    """A peak per local day or month, never below what it already is; only what is added costs.

    `sells` is 1 where the home sells and so does not buy: then even the peak so far is not reached, and neither is
    the end of the tier. Relaxed, it would else buy for part of a step as if that were no peak.
    """
    charge, periods = context.terms.request.tariff.capacity, capacity_periods(context.terms)
    if charge is None or not periods:
        return 0.0, ()
    peaks_kw = cp.Variable(len(periods), name="grid.peak_kw", nonneg=True)
    so_far_kw = np.array([so_far for so_far, _ in periods])
    limits = [at_least("capacity.so_far", peaks_kw, so_far_kw)]
    limits += [
        at_most(f"capacity.peak_{number}", import_kw[list(steps)] + so_far * sells[list(steps)], peaks_kw[number])
        for number, (so_far, steps) in enumerate(periods)
    ]
    cost: Affine = charge.price_per_kw * total(peaks_kw - so_far_kw)
    for number, (so_far, steps) in enumerate(periods):
        most_kw = max(so_far, *(context.terms.max_import_kw[step] for step in steps))
        fees, fee_limits = _tiers(
            charge, number, peaks_kw[number], (so_far, most_kw), (import_kw[list(steps)], sells[list(steps)])
        )
        cost += fees
        limits += fee_limits
    return cost, tuple(limits)


def _tiers(
    charge: CapacityCharge,
    number: int,
    peak_kw: Affine,
    range_kw: tuple[float, float],
    flows: tuple[Affine, Affine],
) -> tuple[Affine, list[cp.Constraint]]:
    """A binary for each end of a tier that the peak may still pass: peak <= end + (next end - end) passed + ..."""
    so_far_kw, most_kw = range_kw
    ahead = [(end_kw, rise) for end_kw, rise in charge.jumps if so_far_kw <= end_kw < most_kw and rise > 0.0]
    if not ahead:
        return 0.0, []
    ends_kw = np.array([end_kw for end_kw, _ in ahead] + [most_kw])
    passed = cp.Variable(len(ahead), boolean=True, name=f"grid.tier_{number}")
    within_kw = ends_kw[0] + np.diff(ends_kw) @ passed
    import_kw, sells = flows
    limits = [
        at_most(f"capacity.tier_{number}", peak_kw, within_kw),
        at_most(f"capacity.tier_{number}_reached", import_kw + ends_kw[0] * sells, within_kw),
    ]
    if len(ahead) > 1:
        limits.append(at_most(f"capacity.tiers_{number}", passed[1:], passed[:-1]))
    return np.array([rise for _, rise in ahead]) @ passed, limits
