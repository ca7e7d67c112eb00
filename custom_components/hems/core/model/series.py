"""A quantity over time, with the times at which it holds."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .checks import as_utc, finite, within
from .value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile(Value):
    """One quantile of a forecast: `level` of the outcomes lie at or below `values`."""

    level: float
    """In (0, 1), e.g. 0.1 for P10."""
    values: tuple[float | None, ...]

    def __post_init__(self) -> None:
        within("quantile", "level", self.level, 0.0, 1.0)
        for value in self.values:
            if value is not None:
                finite(f"quantile {self.level:g}", "values", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series(Value):
    """A step function: `values[i]` holds from `times[i]` until `times[i + 1]`; None is unknown.

    `times` has one entry more than `values`, strictly rising, and is kept in UTC, so that clock
    changes neither repeat nor skip anything.
    """

    times: tuple[datetime, ...]
    values: tuple[float | None, ...]
    quantiles: tuple[Quantile, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "times", tuple(as_utc("series", "times", time) for time in self.times))
        if len(self.times) != len(self.values) + 1:
            raise ValueError(
                f"series: times must have one entry more than values, got {len(self.times)} and {len(self.values)}"
            )
        for earlier, later in zip(self.times, self.times[1:], strict=False):
            if later <= earlier:
                raise ValueError(f"series: times must rise, got {earlier.isoformat()} before {later.isoformat()}")
        for value in self.values:
            if value is not None:
                finite("series", "values", value)
        for quantile in self.quantiles:
            if len(quantile.values) != len(self.values):
                raise ValueError(
                    f"series: quantile {quantile.level:g} must have {len(self.values)} values, "
                    f"got {len(quantile.values)}"
                )

    @classmethod
    def constant(cls, value: float, start: datetime, end: datetime) -> Series:
        """The same value from `start` to `end`."""
        return cls(times=(start, end), values=(value,))

    @classmethod
    def regular(cls, start: datetime, step: timedelta, values: Sequence[float | None]) -> Series:
        """Values one `step` apart, counted in elapsed time (a clock change does not matter)."""
        first = as_utc("series", "start", start)
        return cls(times=tuple(first + step * i for i in range(len(values) + 1)), values=tuple(values))

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[datetime, datetime, float]]) -> Series:
        """Rows of (start, end, value) in any order; holes between them become None.

        Raises:
            ValueError: no row, a row that ends before it starts, or two rows that overlap.
        """
        times: list[datetime] = []
        values: list[float | None] = []
        for start, end, value in sorted(
            (as_utc("series", "start", start), as_utc("series", "end", end), value) for start, end, value in rows
        ):
            if times and start < times[-1]:
                raise ValueError(f"series: rows overlap at {start.isoformat()}")
            if times and start > times[-1]:
                times.append(start)
                values.append(None)
            elif not times:
                times.append(start)
            times.append(end)
            values.append(value)
        if not values:
            raise ValueError("series: at least one row is needed, got none")
        return cls(times=tuple(times), values=tuple(values))

    @property
    def start(self) -> datetime:
        """When the first value begins to hold."""
        return self.times[0]

    @property
    def end(self) -> datetime:
        """When the last value ceases to hold."""
        return self.times[-1]

    def at(self, time: datetime) -> float | None:
        """The value that holds at `time`; None outside the series or in a hole."""
        index = bisect_right(self.times, as_utc("series", "time", time)) - 1
        return self.values[index] if 0 <= index < len(self.values) else None

    def mean(self, start: datetime, end: datetime) -> float | None:
        """Time-weighted mean from `start` to `end`; None if any part of it is unknown."""
        return mean_of(self.times, self.values, as_utc("series", "start", start), as_utc("series", "end", end))

    def quantile(self, level: float) -> Series | None:
        """The named quantile as a series of its own, or None if the forecast does not give it."""
        for quantile in self.quantiles:
            if abs(quantile.level - level) < 1e-9:
                return Series(times=self.times, values=quantile.values)
        return None


def mean_of(times: Sequence[datetime], values: Sequence[float | None], start: datetime, end: datetime) -> float | None:
    """Exact mean of a step function between two UTC instants; None where it is not fully known."""
    if end <= start:
        raise ValueError(f"series: end must be after start, got {start.isoformat()} to {end.isoformat()}")
    if start < times[0] or end > times[-1]:
        return None
    total = 0.0
    index = bisect_right(times, start) - 1
    while index < len(values) and times[index] < end:
        value = values[index]
        if value is None:
            return None
        total += value * (min(times[index + 1], end) - max(times[index], start)).total_seconds()
        index += 1
    return total / (end - start).total_seconds()
