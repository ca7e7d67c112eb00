"""Signals move the plan; only those that are paid move the bill."""

import pytest

from custom_components.hems.core.model import PriceSignal
from custom_components.hems.core.optimiser import solve
from tests.builders import a_battery, a_battery_state, a_request, hours


def test_a_signal_that_nobody_pays_moves_the_battery_and_not_the_prices():
    signal = PriceSignal(start=hours(6), end=hours(8), import_price_per_kwh=0.5, export_price_per_kwh=0.5, paid=False)
    home = (a_battery(), a_battery_state(0.0))
    calm = solve(a_request(*home, load_kw=1.0, import_price=0.3))
    asked = solve(a_request(*home, load_kw=1.0, import_price=0.3, price_signals=(signal,)))
    assert calm.grid_kw[6:8] == pytest.approx((1.0, 1.0), abs=1e-3), "flat prices: nothing is stored"
    assert sum(asked.grid_kw[6:8]) < 0.1
    assert asked.import_price_per_kwh == calm.import_price_per_kwh
    assert asked.cost.energy == pytest.approx(0.3 * sum(asked.import_kw))
