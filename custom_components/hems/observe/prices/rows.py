"""One price with its time, and lists of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

from homeassistant.util import dt as dt_util

from ...core.model import Series

LONGEST = timedelta(hours=1)
"""The last row of a list without ends lasts as long as the one before, at most this."""
LARGEST_PER_KWH = 100.0
"""More than any market has ever seen, in any currency worth less than a hundredth of a euro."""


class PriceError(ValueError):
    """A price list cannot be used; the message says which row and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A price from `start` to `end`."""

    start: datetime
    end: datetime | None
    """None: until the next row."""
    price: float
    """As it is published."""


def row(item: Mapping[str, Any], start: str, price: str, end: str | None = None) -> Row:
    """A row from the named fields of a published item.

    Raises:
        PriceError: a field is missing or not what it should be.
    """
    return Row(
        start=moment(item.get(start), start),
        end=moment(item[end], end) if end and item.get(end) is not None else None,
        price=number(item.get(price), price),
    )


def moment(value: Any, field: str) -> datetime:
    """A time with its zone, from a datetime or ISO text."""
    parsed = dt_util.parse_datetime(value) if isinstance(value, str) else value
    if not isinstance(parsed, datetime):
        raise PriceError(f"{field} must be a time, got {value!r}")
    if parsed.tzinfo is None:
        raise PriceError(f"{field} must carry a time zone, got {value!r}")
    return parsed.astimezone(UTC)


def number(value: Any, field: str) -> float:
    """A finite number; text counts where it is one."""
    if not isinstance(value, bool) and isinstance(value, int | float | str):
        try:
            parsed = float(value)
        except ValueError:
            parsed = float("nan")
        if isfinite(parsed):
            return parsed
    raise PriceError(f"{field} must be a number, got {value!r}")


def items(attributes: Mapping[str, Any], *keys: str) -> list[Mapping[str, Any]]:
    """All items of the lists under these keys that hold fields."""
    found: list[Mapping[str, Any]] = []
    for key in keys:
        value = attributes.get(key)
        if isinstance(value, Sequence) and not isinstance(value, str):
            found.extend(item for item in value if isinstance(item, Mapping))
    return found


def to_series(rows: Iterable[Row], factor: float) -> Series:
    """Rows as a series in currency per kWh; `factor` turns their prices into that.

    Raises:
        PriceError: no row, two different prices at once, or a price that cannot be.
    """
    ordered = sorted(rows, key=lambda entry: entry.start)
    ended: list[tuple[datetime, datetime, float]] = []
    for index, entry in enumerate(ordered):
        if ended and entry.start == ended[-1][0]:
            # The same slot twice, e.g. in a list for today and in one for the next 24 hours.
            continue
        price = entry.price * factor
        if abs(price) > LARGEST_PER_KWH:
            raise PriceError(f"price at {entry.start.isoformat()} must be below {LARGEST_PER_KWH:g}, got {price:g}")
        ended.append((entry.start, _end_of(ordered, index), price))
    if not ended:
        raise PriceError("the list is empty")
    return Series.from_rows(_without_overlap(ended))


def _end_of(ordered: Sequence[Row], index: int) -> datetime:
    entry = ordered[index]
    if entry.end is not None:
        if entry.end <= entry.start:
            raise PriceError(f"row at {entry.start.isoformat()} must end after it starts")
        return entry.end
    following = next((other.start for other in ordered[index + 1 :] if other.start > entry.start), None)
    if following is not None:
        # A hole in the list is a hole: no price is stretched over more than an hour.
        return min(following, entry.start + LONGEST)
    before = next((other.start for other in reversed(ordered[:index]) if other.start < entry.start), None)
    return entry.start + (LONGEST if before is None else min(entry.start - before, LONGEST))


def _without_overlap(rows: Sequence[tuple[datetime, datetime, float]]) -> list[tuple[datetime, datetime, float]]:
    return [
        (start, min(end, rows[index + 1][0]) if index + 1 < len(rows) else end, price)
        for index, (start, end, price) in enumerate(rows)
    ]
