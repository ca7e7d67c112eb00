"""What makes the relaxation tighter or the search shorter never makes a plan dearer, or cheaper than it can be."""

from dataclasses import replace
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from custom_components.hems.core.model import CapacityCharge, CapacityTier, PlanRequest
from custom_components.hems.core.optimiser import battery, grid, selling, solve, solver
from custom_components.hems.core.optimiser.capacity import capacity_cost
from custom_components.hems.core.optimiser.constraints import Flow
from tests.builders import a_battery, a_battery_state, a_request
from tests.strategies import random_homes

HOMES = settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
CHARGES = (
    None,
    CapacityCharge(price_per_kw=2.0, period="day", peak_so_far_kw=1.5),
    CapacityCharge(price_per_kw=0.0, tiers=(CapacityTier(up_to_kw=2.0, fee=1.0), CapacityTier(up_to_kw=None, fee=4.0))),
)


@st.composite
def homes_that_sell_dear(draw: st.DrawFn) -> PlanRequest:
    """Selling earns more than buying costs, for some steps or all."""
    request = draw(random_homes(with_overrides=False))
    more = draw(st.sampled_from((0.02, 0.1, 0.3)))
    dear = replace(
        request.tariff.import_price,
        values=tuple(None if price is None else price + more for price in request.tariff.import_price.values),
    )
    tariff = replace(request.tariff, export_price=dear, capacity=draw(st.sampled_from(CHARGES)))
    return replace(request, tariff=tariff, options=replace(request.options, preference_budget=0.0), previous=None)


def without_shares():
    return patch.object(selling, "_sold_is_given", lambda *_: [])


def without_peaks():
    def plain(import_kw, _sells, context):
        return capacity_cost(import_kw, np.zeros(context.steps), context)

    return patch.object(grid, "capacity_cost", plain)


def without_long_steps():
    def plain(of, _start_kwh, powers_kw, context):
        charge_kw, discharge_kw = powers_kw
        most = np.full(context.steps, of.max_charge_kw), np.full(context.steps, of.max_discharge_kw)
        return Flow(charge_kw, most[0]), Flow(discharge_kw, most[1])

    return patch.object(battery, "_flows", plain)


@pytest.mark.parametrize("without", [without_shares, without_peaks, without_long_steps])
@HOMES
@given(request_=homes_that_sell_dear())
def test_a_cut_changes_no_cost(without, request_):
    cost = solve(request_).cost.total
    with without():
        assert solve(request_).cost.total == pytest.approx(cost, rel=1e-5, abs=5e-4)


def selling_dear(*parts):
    request = a_request(*parts, load_kw=1.0, import_price=[0.2, 0.25] * 12, export_price=0.4)
    capacity = CapacityCharge(price_per_kw=1.0, period="day", peak_so_far_kw=3.0)
    return replace(request, tariff=replace(request.tariff, capacity=capacity))


@pytest.mark.parametrize("without", [without_shares, without_peaks])
def test_a_cut_raises_the_bound(without):
    """Else it only costs time."""
    request = selling_dear(
        a_battery(),
        a_battery_state(5.0),
        a_battery("second", may_export=False),
        a_battery_state(2.0, "second"),
    )
    tight = relaxed_cost(request)
    with without():
        assert relaxed_cost(request) < tight - 0.01


def relaxed_cost(request):
    found = []

    def noted(highs, *_):
        found.append(highs.getInfo().objective_function_value)
        return False

    with patch.object(solver, "dive", noted):
        solve(request)
    return found[0]


@HOMES
@given(request_=homes_that_sell_dear())
def test_diving_again_changes_no_cost(request_):
    with patch.object(solver, "MANY", 0):
        cost = solve(request_).cost.total
    with patch.object(solver, "improve", lambda *_: None):
        assert solve(request_).cost.total == pytest.approx(cost, rel=1e-5, abs=5e-4)
