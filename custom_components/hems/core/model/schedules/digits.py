"""How exactly a schedule is written down."""

from collections.abc import Sequence

DIGITS = 6


def rounded(values: Sequence[float]) -> tuple[float, ...]:
    """To six digits: below what any device notices."""
    return tuple(round(value, DIGITS) for value in values)
