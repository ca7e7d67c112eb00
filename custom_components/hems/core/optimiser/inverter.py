"""A hybrid inverter: takes in[t] from the home's bus, or gives out[t]; its loss is its own power.

sum of DC powers = eta in[t] - out[t] / eta,   p[t] = in[t] (1 - eta) + out[t] (1 / eta - 1)
"""

from collections.abc import Sequence

import cvxpy as cp
import numpy as np

from ..model import AssetPlan, HybridInverter, HybridInverterState
from ..model.dc_bus import members_of
from ..model.schedules import inverter_plan
from .block import Block, Context
from .constraints import Flow, at_most, either_or, equal, solved


def inverter_block(inverter: HybridInverter, _state: HybridInverterState, context: Context) -> Block:
    """Takes or gives within its AC limits, never both."""
    name, n, eta = inverter.name, context.steps, inverter.efficiency
    taken_kw = cp.Variable(n, name=f"{name}.taken_kw", nonneg=True)
    given_kw = cp.Variable(n, name=f"{name}.given_kw", nonneg=True)
    dc_kw = eta * taken_kw - given_kw / eta

    def plan() -> AssetPlan:
        return inverter_plan(inverter, (eta * solved(taken_kw) - solved(given_kw) / eta).tolist())

    return Block(
        asset=name,
        power_kw=(1.0 - eta) * taken_kw + (1.0 / eta - 1.0) * given_kw,
        constraints=(
            at_most(f"{name}.max_ac_charge", taken_kw, inverter.most_taken_kw),
            at_most(f"{name}.max_ac", given_kw, inverter.max_ac_kw),
            *either_or(
                f"{name}.one_way",
                Flow(taken_kw, np.full(n, inverter.most_taken_kw)),
                Flow(given_kw, np.full(n, inverter.max_ac_kw)),
                context.burning_pays,
            ),
        ),
        dc_kw=dc_kw,
        plan=plan,
    )


def dc_balances(blocks: Sequence[Block], context: Context) -> list[cp.Constraint]:
    """What is behind an inverter draws from it alone."""
    site = context.terms.request.site
    by_name = {block.asset: block for block in blocks}
    limits = []
    for asset in site.assets:
        if isinstance(asset, HybridInverter):
            powers_kw = sum(
                (by_name[member.name].power_kw for member in members_of(site, asset)), start=np.zeros(context.steps)
            )
            limits.append(equal(f"{asset.name}.dc_balance", powers_kw, by_name[asset.name].dc_kw))
    return limits
