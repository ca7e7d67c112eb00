"""HiGHS by way of cvxpy: compile, search, polish; deterministic, with an honest account of how it ended."""

from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import Any

import cvxpy as cp
import highspy

from ..model import Feasible, Infeasible, Optimal, SolverOptions, TimedOut
from ..model.assessment.judgement import NOTICED
from .constraints import total
from .outcome import NoPlan

SCALE = 1000.0
"""The objective is solved in thousandths of the currency, so that HiGHS's tolerance of 1e-7 lies far below the
smallest preference."""
POLISH_LIMIT_S = 2.0
"""For the linear programs after the search; they take milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The variables hold their values; this is how it ended and what it took."""

    outcome: Optimal | Feasible
    has_duals: bool
    """Whether the constraints hold theirs: those of the linear program for the on/off decisions found."""
    compile_s: float
    solve_s: float


def minimise(objective: Any, constraints: list[cp.Constraint], options: SolverOptions) -> Solved:
    """Solve, and leave the values in the variables.

    Raises:
        NoPlan: infeasible, or out of time without any schedule.
    """
    problem = cp.Problem(cp.Minimize(SCALE * objective), constraints)
    before = perf_counter()
    data, chain, inverse = problem.get_problem_data(cp.HIGHS)
    compiled = perf_counter()
    cache: dict[str, Any] = {}
    results = chain.solver.solve_via_data(data, False, False, _highs_options(options), cache)
    highs: highspy.Highs = cache["HIGHS"][0]
    if results["model_status"] in {"kInfeasible", "kUnboundedOrInfeasible"}:
        raise NoPlan(Infeasible(broken=broken_limits(constraints)))
    info = highs.getInfo()
    # After a time-out without a schedule cvxpy reports a value all the same, so the solver itself is asked.
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        raise NoPlan(_without_schedule(results["model_status"], options))
    is_mip = bool(inverse[-1]["is_mip"])
    outcome = _outcome(results["model_status"], info, is_mip)
    if is_mip:
        results["solution"] = _polished(highs, data)
    has_duals = highs.getInfo().dual_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    # cvxpy reads duals of linear programs only, and this is one by now.
    inverse[-1].inverse_data["is_mip"] = not has_duals
    # The status is ours to tell: cvxpy would warn about a feasible one.
    problem.unpack_results(results | {"model_status": "kOptimal"}, chain, inverse)
    return Solved(outcome=outcome, has_duals=has_duals, compile_s=compiled - before, solve_s=perf_counter() - compiled)


def _highs_options(options: SolverOptions) -> dict[str, Any]:
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
    }


def _without_schedule(status: str, options: SolverOptions) -> TimedOut | Infeasible:
    """Out of time, or the solver itself gave up: that is named like a limit, because nobody can act on more."""
    if status == "kTimeLimit":
        return TimedOut(time_limit_s=options.time_limit_s)
    return Infeasible(broken=(f"solver.{status}",))


def _outcome(status: str, info: Any, is_mip: bool) -> Optimal | Feasible:
    """Optimal within the gap that was asked for, or the best there was when time ran out."""
    gap = 0.0
    if is_mip:
        distance = abs(info.objective_function_value - info.mip_dual_bound)
        gap = distance / max(abs(info.objective_function_value), SCALE)
        gap = gap if isfinite(gap) else 1.0
    return Optimal(gap=gap) if status == "kOptimal" else Feasible(gap=gap)


def _polished(highs: highspy.Highs, data: dict[str, Any]) -> Any:
    """The best schedule for the on/off decisions found: the search may stop within its gap, this need not."""
    found = highs.getSolution()
    binaries = [int(index) for index in (*data["bool_vars_idx"], *data["int_vars_idx"])]
    for index in binaries:
        value = round(found.col_value[index])
        highs.changeColIntegrality(index, highspy.HighsVarType.kContinuous)
        highs.changeColBounds(index, value, value)
    highs.setOptionValue("time_limit", highs.getRunTime() + POLISH_LIMIT_S)
    highs.run()
    return highs.getSolution() if highs.getModelStatus() == highspy.HighsModelStatus.kOptimal else found


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
