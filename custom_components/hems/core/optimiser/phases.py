"""The fuse of each phase: share load[t] + sum over assets of their part of p[t] - unserved[phase, t] <= its limit."""

from collections.abc import Sequence

import cvxpy as cp
import numpy as np

from ..model.asset import PHASES
from ..model.phases import shares_of, single
from .block import Block, Context
from .constraints import Affine, Values, at_most, equal, times


def phase_limits(
    blocks: Sequence[Block], unserved_kw: Affine, most_unserved_kw: Values, context: Context
) -> list[cp.Constraint]:
    """What is left without supply is so on the phase that is short of it; none where the phases are not looked at."""
    site, load_kw = context.terms.request.site, np.array(context.terms.load_kw)
    if site.max_phase_kw is None:
        return []
    left_out = [cp.Variable(context.steps, name=f"grid.unserved_{phase}_kw", nonneg=True) for phase in PHASES]
    limits = [equal("grid.unserved_by_phase", sum(left_out), unserved_kw)]
    for number, phase in enumerate(PHASES):
        drawn_kw: Affine = site.load_phase_shares[number] * load_kw
        for block in blocks:
            asset = site.asset(block.asset)
            if asset is not None:
                part = shares_of(site, asset)[number]
                drawn_kw = drawn_kw + part * block.power_kw
                if block.one_phase_kw is not None:
                    drawn_kw = drawn_kw + (single(asset.phase)[number] - part) * block.one_phase_kw
        limits.append(at_most(f"grid.max_phase_{phase}", drawn_kw - left_out[number], site.max_phase_kw))
        limits.append(at_most(f"grid.unserved_{phase}", left_out[number], times(1.0, most_unserved_kw)))
    return limits
