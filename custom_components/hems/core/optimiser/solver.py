"""HiGHS by way of cvxpy: compile, search, polish; deterministic, with an honest account of how it ended."""

from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import Any

import cvxpy as cp
import highspy
import numpy as np

from ..model import Feasible, Infeasible, Optimal, SolverOptions, TimedOut
from ..model.assessment.judgement import NOTICED
from .constraints import total
from .improving import improve
from .outcome import NoPlan
from .rounding import Indices, Rows, dive

SCALE = 1000.0
"""The objective is solved in thousandths of the currency, so that HiGHS's tolerance of 1e-7 lies far below the
smallest preference."""
DUAL, PRIMAL = 1, 4
"""Numbers that HiGHS gives its simplex methods."""
POLISH_LIMIT_S = 2.0
"""For the linear programs after the search; they take milliseconds."""

MANY = 64
"""Decisions; a search among fewer is quick, and finds the very best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The variables hold their values; this is how it ended and what it took."""

    outcome: Optimal | Feasible
    has_duals: bool
    """Whether the constraints hold theirs: those of the linear program for the on/off decisions found."""
    compile_s: float
    solve_s: float


def minimise(
    objective: Any, constraints: list[cp.Constraint], options: SolverOptions, splittable: frozenset[int]
) -> Solved:
    """Solve, and leave the values in the variables; those with an id in `splittable` need not be whole.

    Raises:
        NoPlan: infeasible, or out of time without any schedule.
    """
    problem = cp.Problem(cp.Minimize(SCALE * objective), constraints)
    before = perf_counter()
    data, chain, inverse = problem.get_problem_data(cp.HIGHS)
    compiled = perf_counter()
    cache: dict[str, Any] = {}
    decided = np.array([*data["bool_vars_idx"], *data["int_vars_idx"]], dtype=np.int32)
    whole = _without(decided, splittable, data["param_prob"])
    results = chain.solver.solve_via_data(
        _relaxed(data, decided), False, False, _highs_options(options, is_linear=not len(whole)), cache
    )
    highs: highspy.Highs = cache["HIGHS"][0]
    outcome = _searched(highs, data["A"], whole, options)
    if isinstance(outcome, Infeasible | TimedOut):
        broken = isinstance(outcome, Infeasible) and not outcome.broken
        raise NoPlan(Infeasible(broken=broken_limits(constraints)) if broken else outcome)
    has_duals = highs.getInfo().dual_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    # cvxpy reads duals of linear programs only, and this is one by now.
    inverse[-1].inverse_data["is_mip"] = not has_duals
    # The status is ours to tell: cvxpy would warn about a feasible one.
    found = {"solution": highs.getSolution(), "info": highs.getInfo(), "model_status": "kOptimal"}
    problem.unpack_results(results | found, chain, inverse)
    return Solved(outcome=outcome, has_duals=has_duals, compile_s=compiled - before, solve_s=perf_counter() - compiled)


def _without(decided: Indices, splittable: frozenset[int], program: Any) -> Indices:
    """The columns of decisions that must be whole."""
    sizes = {variable.id: variable.size for variable in program.variables}
    columns = [
        np.arange(first, first + sizes[variable])
        for variable, first in program.var_id_to_col.items()
        if variable in splittable
    ]
    return np.setdiff1d(decided, np.concatenate(columns)).astype(np.int32) if columns else decided


def _relaxed(data: dict[str, Any], whole: Indices) -> dict[str, Any]:
    """The same program with every decision anywhere between 0 and 1."""
    lower, upper = data["lower_bounds"], data["upper_bounds"]
    columns = data["A"].shape[1]
    lower = np.full(columns, -np.inf) if lower is None else np.array(lower, dtype=float)
    upper = np.full(columns, np.inf) if upper is None else np.array(upper, dtype=float)
    lower[whole], upper[whole] = 0.0, 1.0
    return data | {"bool_vars_idx": [], "int_vars_idx": [], "lower_bounds": lower, "upper_bounds": upper}


def _searched(
    highs: highspy.Highs, matrix: Any, whole: Indices, options: SolverOptions
) -> Optimal | Feasible | TimedOut | Infeasible:
    """How it ended; the solver, which holds the solved relaxation, then holds the best schedule found."""
    if highs.getModelStatus() in {highspy.HighsModelStatus.kNotset, highspy.HighsModelStatus.kSolveError}:
        # One of the two methods may end without a word, or give up, where the other has an answer.
        highs.setOptionValue("simplex_strategy", PRIMAL if len(whole) else DUAL)
        highs.run()
        highs.setOptionValue("simplex_strategy", DUAL)
    without = _failure(highs, options)
    if without is not None:
        return without
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        # Out of time on the way: only without decisions is what there is a schedule, and there is no bound.
        return TimedOut(time_limit_s=options.time_limit_s) if len(whole) else Feasible(gap=1.0)
    if not len(whole):
        return Optimal(gap=0.0)
    bound = highs.getInfo().objective_function_value
    schedule = None
    rows, relaxed = Rows.of(highs, matrix.tocsc(), whole), highs.getBasis()
    value = _dived(highs, rows, relaxed, bound, options)
    if value is not None:
        if value - bound <= max(SCALE * options.absolute_gap, options.relative_gap * abs(value)):
            return Optimal(gap=_gap(value, bound))
        schedule = highs.getSolution()
    free = np.array([highspy.HighsVarType.kInteger] * len(whole))
    highs.changeColsBounds(len(whole), whole, np.zeros(len(whole)), np.ones(len(whole)))
    highs.changeColsIntegrality(len(whole), whole, free)
    highs.setOptionValue("time_limit", options.time_limit_s)
    if schedule is not None:
        highs.setSolution(schedule)
    highs.run()
    failed = _failure(highs, options)
    if failed is not None:
        return failed
    info = highs.getInfo()
    gap = _gap(info.objective_function_value, info.mip_dual_bound)
    is_optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    _hold(highs, whole, relaxed)
    return Optimal(gap=gap) if is_optimal else Feasible(gap=gap)


def _dived(highs: highspy.Highs, rows: Rows, relaxed: Any, bound: float, options: SolverOptions) -> float | None:
    """What the schedule that a dive finds costs, which the solver then holds; None: the dive found none."""
    if not dive(highs, rows):
        return None
    value = float(highs.getInfo().objective_function_value)
    if not _hold(highs, rows.binaries):
        # The solver has forgotten what it costs, and would say 0.
        return value
    if len(rows.binaries) >= MANY:
        improve(highs, rows, relaxed, bound + max(SCALE * options.absolute_gap, options.relative_gap * abs(bound)))
    return float(highs.getInfo().objective_function_value)


def _highs_options(options: SolverOptions, *, is_linear: bool) -> dict[str, Any]:
    """One thread and a fixed seed: the same request gives the same plan."""
    return {
        "threads": 1,
        "parallel": "off",
        "random_seed": 0,
        "time_limit": options.time_limit_s,
        "mip_rel_gap": options.relative_gap,
        "mip_abs_gap": SCALE * options.absolute_gap,
        # Leaves and shared decisions of a home do not repeat: the search for symmetry only costs.
        "mip_detect_symmetry": False,
        # It took half of the time of the search, and found what the other heuristics find.
        "mip_heuristic_run_root_reduced_cost": False,
        # The primal method takes two thirds of the dual's time, but leaves a basis that rounding does not profit from.
        "simplex_strategy": PRIMAL if is_linear else DUAL,
    }


def _failure(highs: highspy.Highs, options: SolverOptions) -> TimedOut | Infeasible | None:
    """Why the solver has no schedule; None if it has one. Without names: the limits contradict each other."""
    status = highs.getModelStatus()
    if status in {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}:
        return Infeasible(broken=())
    # After a time-out without a schedule there is a value all the same, so its status is asked.
    if highs.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return _without_schedule(status.name, options)
    return None


def _without_schedule(status: str, options: SolverOptions) -> TimedOut | Infeasible:
    """Out of time, or the solver itself gave up: that is named like a limit, because nobody can act on more."""
    if status == "kTimeLimit":
        return TimedOut(time_limit_s=options.time_limit_s)
    return Infeasible(broken=(f"solver.{status}",))


def _gap(value: float, bound: float) -> float:
    """Relative to the cost, or to one unit of the currency where it costs less."""
    gap = abs(value - bound) / max(abs(value), SCALE)
    return gap if isfinite(gap) else 1.0


def _hold(highs: highspy.Highs, whole: Indices, basis: Any = None) -> bool:
    """The best schedule for the decisions found, and its duals: the search may stop within its gap, this need not.

    False: there is none, and what was found stays, without duals. `basis` is where the linear program starts from, if
    not from that which the solver has.
    """
    found = highs.getSolution()
    values = np.round(np.array(found.col_value)[whole])
    highs.changeColsIntegrality(len(whole), whole, np.array([highspy.HighsVarType.kContinuous] * len(whole)))
    highs.changeColsBounds(len(whole), whole, values, values)
    highs.setOptionValue("time_limit", highs.getRunTime() + POLISH_LIMIT_S)
    if basis is not None:
        highs.setBasis(basis)
    highs.run()
    is_held = bool(highs.getModelStatus() == highspy.HighsModelStatus.kOptimal)
    if not is_held:
        highs.setSolution(found)
    return is_held


def broken_limits(constraints: list[cp.Constraint]) -> tuple[str, ...]:
    """Names of the limits that must give way, so that the sum of what they give is least."""
    given_up: Any = 0.0
    elastic: list[cp.Constraint] = []
    given: list[tuple[str, cp.Variable]] = []
    for constraint in constraints:
        expression = constraint.args[0]
        slack = cp.Variable(expression.shape, nonneg=True)
        given.append((str(constraint.label), slack))
        if isinstance(constraint, cp.Zero):
            other = cp.Variable(expression.shape, nonneg=True)
            given.append((str(constraint.label), other))
            elastic.append(cp.Zero(expression + slack - other))
            given_up += total(other)
        else:
            elastic.append(cp.NonNeg(expression + slack))
        given_up += total(slack)
    problem = cp.Problem(cp.Minimize(given_up), elastic)
    problem.solve(solver=cp.HIGHS, threads=1, time_limit=POLISH_LIMIT_S)  # type: ignore[no-untyped-call]  # as published
    if problem.status != cp.OPTIMAL:
        return ()
    broken = [name for name, slack in given if slack.value is not None and slack.value.max() > NOTICED]
    return tuple(dict.fromkeys(broken))
