"""An appliance's run: asked for within what can be, and followed from the wish to its end."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .core.model import Appliance, ApplianceRun, Plan
from .core.model.runs import programme_kw
from .runtime import AssetReading

LONGEST_WAIT = timedelta(days=7)
"""A run is asked for at most that long before."""
PAUSE_AT_MOST = 0.8
"""Share of a programme before which it does not count as ended, though it draws nothing."""
LATE = timedelta(hours=1)
"""A run that is too late for its window is planned to begin within this time."""
GIVEN_UP_AFTER = timedelta(days=1)
"""Nothing runs so long beyond its window, whatever a stuck sensor says."""


class RunRefused(ValueError):
    """A run that cannot be: `key` and `placeholders` say it in the household's language."""

    def __init__(self, key: str, message: str, **placeholders: str) -> None:
        super().__init__(message)
        self.key = key
        self.placeholders = placeholders


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """What the plan has for a run."""

    start: datetime
    end: datetime
    cost: float | None
    """What it imports at its price, and what it takes of solar or stored energy at the price of exporting it; None
    where the plan does not reach to its end."""


def next_ready_by(now: datetime, clock: time, time_zone: str, duration: timedelta) -> datetime:
    """The next local time at which a programme that begins now can have ended.

    On a day whose clock skips that time, when it would have been.
    """
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    days = (datetime.combine(today + timedelta(days=days), clock, zone).astimezone(UTC) for days in range(4))
    return next(day for day in days if day > now and day - now >= duration)


def checked_run(
    title: str, device: Appliance, earliest: datetime, latest: datetime, *, now: datetime, time_zone: str
) -> ApplianceRun:
    """The wish as a run.

    Raises:
        RunRefused: its programme does not fit into the window, or the window is too far away.
    """

    def local(at: datetime) -> str:
        return f"{at.astimezone(ZoneInfo(time_zone)):%Y-%m-%d %H:%M}"

    ends = earliest + device.duration
    if latest < ends:
        raise RunRefused(
            "run_too_short",
            f"{title}: latest_end must be at least {device.duration} after earliest_start, got {latest - earliest}",
            asset=title,
            ready_by=local(latest),
            duration=f"{device.duration.total_seconds() / 60.0:.0f}",
            earliest=local(earliest),
            ends=local(_next_minute(ends)),
        )
    if latest - now > LONGEST_WAIT:
        raise RunRefused(
            "run_too_far",
            f"{title}: latest_end must be at most {LONGEST_WAIT.days} days away, got {latest - now}",
            asset=title,
            ready_by=local(latest),
            days=str(LONGEST_WAIT.days),
        )
    return ApplianceRun(earliest_start=earliest, latest_end=latest)


def followed(
    device: Appliance, run: ApplianceRun, reading: AssetReading | None, at: datetime, *, told: bool
) -> ApplianceRun | None:
    """The run as it is now; None when it has ended, or when its time has passed without it.

    `told`: HEMS has made it start.
    """
    running = reading.running if reading else None
    if run.started is None:
        # Told means started, so that nothing is told twice; a meter alone says when somebody else did it.
        if told or (running and at >= run.earliest_start):
            return replace(run, started=at)
        return run if at < run.latest_end else None
    ended = at >= run.started + device.duration
    # A programme may pause for a moment; the measured end counts only when it was about time.
    about_time = at >= run.started + device.duration * PAUSE_AT_MOST
    over = (ended and not running) or (about_time and running is False) or at > run.latest_end + GIVEN_UP_AFTER
    return None if over else run


def planned_run(plan: Plan, asset: str, device: Appliance, run: ApplianceRun) -> PlannedRun | None:
    """When the plan lets a run begin and end, and what it costs; None where it finds no place for it."""
    start = run.started or _planned_start(plan, asset, device, run)
    if start is None:
        return None
    return PlannedRun(start=start, end=start + device.duration, cost=_cost(plan, device, start))


def _planned_start(plan: Plan, asset: str, device: Appliance, run: ApplianceRun) -> datetime | None:
    part = plan.asset(asset)
    starts = part.trajectories.get("starts", ()) if part else ()
    edges = plan.horizon.edges
    latest = max(run.latest_end, plan.made_at + device.duration + LATE)
    for slot, begun in enumerate(starts):
        # A tight window may begin inside a step.
        at = max(edges[slot], run.earliest_start)
        if begun > 0.5 and at < edges[slot + 1] and at + device.duration <= latest:
            return at
    return None


def _cost(plan: Plan, device: Appliance, start: datetime) -> float | None:
    if start + device.duration > plan.horizon.end:
        return None
    cost = 0.0
    for slot, power_kw in enumerate(programme_kw(device, start, plan.horizon)):
        imported_kw = min(power_kw, plan.import_kw[slot])
        per_h = imported_kw * plan.import_price_per_kwh[slot]
        per_h += (power_kw - imported_kw) * plan.export_price_per_kwh[slot]
        cost += per_h * plan.horizon.steps_h[slot]
    return cost


def _next_minute(at: datetime) -> datetime:
    """Rounded up, so that what is named is late enough."""
    return at if at.second == at.microsecond == 0 else at.replace(second=0, microsecond=0) + timedelta(minutes=1)
