"""The second dive finds what the first one missed, in the problem that it was made for."""

from unittest.mock import patch

from bench.solve.cases import pv_battery_ev_48h
from custom_components.hems.core.optimiser import solve, solver


def test_a_car_that_charges_from_the_sun_needs_no_search():
    values = []

    def noted(highs, *rest):
        values.append(highs.getInfo().objective_function_value)
        improve(highs, *rest)
        values.append(highs.getInfo().objective_function_value)

    improve = solver.improve
    with patch.object(solver, "improve", noted):
        plan = solve(pv_battery_ev_48h(0))
    first, second = values
    assert second < first - 10.0
    assert plan.outcome.kind == "optimal"
    assert 0.0 < plan.outcome.gap < 1e-4
