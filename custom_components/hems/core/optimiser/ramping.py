"""The price on changes of the exchange with the grid."""

import cvxpy as cp

from .block import Context
from .constraints import Affine, at_least, total


def ramping_cost(net_kw: Affine, context: Context) -> tuple[Affine, tuple[cp.Constraint, ...]]:
    """Every rise and fall from step to step at its price per kW; the first one too where it is known what was before.

    `net_kw` is import less export.
    """
    request = context.terms.request
    price = request.weights.ramping_price_per_kw
    if price == 0.0:
        return 0.0, ()
    change_kw = cp.Variable(context.steps, name="grid.change_kw", nonneg=True)
    rises = [(change_kw[1:], net_kw[1:] - net_kw[:-1])] if context.steps > 1 else []
    if request.grid_kw is not None:
        rises.append((change_kw[0], net_kw[0] - request.grid_kw))
    limits = [at_least("grid.rise", changed_kw, rise_kw) for changed_kw, rise_kw in rises]
    limits += [at_least("grid.fall", changed_kw, -rise_kw) for changed_kw, rise_kw in rises]
    return price * total(change_kw), tuple(limits)
