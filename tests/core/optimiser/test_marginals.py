"""The prices beside a plan: a little more of something moves the cost by what they say."""

from dataclasses import replace

import pytest

from custom_components.hems.core.model import PlanRequest, SolverOptions
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_battery,
    a_battery_state,
    a_pv,
    a_pv_state,
    a_request,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
)

EXACT = SolverOptions(time_limit_s=20.0, relative_gap=0.0, absolute_gap=1e-6)
LITTLE_KWH = 0.02
CLOSE = 2e-3
"""Currency per kWh: the tastes that break ties are in the prices, but not in the cost."""
LOAD_KW = [1.0] * 24


def a_home(load_kw: list[float], **changes) -> PlanRequest:
    return a_request(
        a_pv(),
        a_pv_state([0.0] * 8 + [3.0] * 8 + [0.0] * 8),
        a_battery(),
        an_ev_charger(),
        an_ev_charger_state(an_ev_session(departure=9.0)),
        load_kw=load_kw,
        import_price=[0.10, 0.20, 0.30, 0.25] * 6,
        options=EXACT,
        **changes,
    )


@pytest.mark.parametrize("slot", [0, 2, 8, 12, 21])
def test_a_little_more_load_costs_the_price_on_the_bus(slot: int) -> None:
    more_kw = [*LOAD_KW]
    more_kw[slot] += LITTLE_KWH
    plan, dearer = solve(a_home(LOAD_KW)), solve(a_home(more_kw))

    assert plan.marginals is not None
    rise = (dearer.cost.total - plan.cost.total) / LITTLE_KWH
    assert rise == pytest.approx(plan.marginals.bus_price_per_kwh[slot], abs=CLOSE)


def test_a_little_more_in_the_battery_spares_its_stored_value() -> None:
    request = a_request(
        a_battery(wear_per_kwh=0.02, end_price_per_kwh=0.0),
        a_battery_state(2.0),
        load_kw=1.0,
        import_price=[0.10] * 4 + [0.30] * 20,
        options=EXACT,
    )
    fuller = replace(request, states=(a_battery_state(2.0 + LITTLE_KWH),))
    plan, cheaper = solve(request), solve(fuller)

    assert plan.marginals is not None
    spared = (plan.cost.total - cheaper.cost.total) / LITTLE_KWH
    assert spared == pytest.approx(plan.marginals.stored_value_per_kwh["battery"][0], abs=CLOSE)
    assert spared > 0.05


def test_a_limit_that_holds_the_plan_back_is_named_with_its_slots() -> None:
    request = a_request(
        a_battery(max_charge_kw=2.0, capacity_kwh=20.0, end_price_per_kwh=0.25),
        a_battery_state(0.0),
        load_kw=0.5,
        import_price=[0.10] * 3 + [0.40] * 21,
        options=EXACT,
    )

    plan = solve(request)

    assert plan.marginals is not None
    binding = plan.marginals.binding
    # The cut that keeps charging and discharging apart holds the same power back.
    assert {0, 1, 2} <= {*binding.get("battery.max_charge", ()), *binding.get("battery.one_way.shared", ())}


def test_a_limit_with_room_left_is_not_named() -> None:
    plan = solve(a_request(a_battery(), load_kw=1.0, options=EXACT))

    assert plan.marginals is not None
    assert "grid.max_import" not in plan.marginals.binding


def test_whole_decisions_do_not_hide_the_prices() -> None:
    """Selling above the price of buying takes binaries; the prices are those with the decisions held."""
    request = a_request(a_battery(), load_kw=1.0, import_price=0.20, export_price=0.30, options=EXACT)

    plan = solve(request)

    assert plan.marginals is not None
    assert min(plan.marginals.bus_price_per_kwh) >= 0.20 - CLOSE
    assert max(plan.marginals.bus_price_per_kwh) <= 0.30 + CLOSE
