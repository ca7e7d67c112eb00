"""When a car will come, when it will leave and what it will need, from its visits so far.

Each past visit speaks for a day to come with a weight: the same weekday most, then weekdays for weekdays and weekends
for weekends, recent ones more. What share of such days had a visit is the probability of one; the weighted quantiles
of their local times and energies are the rest. A second visit on the same day is not foreseen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import exp
from zoneinfo import ZoneInfo

from ..model import EvSession, HealthStatus, InputHealth
from .quantiles import of_weighted

LONGEST = timedelta(days=84)
MEMORY_DAYS = 28.0
SAME_KIND = {"whether": 0.1, "when": 0.4}
"""Weight of another weekday (or of the other weekend day) beside the same one's 1: a habit of Wednesdays must be seen,
but five days tell more of times and energies than one."""
OTHER_KIND = 0.02
PROBABLE = 0.5
"""From here on a visit is planned for."""
ENOUGH_VISITS = 5
SHORTEST = timedelta(minutes=30)
EARLY, LARGE = 0.2, 0.8
"""A plan counts on the car leaving this early and needing this much: too late or too empty costs a trip."""
LEVELS = (0.1, EARLY, 0.5, LARGE, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastVisit:
    """A visit that is over."""

    arrival: datetime
    departure: datetime
    charged_kwh: float
    """Into the car, or what it had driven since it left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedVisit:
    """A visit to come; quantiles by their level, those of `LEVELS`."""

    probability: float
    arrival: dict[float, datetime]
    departure: dict[float, datetime]
    need_kwh: dict[float, float]

    def session(self, capacity_kwh: float, target_kwh: float) -> EvSession:
        """As a plan should count on it: a usual arrival, an early departure, a large need."""
        arrival = self.arrival[0.5]
        return EvSession(
            arrival=arrival,
            departure=max(self.departure[EARLY], arrival + SHORTEST),
            capacity_kwh=capacity_kwh,
            energy_kwh=min(max(0.0, target_kwh - self.need_kwh[LARGE]), capacity_kwh),
            target_kwh=target_kwh,
        )


def ev_forecast(
    past: Sequence[PastVisit], start: datetime, end: datetime, time_zone: str, source: str
) -> tuple[tuple[ExpectedVisit, ...], tuple[InputHealth, ...]]:
    """The probable visits that begin after `start` and before `end`, one a local day, in order.

    Only visits that ended before `start` are used. With fewer than five nothing is expected, and that is named.
    """
    zone = ZoneInfo(time_zone)
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    known = [visit for visit in past if visit.departure <= first and first - visit.arrival <= LONGEST]
    if len(known) < ENOUGH_VISITS:
        reason = f"{len(known)} visits are known, {ENOUGH_VISITS} are needed: none is expected"
        return (), (InputHealth(source=source, status=HealthStatus.DEGRADED, reason=reason),)
    since = min(visit.arrival for visit in known).astimezone(zone).date()
    found: list[ExpectedVisit] = []
    day = first.astimezone(zone).date()
    while day <= last.astimezone(zone).date():
        visit = _expected(known, since, day, first.astimezone(zone).date(), zone)
        free_from = found[-1].departure[EARLY] if found else first
        came = any(other.arrival.astimezone(zone).date() == day for other in known)
        if not came and visit.probability >= PROBABLE and free_from < visit.arrival[0.5] < last:
            found.append(visit)
        day += timedelta(days=1)
    return tuple(found), ()


def _expected(known: Sequence[PastVisit], since: date, day: date, today: date, zone: ZoneInfo) -> ExpectedVisit:
    firsts: dict[date, PastVisit] = {}
    for visit in sorted(known, key=lambda visit: visit.arrival):
        firsts.setdefault(visit.arrival.astimezone(zone).date(), visit)
    days = [since + timedelta(days=i) for i in range((today - since).days)]
    visited = [(_weight(other, day, "when"), visit) for other, visit in firsts.items()]
    came = sum(_weight(other, day, "whether") for other in firsts)
    could = sum(_weight(other, day, "whether") for other in days)
    midnight = datetime.combine(day, time(), tzinfo=zone)

    def quantiles[T](pick: Callable[[PastVisit], float], make: Callable[[float], T]) -> dict[float, T]:
        ordered = sorted((pick(visit), weight) for weight, visit in visited)
        return {level: make(of_weighted(ordered, level)) for level in LEVELS}

    def clock(hours: float) -> datetime:
        # On the local clock: a habit does not move when the clocks do.
        return (midnight + timedelta(hours=hours)).astimezone(UTC)

    return ExpectedVisit(
        probability=min(1.0, came / could) if could else 0.0,
        arrival=quantiles(lambda visit: _hours(visit.arrival, visit, zone), clock),
        departure=quantiles(lambda visit: _hours(visit.departure, visit, zone), clock),
        need_kwh=quantiles(lambda visit: max(0.0, visit.charged_kwh), float),
    )


def _hours(moment: datetime, visit: PastVisit, zone: ZoneInfo) -> float:
    """On the local clock since the midnight before the visit began."""
    midnight = datetime.combine(visit.arrival.astimezone(zone).date(), time())
    return (moment.astimezone(zone).replace(tzinfo=None) - midnight) / timedelta(hours=1)


def _weight(past: date, day: date, question: str) -> float:
    alike = 1.0 if past.weekday() == day.weekday() else SAME_KIND[question]
    if (past.weekday() >= 5) != (day.weekday() >= 5):
        alike = OTHER_KIND
    return alike * exp(-(day - past).days / MEMORY_DAYS)
