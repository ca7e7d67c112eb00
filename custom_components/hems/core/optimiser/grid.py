"""The bus and the connection: sum of all powers + load - unserved = import - export."""

from collections.abc import Sequence
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from ..model import Pv
from ..model.assessment.grid import peak_price_per_kw
from ..model.assessment.whole import UNSERVED_PRICE_PER_KWH
from ..model.dc_bus import suns_kw
from .block import Block, Context
from .capacity import capacity_cost
from .constraints import Affine, Flow, Values, at_most, equal
from .feeding import feeding_rules
from .inverter import dc_balances
from .must import must_kw
from .phases import phase_limits
from .ramping import ramping_cost
from .selling import selling


@dataclass(frozen=True, slots=True, kw_only=True)
class GridBlock:
    """The variables of the connection, and what it costs."""

    import_kw: cp.Variable
    export_kw: cp.Variable
    unserved_kw: cp.Variable
    constraints: tuple[cp.Constraint, ...]
    cost: Affine


def grid_block(blocks: Sequence[Block], context: Context) -> GridBlock:
    """Energy is paid in and out at its worth; import and export exclude each other where both would pay."""
    n, h, terms = context.steps, context.h, context.terms
    import_kw = cp.Variable(n, name="grid.import_kw", nonneg=True)
    export_kw = cp.Variable(n, name="grid.export_kw", nonneg=True)
    unserved_kw = cp.Variable(n, name="grid.unserved_kw", nonneg=True)
    excess_kw = cp.Variable(n, name="grid.excess_kw", nonneg=True)
    max_import_kw, max_export_kw = np.array(terms.max_import_kw), np.array(terms.max_export_kw)
    most_export_kw = max_export_kw + _unstoppable_kw(context)
    import_worth, export_worth = np.array(terms.import_worth), np.array(terms.export_worth)
    powers_kw = sum((block.power_kw for block in blocks), start=np.array(terms.load_kw))
    trade = selling(Flow(import_kw, max_import_kw), Flow(export_kw, most_export_kw), unserved_kw, blocks, context)
    capacity, capacity_limits = capacity_cost(import_kw, trade.instead_of_buying, context)
    ramping, changes = ramping_cost(import_kw - export_kw, context)
    most_unserved_kw = _stuck_kw(context, max_import_kw)
    phase_kw = terms.request.site.max_phase_kw
    over_phases_kw, fuses = phase_limits(blocks, _stuck_kw(context, phase_kw or 0.0), context)
    # Without supply or over its limit even for one step must be dearer than any peak that it could avoid.
    last_resort = terms.money_scale * UNSERVED_PRICE_PER_KWH * h + 2.0 * peak_price_per_kw(terms)
    return GridBlock(
        import_kw=import_kw,
        export_kw=export_kw,
        unserved_kw=unserved_kw,
        constraints=(
            equal("grid.balance", powers_kw - unserved_kw, import_kw - export_kw),
            at_most("grid.max_import", import_kw, max_import_kw),
            at_most("grid.most_unserved", unserved_kw, most_unserved_kw),
            at_most("grid.max_export", export_kw, max_export_kw + excess_kw),
            at_most("grid.excess", excess_kw, np.maximum(0.0, most_export_kw - max_export_kw)),
            *trade.limits,
            *feeding_rules(blocks),
            *dc_balances(blocks, context),
            *fuses,
            *capacity_limits,
            *changes,
        ),
        cost=(import_worth * h) @ import_kw
        - (export_worth * h) @ export_kw
        + last_resort @ (unserved_kw + excess_kw + over_phases_kw)
        + capacity
        + ramping,
    )


def _stuck_kw(context: Context, limit_kw: Values | float) -> Values:
    """How far load and what cannot be switched off may be above a limit."""
    request = context.terms.request
    stuck_kw = np.array(context.terms.load_kw) + sum(must_kw(asset, request) for asset in request.site.assets)
    most_kw: Values = np.maximum(0.0, stuck_kw - limit_kw)
    return most_kw


def _unstoppable_kw(context: Context) -> Values:
    """Most power per step that arrays which cannot be held back may push out."""
    request = context.terms.request
    arrays = [asset for asset in request.site.assets if isinstance(asset, Pv) and not asset.curtailable]
    return np.array(suns_kw(request, arrays))
