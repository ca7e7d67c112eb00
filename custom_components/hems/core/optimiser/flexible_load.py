"""A flexible load: on or off where it is wanted, p[t] = on[t] wanted[t]; each kWh withheld has its price."""

import cvxpy as cp
import numpy as np

from ..model import AssetPlan, FlexibleLoad, FlexibleLoadState
from ..model.daily import daily_dues, wanted_kw
from .block import Block, Context, tidy
from .constraints import Affine, at_least, at_most, equal, solved, times, total
from .preferences import EARLY


def flexible_load_block(load: FlexibleLoad, state: FlexibleLoadState, context: Context) -> Block:
    """Whole decisions near now; later the load may be on for a part of the step."""
    most_kw = np.array(wanted_kw(load, state, context.terms))
    power_kw = cp.Variable(context.steps, name=f"{load.name}.power_kw", nonneg=True)
    limits = [at_most(f"{load.name}.wanted", power_kw, most_kw)]
    near = np.flatnonzero(context.near & (most_kw > 0.0))
    if len(near):
        on = cp.Variable(len(near), boolean=True, name=f"{load.name}.on")
        limits.append(equal(f"{load.name}.on_or_off", power_kw[near], times(most_kw[near], on)))
    short_h, short_limits = _short(load, state, power_kw, context)
    limits += short_limits
    price = context.terms.request.weights.comfort * load.comfort_price_per_kwh

    def plan() -> AssetPlan:
        solved_kw = solved(power_kw)
        solved_kw[near] = np.where(solved_kw[near] > most_kw[near] / 2.0, most_kw[near], 0.0)
        return AssetPlan(
            asset=load.name,
            kind=load.kind,
            power_kw=tidy(solved_kw, 0.0, most_kw),
            trajectories={"wanted_kw": tidy(most_kw)},
        )

    return Block(
        asset=load.name,
        power_kw=power_kw,
        constraints=tuple(limits),
        cost=price * (context.h @ (most_kw - power_kw))
        + context.terms.request.weights.comfort * load.short_price_per_h * short_h,
        preference=(EARLY * context.earliness * context.h) @ power_kw,
        plan=plan,
    )


def _short(
    load: FlexibleLoad, state: FlexibleLoadState, power_kw: cp.Variable, context: Context
) -> tuple[Affine, list[cp.Constraint]]:
    """Hours missing to what each day shall bring."""
    dues = daily_dues(load, state, context.terms)
    if not dues:
        return 0.0, []
    short_h = cp.Variable(len(dues), nonneg=True, name=f"{load.name}.short_h")
    given_h = np.array([due.hours for due in dues]) / load.power_kw @ power_kw
    needed_h = np.array([due.needed_h for due in dues])
    return total(short_h), [at_least(f"{load.name}.min_on_h_per_day", short_h + given_h, needed_h)]
