"""Stuck measurements and the limit of an inverter."""

from datetime import UTC, datetime, timedelta

from custom_components.hems.core.forecast import Panel, clear_sky_kw
from custom_components.hems.core.forecast.pv_quality import ceiling_of, without_stuck
from custom_components.hems.core.model import Series

JUNE = datetime(2026, 6, 1, tzinfo=UTC)
PANEL = Panel(latitude=52.5, longitude=13.4, peak_kw=5.0)
SKY = clear_sky_kw(PANEL, JUNE, JUNE + timedelta(days=10))
CLIPPED = Series(times=SKY.times, values=tuple(min(3.0, value) for value in SKY.values))


def test_an_inverter_that_cuts_off_shows_its_limit():
    assert ceiling_of(CLIPPED) == 3.0


def test_a_round_noon_is_no_limit():
    assert ceiling_of(SKY) is None


def test_a_day_is_too_little_to_believe_in_a_limit():
    assert ceiling_of(Series(times=CLIPPED.times[:97], values=CLIPPED.values[:96])) is None


def test_a_repeated_value_becomes_unknown_but_not_at_night_nor_at_the_limit():
    stuck = Series(times=CLIPPED.times, values=(*CLIPPED.values[:24], 0.7, 0.7, 0.7, 0.7, *CLIPPED.values[28:]))
    cleaned = without_stuck(stuck, 3.0)
    assert cleaned.values[24:28] == (None,) * 4
    assert cleaned.values[28:] == CLIPPED.values[28:]
    assert cleaned.values[:24] == CLIPPED.values[:24]


def test_holes_stay_holes():
    holed = Series(times=SKY.times, values=(None,) * 5 + SKY.values[5:])
    assert without_stuck(holed) == holed
