"""Which measurements of an array may teach anything: stuck ones may not, and a limit shows as a plateau."""

from itertools import pairwise

from ..model import Series

STUCK_SAMPLES = 3
"""As many equal ones in a row: power under a real sky never repeats to the last digit."""
SAME_SHARE = 1e-4
"""Of the highest power; closer than this is equal."""
DARK_SHARE = 0.01
"""Of the highest power; what is lower may well stay equal."""
PLATEAU_SHARE = 0.01
"""Of the highest power; this near to it counts as at the limit."""
PLATEAU_TIME = 0.08
"""Share of the bright time spent there from which a limit is believed."""
STEEPNESS = 4.0
"""Times longer there than in the next 1 % below; around the top of a round noon it is 2.4, for a parabola."""
BRIGHT_SHARE = 0.3
LEAST_H = 24.0
"""Hours of bright time without which no limit is believed."""


def without_stuck(given_kw: Series, ceiling_kw: float | None = None) -> Series:
    """Stretches in which the same value is repeated become unknown, except at night and at `ceiling_kw`."""
    top = max((value for value in given_kw.values if value is not None), default=0.0)
    values = list(given_kw.values)
    begin = 0
    for i in range(1, len(values) + 1):
        held = values[begin]
        if i < len(values) and _same(held, values[i], top):
            continue
        at_ceiling = ceiling_kw is not None and held is not None and held >= (1.0 - PLATEAU_SHARE) * ceiling_kw
        if i - begin >= STUCK_SAMPLES and held is not None and held > DARK_SHARE * top and not at_ceiling:
            values[begin:i] = [None] * (i - begin)
        begin = i
    return Series(times=given_kw.times, values=tuple(values))


def ceiling_of(given_kw: Series) -> float | None:
    """The power at which an inverter cuts off, kW; None where the history shows no such plateau.

    Many measurements lie within 1 % of the highest one, and few just below, only where something holds them there:
    a clear sky's noon is rounder.
    """
    lit = [
        (value, (later - earlier).total_seconds() / 3600.0)
        for value, (earlier, later) in zip(given_kw.values, pairwise(given_kw.times), strict=True)
        if value is not None and value > 0.0
    ]
    if not lit:
        return None
    top = max(value for value, _ in lit)
    bright_h = sum(hours for value, hours in lit if value >= BRIGHT_SHARE * top)
    held_h = sum(hours for value, hours in lit if value >= (1.0 - PLATEAU_SHARE) * top)
    below_h = sum(hours for value, hours in lit if value >= (1.0 - 2.0 * PLATEAU_SHARE) * top) - held_h
    found = bright_h >= LEAST_H and held_h >= max(PLATEAU_TIME * bright_h, STEEPNESS * below_h)
    return top if found else None


def _same(one: float | None, other: float | None, top: float) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= SAME_SHARE * top
