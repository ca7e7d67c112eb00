"""Past errors of a forecast as small histograms that forget, one a situation; their quantiles make its bands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..model.value import Value

LIMIT = 1.5
"""Errors are relative; beyond this they count as this."""
BINS = 60
MEMORY = 600.0
"""Observations after which an old one weighs 1/e."""
SHARED = 40.0
"""A situation seen less often than this leans on all the others."""

type Counts = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors(Value):
    """How often the outcome lay how far above (+) or below (-) the forecast, by situation."""

    counts: Mapping[str, Counts] = field(default_factory=dict)

    def learned(self, seen: Sequence[tuple[str, float]]) -> Errors:
        """With these (situation, relative error) added in order of time."""
        counts = {name: list(values) for name, values in self.counts.items()}
        kept = 1.0 - 1.0 / MEMORY
        for situation, error in seen:
            histogram = counts.get(situation) or [0.0] * BINS
            place = (min(max(error, -LIMIT), LIMIT) + LIMIT) / (2.0 * LIMIT) * BINS
            histogram = [count * kept for count in histogram]
            histogram[min(int(place), BINS - 1)] += 1.0
            counts[situation] = histogram
        return replace(self, counts={name: tuple(values) for name, values in counts.items()})

    def of(self, situation: str) -> Counts | None:
        """The histogram to be used for a situation, filled up from all others; None if nothing was ever seen."""
        own = self.counts.get(situation, (0.0,) * BINS)
        total = [sum(column) for column in zip(*self.counts.values(), strict=True)]
        seen, everything = sum(own), sum(total)
        if everything < SHARED / 2.0:
            return None
        lent = max(0.0, SHARED - seen) / everything
        return tuple(count + lent * other for count, other in zip(own, total, strict=True))


def quantile_of(counts: Counts, level: float) -> float:
    """The relative error at or below which `level` of the outcomes lie; linear inside a bin."""
    wanted = level * sum(counts)
    below = 0.0
    for i, count in enumerate(counts):
        if count > 0.0 and below + count >= wanted:
            return (i + (wanted - below) / count) * 2.0 * LIMIT / BINS - LIMIT
        below += count
    return LIMIT
