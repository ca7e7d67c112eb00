"""A PV array: p[t] = -used[t], 0 <= used[t] <= available[t]."""

import cvxpy as cp
import numpy as np

from ..model import AssetPlan, Pv, PvState
from ..model.dc_bus import clippable_kw, sun_kw
from .block import Block, Context, tidy
from .constraints import at_most, equal, solved
from .preferences import CURTAILED


def pv_block(pv: Pv, _state: PvState, context: Context) -> Block:
    """The sun is used or, where the inverter can, held back: used + curtailed = available."""
    request = context.terms.request
    available = np.array(sun_kw(request, pv))
    used_kw = cp.Variable(context.steps, name=f"{pv.name}.used_kw", nonneg=True)
    limits: tuple[cp.Constraint, ...]
    if pv.curtailable:
        limits = (at_most(f"{pv.name}.available", used_kw, available),)
    else:
        clipped_kw = cp.Variable(context.steps, name=f"{pv.name}.clipped_kw", nonneg=True)
        limits = (
            equal(f"{pv.name}.available", used_kw + clipped_kw, available),
            at_most(f"{pv.name}.clipped", clipped_kw, np.array(clippable_kw(request, pv))),
        )

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
        preference=CURTAILED * (((2.0 - context.earliness) * context.h) @ (available - used_kw)),
        plan=plan,
    )
