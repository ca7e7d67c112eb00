"""The events of a home: who asked for what, and what became of it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..model.grid_event import EventRequest, EventState
from ..model.value import Value
from .event import GridEvent
from .reach import Reach
from .refusals import EventRefused, check_home, check_power, window_of

KEPT = timedelta(hours=24)
"""How long an event that is over is remembered: its state is shown, and its id is not used again."""
MOST_WAITING = 200
"""More open events than that is a script gone wild."""
NOT_TAKING_PART = "the household does not take part in events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger(Value):
    """Events in the order in which they were asked for."""

    events: tuple[GridEvent, ...] = ()
    takes_part: bool = True
    """Whether the household takes part; if not, every event is answered with opted_out."""

    def event(self, key: str) -> GridEvent | None:
        """The event with that id, if it is remembered."""
        return next((event for event in self.events if event.id == key), None)

    @property
    def open(self) -> tuple[GridEvent, ...]:
        """Those that are not over, the earliest first."""
        return tuple(sorted((event for event in self.events if not event.over), key=lambda event: event.start))

    def active(self, now: datetime) -> tuple[GridEvent, ...]:
        """Those that are to be obeyed."""
        return tuple(event for event in self.open if event.acts(now))


def asked(
    ledger: Ledger, request: EventRequest, reach: Reach, now: datetime, *, opt_out: bool = False
) -> tuple[Ledger, GridEvent]:
    """The ledger with a new event, and the event; `opt_out`: it is remembered, and not obeyed.

    Raises:
        EventRefused: it cannot be accepted.
    """
    check_home(request, reach)
    if ledger.event(request.id) is not None:
        raise EventRefused("duplicate", f"id: there was an event {request.id} already; choose another id")
    start, end = window_of(request, now)
    check_power(request, reach)
    if len(ledger.open) >= MOST_WAITING:
        raise EventRefused("too_many", f"{MOST_WAITING} events are waiting already; cancel some")
    event = GridEvent(request=request, start=start, end=end, state=EventState.ACCEPTED, since=now)
    if opt_out or not ledger.takes_part:
        event = replace(event, state=EventState.OPTED_OUT, reason="asked for so" if opt_out else NOT_TAKING_PART)
    elif event.acts(now):
        event = replace(event, state=EventState.ACTIVE)
    return replace(ledger, events=(*ledger.events, event)), event


def cancelled(ledger: Ledger, key: str, now: datetime) -> Ledger:
    """The ledger with an event taken back.

    Raises:
        EventRefused: there is none with that id, or it is over.
    """
    return _ended(ledger, key, EventState.CANCELLED, now, "taken back")


def opted_out(ledger: Ledger, key: str, now: datetime, reason: str = "by the household") -> Ledger:
    """The ledger with an event that the household does not take part in (any more).

    Raises:
        EventRefused: there is none with that id, or it is over.
    """
    return _ended(ledger, key, EventState.OPTED_OUT, now, reason)


def advanced(ledger: Ledger, now: datetime) -> Ledger:
    """The ledger as time has made it: events begin, end, and are forgotten."""
    events = tuple(_advanced(event, now) for event in ledger.events)
    return replace(ledger, events=tuple(event for event in events if not event.over or now < event.since + KEPT))


def next_change(ledger: Ledger, now: datetime) -> datetime | None:
    """When `advanced` will say something else; None: never."""
    times = [event.since + KEPT if event.over else event.end for event in ledger.events]
    times += [event.start for event in ledger.open]
    return min((time for time in times if time > now), default=None)


def _advanced(event: GridEvent, now: datetime) -> GridEvent:
    if event.over or now < event.start:
        return event
    if now >= event.end:
        # One that nobody was there to obey was not carried out.
        missed = "" if event.state is EventState.ACTIVE else "HEMS did not run while it lasted"
        return replace(event, state=EventState.DONE, since=event.end, reason=missed)
    if event.state is EventState.ACTIVE:
        return event
    return replace(event, state=EventState.ACTIVE, since=max(event.start, event.since))


def _ended(ledger: Ledger, key: str, state: EventState, now: datetime, reason: str) -> Ledger:
    event = ledger.event(key)
    if event is None:
        raise EventRefused("unknown", f"id: there is no event {key}")
    if event.over:
        raise EventRefused("unknown", f"id: event {key} is over already ({event.state})")
    ended = replace(event, state=state, since=now, reason=reason)
    return replace(ledger, events=tuple(ended if entry.id == key else entry for entry in ledger.events))
