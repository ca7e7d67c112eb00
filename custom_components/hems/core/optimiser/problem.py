"""Joins the blocks of all assets, solves, and reads the plan from the solution."""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np

from ..model import AssetPlan, AssetState, Plan, PlanRequest, SolveStats
from ..model.assessment import judged_plan
from ..model.assessment.judgement import NOTICED, REPORTED
from ..model.phases import over_phase_kw
from ..model.terms import Terms
from .block import Block, Context, tidy
from .constraints import Values, solved
from .grid import GridBlock, grid_block
from .marginals import marginals_of
from .overrides import override_cost
from .preferences import taste
from .registry import block_of
from .solver import Solved, minimise
from .validate import check_plan


def solve(request: PlanRequest) -> Plan:
    """The best schedule for a request.

    Raises:
        NoPlan: hard limits contradict each other, or time ran out before any schedule was found.
    """
    started = perf_counter()
    terms = Terms.of(request)
    context = Context.of(terms)
    blocks = [block_of(asset, request.state_of(asset, AssetState), context) for asset in request.site.assets]
    grid = grid_block(blocks, context)
    told, told_limits = override_cost(blocks, context)
    preferred, taste_limits = taste(blocks, grid.import_kw + grid.export_kw, context)
    objective = (grid.cost + told + sum(block.cost for block in blocks) + preferred) / terms.money_scale
    limits = [limit for block in blocks for limit in block.constraints]
    limits += [*grid.constraints, *told_limits, *taste_limits]
    built = perf_counter()
    answer = minimise(objective, limits, request.options)
    read = perf_counter()
    plan = _plan(terms, blocks, grid, answer, built - started, read)
    check_plan(plan, terms)
    return replace(plan, marginals=marginals_of(limits, blocks, context)) if answer.has_duals else plan


def _plan(terms: Terms, blocks: list[Block], grid: GridBlock, answer: Solved, build_s: float, read_at: float) -> Plan:
    """The schedule with its balance closed by the grid, judged afresh rather than taken from the solver."""
    assets = tuple(block.plan() for block in blocks)
    powers_kw = np.array([plan.power_kw for plan in assets]).reshape(len(assets), terms.horizon.steps)
    drawn_kw = powers_kw.sum(axis=0) + np.array(terms.load_kw)
    unserved_kw = _unserved(solved(grid.unserved_kw), drawn_kw, assets, terms)
    net_kw = np.round(drawn_kw - np.array(unserved_kw), 9)
    plan = judged_plan(terms, answer.outcome, assets, net_kw.tolist(), unserved_kw)
    stats = SolveStats(
        build_s=build_s,
        compile_s=answer.compile_s,
        solve_s=answer.solve_s,
        extract_s=perf_counter() - read_at,
    )
    return replace(plan, stats=stats)


def _unserved(solved_kw: Values, drawn_kw: Values, assets: Sequence[AssetPlan], terms: Terms) -> tuple[float, ...]:
    """The load left without supply; what rounding puts above a limit is counted with it rather than refused."""
    over_phases_kw = np.sum(over_phase_kw(terms, {plan.asset: plan for plan in assets}), axis=0)
    over_kw = np.maximum(drawn_kw - np.array(terms.max_import_kw), over_phases_kw)
    rounded_kw = over_kw - solved_kw
    noticed = (rounded_kw > NOTICED) & (rounded_kw < REPORTED["kW"])
    return tidy(np.where(noticed, over_kw, solved_kw), 0.0)
