"""PV, outdoor temperature and hot water."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.hems.core.forecast import (
    Panel,
    clear_sky_kw,
    draw_forecast,
    performance_of,
    pv_forecast,
    temperature_forecast,
)
from custom_components.hems.core.model import HealthStatus, Quantile, Series

JUNE = datetime(2026, 6, 21, tzinfo=UTC)
BERLIN = Panel(latitude=52.5, longitude=13.4, peak_kw=5.0)


def test_the_clear_sky_peaks_at_solar_noon_and_is_dark_at_night():
    sky = clear_sky_kw(BERLIN, JUNE, JUNE + timedelta(days=1))
    peak = sky.times[max(range(len(sky.values)), key=lambda i: sky.values[i])]
    solar_noon = datetime(2026, 6, 21, 11, 8, tzinfo=UTC)
    assert abs(peak + timedelta(minutes=7.5) - solar_noon) <= timedelta(minutes=15)
    assert sky.at(datetime(2026, 6, 21, 0, 30, tzinfo=UTC)) == 0.0
    assert sky.at(datetime(2026, 6, 21, 23, 30, tzinfo=UTC)) == 0.0
    assert 3.5 < max(sky.values) <= 5.0


def test_an_array_to_the_west_gives_more_in_the_afternoon():
    west = clear_sky_kw(
        Panel(latitude=52.5, longitude=13.4, peak_kw=5.0, azimuth_deg=270.0), JUNE, JUNE + timedelta(days=1)
    )
    east = clear_sky_kw(
        Panel(latitude=52.5, longitude=13.4, peak_kw=5.0, azimuth_deg=90.0), JUNE, JUNE + timedelta(days=1)
    )
    afternoon = datetime(2026, 6, 21, 16, tzinfo=UTC)
    assert west.at(afternoon) > 2 * east.at(afternoon)


def test_south_of_the_equator_the_sun_is_in_the_north():
    north = Panel(latitude=-34.0, longitude=151.0, peak_kw=5.0, azimuth_deg=0.0)
    south = Panel(latitude=-34.0, longitude=151.0, peak_kw=5.0, azimuth_deg=180.0)
    noon = (datetime(2026, 6, 21, 1, tzinfo=UTC), datetime(2026, 6, 21, 3, tzinfo=UTC))
    assert clear_sky_kw(north, *noon).mean(*noon) > 2 * clear_sky_kw(south, *noon).mean(*noon)


def test_without_a_provider_the_last_days_dim_the_clear_sky():
    past = clear_sky_kw(BERLIN, JUNE - timedelta(days=4), JUNE)
    dimmed = Series(times=past.times, values=tuple(-0.3 * value for value in past.values))
    performance = performance_of(BERLIN, dimmed, JUNE)
    assert performance == pytest.approx(0.3)
    series, (health,) = pv_forecast(None, BERLIN, JUNE, JUNE + timedelta(days=1), "pv", performance)
    assert health.reason == "no forecast; 30% of a clear sky's yield is assumed there"
    clear = clear_sky_kw(BERLIN, JUNE, JUNE + timedelta(days=1))
    noon = JUNE + timedelta(hours=11)
    assert series.at(noon) == pytest.approx(0.3 * clear.at(noon))
    assert series.quantile(0.1).at(noon) < series.at(noon) < series.quantile(0.9).at(noon)


def test_a_night_of_history_says_nothing_about_performance():
    night = Series.constant(0.0, JUNE - timedelta(hours=3), JUNE)
    assert performance_of(BERLIN, night, JUNE) is None


def test_a_provider_is_believed_within_what_the_array_can_give():
    noon = JUNE + timedelta(hours=11)
    given = Series(
        times=(JUNE, noon, noon + timedelta(hours=1), JUNE + timedelta(days=1)),
        values=(0.5, 9.0, 0.2),
        quantiles=(Quantile(level=0.1, values=(0.1, 2.0, 0.0)),),
    )
    series, health = pv_forecast(given, BERLIN, JUNE, JUNE + timedelta(days=1), "pv")
    assert health == ()
    assert series.at(noon) == 5.0
    assert series.quantile(0.1).at(noon) == 2.0


def test_where_the_provider_ends_the_clear_sky_goes_on_and_is_named():
    given = Series.constant(1.0, JUNE, JUNE + timedelta(hours=9))
    series, (health,) = pv_forecast(given, BERLIN, JUNE, JUNE + timedelta(days=1), "pv")
    assert series.at(JUNE + timedelta(hours=8)) == 1.0
    assert health.status is HealthStatus.DEGRADED
    assert "gap at 2026-06-21T09:00" in health.reason


def test_tomorrow_is_as_warm_as_today_where_nobody_knows_better():
    past = Series.regular(JUNE - timedelta(days=1), timedelta(hours=1), [float(hour) for hour in range(24)])
    series, (health,) = temperature_forecast(None, past, 20.0, JUNE, JUNE + timedelta(hours=48))
    assert series.at(JUNE + timedelta(hours=6)) == 6.0
    assert series.at(JUNE + timedelta(hours=30)) == 6.0
    assert health.status is HealthStatus.DEGRADED


def test_a_weather_forecast_is_used_as_far_as_it_reaches():
    forecast = Series.constant(15.0, JUNE, JUNE + timedelta(hours=12))
    series, (health,) = temperature_forecast(forecast, None, 9.0, JUNE, JUNE + timedelta(hours=24))
    assert series.at(JUNE + timedelta(hours=11)) == 15.0
    assert series.at(JUNE + timedelta(hours=13)) == 9.0
    assert "no forecast from 2026-06-21T12:00" in health.reason


def test_no_temperature_is_made_up():
    series, (health,) = temperature_forecast(None, None, None, JUNE, JUNE + timedelta(hours=2))
    assert series is None
    assert health.status is HealthStatus.ERROR


def test_a_days_hot_water_adds_up_and_is_drawn_in_the_morning_and_evening():
    day = (JUNE - timedelta(hours=2), JUNE + timedelta(hours=22))
    draw = draw_forecast(6.0, *day, "Europe/Berlin")
    assert draw.mean(*day) * 24 == pytest.approx(6.0)
    assert draw.at(JUNE + timedelta(hours=4, minutes=30)) > 3 * draw.at(JUNE)


def course(days=10, rise=0.0) -> Series:
    """Warmest at 15:00 UTC; the last day is `rise` degrees warmer."""
    start = JUNE - timedelta(days=days)
    values = [10.0 - abs(hour % 24 - 15) + (rise if hour >= 24 * (days - 1) else 0.0) for hour in range(24 * days)]
    return Series.regular(start, timedelta(hours=1), values)


def test_a_warm_spell_carries_on_and_fades_into_the_course_of_the_last_days():
    usual, _ = temperature_forecast(None, course(), None, JUNE, JUNE + timedelta(days=3))
    warm, _ = temperature_forecast(None, course(rise=6.0), None, JUNE, JUNE + timedelta(days=3))
    above = [warm.at(JUNE + timedelta(hours=h)) - usual.at(JUNE + timedelta(hours=h)) for h in (0, 24, 71)]
    assert above[0] == pytest.approx(6.0, abs=1.0)
    assert above == sorted(above, reverse=True)
    afternoon, night = (usual.at(JUNE + timedelta(hours=hour)) for hour in (15, 3))
    assert afternoon == pytest.approx(10.0)
    assert night == pytest.approx(-2.0)


def test_the_course_joins_on_to_the_end_of_a_forecast():
    forecast = Series.constant(20.0, JUNE, JUNE + timedelta(hours=15))
    series, _ = temperature_forecast(forecast, course(), 9.0, JUNE, JUNE + timedelta(hours=30))
    assert series.at(JUNE + timedelta(hours=15)) == pytest.approx(20.9, abs=0.5)


def test_no_temperature_of_the_future_is_used():
    past = course()
    longer = Series(times=(*past.times, past.end + timedelta(days=2)), values=(*past.values, 40.0))
    span = (JUNE, JUNE + timedelta(days=2))
    assert temperature_forecast(None, longer, None, *span) == temperature_forecast(None, past, None, *span)
