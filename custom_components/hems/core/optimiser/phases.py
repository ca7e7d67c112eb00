"""The fuse of each phase: share load[t] + sum over assets of their part of p[t] - over[phase, t] <= its limit."""

from collections.abc import Sequence

import cvxpy as cp
import numpy as np

from ..model.asset import PHASES
from ..model.phases import shares_of, single
from .block import Block, Context
from .constraints import Affine, Values, at_most


def phase_limits(blocks: Sequence[Block], most_over_kw: Values, context: Context) -> tuple[Affine, list[cp.Constraint]]:
    """What the phases carry too much in each step, and the limits; nothing where the phases are not looked at.

    A fuse may only be passed by what nobody can switch off, so that no input is without a plan.
    """
    site, load_kw = context.terms.request.site, np.array(context.terms.load_kw)
    if site.max_phase_kw is None:
        return np.zeros(context.steps), []
    over_kw = [cp.Variable(context.steps, name=f"grid.over_{phase}_kw", nonneg=True) for phase in PHASES]
    limits: list[cp.Constraint] = []
    for number, phase in enumerate(PHASES):
        drawn_kw: Affine = site.load_phase_shares[number] * load_kw
        for block in blocks:
            asset = site.asset(block.asset)
            if asset is not None:
                part = shares_of(site, asset)[number]
                drawn_kw = drawn_kw + part * block.power_kw
                if block.one_phase_kw is not None:
                    drawn_kw = drawn_kw + (single(asset.phase)[number] - part) * block.one_phase_kw
        limits.append(at_most(f"grid.max_phase_{phase}", drawn_kw - over_kw[number], site.max_phase_kw))
        limits.append(at_most(f"grid.most_over_{phase}", over_kw[number], most_over_kw))
    return sum(over_kw), limits
