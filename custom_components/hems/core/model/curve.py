"""Power limits that narrow with the state of charge: concave, so that they stay linear."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .checks import at_least, within
from .value import Value

ROUNDING = 1e-9
"""Slopes, per SoC, that differ by less are one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPoint(Value):
    """Most power at a state of charge; linear between two points, and on the same line beyond the outermost."""

    soc: float
    max_kw: float

    def __post_init__(self) -> None:
        within("power point", "soc", self.soc, 0.0, 1.0)
        at_least("power point", "max_kw", self.max_kw, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A power limit that changes evenly with the energy in the cells."""

    kw_per_kwh: float
    empty_kw: float

    def at(self, energy_kwh: float) -> float:
        """The limit there."""
        return self.empty_kw + self.kw_per_kwh * energy_kwh

    def steady_kw(self, energy_kwh: float, hours: float, gain: float) -> float:
        """Most constant power that keeps below the line for so long, if a kW moves the energy by `gain` kWh an hour."""
        return max(0.0, self.at(energy_kwh)) / (1.0 - min(0.0, self.kw_per_kwh * gain) * hours)


def check_curve(owner: str, field: str, points: Sequence[PowerPoint]) -> None:
    """Refuse a curve that is no function of SoC, bends upwards, or falls below 0 on the way to empty or full."""
    if not points:
        return
    if len(points) == 1:
        raise ValueError(f"{owner}: {field} must have at least two points, or none for the same power at any SoC")
    for before, after in pairwise(points):
        if after.soc <= before.soc:
            raise ValueError(f"{owner}: {field} must have rising soc, got {after.soc:g} after {before.soc:g}")
    slopes = [(after.max_kw - before.max_kw) / (after.soc - before.soc) for before, after in pairwise(points)]
    for point, (before_slope, after_slope) in zip(points[1:-1], pairwise(slopes), strict=True):
        if after_slope > before_slope + ROUNDING:
            raise ValueError(
                f"{owner}: {field} must be concave, but at soc {point.soc:g} ({point.max_kw:g} kW) it bends upwards, "
                f"from {before_slope:g} to {after_slope:g} kW per SoC; leave that point out or raise it"
            )
    for end, point, slope in ((0.0, points[0], slopes[0]), (1.0, points[-1], slopes[-1])):
        end_kw = point.max_kw + slope * (end - point.soc)
        if end_kw < -ROUNDING:
            raise ValueError(
                f"{owner}: {field} must not fall below 0 kW, but its line through soc {point.soc:g} "
                f"reaches {end_kw:g} kW at soc {end:g}; add a point there"
            )


def lines_of(points: Sequence[PowerPoint], capacity_kwh: float, max_kw: float) -> tuple[Line, ...]:
    """The lines of a checked curve that narrow `max_kw` somewhere; the limit is the least of them."""
    lines = []
    for before, after in pairwise(points):
        slope = (after.max_kw - before.max_kw) / (after.soc - before.soc)
        line = Line(kw_per_kwh=slope / capacity_kwh, empty_kw=before.max_kw - slope * before.soc)
        if min(line.at(0.0), line.at(capacity_kwh)) < max_kw:
            lines.append(line)
    return tuple(dict.fromkeys(lines))
