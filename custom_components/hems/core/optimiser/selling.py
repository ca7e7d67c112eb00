"""Whether the home sells in a step: one binary for everything that excludes it.

While it sells s = 1, it does not buy where that would pay, and no battery discharges whose energy must not be sold. So
what it sells, and the load, was given by the rest:  export + load s <= discharge for sale + sun + unserved.  That
follows from the whole decisions; without it the relaxation trades with itself, and its bound is worthless.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from ..model import Battery, HybridInverter, Pv
from ..model.dc_bus import suns_kw
from .block import Block, Context
from .constraints import Affine, Flow, Mask, Values, at_most, either_or, times
from .must import must_kw


@dataclass(frozen=True, slots=True, kw_only=True)
class Selling:
    """The decisions to sell, and the limits that follow."""

    limits: tuple[cp.Constraint, ...]
    instead_of_buying: Affine
    """Per step, 1 where the home sells and so does not buy; 0 where that is not decided."""


def selling(bought: Flow, sold: Flow, unserved_kw: Affine, blocks: Sequence[Block], context: Context) -> Selling:
    """Never both bought and sold where that pays, and never sold what must not be."""
    terms = context.terms
    pays = np.array(terms.export_worth) > np.array(terms.import_worth)
    kept = [block for block in blocks if block.unsold is not None]
    most_kw = np.where(pays, np.minimum(sold.most_kw, _given_most_kw(blocks, context)), sold.most_kw)
    forbidden = np.zeros(context.steps, dtype=bool)
    for block in kept:
        here = _most(block.unsold) > 0.0
        forbidden |= here
        most_kw = np.where(here, np.minimum(most_kw, _left_kw(blocks, block, context)), most_kw)
    decided = (pays | forbidden) & (most_kw > 0.0)
    limits: list[cp.Constraint] = []
    never = np.flatnonzero((pays | forbidden) & (most_kw <= 0.0) & (sold.most_kw > 0.0))
    if len(never):
        limits.append(at_most("grid.nothing_to_sell", sold.kw[never], 0.0))
    limits += either_or(
        "grid.one_way", bought, Flow(sold.kw, np.where(decided & pays, 0.0, most_kw)), np.zeros(context.steps, bool)
    )
    if not decided.any():
        return Selling(limits=tuple(limits), instead_of_buying=np.zeros(context.steps))
    sells = cp.Variable(int(decided.sum()), boolean=True, name="grid.sells")
    at = np.eye(context.steps)[:, decided] @ sells
    limits.append(at_most("grid.sells", sold.kw[decided], times(most_kw[decided], sells)))
    for block in kept:
        limits += _excluded(f"{block.asset}.may_export", block.unsold, at, decided)
    trades = decided & pays
    if trades.any():
        bought_most_kw = np.minimum(bought.most_kw, _drawn_most_kw(blocks, context))
        limits += _excluded("grid.one_way", Flow(bought.kw, bought_most_kw), at, trades)
        limits += _sold_is_given(sold.kw, unserved_kw, at, trades, blocks, context)
    return Selling(limits=tuple(limits), instead_of_buying=times(trades.astype(float), at))


def _most(flow: Flow | None) -> Values | float:
    return 0.0 if flow is None else flow.most_kw


def _excluded(name: str, flow: Flow | None, sells: Affine, decided: Mask) -> list[cp.Constraint]:
    """Not while the home sells."""
    if flow is None:
        return []
    steps = np.flatnonzero(decided & (flow.most_kw > 0.0))
    return [at_most(name, flow.kw[steps], times(flow.most_kw[steps], 1.0 - sells[steps]))] if len(steps) else []


def _sold_is_given(
    sold_kw: Affine, unserved_kw: Affine, sells: Affine, trades: Mask, blocks: Sequence[Block], context: Context
) -> list[cp.Constraint]:
    """What is sold, and the load meanwhile, comes from sun and batteries that may be sold from."""
    request = context.terms.request
    given_kw: Affine = unserved_kw
    for block in blocks:
        if isinstance(request.site.asset(block.asset), Pv):
            given_kw = given_kw - block.power_kw
        elif block.discharge is not None:
            given_kw = given_kw + block.discharge.kw - (0.0 if block.unsold is None else block.unsold.kw)
    steps = np.flatnonzero(trades)
    load_kw = np.array(context.terms.load_kw)[steps]
    return [at_most("grid.sold", sold_kw[steps] + times(load_kw, sells[steps]), given_kw[steps])]


def _given_most_kw(blocks: Sequence[Block], context: Context) -> Values:
    """Most that sun and batteries can give together."""
    most_kw: Values = np.array(suns_kw(context.terms.request))
    for block in blocks:
        if block.discharge is not None:
            most_kw = most_kw + block.discharge.most_kw
    return most_kw


def _left_kw(blocks: Sequence[Block], without: Block, context: Context) -> Values:
    """Most that can be left for the grid while the discharge of one block is none of it."""
    most_kw = _given_most_kw([block for block in blocks if block is not without], context)
    left_kw: Values = np.maximum(0.0, most_kw - np.array(context.terms.load_kw))
    return left_kw


def _drawn_most_kw(blocks: Sequence[Block], context: Context) -> Values:
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
                most_kw = most_kw + (must_kw(asset, request) if block.car is None else block.car.most_kw)
    return most_kw
