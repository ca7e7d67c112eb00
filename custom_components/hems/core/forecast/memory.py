"""How long what a household draws stays above or below its usual: for hours in most, for days in some.

The spread of the energy of 6, 12, 24 and 36 hours around the usual of these hours is compared with what the spread of
single half-hours makes of it (`scenarios.py`) if errors fade as exp(-apart / memory); the memory that fits best is
taken. In five real homes it is 3 to 50 hours.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp, log, sqrt
from zoneinfo import ZoneInfo

from ..model import Series
from .local_time import quarters
from .quantiles import of_samples

SLOT = timedelta(minutes=30)
SLOT_H = SLOT / timedelta(hours=1)
LONGEST = timedelta(days=28)
LEAST = timedelta(days=14)
"""Fewer days say too little of each other."""
LEADS = (12, 24, 48, 72)
"""In slots."""
APART = 6
"""Slots between the moments from which energy is counted."""
MEMORIES_H = (0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 36.0, 50.0)
LOW, HIGH = 0.1, 0.9
WIDTH = 2.5631
"""From P10 to P90, in standard deviations of a normal distribution."""


@dataclass(frozen=True, slots=True)
class _Past:
    """One value a slot; None from a hole on."""

    errors_kwh: list[float | None]
    deviations_kwh: list[float]
    """Of the slot's time of a working day or a free one."""


def memory_of(history: Series | None, now: datetime, time_zone: str) -> timedelta | None:
    """From the last 28 days before `now`; None where fewer than 14 of them are known, or nothing varies."""
    past = _past(history, now.astimezone(UTC), ZoneInfo(time_zone)) if history else None
    if past is None:
        return None
    found = {lead: spread for lead in LEADS if (spread := _found_kwh(past.errors_kwh, lead)) is not None}
    made = {memory_h: _made_kwh(past, memory_h) for memory_h in MEMORIES_H}
    if not found or any(made[MEMORIES_H[0]][lead] <= 0.0 or found[lead] <= 0.0 for lead in found):
        return None

    def off(memory_h: float) -> float:
        return sum(log(made[memory_h][lead] / spread) ** 2 for lead, spread in found.items())

    return timedelta(hours=min(MEMORIES_H, key=off))


def _past(history: Series, now: datetime, zone: ZoneInfo) -> _Past | None:
    pieces = [
        (start, history.mean(start, end))
        for start, end in quarters(max(history.start, now - LONGEST), min(now, history.end), SLOT.seconds // 60)
        if end - start == SLOT
    ]
    by_slot: dict[tuple[bool, int], list[float]] = defaultdict(list)
    slots = [_slot(start.astimezone(zone)) for start, _ in pieces]
    for slot, (_, mean_kw) in zip(slots, pieces, strict=True):
        if mean_kw is not None:
            by_slot[slot].append(mean_kw)
    if sum(len(values) for values in by_slot.values()) * SLOT < LEAST:
        return None
    usual = {slot: sum(values) / len(values) for slot, values in by_slot.items()}
    width = {
        slot: of_samples(sorted(values), HIGH) - of_samples(sorted(values), LOW) for slot, values in by_slot.items()
    }
    return _Past(
        errors_kwh=[
            None if kw is None else (kw - usual[slot]) * SLOT_H for slot, (_, kw) in zip(slots, pieces, strict=True)
        ],
        deviations_kwh=[width.get(slot, 0.0) / WIDTH * SLOT_H for slot in slots],
    )


def _slot(local: datetime) -> tuple[bool, int]:
    return local.weekday() >= 5, local.hour * 2 + local.minute // 30


def _found_kwh(errors_kwh: Sequence[float | None], lead: int) -> float | None:
    """Root mean square of the energy's error over all stretches of `lead` slots that are fully known."""
    squares = []
    for first in range(0, len(errors_kwh) - lead + 1, APART):
        stretch = [error for error in errors_kwh[first : first + lead] if error is not None]
        if len(stretch) == lead:
            squares.append(sum(stretch) ** 2)
    return sqrt(sum(squares) / len(squares)) if squares else None


def _made_kwh(past: _Past, memory_h: float) -> dict[int, float]:
    """The same as the deviations of single slots make it, by lead; over one week."""
    kept = exp(-SLOT_H / memory_h)
    squares: dict[int, list[float]] = defaultdict(list)
    for first in range(0, min(7 * 48, len(past.deviations_kwh) - max(LEADS) + 1), APART):
        square = before = 0.0
        for lead, own in enumerate(past.deviations_kwh[first : first + max(LEADS)], 1):
            square += own * (2.0 * before + own)
            before = (before + own) * kept
            if lead in LEADS:
                squares[lead].append(square)
    return {lead: sqrt(sum(found) / len(found)) for lead, found in squares.items()}
