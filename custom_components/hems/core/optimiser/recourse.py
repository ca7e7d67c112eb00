"""Scenarios: the first decisions are the same in all of them, what follows is decided when it is known.

    minimise   sum over scenarios of probability * cost
    subject to p_asset[t] equal to the first branch's for as long as nobody can know that it is another

That is as long as little of what sets the two apart has shown. Were only the very next steps shared, each plan of a
night would count on the next one's knowing how sunny the day will be, and buy early for the chance that it is dull.

The forecasts of the request are the first branch, and its schedule is the plan. The other branches only say what the
first decisions lead to: their on/off decisions may be split, because they are never carried out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cvxpy as cp
import numpy as np

from ..model import AssetState, Battery, HybridInverter, PlanRequest, Pv, PvState, Scenario
from ..model.dc_bus import suns_kw
from ..model.terms import Terms
from .block import Block, Context
from .constraints import Affine, Mask, Values, at_least, at_most
from .grid import GridBlock, grid_block
from .overrides import override_cost
from .registry import block_of

UNLISTED = 0.05
"""Weight of the forecasts where no scenario equals them: enough for a schedule that makes sense."""
SAME_KW = 1e-6
TOLD = 0.1
"""Of the energy by which two scenarios differ over the horizon: once it has shown, they are told from each other."""
APART_KW = 1e-6
"""By how much shared powers may differ: solvers know no equality of decisions that are whole here and split there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """The whole home in one scenario."""

    blocks: list[Block]
    grid: GridBlock
    cost: Affine
    """Money; the preferences are not in it."""
    limits: list[cp.Constraint]

    @classmethod
    def of(cls, context: Context) -> Branch:
        """The equations of all assets, of the connection, and of the user's words."""
        request = context.terms.request
        blocks = [block_of(asset, request.state_of(asset, AssetState), context) for asset in request.site.assets]
        grid = grid_block(blocks, context)
        told, told_limits = override_cost(blocks, context)
        return cls(
            blocks=blocks,
            grid=grid,
            cost=grid.cost + told + sum(block.cost for block in blocks),
            limits=[limit for block in blocks for limit in block.constraints] + [*grid.constraints, *told_limits],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recourse:
    """What the other branches add to the problem of the first."""

    weight: float
    """Of the first branch."""
    cost: Affine = 0.0
    limits: tuple[cp.Constraint, ...] = ()
    """Of the other branches, and those that tie them to the first."""
    splittable: frozenset[int] = frozenset()
    """Ids of the variables whose decisions need not be whole."""


def beside_scenarios(context: Context) -> Context:
    """Where powers are shared, a full battery could be asked to burn what another scenario has room for."""
    request = context.terms.request
    burning_pays = context.burning_pays
    for _, turned_out in _weighted(request)[1]:
        burning_pays = burning_pays | _alike(request, turned_out, context)
    return replace(context, burning_pays=burning_pays)


def recourse_of(request: PlanRequest, first: Branch, context: Context) -> Recourse:
    """Nothing but a weight of 1 where there are no scenarios, or all are alike."""
    weight, others = _weighted(request)
    if not others:
        return Recourse(weight=1.0)
    cost: Affine = 0.0
    limits: list[cp.Constraint] = []
    never = np.zeros(context.steps, dtype=bool)
    for probability, turned_out in others:
        branch = Branch.of(replace(Context.of(Terms.of(turned_out)), near=never, burning_pays=never))
        cost = cost + probability * branch.cost
        limits += branch.limits
        limits += _shared(first, branch, turned_out, context)
    own = _variables([*first.limits])
    return Recourse(weight=weight, cost=cost, limits=tuple(limits), splittable=_variables(limits) - own)


def _variables(limits: Sequence[cp.Constraint]) -> frozenset[int]:
    return frozenset(variable.id for limit in limits for variable in limit.variables())


def _shared(first: Branch, other: Branch, turned_out: PlanRequest, context: Context) -> list[cp.Constraint]:
    """The sun is not decided, nor what an inverter loses; all else is the same at first.

    Only a battery follows what load and sun do otherwise than forecast (`more_kw` is drawn), as it does between plans.
    """
    request = context.terms.request
    more_kw = _net_kw(turned_out) - _net_kw(request)
    alike, soon = _alike(request, turned_out, context), context.starts_h < request.options.shared_h
    limits = []
    for here, there in zip(first.blocks, other.blocks, strict=True):
        asset = request.site.asset(here.asset)
        if isinstance(asset, Pv | HybridInverter) or not isinstance(here.power_kw, cp.Expression):
            continue
        follows = isinstance(asset, Battery)
        # Batteries only: with whole decisions tied for hours, one home in four found no schedule in 10 s.
        steps = np.flatnonzero(alike if follows else soon)
        if not len(steps):
            continue
        apart_kw = there.power_kw[steps] - here.power_kw[steps]
        limits += [
            at_most(f"{here.asset}.shared", apart_kw, APART_KW + follows * np.maximum(0.0, -more_kw[steps])),
            at_least(f"{here.asset}.shared", apart_kw, -APART_KW - follows * np.maximum(0.0, more_kw[steps])),
        ]
    return limits


def _alike(request: PlanRequest, turned_out: PlanRequest, context: Context) -> Mask:
    """Steps that are decided before anybody can know that it turns out like this."""
    shared = context.starts_h < request.options.shared_h
    apart_kwh = np.abs(_course(turned_out) - _course(request)).sum(axis=0) * context.h
    shown_kwh = np.cumsum(apart_kwh) - apart_kwh
    alike: Mask = shared | ((shown_kwh < TOLD * apart_kwh.sum()) & (request.options.shared_h > 0.0))
    return alike


def _weighted(request: PlanRequest) -> tuple[float, list[tuple[float, PlanRequest]]]:
    """The weight of the forecasts themselves, and the other ways with theirs; those that are alike count as one."""
    forecast = _course(request)
    whole = sum(scenario.probability for scenario in request.scenarios)
    weight = 0.0
    others: list[tuple[float, PlanRequest, np.ndarray]] = []
    for scenario in request.scenarios:
        probability, turned_out = scenario.probability / whole, _turned_out(request, scenario)
        course = _course(turned_out)
        if _same(course, forecast):
            weight += probability
            continue
        alike = next((index for index, (*_, known) in enumerate(others) if _same(known, course)), None)
        if alike is None:
            others.append((probability, turned_out, course))
        else:
            others[alike] = (others[alike][0] + probability, *others[alike][1:])
    return weight or UNLISTED, [(probability, turned_out) for probability, turned_out, _ in others]


def _turned_out(request: PlanRequest, scenario: Scenario) -> PlanRequest:
    """The request as it would be if the scenario were the forecast."""
    suns = scenario.available_kw
    states = tuple(
        replace(state, available_kw=suns[state.asset]) if isinstance(state, PvState) and state.asset in suns else state
        for state in request.states
    )
    return replace(request, load_kw=scenario.load_kw, states=states, scenarios=())


def _net_kw(request: PlanRequest) -> Values:
    """Load less sun, per step."""
    net_kw: Values = np.array(request.horizon.known("load_kw", request.load_kw)) - np.array(suns_kw(request))
    return net_kw


def _course(request: PlanRequest) -> Any:
    """Load and suns over the horizon."""
    suns = [state.available_kw for state in request.states if isinstance(state, PvState)]
    return np.array([request.horizon.known("course", series) for series in (request.load_kw, *suns)])


def _same(one: Any, other: Any) -> bool:
    return bool(np.max(np.abs(one - other), initial=0.0) < SAME_KW)
