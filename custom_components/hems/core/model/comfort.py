"""Temperatures that are fine, all day or by the clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .checks import at_least, ordered, within
from .horizon import Horizon
from .value import Value

LOWEST_C, HIGHEST_C = 0.0, 80.0
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComfortPeriod(Value):
    """Other temperatures than usual, each day or on some weekdays, while the clock on the wall shows these times."""

    start: time
    end: time
    """Not after `start`: on the next day."""
    weekdays: tuple[int, ...] = ()
    """On which it begins, 0 is Monday; none: on each."""
    min_c: float
    max_c: float

    def __post_init__(self) -> None:
        for field in ("start", "end"):
            value: time = getattr(self, field)
            if value.tzinfo is not None:
                raise ValueError(
                    f"comfort period: {field} must be the site's local time without a zone, got {value.isoformat()}"
                )
        for weekday in self.weekdays:
            if not 0 <= weekday <= 6:
                raise ValueError(f"comfort period: weekdays must be 0 (Monday) to 6 (Sunday), got {weekday}")
        _check_band("comfort period", self.min_c, self.max_c)

    def holds(self, local: datetime) -> bool:
        """Whether it does at a local time."""
        clock = local.time()
        if self.start < self.end:
            return self.start <= clock < self.end and self._begins_on(local.weekday())
        if clock >= self.start:
            return self._begins_on(local.weekday())
        return clock < self.end and self._begins_on((local.weekday() - 1) % 7)

    def _begins_on(self, weekday: int) -> bool:
        return not self.weekdays or weekday in self.weekdays


@dataclass(frozen=True, slots=True, kw_only=True)
class ComfortBand(Value):
    """Temperatures that are fine, and the price of each kelvin-hour outside them."""

    min_c: float
    max_c: float
    price_per_kh: float = 0.5
    """Currency per K h below or above the band: comfort is soft, this is its worth."""
    periods: tuple[ComfortPeriod, ...] = ()
    """When it is another band; the first that holds counts."""

    def __post_init__(self) -> None:
        _check_band("comfort", self.min_c, self.max_c)
        at_least("comfort", "price_per_kh", self.price_per_kh, 0.0)

    def limits_c(self, at: datetime, zone: ZoneInfo) -> tuple[float, float]:
        """Least and most at an instant."""
        local = at.astimezone(zone)
        for period in self.periods:
            if period.holds(local):
                return period.min_c, period.max_c
        return self.min_c, self.max_c

    def over(self, horizon: Horizon, time_zone: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Least and most at each edge: the strictest of the step before it and of what begins at it.

        So a room that shall be warm from seven is warm at seven, and one that may cool down from ten has not done so
        at ten. Where strictest would be a contradiction, the least counts.
        """
        if not self.periods:
            return (self.min_c,) * (horizon.steps + 1), (self.max_c,) * (horizon.steps + 1)
        zone = ZoneInfo(time_zone)
        least_c, most_c = [], []
        edges = horizon.edges
        changes = sorted(set(self._changes(horizon, zone)))
        for index, edge in enumerate(edges):
            since = edges[max(0, index - 1)]
            instants = [since, edge, *(change for change in changes if since < change < edge)]
            limits = [self.limits_c(instant, zone) for instant in instants]
            least_c.append(max(low for low, _ in limits))
            most_c.append(max(least_c[-1], min(high for _, high in limits)))
        return tuple(least_c), tuple(most_c)

    def _changes(self, horizon: Horizon, zone: ZoneInfo) -> Iterator[datetime]:
        """Every instant at which a period could begin or end: by the clock, and where the clock itself is changed."""
        day = horizon.start.astimezone(zone).date() - timedelta(days=1)
        last = horizon.end.astimezone(zone).date()
        clocks = {time(0)} | {clock for period in self.periods for clock in (period.start, period.end)}
        while day <= last:
            for clock in clocks:
                shown = datetime.combine(day, clock, zone)
                change, last_change = sorted(shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
                yield last_change
                # The clock itself is changed at some full quarter of an hour between the two.
                change = change.replace(minute=change.minute // 15 * 15, second=0, microsecond=0)
                while change <= last_change:
                    yield change
                    change += QUARTER
            day += timedelta(days=1)


def _check_band(owner: str, min_c: float, max_c: float) -> None:
    within(owner, "min_c", min_c, LOWEST_C, HIGHEST_C)
    within(owner, "max_c", max_c, LOWEST_C, HIGHEST_C)
    ordered(owner, "min_c", min_c, "max_c", max_c)
