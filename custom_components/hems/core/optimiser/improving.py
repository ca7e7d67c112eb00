"""From a schedule to a better one: dive again, with what it regrets decided the other way.

The cost as a function of fixed decisions is the least of a linear program, so it is convex, and a reduced cost says the
most that a flip could save. Where a dive has made too many decisions whole in one direction, that most is large: those
decisions are turned round, as far as the relaxation with them promises enough, stay so, and the rest is dived for anew.
"""

from dataclasses import dataclass
from math import inf
from typing import Any

import highspy
import numpy as np

from .constraints import Mask, Values
from .rounding import TASTE, Rows, dive

ALIKE = 0.5
"""Flips that promise at least this part of the best are made with it."""
HOPE = 0.5
"""The relaxation must promise at least this part of what is still missing."""
MOST_DIVES = 3
MOST_TRIALS = 2
"""Relaxations that promise too little, in all dives together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Schedule:
    """Whole decisions, and what the solver needs to come back to them."""

    cost: float
    decisions: Values
    promised: Values
    """The most that turning each of them round could save."""
    basis: Any

    @classmethod
    def of(cls, highs: highspy.Highs, rows: Rows) -> _Schedule:
        """What the solver holds, with all decisions fixed."""
        solution = highs.getSolution()
        decisions: Values = np.round(np.array(solution.col_value)[rows.binaries])
        reduced = np.array(solution.col_dual)[rows.binaries]
        return cls(
            cost=highs.getInfo().objective_function_value,
            decisions=decisions,
            promised=_promised(reduced, decisions > 0.5, rows),
            basis=highs.getBasis(),
        )


def improve(highs: highspy.Highs, rows: Rows, relaxed: Any, enough: float) -> None:
    """Better decisions than those that the solver holds, until the objective is `enough` or hope is lost.

    The solver must hold a schedule with all decisions fixed, and does so again afterwards; `relaxed` is its basis
    before any of them was.
    """
    best = last = _Schedule.of(highs, rows)
    turned = np.full(len(rows.binaries), np.nan)
    trials = MOST_TRIALS
    for _ in range(MOST_DIVES):
        if best.cost <= enough:
            break
        hoped = max(enough, best.cost - HOPE * (best.cost - enough))
        turned, trials = _turned(highs, rows, relaxed, last, turned, hoped, trials)
        if not trials or not dive(highs, rows):
            break
        hold(highs, rows, np.round(np.array(highs.getSolution().col_value)[rows.binaries]))
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            break
        last = _Schedule.of(highs, rows)
        best = min(best, last, key=lambda schedule: schedule.cost)
    if last is not best or highs.getInfo().objective_function_value != best.cost:
        # Out of time or not, this takes no step.
        highs.setOptionValue("time_limit", inf)
        highs.setBasis(best.basis)
        hold(highs, rows, best.decisions)


def hold(highs: highspy.Highs, rows: Rows, decisions: Values) -> None:
    """Solve with all decisions fixed, from the basis at hand."""
    highs.changeColsBounds(len(decisions), rows.binaries, decisions, decisions)
    highs.run()


def _turned(  # one loop
    highs: highspy.Highs, rows: Rows, relaxed: Any, last: _Schedule, turned: Values, hoped: float, trials: int
) -> tuple[Values, int]:
    """More of the decisions turned round for good, and the trials that are left; none: that promises too little."""
    promised = np.where(np.isnan(turned), last.promised, 0.0)
    order = np.argsort(-promised, kind="stable")
    flips = order[promised[order] > max(TASTE, ALIKE * promised.max())]
    while trials and len(flips):
        tried = turned.copy()
        tried[flips] = 1.0 - last.decisions[flips]
        lower, upper = np.nan_to_num(tried, nan=0.0), np.nan_to_num(tried, nan=1.0)
        for places in rows.choices:
            if (lower[places] > 0.5).any():
                upper[places] = lower[places]
        highs.changeColsBounds(len(tried), rows.binaries, lower, upper)
        highs.setBasis(relaxed)
        highs.run()
        is_solved = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        if is_solved and highs.getInfo().objective_function_value <= hoped:
            return tried, trials
        trials -= 1
        flips = flips[: len(flips) // 2]
    return turned, 0


def _promised(reduced: Values, chosen: Mask, rows: Rows) -> Values:
    """The most that each flip could save; one of a choice flips another with it."""
    promised: Values = np.where(chosen, reduced, -reduced)
    for places in rows.choices:
        promised[places[~chosen[places]]] += reduced[places[chosen[places]]].sum()
    return promised
