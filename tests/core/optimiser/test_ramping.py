"""A price on the changes of the exchange evens it out, in the plan and on the meter."""

from itertools import pairwise

import pytest

from custom_components.hems.core.dispatch import LiveAsset, LiveHome, setpoints
from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import SolverOptions, Weights
from custom_components.hems.core.optimiser import solve
from tests.builders import START, a_battery, a_battery_state, a_pv, a_pv_state, a_request
from tests.invariants import assert_sound

EXACT = SolverOptions(time_limit_s=20.0, relative_gap=0.0, absolute_gap=1e-5)
LOAD = [1.0, 1.0, 3.0, 1.0, 0.5, 2.5]


def a_home(price, battery_kwh=1.5, **changes):
    """The price of energy is flat and the battery loses nothing: only changes and what is left count."""
    return a_request(
        a_battery(
            charge_efficiency=1.0, discharge_efficiency=1.0, wear_per_kwh=0.0, min_soc=0.0, end_price_per_kwh=0.3
        ),
        a_battery_state(battery_kwh),
        horizon=a_request().horizon.even(START, a_request().horizon.edges[1] - START, len(LOAD)),
        import_price=0.3,
        export_price=0.0,
        load_kw=LOAD,
        weights=Weights(ramping_price_per_kw=price),
        options=EXACT,
        **changes,
    )


def changes_kw(plan):
    return sum(abs(later - earlier) for earlier, later in pairwise(plan.grid_kw))


def test_changes_with_a_price_are_evened_out():
    plan = solve(a_home(0.1))
    assert changes_kw(plan) == pytest.approx(0.0, abs=1e-5)
    assert changes_kw(solve(a_home(0.0))) > 0.5
    assert_sound(plan, a_home(0.1))


def test_first_step_begins_where_the_meter_is():
    request = a_home(0.1, grid_kw=2.0)
    assert solve(request).grid_kw == pytest.approx([2.0] * len(LOAD), abs=1e-5)


@pytest.mark.parametrize("grid_kw", [None, 1.0])
def test_price_is_a_preference_that_a_pencil_finds(grid_kw):
    """A battery without power: the exchange is the load, whoever plans."""
    request = a_home(0.1, battery_kwh=0.0, grid_kw=grid_kw)
    idle = request.site.assets[0].__replace__(max_charge_kw=0.0, max_discharge_kw=0.0)
    request = request.__replace__(site=request.site.__replace__(assets=(idle,)))
    for plan in (solve(request), fallback_plan(request, "timed out")):
        assert plan.cost.preference == pytest.approx(0.1 * (2.0 + 2.0 + 0.5 + 2.0))
        assert plan.cost.energy == pytest.approx(0.3 * sum(LOAD))


def test_no_load_is_left_without_supply_for_an_even_exchange():
    plan = solve(a_home(1000.0, battery_kwh=0.0))
    assert max(plan.unserved_kw) == 0.0


def told_kw(price, forecast_kw, drawn_kw, **battery):
    """What the battery is told where 1 kW is planned from the grid in the first step, and another load turns up."""
    request = a_home(price, battery_kwh=5.0, grid_kw=1.0).__replace__(load_kw=a_request(load_kw=forecast_kw).load_kw)
    asset = request.site.assets[0].__replace__(max_charge_kw=0.0, **battery)
    request = request.__replace__(site=request.site.__replace__(assets=(asset,)))
    plan = solve(request)
    live = LiveHome(at=START, grid_kw=drawn_kw, assets={"battery": LiveAsset(power_kw=0.0, energy_kwh=5.0)})
    (told,) = setpoints(request.site, plan, (), live, (), START)
    assert plan.grid_kw[0] == pytest.approx(1.0)
    return told.power_kw


@pytest.mark.parametrize(("price", "kw"), [(0.0, 0.0), (0.1, -2.0)], ids=["unpriced", "priced"])
def test_battery_that_was_to_rest_covers_what_comes_unforeseen(price, kw):
    assert told_kw(price, 1.0, 3.0, end_price_per_kwh=0.9) == pytest.approx(kw)


@pytest.mark.parametrize(("drawn_kw", "kw"), [(0.7, 0.0), (1.2, -0.2), (2.0, -1.0)])
def test_battery_gives_only_what_keeps_the_planned_import(drawn_kw, kw):
    """Planned are 0.5 kW from the battery, of the 1.5 that were forecast."""
    assert told_kw(0.1, 1.5, drawn_kw) == pytest.approx(kw)


def test_no_energy_is_burnt_in_a_battery_for_an_even_exchange():
    """Sun that cannot be held back and a full battery with losses: charging and discharging at once would even it."""
    request = a_request(
        a_battery(capacity_kwh=2.0, charge_efficiency=0.8, discharge_efficiency=0.8, wear_per_kwh=0.0),
        a_battery_state(2.0),
        a_pv(curtailable=False),
        a_pv_state([0.0] * 8 + [1.0, 3.0, 4.0, 5.0, 5.0, 4.0, 3.0, 1.0] + [0.0] * 8),
        import_price=0.3,
        export_price=0.0,
        load_kw=0.5,
        weights=Weights(ramping_price_per_kw=0.2),
        options=EXACT,
    )
    assert_sound(solve(request), request)
