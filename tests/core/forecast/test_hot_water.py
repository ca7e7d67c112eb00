"""The heat that a household draws from its tank."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.forecast import draw_forecast, draws_of, learned_draws
from custom_components.hems.core.model import HealthStatus, HotWater, Series

MONDAY = datetime(2026, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TANK = HotWater(name="tank", volume_l=200.0, max_electric_kw=2.0, heat_loss_kw_per_k=0.002)


def history(days: int, kw) -> Series:
    start = MONDAY - timedelta(days=days)
    return Series.regular(start, HOUR, [kw(start + HOUR * hour) for hour in range(days * 24)])


def learned(past, days=7, daily_kwh=6.0):
    return learned_draws(past, daily_kwh, MONDAY, MONDAY + timedelta(days=days), "UTC", "tank.draw_kw")


def test_a_late_household_is_learned():
    series, health = learned(history(28, lambda moment: 3.0 if moment.hour == 22 else 0.0))
    assert health == ()
    assert series.at(MONDAY + 22 * HOUR) == pytest.approx(3.0, rel=0.15)
    assert series.at(MONDAY + 7 * HOUR) < 0.15
    assert series.quantile(0.9).at(MONDAY + 22 * HOUR) == 3.0


def test_weekends_are_learned_from_weekends():
    series, _ = learned(history(28, lambda moment: 1.0 if (moment.hour == 10) == (moment.weekday() >= 5) else 0.0))
    assert series.at(MONDAY + timedelta(days=5, hours=10)) > 2.0 * series.at(MONDAY + timedelta(hours=10))


def test_without_a_past_the_usual_profile_is_used_and_named():
    series, (health,) = learned(None, 1)
    assert health.status is HealthStatus.DEGRADED
    assert health.reason == "learned from 0 days only, filled up with 6 kWh a day"
    assert series.values == pytest.approx(draw_forecast(6.0, MONDAY, MONDAY + timedelta(days=1), "UTC").values)


def test_nothing_of_the_future_is_used():
    past = history(14, lambda moment: 0.5)
    longer = Series(times=(*past.times, past.end + timedelta(days=3)), values=(*past.values, 9.0))
    assert learned(longer) == learned(past)


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_the_morning_shower_keeps_its_local_hour_over_a_clock_change(day):
    before = Series.regular(
        day - timedelta(days=14),
        HOUR,
        [
            2.0 if (day - timedelta(days=14) + HOUR * i).hour == (6 if day.month == 3 else 5) else 0.0
            for i in range(336)
        ],
    )
    series, _ = learned_draws(before, 2.0, day, day + timedelta(days=2), "Europe/Berlin", "tank")
    after = day + timedelta(days=1, hours=5 if day.month == 3 else 6)
    assert series.at(after) == max(series.values[24:])


def simulated(draw_kw, electric_kw, step=timedelta(minutes=5)) -> Series:
    """Temperatures of a tank to which this happens."""
    hours, tank_c, values = step / HOUR, 50.0, []
    for drawn, electric in zip(draw_kw, electric_kw, strict=True):
        values.append(tank_c)
        loss = TANK.heat_loss_kw_per_k * (tank_c - TANK.ambient_c)
        tank_c += (electric - drawn - loss) * hours / TANK.heat_capacity_kwh_per_k
    return Series.regular(MONDAY, step, values)


def test_draws_are_found_in_the_tanks_balance():
    draw = [0.0] * 24 + [6.0] * 3 + [0.0] * 21
    electric = [0.0] * 12 + [2.0] * 24 + [0.0] * 12
    heater = Series.regular(MONDAY, timedelta(minutes=5), electric)
    found = draws_of(TANK, simulated(draw, electric), heater)
    kwh = sum(value / 12.0 for value in found.values)
    assert kwh == pytest.approx(1.5, abs=0.2)
    assert max(found.values) > 4.0


def test_noise_of_the_thermometer_draws_little():
    quiet = simulated([0.0] * 200, [0.0] * 200)
    noisy = Series(times=quiet.times, values=tuple(v + (0.2 if i % 2 else -0.2) for i, v in enumerate(quiet.values)))
    heater = Series.constant(0.0, quiet.start, quiet.end)
    found = draws_of(TANK, noisy, heater)
    assert sum(value / 12.0 for value in found.values) < 0.4


def test_what_is_not_known_is_not_drawn():
    tank = simulated([0.0] * 12, [1.0] * 12)
    assert set(draws_of(TANK, tank, None).values) == {None}
    holed = Series(times=tank.times, values=(None, *tank.values[1:]))
    assert draws_of(TANK, holed, Series.constant(1.0, tank.start, tank.end)).values[0] is None


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.none() | st.floats(-1, 20), min_size=1, max_size=24 * 20), daily=st.floats(0, 30))
def test_any_past_gives_a_whole_forecast_with_bands_in_order(values, daily):
    past = Series.regular(MONDAY - HOUR * len(values), HOUR, values)
    series, _ = learned(past, 2, daily)
    assert (series.start, series.end) == (MONDAY, MONDAY + timedelta(days=2))
    assert all(value >= 0.0 for value in series.values)
    for row in zip(*(quantile.values for quantile in series.quantiles), strict=True):
        assert list(row) == sorted(row)
        assert row[0] >= 0.0


def test_heat_out_of_nowhere_is_held_against_later_draws_up_to_a_kwh():
    """Ten kelvins up and down again, without any heating: 2.3 kWh, of which one may have been layers in the tank."""
    readings = Series.regular(MONDAY, HOUR, [50.0, 60.0, 50.0])
    found = draws_of(TANK, readings, Series.constant(0.0, MONDAY, MONDAY + 3 * HOUR))
    lost_kwh = TANK.heat_loss_kw_per_k * (55.0 - TANK.ambient_c)
    assert found.values == pytest.approx((0.0, 10.0 * TANK.heat_capacity_kwh_per_k - lost_kwh - 1.0))
