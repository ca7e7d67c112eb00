"""What an array really gives of what was forecast."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
import pytest

from custom_components.hems.core.forecast import Panel, PvCalibration, PvObservation, pv_forecast
from custom_components.hems.core.forecast.pv_calibration import spot_at
from custom_components.hems.core.model import HealthStatus, Quantile, Series

JUNE = datetime(2026, 6, 1, tzinfo=UTC)
PANEL = Panel(latitude=52.5, longitude=13.4, peak_kw=5.0)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def forecast_kw(moment: datetime, share: float = 0.8) -> float:
    return share * PANEL.clear_kw(moment + HOUR / 2)


def a_day(day: int, given=lambda moment, kw: kw, share: float = 0.8, **other) -> list[PvObservation]:
    """Hours of daylight with what was forecast and what came of it."""
    return [
        PvObservation(
            start=moment,
            end=moment + HOUR,
            given_kw=given(moment, kw),
            forecast_kw={"provider": kw} | {name: make(moment, kw) for name, make in other.items()},
        )
        for moment in (JUNE + day * DAY + hour * HOUR for hour in range(24))
        if (kw := forecast_kw(moment, share)) > 0.0
    ]


def learned(days, given=lambda moment, kw: kw, start: int = 0, before: PvCalibration | None = None, **other):
    calibration = before or PvCalibration()
    for day in range(start, start + days):
        calibration = calibration.observed(a_day(day, given, 0.5 + 0.5 * (day % 3) / 2, **other), PANEL)
    return calibration


def tomorrow_kw(calibration: PvCalibration, hour: int, share: float = 0.8) -> tuple[float, float]:
    """Forecast and calibrated."""
    moment = JUNE + 40 * DAY + hour * HOUR
    kw = forecast_kw(moment, share)
    return kw, calibration.calibrated_kw("provider", kw, spot_at(moment + HOUR / 2, PANEL), PANEL)


def shaded(moment: datetime, kw: float) -> float:
    return 0.3 * kw if moment.hour < 8 else kw


def test_an_empty_calibration_believes_the_provider():
    kw, calibrated = tomorrow_kw(PvCalibration(), 11)
    assert calibrated == pytest.approx(kw)


def test_a_shaded_morning_is_learned_in_two_weeks_and_the_afternoon_is_left_alone():
    calibration = learned(14, shaded)
    kw, calibrated = tomorrow_kw(calibration, 6)
    assert calibrated == pytest.approx(0.3 * kw, rel=0.25)
    kw, calibrated = tomorrow_kw(calibration, 13)
    assert calibrated == pytest.approx(kw, rel=0.1)


def test_a_felled_tree_is_forgotten_in_a_season():
    cut = learned(75, start=14, before=learned(14, shaded))
    kw, calibrated = tomorrow_kw(cut, 6)
    assert calibrated == pytest.approx(kw, rel=0.1)


def test_dirt_everywhere_is_learned_for_hours_never_seen():
    calibration = learned(10, lambda moment, kw: 0.8 * kw if 9 <= moment.hour <= 14 else kw)
    noon = learned(10, lambda moment, kw: 0.8 * kw)
    kw, calibrated = tomorrow_kw(noon, 15)
    assert calibrated == pytest.approx(0.8 * kw, rel=0.05)
    assert tomorrow_kw(calibration, 12)[1] == pytest.approx(0.8 * kw_at(12), rel=0.05)


def kw_at(hour: int) -> float:
    return forecast_kw(JUNE + 40 * DAY + hour * HOUR)


def test_a_provider_that_flattens_clouds_is_stretched():
    """It says 0.5 + half of the truth about every day."""

    def truth(moment, kw):
        clear = PANEL.clear_kw(moment + HOUR / 2)
        return max(0.0, 2.0 * kw - 0.8 * clear)

    calibration = learned(30, truth)
    kw, calibrated = tomorrow_kw(calibration, 11, share=0.5)
    assert calibrated < 0.6 * kw


def test_what_the_inverter_cut_off_teaches_no_less_sun():
    small = replace(PANEL, peak_kw=3.0)
    calibration = PvCalibration()
    for day in range(20):
        seen = [replace(one, given_kw=min(3.0, one.given_kw)) for one in a_day(day, share=1.0)]
        calibration = calibration.observed(seen, small)
    moment = JUNE + 40 * DAY + 11 * HOUR
    spot = spot_at(moment + HOUR / 2, small)
    assert calibration.calibrated_kw("provider", 4.5, spot, small) == pytest.approx(3.0)
    assert calibration.calibrated_kw("provider", 2.0, spot, small) == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize("lead_h", [1.0, 24.0], ids=["never seen so near", "seen a day ahead"])
def test_the_better_provider_weighs_more(lead_h):
    calibration = learned(30, wild=lambda moment, kw: kw * (2.0 if moment.toordinal() % 2 else 0.1))
    spot = spot_at(JUNE + 40 * DAY + 11.5 * HOUR, PANEL)
    good = calibration.calibrated_kw("provider", 3.0, spot, PANEL)
    bad = calibration.calibrated_kw("wild", 0.5, spot, PANEL)
    blend = calibration.blended_kw({"provider": 3.0, "wild": 0.5}, spot, lead_h, PANEL)
    assert abs(blend - good) < 0.2 * abs(blend - bad)


def test_the_same_time_is_learned_once():
    once = learned(5, shaded)
    assert once.observed(a_day(4, shaded), PANEL) == once


def test_it_is_judged_by_what_was_known_before():
    """A day's own outcome must not sharpen the error that is noted for it."""
    first = PvCalibration().observed(a_day(0, lambda moment, kw: 0.5 * kw), PANEL)
    square, weight = first.members["provider"].squares["2"]
    expected = [((one.forecast_kw["provider"] - one.given_kw) / 5.0) ** 2 for one in a_day(0, shaded_half)]
    assert square / weight == pytest.approx(sum(expected) / len(expected), rel=0.2)


def shaded_half(moment: datetime, kw: float) -> float:
    return 0.5 * kw


def test_it_survives_as_json():
    reader = TypeAdapter(PvCalibration)
    calibration = learned(3, shaded)
    text = reader.dump_json(calibration)
    assert reader.validate_json(text) == calibration
    assert len(text) < 40_000


NOON = JUNE + 30 * DAY + 11 * HOUR


def plain(kw: float = 3.0, start: datetime = NOON - 6 * HOUR) -> Series:
    return Series.constant(kw, start, NOON + 24 * HOUR)


def test_the_last_hour_carries_on_and_fades():
    measured = Series.constant(1.5, NOON - HOUR, NOON)
    usual, _ = pv_forecast(plain(), PANEL, NOON, NOON + 9 * HOUR, "pv")
    dimmed, _ = pv_forecast(plain(), PANEL, NOON, NOON + 9 * HOUR, "pv", measured_kw=measured)
    shares = [dimmed.at(NOON + hour * HOUR) / usual.at(NOON + hour * HOUR) for hour in range(9)]
    assert shares[0] == pytest.approx(0.5, abs=0.01)
    assert shares == sorted(shares)
    assert shares[6] > 0.95
    assert dimmed.quantile(0.9).at(NOON) < usual.quantile(0.9).at(NOON)


@pytest.mark.parametrize(
    "measured",
    [
        Series.constant(1.5, NOON - HOUR, NOON - HOUR / 2),
        Series.constant(1.5, NOON - 5 * HOUR, NOON - HOUR),
        Series(times=(NOON - HOUR, NOON - HOUR / 2, NOON), values=(1.5, None)),
    ],
    ids=["too short", "too old", "a hole"],
)
def test_an_hour_that_is_not_fully_known_corrects_nothing(measured):
    usual = pv_forecast(plain(), PANEL, NOON, NOON + 9 * HOUR, "pv")
    assert pv_forecast(plain(), PANEL, NOON, NOON + 9 * HOUR, "pv", measured_kw=measured) == usual


def test_an_hour_that_ended_half_an_hour_ago_still_counts():
    usual, _ = pv_forecast(plain(), PANEL, NOON, NOON + HOUR, "pv")
    measured = Series.constant(1.5, NOON - 2 * HOUR, NOON - HOUR / 2)
    dimmed, _ = pv_forecast(plain(), PANEL, NOON, NOON + HOUR, "pv", measured_kw=measured)
    assert dimmed.at(NOON) == pytest.approx(0.5 * usual.at(NOON), rel=0.05)


def test_a_forecast_that_begins_now_is_not_corrected():
    measured = Series.constant(1.5, NOON - HOUR, NOON)
    series, _ = pv_forecast(plain(start=NOON), PANEL, NOON, NOON + HOUR, "pv", measured_kw=measured)
    assert series.at(NOON) == pytest.approx(3.0)


def test_bands_come_from_its_own_past_errors():
    halves = learned(60, lambda moment, kw: kw * (1.4 if moment.toordinal() % 2 else 0.6))
    sure = learned(60)
    day = (NOON, NOON + HOUR)
    wide, _ = pv_forecast({"provider": plain(2.5)}, PANEL, *day, "pv", calibration=halves)
    tight, _ = pv_forecast({"provider": plain(2.5)}, PANEL, *day, "pv", calibration=sure)
    assert width(wide) > 3 * width(tight)


def width(series: Series) -> float:
    return series.quantile(0.9).at(NOON) - series.quantile(0.1).at(NOON)


def test_without_any_provider_the_sky_is_seen_as_the_array_saw_it():
    calibration = learned(30, shaded)
    series, (health,) = pv_forecast({}, PANEL, NOON - 11 * HOUR, NOON + 13 * HOUR, "pv", calibration=calibration)
    assert health.status is HealthStatus.DEGRADED
    assert "no forecast" in health.reason
    morning, noon = NOON - 5 * HOUR, NOON
    shade = [series.at(moment) / PANEL.clear_kw(moment + timedelta(minutes=7.5)) for moment in (morning, noon)]
    assert shade[0] < 0.5 * shade[1]


def test_a_gap_of_one_provider_is_filled_by_another_and_is_no_defect():
    early = Series.constant(2.0, NOON, NOON + 2 * HOUR)
    series, health = pv_forecast({"a": early, "b": plain()}, PANEL, NOON, NOON + 6 * HOUR, "pv")
    assert health == ()
    assert series.at(NOON) == pytest.approx(2.5)
    assert series.at(NOON + 3 * HOUR) == pytest.approx(3.0)


@pytest.mark.parametrize("day", [datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)])
def test_the_days_of_the_clock_changes_are_like_any_other(day):
    given = Series.constant(2.0, day, day + 30 * HOUR)
    series, _ = pv_forecast(given, PANEL, day, day + 25 * HOUR, "pv", calibration=learned(5))
    assert all((later - earlier) <= HOUR for earlier, later in zip(series.times, series.times[1:], strict=False))
    assert None not in series.values


@settings(max_examples=25, deadline=None)
@given(
    shares=st.lists(st.floats(0.0, 3.0), min_size=24, max_size=24),
    said=st.lists(st.none() | st.floats(0.0, 12.0), min_size=24, max_size=24),
    own=st.lists(st.floats(0.0, 12.0), min_size=24, max_size=24),
    days=st.integers(0, 8),
    measured=st.none() | st.floats(0.0, 6.0),
)
def test_whatever_was_seen_bands_are_in_order_and_within_the_peak(shares, said, own, days, measured):
    calibration = learned(days, lambda moment, kw: kw * shares[moment.hour])
    times = tuple(NOON + HOUR * i for i in range(25))
    provider = Series(times=times, values=tuple(said), quantiles=(Quantile(level=0.1, values=tuple(own)),))
    recent = None if measured is None else Series.constant(measured, NOON - HOUR, NOON)
    series, health = pv_forecast(
        {"provider": provider}, PANEL, NOON, NOON + DAY, "pv", calibration=calibration, measured_kw=recent
    )
    for row in zip(series.values, *(quantile.values for quantile in series.quantiles), strict=True):
        assert all(0.0 <= kw <= PANEL.peak_kw for kw in row)
        assert list(row[1:]) == sorted(row[1:])
    dark = [PANEL.clear_kw(NOON + HOUR * i + HOUR / 2) < 0.2 for i in range(24)]
    assert health or all(value is not None or night for value, night in zip(said, dark, strict=True))
