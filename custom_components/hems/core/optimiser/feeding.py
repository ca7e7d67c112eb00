"""Who may feed whom: energy that must not be sold, and batteries that must not drain into a car.

Two flows that exclude each other do so in the whole schedule. Only where both can be at all, a binary decides.
"""

from collections.abc import Sequence

import cvxpy as cp
import numpy as np

from ..model.dc_bus import sun_kw
from ..model.pv import Pv
from .block import Block, Context
from .constraints import Flow, Values, at_most, either_or


def feeding_rules(blocks: Sequence[Block], export: Flow, context: Context) -> list[cp.Constraint]:
    """No export while a battery discharges that must not be sold, no charging while one does that must not drain."""
    limits: list[cp.Constraint] = []
    for block in blocks:
        if block.unsold is not None:
            sold = Flow(export.kw, np.minimum(export.most_kw, _most_sold_kw(blocks, block, context)))
            limits += _apart(f"{block.asset}.may_export", block.unsold, sold)
            nothing_else = np.flatnonzero((block.unsold.most_kw > 0.0) & (sold.most_kw <= 0.0))
            if len(nothing_else):
                limits.append(at_most(f"{block.asset}.may_export", export.kw[nothing_else], 0.0))
        if block.not_for_cars is not None:
            for car in blocks:
                if car.car is not None and car is not block:
                    name = f"{block.asset}.may_charge_ev.{car.asset}"
                    limits += _apart(name, block.not_for_cars, car.car)
    return limits


def _apart(name: str, first: Flow, second: Flow) -> tuple[cp.Constraint, ...]:
    return either_or(name, first, second, (first.most_kw > 0.0) & (second.most_kw > 0.0))


def _most_sold_kw(blocks: Sequence[Block], without: Block, context: Context) -> Values:
    """Most that can be left for the grid while the discharge of one block is none of it."""
    request = context.terms.request
    left_kw = -np.array(context.terms.load_kw)
    for block in blocks:
        asset = request.site.asset(block.asset)
        if isinstance(asset, Pv):
            left_kw += np.array(sun_kw(request, asset))
        elif block.discharge is not None and block is not without:
            left_kw += block.discharge.most_kw
    most_kw: Values = np.maximum(0.0, left_kw)
    return most_kw
