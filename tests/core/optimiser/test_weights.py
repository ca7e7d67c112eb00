"""What the household weighs up, and what it may not have: more weight never brings less of it."""

from dataclasses import replace
from itertools import pairwise

import pytest

from custom_components.hems.core.model import SolverOptions, Weights
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_battery,
    a_battery_state,
    a_heat_pump,
    a_heat_pump_state,
    a_pv,
    a_pv_state,
    a_request,
    a_series,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)
from tests.invariants import assert_sound

EXACT = SolverOptions(time_limit_s=20.0, relative_gap=0.0, absolute_gap=1e-5, integer_h=2.0)
SUN = [0.0] * 8 + [1.0, 3.0, 4.0, 5.0, 5.0, 4.0, 3.0, 1.0] + [0.0] * 8
DIRTY = [0.2, 0.3, 0.7, 0.5] * 6


def a_home(**changes):
    """Nothing of it is worth more at the end for a weight, so that only the weight changes."""
    return a_request(
        a_battery(end_price_per_kwh=0.1),
        a_battery_state(2.0),
        a_pv(),
        a_pv_state(SUN),
        an_ev_charger(),
        an_ev_charger_state(an_ev_session(0, 10)),
        import_price=[0.30, 0.28, 0.22, 0.26] * 6,
        export_price=0.08,
        load_kw=0.8,
        co2_kg_per_kwh=a_series(DIRTY),
        options=EXACT,
        **changes,
    )


def never_rises(values, tolerance):
    return all(later <= earlier + tolerance for earlier, later in pairwise(values))


def test_more_weight_of_co2_never_brings_more_co2():
    plans = [solve(a_home(weights=Weights(co2_price_per_kg=price))) for price in (0.0, 0.02, 0.1, 0.3, 2.0)]
    emitted = [sum(kw * kg for kw, kg in zip(plan.import_kw, DIRTY, strict=True)) for plan in plans]
    assert never_rises(emitted, 0.01)
    assert emitted[-1] < emitted[0] - 0.5


def test_more_weight_of_comfort_never_brings_less_comfort():
    request = a_request(
        a_heat_pump(),
        a_heat_pump_state(18.0),
        import_price=[0.2, 0.5] * 12,
        outdoor_c=-5.0,
        options=EXACT,
    )
    plans = [solve(replace(request, weights=Weights(comfort=weight))) for weight in (0.0, 0.1, 0.5, 1.0, 5.0)]
    cold = [sum(max(0.0, 20.0 - kelvin) for kelvin in plan.assets[0].trajectories["indoor_c"][1:]) for plan in plans]
    assert never_rises(cold, 0.02)
    assert cold[-1] < cold[0] - 1.0


def test_more_weight_of_exchange_never_brings_more_of_it():
    prices = (0.0, 0.05, 0.2, 1.0)
    plans = [solve(a_home(weights=Weights(exchange_price_per_kwh=price))) for price in prices]
    exchanged = [sum(plan.import_kw) + sum(plan.export_kw) for plan in plans]
    assert never_rises(exchanged, 0.01)
    assert exchanged[-1] < exchanged[0] - 1.0


@pytest.mark.parametrize("price", [0.05, 0.6], ids=["cheap", "dear"])
def test_export_stays_within_its_limit_and_earns_what_a_hand_calculates(price):
    request = a_home(site={"max_export_kw": 2.5}).__replace__(
        tariff=a_home().tariff.__replace__(export_price=a_series(price), export_limit_kw=2.0)
    )
    plan = solve(request)
    assert max(plan.export_kw) <= 2.0 + 1e-6
    assert plan.cost.export == pytest.approx(-price * sum(plan.export_kw), abs=1e-9)
    assert sum(plan.export_kw) > 1.0
    assert_sound(plan, request)


def test_battery_that_may_not_export_sells_nothing_however_dear():
    parts = (a_battery(may_export=False), a_battery_state(8.0), a_pv(), a_pv_state(SUN))
    request = a_request(*parts, import_price=0.2, export_price=[0.1] * 12 + [0.9] * 12, load_kw=0.8, options=EXACT)
    plan = solve(request)
    battery = plan.asset("battery").power_kw
    assert not any(kw < -1e-6 and sold > 1e-6 for kw, sold in zip(battery, plan.export_kw, strict=True))
    assert_sound(plan, request)


@pytest.mark.parametrize("length_h", [24, 36, 48])
@pytest.mark.parametrize("dear", [0.30, 0.45], ids=["flat", "dear evenings"])
def test_end_of_the_horizon_is_no_end_of_the_world(length_h, dear):
    """Neither bought in the last hour to end full, nor emptied into the grid to end empty."""
    prices = [dear if 17 <= index % 24 < 22 else 0.30 for index in range(length_h)]
    horizon = a_request().horizon.even(hours(0), hours(1) - hours(0), length_h)
    request = a_request(
        a_battery(),
        a_battery_state(6.0),
        a_pv(),
        a_pv_state([SUN[index % 24] for index in range(length_h)], horizon),
        horizon=horizon,
        import_price=prices,
        load_kw=0.8,
        options=EXACT,
    )
    plan = solve(request)
    battery = plan.asset("battery")
    assert battery.power_kw[-1] <= max(0.0, SUN[(length_h - 1) % 24] - 0.8) + 1e-6
    assert all(sold <= max(0.0, SUN[index % 24] - 0.8) + 1e-6 for index, sold in enumerate(plan.export_kw))
    if length_h % 24 == 12:
        assert battery.trajectories["energy_kwh"][-1] > 5.0
