"""Quantiles of what has been seen."""

from collections.abc import Sequence


def of_samples(ordered: Sequence[float], level: float) -> float:
    """Of samples in order of size, at least one; linear between them."""
    place = level * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def of_weighted(ordered: Sequence[tuple[float, float]], level: float) -> float:
    """Of (value, weight) in order, at least one: the first value up to which the weights reach `level` of them all."""
    wanted = level * sum(weight for _, weight in ordered)
    reached = 0.0
    for value, weight in ordered:
        reached += weight
        if reached >= wanted:
            return value
    return ordered[-1][0]
