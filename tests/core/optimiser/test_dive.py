"""The dive ends with whole decisions also where what looks free one by one leaves no schedule together."""

import highspy
import numpy as np
import pytest
from scipy.sparse import csc_array

from custom_components.hems.core.optimiser.rounding import Rows, dive

LIMITLESS = float("inf")


def pairs(count):
    """Each decision lets a flow worth 2 pass for 1, and half of it is enough; both of a pair are too many."""
    highs = highspy.Highs()
    highs.silent()
    decisions, flows = np.arange(2 * count, dtype=np.int32), np.arange(2 * count, 4 * count, dtype=np.int32)
    for cost in np.repeat((1.0, -2.0), 2 * count):
        highs.addCol(cost, 0.0, 1.0, 0, [], [])
    for decision, flow in zip(decisions, flows, strict=True):
        highs.addRow(-LIMITLESS, 0.0, 2, [decision, flow], [-2.0, 1.0])
    for first in decisions[::2]:
        highs.addRow(-LIMITLESS, 1.5, 2, [first, first + 1], [1.0, 1.0])
    highs.run()
    matrix = csc_array(np.array([row(highs, number) for number in range(3 * count)]))
    return highs, Rows.of(highs, matrix, decisions)


def row(highs, number):
    _, columns, values = highs.getRowEntries(number)
    found = np.zeros(highs.getNumCol())
    found[columns] = values
    return found


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_what_leaves_no_schedule_is_turned_round(count):
    highs, rows = pairs(count)
    assert np.array(highs.getSolution().col_value)[rows.binaries] == pytest.approx(0.5)
    assert dive(highs, rows)
    decisions = np.array(highs.getSolution().col_value)[rows.binaries].reshape(count, 2)
    assert decisions.sum(axis=1) == pytest.approx(1.0)
