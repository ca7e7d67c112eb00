"""Joins the blocks of all assets, solves, and reads the plan from the solution."""

from dataclasses import replace
from time import perf_counter

import numpy as np

from ..model import Plan, PlanRequest, SolveStats
from ..model.assessment import judged_plan
from ..model.assessment.judgement import NOTICED, REPORTED
from ..model.terms import Terms
from .block import Context, tidy
from .constraints import Values, solved
from .marginals import marginals_of
from .preferences import taste
from .recourse import Branch, beside_scenarios, recourse_of
from .solver import Solved, minimise
from .validate import check_plan


def solve(request: PlanRequest) -> Plan:
    """The best schedule for a request.

    Raises:
        NoPlan: hard limits contradict each other, or time ran out before any schedule was found.
    """
    started = perf_counter()
    terms = Terms.of(request)
    context = beside_scenarios(Context.of(terms))
    home = Branch.of(context)
    recourse = recourse_of(request, home, context)
    preferred, taste_limits = taste(home.blocks, home.grid.import_kw + home.grid.export_kw, context)
    objective = (recourse.weight * (home.cost + preferred) + recourse.cost) / terms.money_scale
    limits = [*home.limits, *taste_limits]
    built = perf_counter()
    answer = minimise(objective, [*limits, *recourse.limits], request.options, recourse.splittable)
    read = perf_counter()
    plan = _plan(terms, home, answer, built - started, read)
    check_plan(plan, terms)
    if not answer.has_duals:
        return plan
    return replace(plan, marginals=marginals_of(limits, home.blocks, context, recourse.weight))


def _plan(terms: Terms, home: Branch, answer: Solved, build_s: float, read_at: float) -> Plan:
    """The schedule with its balance closed by the grid, judged afresh rather than taken from the solver."""
    assets = tuple(block.plan() for block in home.blocks)
    powers_kw = np.array([plan.power_kw for plan in assets]).reshape(len(assets), terms.horizon.steps)
    drawn_kw = powers_kw.sum(axis=0) + np.array(terms.load_kw)
    unserved_kw = _unserved(solved(home.grid.unserved_kw), drawn_kw, terms)
    net_kw = np.round(drawn_kw - np.array(unserved_kw), 9)
    plan = judged_plan(terms, answer.outcome, assets, net_kw.tolist(), unserved_kw)
    stats = SolveStats(
        build_s=build_s,
        compile_s=answer.compile_s,
        solve_s=answer.solve_s,
        extract_s=perf_counter() - read_at,
    )
    return replace(plan, stats=stats)


def _unserved(solved_kw: Values, drawn_kw: Values, terms: Terms) -> tuple[float, ...]:
    """The load left without supply; what rounding puts above a limit is counted with it rather than refused."""
    over_kw = drawn_kw - np.array(terms.max_import_kw)
    rounded_kw = over_kw - solved_kw
    noticed = (rounded_kw > NOTICED) & (rounded_kw < REPORTED["kW"])
    return tidy(np.where(noticed, over_kw, solved_kw), 0.0)
