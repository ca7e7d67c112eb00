"""Disturbances of a day as functions of time whose means over any interval are exact.

Because a mean is exact, a world stepped by 1 s and one stepped by 300 s see the same energy, and a
forecast with perfect foresight is exact as well. Times are seconds since the Unix epoch.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise


class Trace:
    """Linear between knots that are `step_s` apart."""

    __slots__ = ("_integral", "_knots", "_last", "_start_s", "_step_s")

    def __init__(self, start_s: float, step_s: float, knots: Sequence[float]) -> None:
        """At least two knots, the first at `start_s`."""
        self._start_s = start_s
        self._step_s = step_s
        self._knots = tuple(knots)
        self._last = len(knots) - 2
        self._integral = tuple(accumulate(((a + b) / 2.0 * step_s for a, b in pairwise(knots)), initial=0.0))

    def at(self, time_s: float) -> float:
        """The value at an instant."""
        index, share = self._locate(time_s)
        left = self._knots[index]
        return left + share * (self._knots[index + 1] - left)

    def integral(self, time_s: float) -> float:
        """Value times seconds from the start to an instant."""
        index, share = self._locate(time_s)
        left = self._knots[index]
        mean = left + 0.5 * share * (self._knots[index + 1] - left)
        return self._integral[index] + mean * share * self._step_s

    def _locate(self, time_s: float) -> tuple[int, float]:
        position = (time_s - self._start_s) / self._step_s
        index = min(max(int(position), 0), self._last)
        return index, position - index


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Something named that takes a constant power for a while."""

    name: str
    start_s: float
    end_s: float
    power_kw: float

    @property
    def energy_kwh(self) -> float:
        """Power times duration."""
        return self.power_kw * (self.end_s - self.start_s) / 3600.0


class Pulses:
    """Pulses that may overlap."""

    __slots__ = ("_edges", "_integral", "_levels", "pulses")

    def __init__(self, pulses: Sequence[Pulse]) -> None:
        """In any order."""
        self.pulses = tuple(sorted(pulses, key=lambda pulse: (pulse.start_s, pulse.name)))
        self._edges = sorted({edge for pulse in pulses for edge in (pulse.start_s, pulse.end_s)})
        self._levels = [
            sum(pulse.power_kw for pulse in self.pulses if pulse.start_s <= left < pulse.end_s) for left in self._edges
        ]
        parts = (
            level * (right - left) for level, (left, right) in zip(self._levels, pairwise(self._edges), strict=False)
        )
        self._integral = list(accumulate(parts, initial=0.0))

    def integral(self, time_s: float) -> float:
        """Power times seconds up to an instant."""
        index = bisect_right(self._edges, time_s) - 1
        return self._integral[index] + self._levels[index] * (time_s - self._edges[index]) if index >= 0 else 0.0

    def by_name(self, start_s: float, end_s: float) -> dict[str, float]:
        """Mean power of each name between two instants; names without power are left out."""
        means: dict[str, float] = {}
        for pulse in self.pulses:
            if pulse.start_s >= end_s:
                break
            overlap_s = min(pulse.end_s, end_s) - max(pulse.start_s, start_s)
            if overlap_s > 0.0:
                means[pulse.name] = means.get(pulse.name, 0.0) + pulse.power_kw * overlap_s / (end_s - start_s)
        return means
