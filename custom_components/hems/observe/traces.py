"""What follows from one measurement after another: since when, for how long, how far."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from math import exp
from zoneinfo import ZoneInfo

from ..core.model import Asset, EvCharger, FlexibleLoad, HeatPump, HotWater
from ..runtime import AssetReading, Past

LONGEST_SAMPLE = timedelta(minutes=15)
"""What happened in a longer silence is unknown."""
HALF = 0.5
"""Of the least power when on: less is standby."""
STANDBY = 0.05
"""Of the most power, where a heater may run at any."""
QUARTER = timedelta(minutes=15)
REACHED_K = 0.05
"""A tank this much below the temperature of its legionella cycle counts as there, as in the plans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What is remembered of an asset."""

    at: datetime
    """When it was read last."""
    day: date | None = None
    """Local, of `past.given_h_today`."""
    past: Past


@dataclass(frozen=True, slots=True, kw_only=True)
class GridTrace:
    """What is remembered of the import."""

    at: datetime
    import_kw: float
    """From `at` on."""
    quarter: datetime
    """Beginning of the running quarter of an hour."""
    energy_kwh: float = 0.0
    """Imported since then."""
    month: date
    """First day of the local month of `peak_kw`."""
    peak_kw: float | None = None
    """Of its quarters that are over and were seen."""
    day: date | None = None
    """Local, of `day_peak_kw`."""
    day_peak_kw: float | None = None


def traced(
    asset: Asset, reading: AssetReading, told_kw: float | None, now: datetime, zone: ZoneInfo, before: Trace | None
) -> Trace:
    """The trace with one more reading; `told_kw` is what the device was told last, where it has no meter."""
    if before is not None and before.at > now:
        # A simulated home began anew, or the clock was set back.
        before = None
    past = before.past if before else Past()
    sample = now - before.at if before else timedelta(0)
    today = now.astimezone(zone).date()
    match asset:
        case EvCharger():
            past = _plugged(past, reading, now)
        case HeatPump():
            past = _massed(_switched(past, _is_on(asset, reading, told_kw), sample, now), asset, reading, sample)
        case HotWater():
            past = _switched(past, _is_on(asset, reading, told_kw), sample, now)
            past = _disinfected(past, asset, reading, sample, now)
        case FlexibleLoad():
            was_on = past.on
            past = _switched(past, _is_on(asset, reading, told_kw), sample, now)
            past = _given(past, was_on, before, now, today, zone)
    return Trace(at=now, day=today, past=past)


def _plugged(past: Past, reading: AssetReading, now: datetime) -> Past:
    """A plug sensor that fails does not send the car away."""
    if reading.connected is None:
        return past
    return replace(past, connected_since=(past.connected_since or now) if reading.connected else None)


def _is_on(asset: HeatPump | HotWater | FlexibleLoad, reading: AssetReading, told_kw: float | None) -> bool | None:
    """As its meter says; without one, as it was told."""
    if reading.power_kw is None:
        return None if told_kw is None else told_kw > 0.0
    match asset:
        case HeatPump():
            least_kw, most_kw = asset.min_electric_kw, asset.max_electric_kw
        case HotWater():
            least_kw, most_kw = asset.least_electric_kw, asset.max_electric_kw
        case FlexibleLoad():
            least_kw = most_kw = asset.power_kw
    return reading.power_kw > max(HALF * least_kw, STANDBY * most_kw)


def _switched(past: Past, on: bool | None, sample: timedelta, now: datetime) -> Past:
    """When it was switched is known only of a switching that was seen."""
    if on is None:
        return replace(past, on=None, since=None)
    if on is past.on and sample <= LONGEST_SAMPLE:
        return past
    seen = past.on is not None and on is not past.on and sample <= LONGEST_SAMPLE
    return replace(past, on=on, since=now if seen else None)


def _massed(past: Past, heat_pump: HeatPump, reading: AssetReading, sample: timedelta) -> Past:
    """Walls follow their rooms: C_m dM/dt = coupling (T - M), from as warm as the rooms."""
    mass, room_c = heat_pump.building.mass, reading.temperature_c
    if mass is None or room_c is None:
        return past if mass else replace(past, mass_c=None)
    if past.mass_c is None:
        return replace(past, mass_c=room_c)
    kept = exp(-mass.coupling_kw_per_k / mass.heat_capacity_kwh_per_k * (sample / timedelta(hours=1)))
    return replace(past, mass_c=room_c + kept * (past.mass_c - room_c))


def _disinfected(past: Past, tank: HotWater, reading: AssetReading, sample: timedelta, now: datetime) -> Past:
    """A cycle is over when the tank has been hot for long enough, whoever heated it."""
    cycle, tank_c = tank.legionella, reading.temperature_c
    if cycle is None or tank_c is None or tank_c < cycle.temperature_c - REACHED_K:
        return replace(past, hot_since=None)
    since = now if past.hot_since is None or sample > LONGEST_SAMPLE else past.hot_since
    done = now - since >= timedelta(seconds=cycle.hold_s)
    return replace(past, hot_since=since, last_disinfected=now if done else past.last_disinfected)


def _given(past: Past, was_on: bool | None, before: Trace | None, now: datetime, today: date, zone: ZoneInfo) -> Past:
    """Hours on since midnight; what nobody knows is not counted."""
    given_h = past.given_h_today if before is not None and before.day == today else None
    if before is None or not was_on or now - before.at > LONGEST_SAMPLE:
        return replace(past, given_h_today=given_h or 0.0)
    since = max(before.at, datetime.combine(today, time(0), zone))
    return replace(past, given_h_today=(given_h or 0.0) + (now - since) / timedelta(hours=1))


def grid_traced(grid_kw: float | None, now: datetime, zone: ZoneInfo, before: GridTrace | None) -> GridTrace | None:
    """The import with one more reading; None as long as nobody knows it."""
    today = now.astimezone(zone).date()
    month = today.replace(day=1)
    quarter = datetime.fromtimestamp(now.timestamp() // QUARTER.total_seconds() * QUARTER.total_seconds(), now.tzinfo)
    if before is None or before.at > now or now - before.at > LONGEST_SAMPLE:
        if grid_kw is None:
            return None
        # What was imported earlier in the quarter is taken to be nothing: a peak is never made up.
        return GridTrace(
            at=now,
            import_kw=max(0.0, grid_kw),
            quarter=quarter,
            month=month,
            peak_kw=before.peak_kw if before and before.month == month else None,
            day=today,
            day_peak_kw=before.day_peak_kw if before and before.day == today else None,
        )
    import_kw = before.import_kw if grid_kw is None else max(0.0, grid_kw)
    if before.quarter == quarter:
        energy_kwh = before.energy_kwh + before.import_kw * ((now - before.at) / timedelta(hours=1))
        return replace(before, at=now, import_kw=import_kw, energy_kwh=energy_kwh)
    over = before.quarter + QUARTER
    mean_kw = (before.energy_kwh + before.import_kw * ((over - before.at) / timedelta(hours=1))) / (
        QUARTER / timedelta(hours=1)
    )
    return GridTrace(
        at=now,
        import_kw=import_kw,
        quarter=quarter,
        energy_kwh=before.import_kw * ((now - max(over, quarter)) / timedelta(hours=1)),
        month=month,
        peak_kw=_higher(before.peak_kw, mean_kw) if before.month == month else None,
        day=today,
        day_peak_kw=_higher(before.day_peak_kw, mean_kw) if before.day == today else None,
    )


def _higher(peak_kw: float | None, mean_kw: float) -> float:
    return mean_kw if peak_kw is None else max(peak_kw, mean_kw)
