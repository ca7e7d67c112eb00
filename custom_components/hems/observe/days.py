"""Days that are not lived like others: holidays and absences, past and to come.

```
binary sensor of Workday ─ check_date ──┐
calendar of holidays ───── get_events ──┴─► holidays ─┐
calendar of absences ───── get_events ──┐             ├─► what the load is learned and forecast from
switch, person, zone … ─── written down ┴─► absences ─┘
```
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, split_entity_id
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..core.model import HealthStatus, InputHealth
from ..core.model.load_learning import Absence, OddDays
from ..home import Home
from .absences import AbsenceLog
from .answers import async_answer_or_reason
from .measurements import absent

CALENDAR = "calendar"
WORKDAY = "workday"
AWAY = "away"
"""What health calls it."""
KNOWN_FOR = timedelta(hours=6)
"""A holiday that was added to a calendar is seen by then."""
SATURDAY = 5
DAY = timedelta(days=1)

type Stretch = tuple[datetime | date, datetime | date]


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysReading:
    """What is known of a time, and what is poor about it."""

    odd: OddDays = field(default_factory=OddDays)
    health: tuple[InputHealth, ...] = ()


@dataclass(slots=True)
class _Workdays:
    """What the sensor of Workday said of dates; asked again now and then, as its settings may change."""

    since: datetime
    free: dict[date, bool] = field(default_factory=dict)


class DaysOutlook:
    """Reads the holidays and absences of one home."""

    def __init__(self, hass: HomeAssistant, home: Home, log: AbsenceLog) -> None:
        self._hass = hass
        self._zone = ZoneInfo(home.site.time_zone)
        self._holidays = home.grid_bindings.holiday_entity
        self._away = home.grid_bindings.away_entity
        self._log = log
        self._workdays: _Workdays | None = None

    async def async_read(self, start: datetime, end: datetime, now: datetime) -> DaysReading:
        """From `start` to `end`, part of it to come."""
        holidays, holiday_health = await self._async_holidays(start, end, now)
        away, away_health = await self._async_away(start, end, now)
        return DaysReading(
            odd=OddDays(holidays=holidays, away=away),
            health=(*holiday_health, *away_health),
        )

    async def _async_holidays(
        self, start: datetime, end: datetime, now: datetime
    ) -> tuple[tuple[date, ...], tuple[InputHealth, ...]]:
        if self._holidays is None:
            return (), ()
        by_calendar = split_entity_id(self._holidays)[0] == CALENDAR
        asked = self._async_of_calendar(start, end) if by_calendar else self._async_of_workday(start, end, now)
        found = await async_answer_or_reason(asked)
        if isinstance(found, str):
            return (), (_degraded("holidays", f"{self._holidays}: {found}; every day is taken for an ordinary one"),)
        days = tuple(sorted(found))
        ahead = [day.isoformat() for day in days if now.astimezone(self._zone).date() <= day]
        if not ahead:
            return days, ()
        return days, (_used("holidays", f"{', '.join(ahead)}, by {self._holidays}: expected as on free days"),)

    async def _async_of_calendar(self, start: datetime, end: datetime) -> set[date]:
        """Days that an event covers wholly."""
        found: set[date] = set()
        for first, after in await self._async_events(str(self._holidays), start, end):
            if not isinstance(first, datetime) and not isinstance(after, datetime):
                # Some calendars end a day on itself.
                found |= {first + DAY * i for i in range(max(1, (after - first).days))}
        return found

    async def _async_of_workday(self, start: datetime, end: datetime, now: datetime) -> set[date]:
        """Days from Monday to Friday that it does not call workdays."""
        self._must_be_there(str(self._holidays))
        known = self._workdays
        if known is None or not timedelta(0) <= now - known.since < KNOWN_FOR:
            known = _Workdays(now)
        first, last = start.astimezone(self._zone).date(), end.astimezone(self._zone).date()
        days = [first + DAY * i for i in range((last - first).days + 1)]
        for day in days:
            if day.weekday() < SATURDAY and day not in known.free:
                known.free[day] = await self._async_is_free(day)
        self._workdays = known
        return {day for day in days if known.free.get(day)}

    async def _async_is_free(self, day: date) -> bool:
        data = {ATTR_ENTITY_ID: self._holidays, "check_date": day.isoformat()}
        answer = await self._hass.services.async_call(WORKDAY, "check_date", data, blocking=True, return_response=True)
        own = (answer or {}).get(str(self._holidays))
        if not isinstance(own, Mapping) or "workday" not in own:
            raise HomeAssistantError("it tells no workdays")
        return own["workday"] is False

    async def _async_away(
        self, start: datetime, end: datetime, now: datetime
    ) -> tuple[tuple[Absence, ...], tuple[InputHealth, ...]]:
        if self._away is None:
            return (), ()
        if split_entity_id(self._away)[0] == CALENDAR:
            events = await async_answer_or_reason(self._async_events(self._away, start, end))
            if isinstance(events, str):
                return (), (_degraded(AWAY, f"{self._away}: {events}; somebody is taken to be at home"),)
            away = tuple(
                Absence(start=begin, end=until)
                for begin, until in sorted((self._moment(first), self._moment(after)) for first, after in events)
                if begin < until
            )
        else:
            away, poor = self._log.read(self._away, end, now)
            if poor:
                return away, (_degraded(AWAY, f"{poor}; as it was last known is assumed"),)
        ahead = [stretch for stretch in away if stretch.end > now]
        said = (self._told(stretch, now, end) for stretch in ahead)
        return away, tuple(_used(AWAY, f"{words}, by {self._away}") for words in said)

    async def _async_events(self, entity_id: str, start: datetime, end: datetime) -> list[Stretch]:
        self._must_be_there(entity_id)
        data = {
            ATTR_ENTITY_ID: entity_id,
            "start_date_time": start.isoformat(),
            "end_date_time": end.isoformat(),
        }
        answer = await self._hass.services.async_call(CALENDAR, "get_events", data, blocking=True, return_response=True)
        own = (answer or {}).get(entity_id)
        events = own.get("events") if isinstance(own, Mapping) else None
        found = [_stretch(event) for event in events if isinstance(event, Mapping)] if isinstance(events, list) else []
        return [stretch for stretch in found if stretch is not None]

    def _must_be_there(self, entity_id: str) -> None:
        """Home Assistant would log a warning each time it is asked about an entity that is not."""
        if reason := absent(self._hass.states.get(entity_id)):
            raise HomeAssistantError(f"it {reason}")

    def _moment(self, told: datetime | date) -> datetime:
        if isinstance(told, datetime):
            return told
        return datetime(told.year, told.month, told.day, tzinfo=self._zone).astimezone(UTC)

    def _told(self, stretch: Absence, now: datetime, end: datetime) -> str:
        begin, until = stretch.start.astimezone(self._zone), stretch.end.astimezone(self._zone)
        since = f"nobody at home since {begin:%a %H:%M}" if begin <= now else f"nobody at home from {begin:%a %H:%M}"
        return f"{since}, which is taken to last" if stretch.end >= end else f"{since} to {until:%a %H:%M}"


def _stretch(event: Mapping[str, Any]) -> Stretch | None:
    """When an event begins and ends: times, or days of which the last does not belong to it."""
    ends: list[datetime | date] = []
    for name in ("start", "end"):
        told = event.get(name)
        moment = dt_util.parse_datetime(told) if isinstance(told, str) and "T" in told else None
        day = dt_util.parse_date(told) if isinstance(told, str) and moment is None else None
        if moment is not None:
            zoned = moment if moment.tzinfo else moment.replace(tzinfo=dt_util.get_default_time_zone())
            ends.append(zoned.astimezone(UTC))
        elif day is not None:
            ends.append(day)
        else:
            return None
    return ends[0], ends[1]


def _used(source: str, reason: str) -> InputHealth:
    return InputHealth(source=source, status=HealthStatus.OK, reason=reason)


def _degraded(source: str, reason: str) -> InputHealth:
    return InputHealth(source=source, status=HealthStatus.DEGRADED, reason=reason)
