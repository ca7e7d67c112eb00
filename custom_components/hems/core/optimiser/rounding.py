"""From the linear relaxation to whole decisions: a dive that fixes first what costs nothing.

The relaxation of a home is tight: its bound is mostly within the gap that is asked for, and what a search by branches
spends its time on is a first good schedule. So each round looks at every decision that is still split. Where all
limits hold with it whole, the rest of the schedule unchanged, it is made whole; of a choice of one from many (the
starts of a programme) the largest part wins; where neither helps, a third of the rest goes the way that breaks least.
Then the linear program is solved again, from the basis before, which takes a few iterations.
"""

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from .constraints import Mask, Values

WHOLE = 1e-6
"""A decision that is split by less is whole."""
FREE = 1e-5
"""kW, kWh: what a step may break without counting as breaking a limit."""
SHARE = 1.0 / 3.0
"""Of the decisions that break something either way, how many are taken at a time."""
TASTE = 1.0
"""Weight in thousandths of the currency up to which a limit that may give way at that price is not in the way."""
MOST_ROUNDS = 60
MOST_RETRIES = 60
"""Of what leaves no schedule at all, in all rounds together."""

type Indices = np.ndarray[tuple[int], np.dtype[np.int32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Columns of the whole decisions in the matrix, and the limits of the rows."""

    matrix: Any
    """Sparse, by columns."""
    lower: Values
    upper: Values
    binaries: Indices
    soft: Mask
    """Rows that give way from above for next to nothing, such as the count of starts."""
    choices: tuple[Indices, ...]
    """Sets of binaries, by their places in `binaries`, of which at most one is chosen."""

    @classmethod
    def of(cls, highs: highspy.Highs, matrix: Any, binaries: Indices) -> Rows:
        """The rows of the program that the solver holds."""
        program = highs.getLp()
        upper, cost = np.array(program.row_upper_), np.array(program.col_cost_)
        most = np.array(program.col_upper_)
        is_binary = np.zeros(matrix.shape[1], dtype=bool)
        is_binary[binaries] = True
        alone = np.flatnonzero((np.diff(matrix.indptr) == 1) & ~is_binary & np.isinf(most) & (cost < TASTE))
        soft = np.zeros(matrix.shape[0], dtype=bool)
        first = matrix.indptr[alone]
        soft[matrix.indices[first[matrix.data[first] < 0.0]]] = True
        return cls(
            matrix=matrix,
            lower=np.array(program.row_lower_),
            upper=upper,
            binaries=binaries,
            soft=soft,
            choices=_choices(matrix.tocsr(), upper, is_binary, binaries),
        )


def _choices(by_row: Any, upper: Values, is_binary: Mask, binaries: Indices) -> tuple[Indices, ...]:
    place = np.full(by_row.shape[1], -1, dtype=np.int32)
    place[binaries] = np.arange(len(binaries))
    plain = np.zeros(by_row.shape[1])
    plain[is_binary] = 1.0
    counts = np.diff(by_row.indptr)
    # Only binaries, and each of them with the factor 1: then the row sums to its count, in both measures.
    candidates = np.flatnonzero((upper == 1.0) & (counts > 1) & (by_row @ plain == counts))
    rows = (slice(by_row.indptr[row], by_row.indptr[row + 1]) for row in candidates)
    return tuple(place[by_row.indices[row]] for row in rows if (by_row.data[row] == 1.0).all())


def dive(highs: highspy.Highs, rows: Rows) -> bool:
    """Fix split decisions of a solved relaxation until all are whole; whether that came to an end.

    The solver then holds the schedule; the bounds of what has been fixed stay fixed.
    """
    retries = MOST_RETRIES
    for _ in range(MOST_ROUNDS):
        values = np.array(highs.getSolution().col_value)
        places, goals = _round(values, rows)
        if not len(places):
            return True
        basis = highs.getBasis()
        if not _holds_with(highs, rows.binaries[places], goals, goals):
            retries = _without_culprit(highs, rows.binaries[places], goals, basis, retries)
            if not retries:
                return False
    return False


def _without_culprit(highs: highspy.Highs, columns: Indices, goals: Values, basis: Any, retries: int) -> int:
    """Of goals that together leave no schedule, halve by halve, those that do; the first that does not is turned round.

    The retries that are left; none: that did not help either, or the time is over.
    """
    while retries and highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        retries -= 1
        _holds_with(highs, columns, np.zeros(len(columns)), np.ones(len(columns)), basis)
        if len(columns) == 1:
            return retries if _holds_with(highs, columns, 1.0 - goals, 1.0 - goals) else 0
        half = len(columns) // 2
        if _holds_with(highs, columns[:half], goals[:half], goals[:half]):
            # Then it is in the other half.
            columns, goals, basis = columns[half:], goals[half:], highs.getBasis()
            _holds_with(highs, columns, goals, goals)
        else:
            columns, goals = columns[:half], goals[:half]
    return 0


def _holds_with(highs: highspy.Highs, columns: Indices, lower: Values, upper: Values, basis: Any = None) -> bool:
    """Whether there is a schedule with these bounds; from the basis at hand, or another."""
    highs.changeColsBounds(len(columns), columns, lower, upper)
    if basis is not None:
        highs.setBasis(basis)
    highs.run()
    return bool(highs.getModelStatus() == highspy.HighsModelStatus.kOptimal)


def _round(values: Values, rows: Rows) -> tuple[Indices, Values]:
    """Places of decisions, and whether they become 1 or 0."""
    parts = values[rows.binaries]
    is_split = np.abs(parts - np.round(parts)) > WHOLE
    chosen = []
    for places in rows.choices:
        split = places[is_split[places]]
        if len(split) and parts[places].sum() > 1.0 - WHOLE:
            chosen.append(split[np.argmax(parts[split])])
            is_split[places] = False
    split = np.flatnonzero(is_split).astype(np.int32)
    up_breaks, down_breaks = _breaks(values, split, parts, rows)
    least = np.minimum(up_breaks, down_breaks)
    taken = np.flatnonzero(least <= FREE)
    if not len(taken) and len(split):
        taken = np.argsort(least, kind="stable")[: int(np.ceil(SHARE * len(split)))]
    goes_up = up_breaks[taken] <= down_breaks[taken]
    ups = np.concatenate((np.array(chosen, dtype=np.int32), split[taken[goes_up]]))
    downs = split[taken[~goes_up]]
    return np.concatenate((ups, downs)), np.repeat((1.0, 0.0), (len(ups), len(downs)))


def _breaks(values: Values, split: Indices, parts: Values, rows: Rows) -> tuple[Values, Values]:
    """How much, in all rows together, each split decision would break as 1 and as 0, with nothing else moved."""
    activity = rows.matrix @ values
    above = np.where(rows.soft, np.inf, rows.upper - activity)
    below = activity - rows.lower
    columns = rows.matrix[:, rows.binaries[split]]
    owner = np.repeat(np.arange(len(split)), np.diff(columns.indptr))
    found: list[Values] = []
    for goal in (1.0, 0.0):
        change = columns.data * (goal - parts[split])[owner]
        broken = np.maximum(0.0, change - above[columns.indices]) + np.maximum(0.0, -change - below[columns.indices])
        found.append(np.asarray(np.bincount(owner, weights=broken, minlength=len(split)), dtype=np.float64))
    return found[0], found[1]
