"""What forecasts learn from the past: by quantiles and situation, and more from yesterday than from last month."""

from datetime import UTC, datetime, time, timedelta

import pytest

from custom_components.hems.core.forecast import (
    Panel,
    PastVisit,
    PvCalibration,
    PvObservation,
    ev_forecast,
    pv_forecast,
    temperature_forecast,
)
from custom_components.hems.core.forecast.errors import LIMIT, Errors, quantile_of
from custom_components.hems.core.forecast.pv_calibration import spot_at
from custom_components.hems.core.forecast.quantiles import of_samples, of_weighted
from custom_components.hems.core.model import Series

JUNE = datetime(2026, 6, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PANEL = Panel(latitude=52.5, longitude=13.4, peak_kw=5.0)


@pytest.mark.parametrize(
    ("level", "expected"), [(0.0, 1.0), (0.25, 2.5), (0.5, 4.0), (0.9, 12.8), (1.0, 15.0)], ids=str
)
def test_quantile_of_samples_lies_linear_between_them(level, expected):
    assert of_samples([1.0, 4.0, 15.0], level) == pytest.approx(expected)
    assert of_samples([7.0], level) == 7.0


@pytest.mark.parametrize(("level", "expected"), [(0.0, 1.0), (0.2, 1.0), (0.3, 4.0), (0.5, 4.0), (0.6, 15.0)], ids=str)
def test_quantile_of_weighted_values_is_the_first_whose_weights_reach_it(level, expected):
    assert of_weighted([(1.0, 0.5), (4.0, 0.75), (15.0, 1.25)], level) == expected


@pytest.mark.parametrize(("error", "bin_start"), [(0.01, 0.0), (9.0, LIMIT - 0.05), (-9.0, -LIMIT)], ids=str)
def test_quantiles_of_errors_lie_within_the_bin_and_what_is_beyond_the_limit_counts_at_it(error, bin_start):
    counts = Errors().learned([("clear", error)] * 100).of("clear")
    assert counts is not None
    found = [quantile_of(counts, level) for level in (0.1, 0.5, 0.9)]
    assert found == pytest.approx([bin_start + level * 0.05 for level in (0.1, 0.5, 0.9)])


def test_what_a_car_did_of_late_says_more_than_what_it_did_before():
    """Eight weeks at 17 h, and four at 19 h with twice the need."""
    visits = []
    for back in range(84, 0, -1):
        day = datetime.combine((JUNE - back * DAY).date(), time(19 if back <= 28 else 17), UTC)
        need_kwh = 16.0 if back <= 28 else 8.0
        visits.append(PastVisit(arrival=day, departure=day + 4 * HOUR, charged_kwh=need_kwh))
    (visit,), _ = ev_forecast(visits, JUNE, JUNE + DAY, "UTC", "car")
    assert visit.arrival[0.5].hour == 19
    assert visit.need_kwh[0.5] == 16.0


def days_of(*days_c: float, last_c: float | None = None) -> Series:
    values = [celsius for celsius in days_c for _ in range(24)]
    return Series.regular(JUNE - len(values) * HOUR, HOUR, values if last_c is None else [*values[:-1], last_c])


def test_the_course_of_the_last_days_is_that_of_the_late_ones_most():
    series, _ = temperature_forecast(None, days_of(*[0.0] * 6, *[10.0] * 4), None, JUNE, JUNE + 10 * DAY)
    # Of ten days 6 are cold; after a day the present has faded by half.
    assert 6.0 < series.at(JUNE + 8 * DAY) < 9.0


def test_what_was_unusual_hours_ago_says_nothing_of_now():
    warm = days_of(*[10.0] * 6, last_c=22.0)
    late = JUNE + 4 * HOUR
    fresh, _ = temperature_forecast(None, warm, None, JUNE, JUNE + DAY)
    old, _ = temperature_forecast(None, warm, None, late, late + DAY)
    measured, _ = temperature_forecast(None, warm, 13.0, late, late + DAY)
    assert fresh.at(JUNE) > 18.0
    assert old.at(late) == pytest.approx(10.0)
    assert measured.at(late) == pytest.approx(13.0)


def test_a_last_hour_as_foretold_makes_the_next_ones_surer():
    noon = JUNE + 10 * HOUR
    forecast = Series.constant(2.0, noon - 2 * HOUR, noon + DAY)
    wide, _ = pv_forecast(forecast, PANEL, noon, noon + 12 * HOUR, "pv")
    sure, _ = pv_forecast(
        forecast, PANEL, noon, noon + 12 * HOUR, "pv", measured_kw=Series.constant(2.0, noon - HOUR, noon)
    )
    width = [
        [found.quantile(0.9).at(at) - found.quantile(0.1).at(at) for at in (noon, noon + 7 * HOUR)]
        for found in (wide, sure)
    ]
    assert sure.at(noon) == pytest.approx(2.0)
    assert width[1][0] == pytest.approx(0.75 * width[0][0])
    assert width[1][1] == pytest.approx(width[0][1], rel=0.02)


def test_who_is_right_about_the_next_hour_is_believed_for_it_and_who_is_right_about_tomorrow_for_that():
    calibration = PvCalibration()
    for day in range(30):
        seen = []
        for hour in range(6, 16):
            start = JUNE + day * DAY + hour * HOUR
            given_kw = 1.0 + (day * 7 + hour) % 3
            for lead_h, right in ((1.0, "near"), (24.0, "far")):
                said = {name: given_kw if name == right else 4.0 - given_kw for name in ("near", "far")}
                seen.append(
                    PvObservation(start=start, end=start + HOUR, given_kw=given_kw, forecast_kw=said, lead_h=lead_h)
                )
        calibration = calibration.observed(seen, PANEL)
    spot = spot_at(JUNE + 30 * DAY + 10 * HOUR, PANEL)
    assert spot is not None
    told = {"near": 3.5, "far": 1.0}
    one, other = (calibration.calibrated_kw(name, told[name], spot, PANEL) for name in ("near", "far"))
    assert one > other
    near_kw, far_kw = (calibration.blended_kw(told, spot, lead_h, PANEL) for lead_h in (1.0, 24.0))
    assert near_kw > far_kw + 0.1 * (one - other)
