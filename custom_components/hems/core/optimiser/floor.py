"""A floor under stored energy that also holds for a start below it."""

import cvxpy as cp
import numpy as np

from .constraints import Affine, Flow, at_least, at_most, times


def never_below(
    name: str, energy_kwh: Affine, discharge: Flow, floor_kwh: float, start_kwh: float
) -> tuple[cp.Constraint, ...]:
    """Nothing is taken from below the floor: e[t+1] >= floor wherever d[t] > 0.

    From a start above it that is a plain limit. From below, a binary a[t] says where it may be taken from:
    d[t] <= d_max a[t], e[t+1] >= start + (floor - start) a[t].
    """
    if start_kwh >= floor_kwh:
        return (at_least(name, energy_kwh, floor_kwh),)
    giving = np.flatnonzero(discharge.most_kw > 0.0)
    limits = [at_least(name, energy_kwh, start_kwh)]
    if len(giving):
        above = cp.Variable(len(giving), boolean=True, name=f"{name}.above")
        limits += [
            at_most(f"{name}.gives", discharge.kw[giving], times(discharge.most_kw[giving], above)),
            at_least(f"{name}.refilled", energy_kwh[giving + 1], start_kwh + (floor_kwh - start_kwh) * above),
        ]
    return tuple(limits)
