"""What the benches' weather service tells of the sun: how clear a day will be, with an error, and nothing else."""

from dataclasses import replace
from statistics import fmean, pstdev

import pytest

from bench.homes.data import citylearn
from bench.homes.plant import Home
from bench.homes.view import View
from bench.homes.weather import foreseen_sun_kw
from custom_components.hems.core.simulation.outlook import SKY_ERRORS

DAY = 24
MIDNIGHT = 1
"""The record of Fontana begins an hour before it."""


def begin(day: int) -> int:
    return MIDNIGHT + DAY * day


def energy(values: tuple[float | None, ...], ahead: int) -> float:
    return sum(kw or 0.0 for kw in values[ahead * DAY : (ahead + 1) * DAY])


def clear_kwh(home: Home, day: int) -> float:
    past = home.sun_kw[begin(day - 21) : begin(day)]
    return sum(sorted(past[hour::DAY])[-2] for hour in range(DAY))


@pytest.mark.parametrize("ahead", [0, 1, 2])
def test_a_day_is_told_as_wrongly_as_it_is_ahead(ahead: int) -> None:
    home = citylearn(1)
    wrong = []
    for day in range(28, 200):
        told = foreseen_sun_kw(home, begin(day), 3 * DAY).values
        came = sum(home.sun_kw[begin(day + ahead) : begin(day + ahead + 1)])
        wrong.append((energy(told, ahead) - came) / clear_kwh(home, day))
    assert pstdev(wrong) == pytest.approx(SKY_ERRORS[ahead], rel=0.2)
    assert abs(fmean(wrong)) < 0.05  # nothing below 0.05 is told


def test_the_hours_of_a_day_to_come_are_not_told() -> None:
    home = citylearn(2)
    tomorrow = begin(101)
    noon = tomorrow + 12
    turned = list(home.sun_kw)
    turned[noon - 1], turned[noon + 1] = turned[noon + 1], turned[noon - 1]
    assert turned[noon] > 0.0
    assert turned != list(home.sun_kw)
    told, other = (foreseen_sun_kw(changed, begin(100), 2 * DAY) for changed in (home, replace(home, sun_kw=turned)))
    assert told == other


def test_it_is_told_the_same_when_asked_again_and_more_clearly_on_the_day() -> None:
    home = citylearn(3)
    evening, morning = begin(60) + 20, begin(61) + 2
    asked = View(home=home, step=evening, energy_kwh=0.0).foreseen_sun_kw(30)
    assert asked == foreseen_sun_kw(home, evening, 30)
    later = foreseen_sun_kw(home, morning, 24)
    noon = home.start + (begin(61) + 12) * home.step
    widths = []
    for told in (asked, later):
        low, high = told.quantile(0.1), told.quantile(0.9)
        assert low is not None
        assert high is not None
        widths.append((high.at(noon) or 0.0) - (low.at(noon) or 0.0))
    assert 0.0 < widths[1] < widths[0]


def test_beyond_the_record_its_last_day_goes_on() -> None:
    home = citylearn(1)
    told = foreseen_sun_kw(home, len(home.sun_kw) - 6, 2 * DAY)
    assert len(told.values) == 2 * DAY
    assert max(kw or 0.0 for kw in told.values[DAY:]) > 0.0


def test_without_two_days_of_past_nothing_is_told_of_a_clear_day() -> None:
    with pytest.raises(ValueError, match="two days must lie before step 30"):
        foreseen_sun_kw(citylearn(1), 30, DAY)
