"""The user's word: as near to it as device and limits allow."""

from collections.abc import Sequence

import cvxpy as cp

from ..model.assessment.grid import peak_price_per_kw
from .block import Block, Context
from .constraints import Affine, at_least

OVERRIDE_PRICE_PER_KWH = 50.0
"""Currency per kWh away from it, where a kWh costs at most 1, and more in proportion: dearer than every wish, cheaper
than a load without supply."""
AGAINST_PRICE_PER_KWH = 100.0
"""On top, per kWh the other way: a full battery that shall charge must not make room for that first."""


def override_cost(blocks: Sequence[Block], context: Context) -> tuple[Affine, list[cp.Constraint]]:
    """The distance of each overridden power from what was asked, priced; impossible words stay soft."""
    cost: Affine = 0.0
    constraints: list[cp.Constraint] = []
    peak_price, scale = peak_price_per_kw(context.terms), context.terms.money_scale
    for block in blocks:
        for steps, word_kw in context.overridden(block.asset):
            if not steps:
                continue
            index = list(steps)
            power_kw, h = block.power_kw[index], context.h[index]
            away_kw = cp.Variable(len(index), name=f"{block.asset}.away_kw", nonneg=True)
            constraints += [
                at_least(f"{block.asset}.override", away_kw, power_kw - word_kw),
                at_least(f"{block.asset}.override", away_kw, word_kw - power_kw),
            ]
            # A peak may not be avoided by breaking the word either, however short the step.
            cost += (scale * OVERRIDE_PRICE_PER_KWH * h + peak_price) @ away_kw
            if block.discharge is not None and word_kw != 0.0:
                against_kw = cp.Variable(len(index), name=f"{block.asset}.against_kw", nonneg=True)
                other_way_kw = -power_kw if word_kw > 0.0 else power_kw
                constraints.append(at_least(f"{block.asset}.override_side", against_kw, other_way_kw))
                cost += (scale * AGAINST_PRICE_PER_KWH * h) @ against_kw
    return cost, constraints
