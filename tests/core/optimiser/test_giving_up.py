"""What HiGHS leaves undone is asked of it in another way, and said honestly where that does not help either."""

import cvxpy as cp
import highspy
import pytest

from custom_components.hems.core.model import Infeasible, SolverOptions
from custom_components.hems.core.optimiser import NoPlan
from custom_components.hems.core.optimiser.constraints import at_least, at_most
from custom_components.hems.core.optimiser.solver import DUAL, PRIMAL, minimise

SILENT, GAVE_UP = highspy.HighsModelStatus.kNotset, highspy.HighsModelStatus.kSolveError


def highs_that_gives_up(status, runs):
    """A HiGHS of which these runs solve nothing and end like this, and the simplex method that each run was to use."""
    methods = []

    class GivesUp(highspy.Highs):
        def run(self):
            methods.append(self.getOptionValue("simplex_strategy")[1])
            return highspy.HighsStatus.kError if len(methods) in runs else super().run()

        def getModelStatus(self):  # noqa: N802  # its own spelling
            return status if len(methods) in runs else super().getModelStatus()

    return GivesUp, methods


def a_purchase(*, is_whole):
    """3 of something for 1 each, or an order of 5 for 4 in all: that is cheaper only where it may be split."""
    single = cp.Variable(name="single", nonneg=True)
    order = cp.Variable(1, name="order", boolean=True) if is_whole else cp.Variable(1, name="order", nonneg=True)
    limits = [at_least("enough", single + 5.0 * order, 3.0), at_most("one_order", order, 1.0)]
    return single + 4.0 * order[0], limits, order


@pytest.mark.parametrize("status", [SILENT, GAVE_UP], ids=["without a word", "with an error"])
@pytest.mark.parametrize(
    ("is_whole", "first", "other", "best"), [(True, DUAL, PRIMAL, 3.0), (False, PRIMAL, DUAL, 2.4)], ids=["milp", "lp"]
)
def test_other_simplex_method_is_asked_where_one_gives_up(monkeypatch, status, is_whole, first, other, best):
    solver, methods = highs_that_gives_up(status, {1})
    monkeypatch.setattr(highspy, "Highs", solver)
    objective, limits, _ = a_purchase(is_whole=is_whole)
    answer = minimise(objective, limits, SolverOptions(), frozenset())
    assert answer.outcome.kind == "optimal"
    assert objective.value == pytest.approx(best)
    assert methods[:2] == [first, other]
    assert set(methods[2:]) <= {DUAL}


@pytest.mark.parametrize("is_whole", [True, False], ids=["milp", "lp"])
def test_giving_up_twice_is_named(monkeypatch, is_whole):
    solver, methods = highs_that_gives_up(GAVE_UP, {1, 2})
    monkeypatch.setattr(highspy, "Highs", solver)
    objective, limits, _ = a_purchase(is_whole=is_whole)
    with pytest.raises(NoPlan) as refused:
        minimise(objective, limits, SolverOptions(), frozenset())
    assert refused.value.outcome == Infeasible(broken=("solver.kSolveError",))
    assert len(methods) == 2


def test_schedule_that_was_not_polished_is_judged_by_what_it_costs(monkeypatch):
    """The dive takes the order, for 4; while its polishing fails nobody may count it as costing nothing."""
    solver, methods = highs_that_gives_up(GAVE_UP, {3})
    monkeypatch.setattr(highspy, "Highs", solver)
    objective, limits, order = a_purchase(is_whole=True)
    answer = minimise(objective, limits, SolverOptions(), frozenset())
    assert len(methods) > 3
    assert answer.outcome.kind == "optimal"
    assert (objective.value, order.value[0]) == (pytest.approx(3.0), pytest.approx(0.0))


def test_search_has_the_time_that_was_asked_for_whatever_a_polish_before_it_was_given(monkeypatch):
    limits_s = []

    class Noting(highspy.Highs):
        def run(self):
            limits_s.append(self.getOptionValue("time_limit")[1])
            return super().run()

    monkeypatch.setattr(highspy, "Highs", Noting)
    objective, limits, _ = a_purchase(is_whole=True)
    minimise(objective, limits, SolverOptions(time_limit_s=70.0), frozenset())
    *before, search, polish = limits_s
    assert (before[0], search) == (70.0, 70.0)
    assert max(before[-1], polish) < 10.0
