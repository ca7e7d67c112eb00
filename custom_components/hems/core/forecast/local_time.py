"""Local clocks over stretches of absolute time."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def quarters(start: datetime, end: datetime, minutes: int = 15) -> Iterator[tuple[datetime, datetime]]:
    """Consecutive pieces from `start` to `end` (UTC), cut at each full `minutes` of the hour."""
    piece = start.astimezone(UTC)
    last = end.astimezone(UTC)
    step_s = minutes * 60
    while piece < last:
        cut = datetime.fromtimestamp((int(piece.timestamp()) // step_s + 1) * step_s, UTC)
        yield piece, min(cut, last)
        piece = cut


def same_clock(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same local time `days` days later (earlier if negative)."""
    local = moment.astimezone(zone)
    return datetime.combine(local.date() + timedelta(days=days), local.timetz().replace(tzinfo=zone)).astimezone(UTC)


def moments_of(clocks: tuple[time, ...], start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every instant strictly between `start` and `end` at which a local clock shows one of `clocks`."""
    day = start.astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date()
    moments = set()
    while day <= last:
        for clock in clocks:
            for fold in (0, 1):
                moments.add(datetime.combine(day, clock.replace(fold=fold), tzinfo=zone).astimezone(UTC))
        day += timedelta(days=1)
    return sorted(moment for moment in moments if start < moment < end)
