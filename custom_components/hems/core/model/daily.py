"""When a flexible load is wanted, and what it shall be given each day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .duty import whole_steps
from .flexible_load import FlexibleLoad, FlexibleLoadState
from .terms import Terms

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyDue:
    """The hours of one local day that cannot be given before or after the horizon."""

    start: datetime
    end: datetime
    needed_h: float
    hours: tuple[float, ...]
    """Of each step, those that lie in the day."""
    power_kw: float
    """When on."""

    def short_h(self, power_kw: tuple[float, ...]) -> float:
        """Hours that are missing with these powers."""
        given_h = sum(h * kw for h, kw in zip(self.hours, power_kw, strict=True)) / self.power_kw
        return max(0.0, self.needed_h - given_h)


def wanted_kw(load: FlexibleLoad, state: FlexibleLoadState, terms: Terms) -> tuple[float, ...]:
    """Power per step where it is wanted.

    It is on or off for a whole step, so among the whole decisions a step counts as wanted where at least half of it is.
    """
    whole = whole_steps(terms.horizon, terms.request.options.integer_h)
    wanted = terms.horizon.known(f"{load.name}.wanted", state.wanted)
    return tuple(load.power_kw * (float(share >= 0.5) if step < whole else share) for step, share in enumerate(wanted))


def daily_dues(load: FlexibleLoad, state: FlexibleLoadState, terms: Terms) -> tuple[DailyDue, ...]:
    """One for each local day of the horizon in which something is due."""
    return tuple(due for due in _dues(load, state, terms) if due.needed_h > 0.0)


def _dues(load: FlexibleLoad, state: FlexibleLoadState, terms: Terms) -> Iterator[DailyDue]:
    horizon, zone = terms.horizon, ZoneInfo(terms.request.site.time_zone)
    day = horizon.start.astimezone(zone).date()
    given_h = state.given_h_today
    while load.min_on_h_per_day > 0.0:
        start, end = (datetime.combine(date, time(0), zone).astimezone(UTC) for date in (day, day + timedelta(days=1)))
        if start >= horizon.end:
            return
        after_h = max(timedelta(0), end - max(horizon.end, start)) / HOUR
        shares = horizon.overlap(start, end)
        yield DailyDue(
            start=max(start, horizon.start),
            end=min(end, horizon.end),
            needed_h=load.min_on_h_per_day - given_h - after_h,
            hours=tuple(share * h for share, h in zip(shares, terms.steps_h, strict=True)),
            power_kw=load.power_kw,
        )
        day += timedelta(days=1)
        given_h = 0.0
