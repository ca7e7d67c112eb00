"""From weather to the power of an array."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.hems.core.forecast import Panel, clear_sky_kw
from custom_components.hems.core.forecast.irradiance import from_clouds, from_irradiance, plane_w_m2
from custom_components.hems.core.model import Series

JUNE = datetime(2026, 6, 21, tzinfo=UTC)
PANEL = Panel(latitude=52.5, longitude=13.4, peak_kw=5.0)
NOON = JUNE + timedelta(hours=11)
FLAT = Panel(latitude=52.5, longitude=13.4, peak_kw=5.0, tilt_deg=0.0)


def constant(value: float, hours: float = 1) -> Series:
    return Series.constant(value, NOON, NOON + timedelta(hours=hours))


def test_a_flat_array_gets_the_global_irradiance():
    assert plane_w_m2(FLAT, NOON, 600.0, None, None) == pytest.approx(600.0, rel=0.01)
    assert plane_w_m2(FLAT, NOON, 600.0, 500.0, None) == pytest.approx(600.0, rel=0.01)


def test_direct_light_gains_by_the_tilt_and_diffuse_light_loses():
    beam = plane_w_m2(PANEL, NOON - timedelta(days=180), 100.0, 350.0, 10.0)
    cloudy = plane_w_m2(PANEL, NOON - timedelta(days=180), 100.0, 0.0, 100.0)
    assert beam > 1.5 * cloudy


def test_heat_costs_power():
    cool, hot = (
        from_irradiance(PANEL, constant(800.0), outdoor_c=constant(air_c)).at(NOON) for air_c in (0.0, 35.0)
    )  # fmt: skip
    assert hot == pytest.approx(cool * 0.87, rel=0.02)


def test_nothing_comes_at_night_nor_where_nothing_is_known():
    night = Series.constant(50.0, JUNE, JUNE + timedelta(hours=1))
    assert set(from_irradiance(PANEL, night).values) == {0.0}
    holed = Series(times=(NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=2)), values=(None, 500.0))
    assert from_irradiance(PANEL, holed).at(NOON) is None
    assert from_clouds(PANEL, holed).at(NOON) is None


def test_a_covered_sky_leaves_a_quarter():
    day = (JUNE, JUNE + timedelta(days=1))
    clear = clear_sky_kw(PANEL, *day)
    assert from_clouds(PANEL, Series.constant(0.0, *day)) == clear
    dull = from_clouds(PANEL, Series.constant(1.0, *day))
    assert dull.mean(*day) == pytest.approx(0.25 * clear.mean(*day))


def test_an_upright_array_sees_half_of_what_the_ground_sends_back():
    wall = Panel(latitude=52.5, longitude=13.4, peak_kw=5.0, tilt_deg=90.0)
    assert plane_w_m2(wall, NOON, 600.0, 0.0, 0.0) == pytest.approx(0.2 * 600.0 / 2.0)


@pytest.mark.parametrize(("air_c", "warm"), [(25.0, 1.0 - 0.004 * 24.0), (1.0, 1.0), (None, 1.0)], ids=str)
def test_cells_are_warmer_than_the_air_and_give_less_for_it(air_c, warm):
    """At 800 W/m2 by 24 K; what nobody knows the temperature of is taken as it is rated."""
    air = None if air_c is None else constant(air_c)
    found = from_irradiance(FLAT, constant(800.0), constant(0.0), constant(800.0), air)
    assert found.at(NOON) == pytest.approx(5.0 * 0.8 * 0.9 * warm, rel=1e-3)
