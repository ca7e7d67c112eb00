"""Charges for peaks by tiers, and prices that others add for a time."""

import pytest

from custom_components.hems.core.model import CapacityCharge, CapacityTier, GridLimit, PriceSignal
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    a_battery,
    a_battery_state,
    a_request,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)
from tests.invariants import assert_sound

TIERS = (
    CapacityTier(up_to_kw=2.0, fee=10.0),
    CapacityTier(up_to_kw=5.0, fee=20.0),
    CapacityTier(up_to_kw=10.0, fee=35.0),
    CapacityTier(fee=60.0),
)


def charged(target_kwh, **changes):
    """A car for eight hours, from 30 kWh."""
    return a_request(
        an_ev_charger(phases=(3,), efficiency=1.0, late_price_per_kwh=20.0),
        an_ev_charger_state(an_ev_session(0, 8, target_kwh=target_kwh)),
        import_price=[0.3] * 4 + [0.2] * 20,
        tariff={"capacity": CapacityCharge(tiers=TIERS)},
        **changes,
    )


@pytest.mark.parametrize(
    ("target_kwh", "end_kw", "fee"), [(60.0, 5.0, 10.0), (53.0, 5.0, 10.0)], ids=["30 kWh in 8 h", "23 kWh in 8 h"]
)
def test_car_stays_within_the_tier_that_it_needs(target_kwh, end_kw, fee):
    plan = solve(charged(target_kwh))
    assert max(plan.import_kw) <= end_kw + 1e-3
    assert plan.cost.capacity == pytest.approx(fee)
    assert plan.violations == ()


def test_tier_that_is_paid_already_is_used():
    paid = CapacityCharge(tiers=TIERS, peak_so_far_kw=9.0)
    plan = solve(charged(53.0).__replace__(tariff=charged(53.0).tariff.__replace__(capacity=paid)))
    assert 5.0 < max(plan.import_kw) <= 10.0 + 1e-3
    assert plan.cost.capacity == 0.0


def test_no_load_is_left_without_supply_to_stay_in_a_tier():
    dear = CapacityCharge(tiers=(CapacityTier(up_to_kw=2.0, fee=0.0), CapacityTier(fee=5000.0)))
    request = a_request(load_kw=[1.0] * 12 + [2.5] + [1.0] * 11, tariff={"capacity": dear})
    plan = solve(request)
    assert plan.violations == ()
    assert plan.cost.capacity == pytest.approx(5000.0)


def test_hard_limit_is_kept_whatever_the_tiers_say():
    request = charged(60.0, limits=(GridLimit(start=hours(0), end=hours(8), max_import_kw=4.2),))
    plan = solve(request)
    assert max(plan.import_kw[:8]) <= 4.2 + 1e-6
    assert_sound(plan, request)


def test_price_signal_moves_energy_and_is_billed():
    signal = PriceSignal(start=hours(18), end=hours(20), import_price_per_kwh=1.0, export_price_per_kwh=1.0)
    request = a_request(a_battery(), a_battery_state(2.0), load_kw=0.5, import_price=0.3, price_signals=(signal,))
    plan = solve(request)
    assert plan.import_price_per_kwh[17:20] == pytest.approx((0.3, 1.3, 1.3))
    assert plan.export_price_per_kwh[18] == pytest.approx(1.08)
    assert all(power < -2.0 for power in plan.asset("battery").power_kw[18:20])
    assert plan.cost.export == pytest.approx(-1.08 * sum(plan.export_kw[18:20]), abs=1e-6)


def test_signal_for_half_a_step_counts_half():
    signal = PriceSignal(start=hours(1.5), end=hours(3), import_price_per_kwh=0.4)
    plan = solve(a_request(load_kw=1.0, import_price=0.3, price_signals=(signal, signal)))
    assert plan.import_price_per_kwh[:4] == pytest.approx((0.3, 0.7, 1.1, 0.3))


def test_plan_says_from_when_on_its_prices_are_estimates():
    assert solve(a_request(prices_known_until=hours(13))).prices_known_until == hours(13)
    assert solve(a_request()).prices_known_until is None


@pytest.mark.parametrize(
    ("tiers", "words"),
    [
        ((CapacityTier(fee=1.0), CapacityTier(up_to_kw=2.0, fee=2.0)), "only the last"),
        ((CapacityTier(up_to_kw=2.0, fee=1.0), CapacityTier(up_to_kw=2.0, fee=2.0)), "must rise"),
        ((CapacityTier(up_to_kw=2.0, fee=3.0), CapacityTier(fee=2.0)), "must not fall"),
    ],
    ids=["open end first", "same end", "falling fee"],
)
def test_tiers_out_of_order_are_refused(tiers, words):
    with pytest.raises(ValueError, match=words):
        CapacityCharge(tiers=tiers)
