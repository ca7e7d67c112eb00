"""Taste, in currency small enough to break ties only.

Moving a kWh from the beginning of the horizon to its end weighs `EARLY`, so a home that shifts 100 kWh spends
at most 0.2 cents on it, and a price slope of 0.01 ct/kWh over the horizon still wins against it. What all of them
could cost together is bounded beforehand, and all are made smaller where that is more than their budget.
"""

from collections.abc import Sequence

import cvxpy as cp
import numpy as np

from ..model import (
    Appliance,
    ApplianceState,
    Asset,
    Battery,
    EvCharger,
    FlexibleLoad,
    HeatPump,
    HotWater,
    HybridInverter,
    Pv,
)
from .block import Block, Context
from .constraints import Affine, at_least

EARLY = 2e-5
"""Per kWh, times the part of the horizon that has passed."""
LATE = 1e-5
"""Per kWh exchanged with the grid, times the part of the horizon that is still to come. What can be bought later at
the same price is bought when more is known, and what can be stored of the sun is stored before it is sold; half of
`EARLY`, so that a device which wants to run soon still does. In closed loop on real homes, buying early for the
battery instead cost most of what planning is worth."""
MOVED = 2e-5
"""Per kWh through a battery, so that one without wear does not cycle for nothing."""
CURTAILED = 1e-5
"""Per kWh of sun held back, where selling it earns nothing; twice that now, so that a battery takes the sun while it
shines and not the sun that is forecast."""
SWITCHED = 1e-4
"""Per start of a device within the steps that are decided whole."""
STAY = 1e-5
"""Per kWh away from the plan before, within the steps that are decided whole."""


def taste(blocks: Sequence[Block], exchange_kw: Affine, context: Context) -> tuple[Affine, list[cp.Constraint]]:
    """All preferences together, never dearer than the budget that the request gives them.

    `exchange_kw` is import plus export.
    """
    near_previous, limits = _near_previous(blocks, context)
    late = (LATE * (1.0 - context.earliness) * context.h) @ exchange_kw
    wanted = sum(block.preference for block in blocks) + near_previous + late
    scale = context.terms.money_scale
    budget = scale * context.terms.request.options.preference_budget
    return min(scale, budget / max(_most(context), 1e-9)) * wanted, limits


def _near_previous(blocks: Sequence[Block], context: Context) -> tuple[Affine, list[cp.Constraint]]:
    """The distance from the plan before, where that says something about a step."""
    previous = context.terms.request.previous
    cost: Affine = 0.0
    limits: list[cp.Constraint] = []
    if previous is None:
        return cost, limits
    for block in blocks:
        asset, series = context.terms.request.site.asset(block.asset), previous.powers_kw.get(block.asset)
        # A programme begins early or not at all: a new wish must not wait because the plan before knew nothing of it.
        if series is None or isinstance(asset, Pv | HybridInverter | Appliance):
            continue
        before_kw = context.terms.horizon.average(series)
        index = [step for step, kw in enumerate(before_kw) if kw is not None and context.near[step]]
        if index:
            was_kw = np.array([before_kw[step] for step in index], dtype=float)
            moved_kw = cp.Variable(len(index), name=f"{block.asset}.moved_kw", nonneg=True)
            limits += [
                at_least(f"{block.asset}.as_before", moved_kw, block.power_kw[index] - was_kw),
                at_least(f"{block.asset}.as_before", moved_kw, was_kw - block.power_kw[index]),
            ]
            cost += (STAY * context.h[index]) @ moved_kw
    return cost, limits


def _most(context: Context) -> float:
    """What following all preferences could cost at most: every device at full power, now rather than never."""
    request = context.terms.request
    hours, near_h = float(context.h.sum()), float(context.h[context.near].sum())
    most = 0.0
    for asset in request.site.assets:
        if isinstance(asset, Appliance):
            most += 2.0 * EARLY * len(request.state_of(asset, ApplianceState).runs)
        kw = _full_kw(asset)
        most += (EARLY + MOVED + LATE) * kw * hours + SWITCHED * int(context.near.sum())
        most += 2.0 * STAY * kw * near_h if request.previous is not None else 0.0
    return most


def _full_kw(asset: Asset) -> float:
    """Most power in both directions."""
    match asset:
        case Battery():
            return asset.max_charge_kw + asset.max_discharge_kw
        case Pv():
            return asset.peak_kw
        case EvCharger():
            return max(asset.max_kw(count) for count in asset.phases) + asset.max_discharge_kw
        case HeatPump() | HotWater():
            return asset.max_electric_kw
        case FlexibleLoad():
            return asset.power_kw
        case _:
            return 0.0
