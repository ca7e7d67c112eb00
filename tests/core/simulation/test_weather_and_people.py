"""Sun, clouds, temperature, household, hot water and habits."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.simulation import Place, World, example_site
from custom_components.hems.core.simulation.days import Days
from custom_components.hems.core.simulation.household import DAILY_BAND_KWH, HABITS
from custom_components.hems.core.simulation.solar import SunDay, clear_sky, gaussian
from custom_components.hems.core.simulation.trace import Pulse, Pulses, Trace

BERLIN = Place(latitude=52.5, longitude=13.4)


def some_days(seed: int = 1, **changes: object) -> Days:
    fields = {"seed": seed, "place": BERLIN, "time_zone": "Europe/Berlin", "model": "clear_sky", "clouds": True}
    return Days(**fields | changes)  # type: ignore[arg-type]


def test_sun_is_where_the_almanac_says() -> None:
    # NOAA solar calculator for 52.5 N, 13.4 E.
    sun = SunDay.on(date(2026, 6, 21), BERLIN)
    assert sun.noon_s == pytest.approx(datetime(2026, 6, 21, 11, 8, tzinfo=UTC).timestamp(), abs=120.0)
    assert sun.elevation(sun.noon_s) == pytest.approx(60.9, abs=0.3)
    assert 2 * sun.half_day_s / 3600 == pytest.approx(16.7, abs=0.2)
    winter = SunDay.on(date(2026, 12, 21), BERLIN)
    assert winter.elevation(winter.noon_s) == pytest.approx(14.1, abs=0.3)


@pytest.mark.parametrize("model", ["clear_sky", "gaussian"])
@settings(max_examples=30, deadline=None)
@given(day=st.dates(date(2020, 1, 1), date(2035, 12, 31)), latitude=st.floats(-60, 60), longitude=st.floats(-180, 180))
def test_pv_of_a_clear_day_has_one_maximum_near_noon_and_none_at_night(
    model: str, day: date, latitude: float, longitude: float
) -> None:
    place = Place(latitude=latitude, longitude=longitude)
    drawn = some_days(model=model, clouds=False, place=place, time_zone="UTC").day(day)
    times = [drawn.start_s + 300.0 * i for i in range(289)]
    powers = [drawn.pv_per_kwp.at(time_s) for time_s in times]
    if drawn.sun.sunrise_s < drawn.start_s or drawn.sun.sunset_s > drawn.end_s:
        return  # this local day holds parts of two solar days
    peak = max(range(289), key=powers.__getitem__)
    assert abs(times[peak] - drawn.sun.noon_s) <= 900.0
    assert all(left <= right + 1e-12 for left, right in pairwise(powers[: peak + 1]))
    assert all(left >= right - 1e-12 for left, right in pairwise(powers[peak:]))
    dark = [
        power
        for time_s, power in zip(times, powers, strict=True)
        if abs(time_s - drawn.sun.noon_s) > drawn.sun.half_day_s
    ]
    assert dark
    assert all(power == 0.0 for power in dark)


def test_pv_feeds_exactly_nothing_at_night_and_follows_the_sun_by_day() -> None:
    world = World(site=example_site(), seed=2, start=datetime(2026, 6, 14, 22, tzinfo=UTC))
    for _ in range(1440):
        start_s = world.now.timestamp()
        power = world.step(60.0).assets["pv"].power_kw
        sun = world.days.day_at(start_s).sun
        if sun.elevation(start_s) < 0.0 and sun.elevation(start_s + 60.0) < 0.0:
            assert power == 0.0
        elif sun.elevation(start_s) > 5.0:
            assert power < 0.0


def test_gaussian_and_clear_sky_share_their_peak() -> None:
    sun = SunDay.on(date(2026, 4, 1), BERLIN)
    assert gaussian(sun, 35.0, sun.noon_s) == pytest.approx(clear_sky(sun, 35.0, sun.noon_s))


def test_polar_night_has_no_sun() -> None:
    sun = SunDay.on(date(2026, 12, 21), Place(latitude=78.2, longitude=15.6))
    assert sun.half_day_s == 0.0
    assert gaussian(sun, 35.0, sun.noon_s) == clear_sky(sun, 35.0, sun.noon_s) == 0.0


@pytest.mark.parametrize(("latitude", "longitude"), [(91.0, 0.0), (0.0, 181.0)])
def test_place_off_the_globe_is_refused(latitude: float, longitude: float) -> None:
    with pytest.raises(ValueError, match="must be between"):
        Place(latitude=latitude, longitude=longitude)


def test_clouds_only_ever_take_light_away() -> None:
    for shift in range(20):
        day = some_days().day(date(2026, 5, 1) + timedelta(days=shift))
        for minute in range(0, 1440, 7):
            time_s = day.start_s + 60.0 * minute
            assert 0.0 <= day.pv_per_kwp.at(time_s) <= day.clear_per_kwp.at(time_s) + 1e-12


def test_a_year_of_sun_is_that_of_germany() -> None:
    days = some_days(3)
    kwh = sum(
        day.pv_per_kwp.integral(day.end_s) / 3600.0
        for day in (days.day(date(2026, 1, 1) + timedelta(days=shift)) for shift in range(0, 365, 3))
    )
    # PVGIS gives about 1000 kWh per kWp and year for a roof in Berlin.
    assert 850.0 < 3.0 * kwh < 1150.0


def test_temperature_has_seasons_and_joins_at_midnight() -> None:
    days = some_days()
    means = {}
    for month in (1, 7):
        drawn = [days.day(date(2026, month, day)) for day in range(1, 29)]
        means[month] = sum(day.outdoor_c.integral(day.end_s) / 86400.0 for day in drawn) / 28
        for today, tomorrow in pairwise(drawn):
            assert today.outdoor_c.at(today.end_s) == pytest.approx(tomorrow.outdoor_c.at(tomorrow.start_s), abs=0.2)
    assert -4.0 < means[1] < 4.0
    assert 15.0 < means[7] < 23.0


def test_daily_energy_stays_in_its_band_over_200_seeds() -> None:
    low, high = DAILY_BAND_KWH
    totals = []
    for seed in range(200):
        day = some_days(seed).day(date(2026, 1, 1) + timedelta(days=seed))
        totals.append((day.base_kw.integral(day.end_s) + day.spikes.integral(day.end_s)) / 3600.0)
    assert all(low <= total <= high for total in totals)
    assert max(totals) - min(totals) > 3.0
    assert 8.0 < sum(totals) / 200 < 11.0


def test_every_spike_carries_the_name_of_an_appliance() -> None:
    world = World(site=example_site(), seed=6, start=datetime(2026, 5, 3, 22, tzinfo=UTC))
    names = {habit.name for habit in HABITS}
    seen: set[str] = set()
    for _ in range(5 * 1440):
        reading = world.step(60.0)
        assert set(reading.spikes) <= names
        # Whatever exceeds the quiet base load is somebody's doing.
        assert reading.load_kw - sum(reading.spikes.values()) < 1.2
        seen |= set(reading.spikes)
    assert len(seen) >= 6


def test_spike_shows_its_own_power() -> None:
    kettle = Pulse(name="kettle", start_s=100.0, end_s=220.0, power_kw=2.0)
    pulses = Pulses([kettle, Pulse(name="oven", start_s=160.0, end_s=400.0, power_kw=1.0)])
    assert pulses.by_name(40.0, 100.0) == {}
    assert pulses.by_name(100.0, 160.0) == {"kettle": 2.0}
    assert pulses.by_name(190.0, 250.0) == pytest.approx({"kettle": 1.0, "oven": 1.0})
    assert pulses.integral(1000.0) == pytest.approx(2.0 * 120.0 + 240.0)


@given(
    knots=st.lists(st.floats(0, 100), min_size=2, max_size=20), cuts=st.lists(st.floats(0, 1), min_size=2, max_size=6)
)
def test_means_of_a_trace_add_up_however_it_is_cut(knots: list[float], cuts: list[float]) -> None:
    trace = Trace(0.0, 60.0, knots)
    end_s = 60.0 * (len(knots) - 1)
    edges = sorted({0.0, end_s, *(cut * end_s for cut in cuts)})
    parts = sum(trace.integral(right) - trace.integral(left) for left, right in pairwise(edges))
    whole = sum((a + b) * 30.0 for a, b in pairwise(knots))
    assert parts == pytest.approx(whole, abs=1e-6)
