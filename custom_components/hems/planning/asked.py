"""What the state of one asset is made from."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from ..core.model import Asset
from ..runtime import AssetReading, AssetSettings
from .situation import Findings, Situation


class NoStateError(Exception):
    """The asset cannot be planned: `source` is the input that is missing and `reason` says what that means."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Asked:
    """What one asset's state is made from."""

    asset: Asset
    reading: AssetReading
    settings: AssetSettings
    situation: Situation
    findings: Findings


def next_time_of_day(now: datetime, clock: time, time_zone: str) -> datetime:
    """The next local time after `now`; on a day whose clock skips that time, when it would have been."""
    return min(moment for moment in times_of_day(now, clock, time_zone) if moment > now)


def times_of_day(now: datetime, clock: time, time_zone: str) -> list[datetime]:
    """That local time on the days around `now`."""
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    return [
        datetime.combine(today + timedelta(days=days), clock, tzinfo=zone).astimezone(now.tzinfo)
        for days in range(-2, 3)
    ]
