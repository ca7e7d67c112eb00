"""The user's word: as near to it as device and limits allow."""

from collections.abc import Sequence

import cvxpy as cp
import numpy as np

from .block import Block, Context
from .constraints import Affine, at_least

OVERRIDE_PRICE_PER_KWH = 50.0
"""Currency per kWh away from it: dearer than every wish, cheaper than a load without supply."""


def override_cost(blocks: Sequence[Block], context: Context) -> tuple[Affine, list[cp.Constraint]]:
    """The distance of each overridden power from what was asked, priced; impossible words stay soft."""
    cost: Affine = 0.0
    constraints: list[cp.Constraint] = []
    charge = context.terms.request.tariff.capacity
    peak_price = 0.0 if charge is None else charge.price_per_kw
    for block in blocks:
        for steps, power_kw in context.overridden(block.asset):
            if steps:
                index = list(steps)
                away_kw = cp.Variable(len(index), name=f"{block.asset}.away_kw", nonneg=True)
                constraints += [
                    at_least(f"{block.asset}.override", away_kw, block.power_kw[index] - power_kw),
                    at_least(f"{block.asset}.override", away_kw, power_kw - block.power_kw[index]),
                ]
                cost += (OVERRIDE_PRICE_PER_KWH * context.h[index] + np.full(len(index), peak_price)) @ away_kw
    return cost, constraints
