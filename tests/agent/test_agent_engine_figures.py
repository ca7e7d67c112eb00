"""What the agent reads from the engine's own metrics."""

from hems_agent.engine_figures import EngineFigures
from hems_core.engine.metrics import Metrics
from hems_core.model import SolveStats
import pytest


class Engine:
    """Plans, restarts, and may not answer."""

    def __init__(self) -> None:
        self.metrics = Metrics("1")
        self.answers = True

    def plans(self, total_s: float, solve_s: float) -> None:
        self.metrics.planned(SolveStats(solve_s=solve_s), "optimal", queued_s=0.0, total_s=total_s)

    def page(self) -> str:
        return self.metrics.text().decode() if self.answers else ""


def test_times_are_means_of_the_plans_since_the_last_look():
    engine = Engine()
    figures = EngineFigures(engine.page)
    engine.plans(9.0, 8.0)
    assert "plan_s" not in figures.look(), "nobody knows when the plans before were made"
    engine.plans(1.0, 0.5)
    engine.plans(2.0, 1.5)
    found = figures.look()
    assert (found["plans"], found["plan_s"], found["solve_s"]) == pytest.approx((3.0, 1.5, 1.0))
    assert not {"plan_s", "solve_s"} & figures.look().keys(), "no plan, no time"


def test_an_engine_that_starts_again_or_is_away_is_no_trouble():
    engine = Engine()
    figures = EngineFigures(engine.page)
    engine.plans(1.0, 1.0)
    engine.plans(1.0, 1.0)
    figures.look()
    engine.metrics = Metrics("1")
    engine.plans(5.0, 5.0)
    assert "plan_s" not in figures.look()
    engine.answers = False
    assert figures.look() == {}
    engine.answers = True
    assert figures.look()["plans"] == 1.0


def test_a_page_of_something_else_says_nothing():
    assert EngineFigures(lambda: "<html>\n{nonsense").look() == {}
