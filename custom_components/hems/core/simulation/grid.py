"""The connection to the grid: the balance of everything on the bus, and its fuse."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GridFlow:
    """What passes the meter."""

    grid_kw: float
    """Positive imports."""
    overload_kw: float
    """Import above the fuse's rating; 0 as it should be."""


def balance(powers_kw: Iterable[float], max_import_kw: float) -> GridFlow:
    """Whatever the home does not balance itself comes from the grid or goes there."""
    grid_kw = sum(powers_kw)
    return GridFlow(grid_kw=grid_kw, overload_kw=max(0.0, grid_kw - max_import_kw))


def feed_in_allowance_kw(others_kw: float, max_export_kw: float) -> float:
    """The most PV may give while `others_kw` is drawn beside it: inverters enforce the export limit themselves."""
    return max(0.0, others_kw + max_export_kw)
