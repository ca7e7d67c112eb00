"""The sun as it was after days like today."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import pi, sin

import pytest

from custom_components.hems.core.forecast.alike import courses_alike, pv_from_history
from custom_components.hems.core.model import HealthStatus, Series

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
BRIGHT, DULL = 1.0, 0.2


def history(clearness: Sequence[float]) -> Series:
    """Whole days of 4 kW at noon that end now, each as clear as told."""
    shape = [max(0.0, 4.0 * sin(pi * (slot - 12) / 24)) for slot in range(48)]
    values = [clear * kw for clear in clearness for kw in shape]
    return Series.regular(NOW - timedelta(days=len(clearness)), HALF_HOUR, values)


def energy_kwh(series: Series) -> float:
    """Of the coming day."""
    return 24.0 * (series.mean(NOW, NOW + timedelta(days=1)) or 0.0)


ALTERNATING = [BRIGHT, BRIGHT, DULL, DULL] * 5
"""After a bright day as often a bright as a dull one, seen over one day; but two of a kind never become three."""


def test_weather_that_lasts_is_expected_to_last() -> None:
    blocks = [BRIGHT] * 5 + [DULL] * 5 + [BRIGHT] * 5 + [DULL] * 5
    dull, _ = pv_from_history(history(blocks), NOW, NOW + timedelta(days=1), "pv")
    bright, _ = pv_from_history(history(blocks[:15]), NOW, NOW + timedelta(days=1), "pv")
    assert dull is not None
    assert bright is not None
    assert energy_kwh(bright) > 2.0 * energy_kwh(dull)


def test_same_weather_every_day_is_forecast_exactly() -> None:
    past = history([0.7] * 10)
    found, health = pv_from_history(past, NOW, NOW + timedelta(days=2), "pv")
    assert found is not None
    day = past.mean(NOW - timedelta(days=1), NOW)
    assert found.mean(NOW, NOW + timedelta(days=1)) == pytest.approx(day)
    assert found.mean(NOW + timedelta(days=1), NOW + timedelta(days=2)) == pytest.approx(day)
    assert [(entry.source, entry.status) for entry in health] == [("pv", HealthStatus.DEGRADED)]


def test_quantiles_lie_around_the_mean() -> None:
    found, _ = pv_from_history(history(ALTERNATING), NOW, NOW + timedelta(days=1), "pv")
    assert found is not None
    low, middle, high = (quantile.values[24] for quantile in found.quantiles)
    assert low is not None
    assert middle is not None
    assert high is not None
    assert 0.8 == pytest.approx(low) == pytest.approx(4.0 * DULL)
    assert low <= middle <= high == pytest.approx(4.0)


def test_courses_share_the_whole_probability_and_have_the_forecasts_mean() -> None:
    past = history(ALTERNATING)
    found, _ = pv_from_history(past, NOW, NOW + timedelta(days=1), "pv")
    courses = courses_alike(past, NOW, 24.0)
    assert found is not None
    assert sum(course.weight for course in courses) == pytest.approx(1.0)
    mean_kwh = sum(course.weight * sum(course.values_kw) / 2.0 for course in courses)
    assert mean_kwh == pytest.approx(energy_kwh(found))


@pytest.mark.parametrize(
    ("description", "past"),
    [("two days only", history([BRIGHT] * 2)), ("a hole yesterday", None)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_too_little_known_says_so(description: str, past: Series | None) -> None:
    del description
    if past is None:
        whole = history([BRIGHT] * 10)
        past = Series(times=whole.times, values=(*whole.values[:-30], None, *whole.values[-29:]))
    assert courses_alike(past, NOW, 24.0) == ()
    found, health = pv_from_history(past, NOW, NOW + timedelta(days=1), "pv")
    assert found is None
    assert "fewer than 3 days" in health[0].reason


@pytest.mark.parametrize("late_h", [0.5, 1.25, 3.0])
def test_a_history_that_lags_is_continued_from_its_end(late_h: float) -> None:
    asked = NOW + timedelta(hours=late_h)
    found, _ = pv_from_history(history(ALTERNATING), asked, NOW + timedelta(days=1), "pv")
    assert found is not None
    prompt, _ = pv_from_history(history(ALTERNATING), NOW, NOW + timedelta(days=1), "pv")
    assert found == prompt


def test_a_history_that_ended_long_ago_says_nothing() -> None:
    found, _ = pv_from_history(history(ALTERNATING), NOW + timedelta(hours=3.5), NOW + timedelta(days=1), "pv")
    assert found is None
