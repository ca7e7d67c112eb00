"""The bus and the connection: sum of all powers + load - unserved = import - export."""

from collections.abc import Sequence
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from ..model import (
    Appliance,
    ApplianceState,
    Asset,
    Battery,
    FlexibleLoad,
    HeatPump,
    HotWater,
    HybridInverter,
    PlanRequest,
    Pv,
)
from ..model.assessment.grid import peak_price_per_kw
from ..model.assessment.whole import UNSERVED_PRICE_PER_KWH
from ..model.dc_bus import sun_kw
from .block import Block, Context
from .capacity import capacity_cost
from .constraints import Affine, Flow, Values, at_most, either_or, equal
from .feeding import feeding_rules
from .inverter import dc_balances
from .phases import phase_limits


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
    capacity, capacity_limits = capacity_cost(import_kw, context)
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
            *_one_way(Flow(import_kw, max_import_kw), Flow(export_kw, most_export_kw), blocks, context),
            *feeding_rules(blocks, Flow(export_kw, most_export_kw), context),
            *dc_balances(blocks, context),
            *fuses,
            *capacity_limits,
        ),
        cost=(import_worth * h) @ import_kw
        - (export_worth * h) @ export_kw
        + last_resort @ (unserved_kw + excess_kw + over_phases_kw)
        + capacity,
    )


def _one_way(bought: Flow, sold: Flow, blocks: Sequence[Block], context: Context) -> tuple[cp.Constraint, ...]:
    """Never both at once where that pays; what is sold there was given by the home's own devices, not bought.

    The second follows from the first. Without it the relaxation trades with itself, and its bound is worthless.
    """
    terms = context.terms
    pays = np.array(terms.export_worth) > np.array(terms.import_worth)
    if not pays.any():
        return either_or("grid.one_way", bought, sold, pays)
    suns = [block for block in blocks if isinstance(terms.request.site.asset(block.asset), Pv)]
    gives = [block.discharge for block in blocks if block.discharge is not None]
    given_kw = sum((flow.kw for flow in gives), start=np.zeros(context.steps)) - sum(block.power_kw for block in suns)
    most_given_kw = sum((flow.most_kw for flow in gives), start=_sun_kw(context))
    steps = np.flatnonzero(pays)
    return (
        at_most("grid.sold", sold.kw[steps], (given_kw + np.zeros(context.steps))[steps]),
        *either_or(
            "grid.one_way",
            Flow(bought.kw, np.minimum(bought.most_kw, _most_drawn_kw(blocks, context))),
            Flow(sold.kw, np.minimum(sold.most_kw, most_given_kw)),
            pays,
        ),
    )


def _sun_kw(context: Context) -> Values:
    request = context.terms.request
    arrays = [asset for asset in request.site.assets if isinstance(asset, Pv)]
    return sum((np.array(sun_kw(request, array)) for array in arrays), start=np.zeros(context.steps))


def _most_drawn_kw(blocks: Sequence[Block], context: Context) -> Values:
    """Most that load and devices can take together."""
    request = context.terms.request
    most_kw = np.array(context.terms.load_kw)
    for block in blocks:
        asset = request.site.asset(block.asset)
        match asset:
            case None:
                continue
            case Battery():
                most_kw = most_kw + asset.max_charge_kw
            case HybridInverter():
                most_kw = most_kw + asset.most_taken_kw
            case _:
                most_kw = most_kw + (_must_kw(asset, request) if block.car is None else block.car.most_kw)
    return most_kw


def _stuck_kw(context: Context, limit_kw: Values | float) -> Values:
    """How far load and what cannot be switched off may be above a limit."""
    request = context.terms.request
    must_kw = np.array(context.terms.load_kw) + sum(_must_kw(asset, request) for asset in request.site.assets)
    most_kw: Values = np.maximum(0.0, must_kw - limit_kw)
    return most_kw


def _must_kw(asset: Asset, request: PlanRequest) -> float:
    """Most power that a device may take although nobody wants it to."""
    match asset:
        case HeatPump() | HotWater():
            return asset.max_electric_kw
        case FlexibleLoad():
            return asset.power_kw
        case Appliance():
            return max(asset.profile_kw) * len(request.state_of(asset, ApplianceState).runs)
        case _:
            return 0.0


def _unstoppable_kw(context: Context) -> Values:
    """Most power per step that arrays which cannot be held back may push out."""
    request = context.terms.request
    arrays = [asset for asset in request.site.assets if isinstance(asset, Pv) and not asset.curtailable]
    return sum((np.array(sun_kw(request, array)) for array in arrays), start=np.zeros(context.steps))
