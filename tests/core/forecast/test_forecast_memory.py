"""How long a household's errors last."""

from datetime import UTC, datetime, timedelta
from math import exp, sin, sqrt
from random import Random

import pytest

from custom_components.hems.core.forecast import memory_of
from custom_components.hems.core.model import Series

NOW = datetime(2026, 3, 30, tzinfo=UTC)
STEP = timedelta(minutes=30)


def a_past(memory_h: float, days: int = 28, seed: int = 1) -> Series:
    """A daily shape with errors of 0.3 kW that fade as they are told to."""
    kept, rng = exp(-0.5 / memory_h), Random(seed)
    error_kw, values = rng.gauss(0.0, 0.3), []
    for i in range(days * 48):
        values.append(2.0 + 0.5 * sin(i % 48 / 48 * 6.28) + error_kw)
        error_kw = kept * error_kw + rng.gauss(0.0, 0.3 * sqrt(1.0 - kept**2))
    return Series.regular(NOW - days * 48 * STEP, STEP, values)


@pytest.mark.parametrize(("memory_h", "low_h", "high_h"), [(1.0, 0.7, 1.5), (4.0, 2.0, 6.0), (12.0, 6.0, 24.0)])
def test_it_is_found_again_in_what_was_made_with_it(memory_h: float, low_h: float, high_h: float) -> None:
    found = sorted(memory_of(a_past(memory_h, seed=seed), NOW, "UTC") for seed in range(9))
    assert timedelta(hours=low_h) <= found[4] <= timedelta(hours=high_h)


def test_a_household_that_lives_otherwise_at_weekends_is_not_wrong_for_days() -> None:
    plain = a_past(1.0)
    weekends = Series(
        times=plain.times,
        values=tuple(
            kw + 3.0 * (start.weekday() >= 5) for start, kw in zip(plain.times[:-1], plain.values, strict=True)
        ),
    )
    assert memory_of(weekends, NOW, "UTC") == memory_of(plain, NOW, "UTC")


def test_holes_are_left_out() -> None:
    plain = a_past(4.0)
    holes = Series(times=plain.times, values=tuple(None if i % 480 < 20 else kw for i, kw in enumerate(plain.values)))
    found = memory_of(holes, NOW, "UTC")
    assert found is not None
    assert timedelta(hours=1.5) <= found <= timedelta(hours=8)


@pytest.mark.parametrize(
    "past",
    [None, a_past(4.0, days=10), Series.regular(NOW - 28 * 48 * STEP, STEP, [1.0] * 28 * 48)],
    ids=["nothing", "ten days", "a load that never changes"],
)
def test_it_is_unknown_where_the_past_says_nothing(past: Series | None) -> None:
    assert memory_of(past, NOW, "UTC") is None


def test_only_what_was_before_now_counts() -> None:
    past = a_past(4.0, days=35)
    now = NOW - timedelta(days=7)
    changed = Series(
        times=past.times,
        values=tuple(kw if start < now else 9.0 for start, kw in zip(past.times[:-1], past.values, strict=True)),
    )
    assert memory_of(past, now, "UTC") == memory_of(changed, now, "UTC")
