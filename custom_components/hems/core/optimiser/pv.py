"""A PV array: p[t] = -used[t], 0 <= used[t] <= available[t]."""

import cvxpy as cp
import numpy as np

from ..model import AssetPlan, Pv, PvState
from .block import Block, Context, tidy
from .constraints import at_most, equal, solved
from .preferences import CURTAILED


def pv_block(pv: Pv, state: PvState, context: Context) -> Block:
    """The sun is used or, where the inverter can, held back: used + curtailed = available."""
    available = np.minimum(context.terms.horizon.known(f"{pv.name}.available_kw", state.available_kw), pv.peak_kw)
    used_kw = cp.Variable(context.steps, name=f"{pv.name}.used_kw", nonneg=True)
    if pv.curtailable:
        limits = (at_most(f"{pv.name}.available", used_kw, available),)
    else:
        limits = (equal(f"{pv.name}.available", used_kw, available),)

    def plan() -> AssetPlan:
        used = tidy(solved(used_kw), 0.0, available)
        return AssetPlan(
            asset=pv.name,
            kind=pv.kind,
            power_kw=tuple(0.0 - kw for kw in used),
            trajectories={
                "available_kw": tidy(available),
                "curtailed_kw": tidy(available - np.array(used), 0.0),
            },
        )

    return Block(
        asset=pv.name,
        power_kw=-used_kw,
        constraints=limits,
        preference=CURTAILED * (context.h @ (available - used_kw)),
        plan=plan,
    )
