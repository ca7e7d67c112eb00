"""What a little more of everything would be worth: the duals of the solved program, in currency and by slot."""

from collections.abc import Iterable, Sequence

import cvxpy as cp
import numpy as np

from ..model import Marginals
from .block import Block, Context
from .constraints import Values
from .solver import SCALE

LEAST_PER_KWH = 1e-4
"""Currency per kWh (or kW h, or K h): a limit that is worth less does not bind; tastes weigh less than that."""


def marginals_of(
    constraints: Iterable[cp.Constraint], blocks: Sequence[Block], context: Context, weight: float
) -> Marginals:
    """Of a solved program whose constraints hold their duals; see `Marginals` for the signs.

    `weight` is what the money of this home counts in the program; less than 1 beside scenarios.
    """
    balances: dict[str, Values] = {}
    money = context.terms.money_scale
    limits: dict[str, list[Values]] = {}
    for constraint in constraints:
        dual = np.atleast_1d(np.asarray(constraint.dual_value, dtype=float)) * money / (weight * SCALE)
        if isinstance(constraint, cp.Zero):
            balances[str(constraint.label)] = dual
        else:
            limits.setdefault(str(constraint.label), []).append(dual)
    stored = {
        block.asset: np.concatenate((balances[f"{block.asset}.start"], balances[f"{block.asset}.balance"]))
        for block in blocks
        if f"{block.asset}.balance" in balances
    }
    return Marginals(
        bus_price_per_kwh=_rounded(balances["grid.balance"] / context.h),
        stored_value_per_kwh={asset: _rounded(values) for asset, values in stored.items()},
        binding={name: slots for name, values in limits.items() if (slots := _slots(values, context))},
    )


def _slots(values: Sequence[Values], context: Context) -> tuple[int, ...]:
    """Where a limit on every slot, or on every edge, binds; an edge counts for the slot that ends at it."""
    found: set[int] = set()
    for value in values:
        if len(value) == context.steps:
            found.update(np.flatnonzero(np.abs(value) > LEAST_PER_KWH * context.h).tolist())
        elif len(value) == context.steps + 1:
            found.update(np.flatnonzero(np.abs(value[1:]) > LEAST_PER_KWH).tolist())
    return tuple(sorted(found))


def _rounded(values: Values) -> tuple[float, ...]:
    return tuple(float(value) + 0.0 for value in np.round(values, 6))
