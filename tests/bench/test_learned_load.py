"""The benches' learned load: the engine's own, from what is past."""

from dataclasses import replace

from bench.homes.data import citylearn
from bench.homes.learned_load import LearnedLoad
from bench.homes.plant import Home
from bench.homes.view import View
from custom_components.hems.core.learning.methods.learned import NAME
from custom_components.hems.core.model import Series

DAY = 24


def asked(home: Home, day: int) -> tuple[Series, LearnedLoad]:
    """At midnight after so many days of the record, which begins an hour before it."""
    load = LearnedLoad()
    return load.forecast(View(home=home, step=1 + DAY * day, energy_kwh=0.0), DAY), load


def test_it_is_learned_from_what_is_past_only_and_has_the_quantiles_that_scenarios_are_made_of() -> None:
    home, day = citylearn(3), 45
    known = 1 + DAY * day
    told, load = asked(home, day)
    other, _ = asked(replace(home, load_kw=(*home.load_kw[:known], *(9.0 for _ in home.load_kw[known:]))), day)
    assert told == other
    assert load.learned is not None
    assert load.learned.method.name == NAME
    low, high = told.quantile(0.1), told.quantile(0.9)
    assert low is not None
    assert high is not None
    assert all((few or 0.0) < (many or 0.0) for few, many in zip(low.values, high.values, strict=True))


def test_before_six_weeks_are_known_it_is_what_simple_methods_say_of_the_past() -> None:
    home = citylearn(3)
    told, load = asked(home, 30)
    dearer, _ = asked(replace(home, load_kw=tuple(2.0 * kw for kw in home.load_kw)), 30)
    assert load.learned is None
    assert sum(kw or 0.0 for kw in dearer.values) > 1.9 * sum(kw or 0.0 for kw in told.values) > 0.0
