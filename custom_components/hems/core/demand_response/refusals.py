"""Why a request is not accepted: each check says what it found and what would do."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import isfinite

from ..model.grid_event import MOST_KW, EventRequest, ExportLimit, ImportLimit, Level, SetPoint
from .reach import Reach

FARTHEST = timedelta(days=31)
"""Nobody plans a home for a day that is farther away."""
TOLERANCE_KW = 1e-6


class EventRefused(ValueError):
    """A request that is not accepted."""

    def __init__(self, code: str, message: str) -> None:
        """`code` is one of expired, duplicate, foreign, impossible, out_of_range, unknown_asset, too_many, unknown."""
        super().__init__(message)
        self.code = code


def window_of(request: EventRequest, now: datetime) -> tuple[datetime, datetime]:
    """From when and until when, if that is possible.

    Raises:
        EventRefused: it is too late for it, or far too early.
    """
    if request.expires is not None and request.expires <= now:
        raise EventRefused("expired", f"expires ({request.expires.isoformat()}) has passed, it is {now.isoformat()}")
    start = now if request.start is None else request.start
    end = start + request.duration
    if end <= now:
        raise EventRefused("expired", f"it would have ended at {end.isoformat()}, it is {now.isoformat()}")
    if start - now > FARTHEST:
        raise EventRefused(
            "impossible", f"start ({start.isoformat()}) is more than {FARTHEST.days} days ahead; ask again nearer to it"
        )
    return start, end


def check_home(request: EventRequest, reach: Reach) -> None:
    """Refuse what is meant for another home.

    Raises:
        EventRefused: it is.
    """
    if request.home is not None and request.home != reach.home:
        raise EventRefused("foreign", f"home: this is not {request.home}")


def check_power(request: EventRequest, reach: Reach) -> None:
    """Refuse a power that nobody could hold, and an asset that is not there.

    Raises:
        EventRefused: the request asks for one.
    """
    match request:
        case ImportLimit(limit_kw=limit_kw) | ExportLimit(limit_kw=limit_kw):
            _within("limit_kw", limit_kw, 0.0, MOST_KW)
        case SetPoint(asset=None, power_kw=power_kw):
            _within("power_kw", power_kw, -reach.max_export_kw, reach.max_import_kw)
        case SetPoint(asset=str(key), power_kw=power_kw):
            asset = reach.asset(key)
            if asset is None:
                raise _unknown("asset", (key,), reach.assets)
            _within("power_kw", power_kw, asset.low_kw, asset.high_kw)
        case Level(assets=assets, kinds=kinds):
            if lost := [key for key in assets if reach.asset(key) is None]:
                raise _unknown("assets", lost, reach.assets)
            if lost := [kind for kind in kinds if kind not in reach.kinds]:
                raise _unknown("kinds", lost, reach.kinds)


def _within(field: str, power_kw: float, low_kw: float, high_kw: float) -> None:
    if not isfinite(power_kw) or not low_kw - TOLERANCE_KW <= power_kw <= high_kw + TOLERANCE_KW:
        raise EventRefused("out_of_range", f"{field}: must be between {low_kw:g} and {high_kw:g} kW, got {power_kw:g}")


def _unknown(field: str, lost: Iterable[str], known: Iterable[str]) -> EventRefused:
    there = ", ".join(sorted(known)) or "none"
    return EventRefused("unknown_asset", f"{field}: {', '.join(sorted(lost))} not in this home; there are: {there}")
