"""Checks shared by the frozen values: each raises a ValueError that names the owner, the field and the value."""

from datetime import UTC, datetime
from math import isfinite

MOST = 1e6
"""No power, price or temperature of a home is larger in its unit; beyond it a solver's digits run out."""


def finite(owner: str, field: str, value: float) -> None:
    """Refuse NaN, infinity, and what no home can have."""
    if not isfinite(value):
        raise ValueError(f"{owner}: {field} must be a finite number, got {value}")
    if abs(value) > MOST:
        raise ValueError(f"{owner}: {field} must not be beyond {MOST:g} in size, got {value:g}")


def above(owner: str, field: str, value: float, low: float) -> None:
    """Refuse anything that is not a finite number greater than `low`."""
    finite(owner, field, value)
    if value <= low:
        raise ValueError(f"{owner}: {field} must be greater than {low:g}, got {value:g}")


def at_least(owner: str, field: str, value: float, low: float) -> None:
    """Refuse anything that is not a finite number of at least `low`."""
    finite(owner, field, value)
    if value < low:
        raise ValueError(f"{owner}: {field} must be at least {low:g}, got {value:g}")


def within(owner: str, field: str, value: float, low: float, high: float) -> None:
    """Refuse anything outside the closed interval from `low` to `high`."""
    finite(owner, field, value)
    if not low <= value <= high:
        raise ValueError(f"{owner}: {field} must be between {low:g} and {high:g}, got {value:g}")


def ordered(owner: str, low_field: str, low: float, high_field: str, high: float) -> None:
    """Refuse a lower bound that lies above its upper bound."""
    finite(owner, low_field, low)
    finite(owner, high_field, high)
    if low > high:
        raise ValueError(f"{owner}: {low_field} ({low:g}) must not exceed {high_field} ({high:g})")


def named(kind: str, name: str) -> None:
    """Refuse an empty name: it is how plans, limits and messages refer to the value."""
    if not name.strip():
        raise ValueError(f"{kind}: name must not be empty")


def as_utc(owner: str, field: str, value: datetime) -> datetime:
    """The same instant in UTC; a naive time is refused, because nobody can know what it means."""
    if value.tzinfo is None:
        raise ValueError(f"{owner}: {field} must carry a time zone, got the naive time {value.isoformat()}")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{owner}: {field} is too far from now, got {value.isoformat()}") from error
