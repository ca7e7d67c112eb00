"""The bus and the connection: sum of all powers + load - unserved = import - export."""

from collections.abc import Sequence
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from ..model import Pv
from ..model.assessment.grid import capacity_periods
from ..model.assessment.whole import UNSERVED_PRICE_PER_KWH
from .block import Block, Context
from .constraints import Affine, Flow, Values, at_least, at_most, either_or, equal, total
from .feeding import feeding_rules
from .inverter import dc_balances


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
    capacity, capacity_limits = _capacity(import_kw, context)
    # Without supply or over its limit even for one step must be dearer than any peak that it could avoid.
    last_resort = UNSERVED_PRICE_PER_KWH * h + 2.0 * _peak_price(context)
    return GridBlock(
        import_kw=import_kw,
        export_kw=export_kw,
        unserved_kw=unserved_kw,
        constraints=(
            equal("grid.balance", powers_kw - unserved_kw, import_kw - export_kw),
            at_most("grid.max_import", import_kw, max_import_kw),
            at_most("grid.max_export", export_kw, max_export_kw + excess_kw),
            at_most("grid.excess", excess_kw, np.maximum(0.0, most_export_kw - max_export_kw)),
            *either_or(
                "grid.one_way",
                Flow(import_kw, max_import_kw),
                Flow(export_kw, most_export_kw),
                export_worth > import_worth,
            ),
            *feeding_rules(blocks, Flow(export_kw, most_export_kw), context),
            *dc_balances(blocks, context),
            *capacity_limits,
        ),
        cost=(import_worth * h) @ import_kw
        - (export_worth * h) @ export_kw
        + last_resort @ (unserved_kw + excess_kw)
        + capacity,
    )


def _unstoppable_kw(context: Context) -> Values:
    """Most power per step that arrays which cannot be held back may push out."""
    peaks_kw = [
        asset.peak_kw for asset in context.terms.request.site.assets if isinstance(asset, Pv) and not asset.curtailable
    ]
    return np.full(context.steps, sum(peaks_kw))


def _peak_price(context: Context) -> float:
    charge = context.terms.request.tariff.capacity
    return 0.0 if charge is None else charge.price_per_kw


def _capacity(import_kw: cp.Variable, context: Context) -> tuple[Affine, tuple[cp.Constraint, ...]]:
    """A peak per local day or month, never below what it already is; only what is added costs."""
    periods = capacity_periods(context.terms)
    if not periods:
        return 0.0, ()
    peaks_kw = cp.Variable(len(periods), name="grid.peak_kw", nonneg=True)
    so_far_kw = np.array([so_far for so_far, _ in periods])
    limits = [at_least("capacity.so_far", peaks_kw, so_far_kw)]
    limits += [
        at_most(f"capacity.peak_{number}", import_kw[list(steps)], peaks_kw[number])
        for number, (_, steps) in enumerate(periods)
    ]
    return _peak_price(context) * total(peaks_kw - so_far_kw), tuple(limits)
