"""Where the price is the same, nothing is bought for the battery before it must be, and sun is stored first."""

import pytest

from custom_components.hems.core.model import AssetPlan, PlanRequest
from custom_components.hems.core.optimiser import solve
from tests.builders import a_battery, a_battery_state, a_pv, a_pv_state, a_request


def battery_of(request: PlanRequest) -> AssetPlan:
    """Its plan."""
    found = solve(request).asset("battery")
    assert found is not None
    return found


def test_what_is_needed_in_a_dear_hour_is_bought_in_the_last_cheap_ones() -> None:
    battery = a_battery(max_charge_kw=2.0, max_discharge_kw=5.0, wear_per_kwh=0.0, end_price_per_kwh=0.0)
    request = a_request(
        battery,
        a_battery_state(energy_kwh=0.0),
        import_price=[0.1] * 8 + [0.5] * 2 + [0.1] * 14,
        export_price=0.0,
        load_kw=[0.0] * 8 + [2.0] * 2 + [0.0] * 14,
    )
    power_kw = battery_of(request).power_kw
    assert power_kw[:5] == pytest.approx((0.0,) * 5, abs=1e-5)
    assert power_kw[6:8] == pytest.approx((2.0, 2.0), abs=1e-5)


def test_sun_is_stored_before_it_is_sold() -> None:
    battery = a_battery(max_charge_kw=5.0, wear_per_kwh=0.0, end_price_per_kwh=0.2)
    room_kwh = 4.0 / battery.charge_efficiency
    request = a_request(
        battery,
        a_pv(peak_kw=5.0),
        a_battery_state(energy_kwh=battery.max_kwh - 4.0),
        a_pv_state([0.0] * 8 + [2.0] * 6 + [0.0] * 10),
        export_price=0.05,
    )
    power_kw = battery_of(request).power_kw
    assert power_kw[8:10] == pytest.approx((2.0, 2.0), abs=1e-5)
    assert sum(power_kw) == pytest.approx(room_kwh, abs=1e-4)
    assert power_kw[11:14] == pytest.approx((0.0,) * 3, abs=1e-5)


def test_sun_that_cannot_be_sold_is_stored_while_it_shines() -> None:
    battery = a_battery(max_charge_kw=5.0, wear_per_kwh=0.0, end_price_per_kwh=0.2)
    request = a_request(
        battery,
        a_pv(peak_kw=5.0),
        a_battery_state(energy_kwh=battery.max_kwh - 4.0),
        a_pv_state([0.0] * 8 + [2.0] * 6 + [0.0] * 10),
        export_price=0.0,
        site={"max_export_kw": 0.0},
    )
    power_kw = battery_of(request).power_kw
    assert power_kw[8:10] == pytest.approx((2.0, 2.0), abs=1e-5)
    assert power_kw[11:14] == pytest.approx((0.0,) * 3, abs=1e-5)
