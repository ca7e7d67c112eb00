"""The state of each asset kind, from its reading, the outlook and the household's wishes."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from ..core.forecast import Panel, draw_forecast, pv_forecast
from ..core.model import (
    Appliance,
    ApplianceRun,
    ApplianceState,
    Asset,
    AssetState,
    Battery,
    BatteryState,
    EvCharger,
    EvChargerState,
    EvSession,
    FlexibleLoad,
    FlexibleLoadState,
    HeatPump,
    HeatPumpState,
    HotWater,
    HotWaterState,
    HybridInverter,
    HybridInverterState,
    Pv,
    PvState,
    Series,
    SocTarget,
)
from ..home import Panels
from ..runs import LATE
from ..runtime import AssetReading, AssetSettings
from .expected import expected_sessions
from .situation import Findings, Situation

CHARGING_KW = 0.5
"""A charger that gives more has a car, whether it says so or not; standby is a few watts."""
UNKNOWN_CAR_SOC = 0.2
"""When it comes; a car that does not say how full it is gets enough rather than too little."""
COUNTED_KWH = 0.05
"""Less was hardly charged at all."""
NEARLY = 0.01
"""Of its capacity: a car that ends so little below its target has reached it."""
LONGEST_DAY_H = 25.0


class NoStateError(Exception):
    """The asset cannot be planned: `source` is the input that is missing and `reason` says what that means."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one asset's state is made from."""

    asset: Asset
    reading: AssetReading
    settings: AssetSettings
    situation: Situation
    findings: Findings


def state_of(asset: Asset, situation: Situation, findings: Findings) -> AssetState:  # noqa: PLR0911  # one per kind
    """What a plan must know about an asset now.

    Raises:
        NoStateError: something without which it cannot be planned is missing.
        ValueError: a measurement that cannot be.
    """
    asked = _Asked(
        asset=asset,
        reading=situation.live.assets.get(asset.name) or AssetReading(),
        settings=situation.wishes.settings.assets[asset.name],
        situation=situation,
        findings=findings,
    )
    match asset:
        case Pv():
            return _pv(asset, asked)
        case Battery():
            return _battery(asset, asked)
        case EvCharger():
            return _ev_charger(asset, asked)
        case HybridInverter():
            return HybridInverterState(asset=asset.name)
        case HeatPump():
            return _heat_pump(asked)
        case HotWater():
            return _hot_water(asked)
        case Appliance():
            return _appliance(asset, asked)
        case FlexibleLoad():
            given_h = min(asked.reading.past.given_h_today or 0.0, LONGEST_DAY_H)
            return FlexibleLoadState(asset=asset.name, wanted=_wanted(asked), given_h_today=given_h)
        case _:
            raise NoStateError(asset.name, "this version does not plan assets of this kind")


def _pv(asset: Pv, asked: _Asked) -> PvState:
    situation, horizon = asked.situation, asked.situation.horizon
    stands = situation.home.panels.get(asset.name) or Panels()
    panel = Panel(
        latitude=situation.latitude,
        longitude=situation.longitude,
        tilt_deg=stands.tilt_deg,
        azimuth_deg=stands.azimuth_deg,
        peak_kw=asset.peak_kw,
    )
    provider = situation.outlook.pv_kw.get(asset.name)
    found = pv_forecast(provider, panel, horizon.start, horizon.end, f"{asset.name}.available_kw")
    return PvState(asset=asset.name, available_kw=asked.findings.take(found))


def _heat_pump(asked: _Asked) -> HeatPumpState:
    past = asked.reading.past
    return HeatPumpState(
        asset=asked.asset.name, indoor_c=_temperature_c(asked), mass_c=past.mass_c, on=past.on, since=past.since
    )


def _hot_water(asked: _Asked) -> HotWaterState:
    past = asked.reading.past
    return HotWaterState(
        asset=asked.asset.name,
        tank_c=_temperature_c(asked),
        draw_kw=_draw_kw(asked),
        on=past.on,
        since=past.since,
        last_disinfected=past.last_disinfected,
        hot_since=past.hot_since,
    )


def _battery(asset: Battery, asked: _Asked) -> BatteryState:
    reading = asked.reading
    energy_kwh = reading.energy_kwh
    if energy_kwh is None and reading.soc is not None:
        energy_kwh = reading.soc * asset.capacity_kwh
    if energy_kwh is None:
        raise NoStateError(f"{asset.name}.energy_kwh", "unknown: left out of the plan and held safe")
    return BatteryState(
        asset=asset.name, energy_kwh=min(energy_kwh, asset.capacity_kwh), targets=_targets(asset, asked.situation)
    )


def _targets(asset: Battery, situation: Situation) -> tuple[SocTarget, ...]:
    """What is wanted each day, as often as it lies in the horizon."""
    target, horizon = situation.home.daily_targets.get(asset.name), situation.horizon
    if target is None:
        return ()
    moments = _times_of_day(horizon.start, target.clock, situation.home.site.time_zone)
    return tuple(SocTarget(by=moment, soc=target.soc) for moment in moments if horizon.start < moment <= horizon.end)


def _ev_charger(asset: EvCharger, asked: _Asked) -> EvChargerState:
    connected = asked.reading.connected
    if connected is None and (asked.reading.power_kw or 0.0) > CHARGING_KW:
        connected = True
    if connected is None:
        raise NoStateError(f"{asset.name}.connected", "unknown: left out of the plan and held safe")
    now = asked.situation.horizon.start
    here = (_visit(asked, asset.efficiency),) if connected else ()
    free_from = here[0].departure if here else now
    sessions = asked.situation.outlook.sessions.get(asset.name)
    if sessions is None:
        sessions = _expected(asset.name, asked, free_from)
    later = (_with_wish(session, asked) for session in sessions if session.arrival > free_from)
    return EvChargerState(asset=asset.name, sessions=(*here, *later))


def _expected(charger: str, asked: _Asked, free_from: datetime) -> tuple[EvSession, ...]:
    """As past visits suggest, where no source of the home knows of visits."""
    clock, time_zone = asked.settings.departure, asked.situation.home.site.time_zone
    if clock is None:
        return ()
    return expected_sessions(
        charger, asked.situation, asked.findings, free_from, lambda came: next_time_of_day(came, clock, time_zone)
    )


def _with_wish(session: EvSession, asked: _Asked) -> EvSession:
    settings, capacity_kwh = asked.settings, session.capacity_kwh
    target_kwh = session.target_kwh
    if settings.target_soc is not None:
        target_kwh = max(settings.target_soc * capacity_kwh, session.energy_kwh)
    return replace(
        session,
        target_kwh=target_kwh,
        at_once_kwh=(settings.at_once_soc or 0.0) * capacity_kwh,
        min_kwh=_least_soc(asked) * capacity_kwh,
    )


def _least_soc(asked: _Asked) -> float:
    """What a car keeps, however much the house would like to have."""
    car = asked.situation.home.cars.get(asked.asset.name)
    return car.min_soc if car else 1.0


def _visit(asked: _Asked, efficiency: float) -> EvSession:
    """The car that is plugged in now, until the next time it is wanted."""
    name, reading, settings = asked.asset.name, asked.reading, asked.settings
    car = asked.situation.home.cars.get(name)
    capacity_kwh = reading.capacity_kwh or (car.capacity_kwh if car else None)
    if capacity_kwh is None or settings.target_soc is None or settings.departure is None:
        raise NoStateError(f"{name}.capacity_kwh", "unknown: left out of the plan and held safe")
    energy_kwh = reading.energy_kwh
    if energy_kwh is None and reading.soc is not None:
        energy_kwh = reading.soc * capacity_kwh
    guessed = energy_kwh is None
    if energy_kwh is None:
        charged_kwh = reading.charged_kwh or 0.0
        energy_kwh = UNKNOWN_CAR_SOC * capacity_kwh + efficiency * charged_kwh
        counted = f", and {charged_kwh:.1f} kWh were charged since" if charged_kwh >= COUNTED_KWH else ""
        asked.findings.degraded(f"{name}.soc", f"unknown: {UNKNOWN_CAR_SOC:.0%} when it came is assumed{counted}")
    target_kwh = settings.target_soc * capacity_kwh
    now, time_zone = asked.situation.horizon.start, asked.situation.home.site.time_zone
    missed = missed_departure(now, settings.departure, time_zone, reading.past.connected_since)
    return EvSession(
        arrival=now,
        departure=next_time_of_day(now, settings.departure, time_zone),
        ready_by=missed if energy_kwh < target_kwh - NEARLY * capacity_kwh else None,
        capacity_kwh=capacity_kwh,
        energy_kwh=min(energy_kwh, capacity_kwh),
        target_kwh=target_kwh,
        at_once_kwh=(settings.at_once_soc or 0.0) * capacity_kwh,
        min_kwh=_least_soc(asked) * capacity_kwh,
        max_charge_kw=reading.max_charge_kw or (car.max_charge_kw if car else None),
        # A charge that is only assumed is nothing to give away.
        max_discharge_kw=0.0 if guessed else None,
    )


def missed_departure(now: datetime, clock: time, time_zone: str, since: datetime | None) -> datetime | None:
    """The last local time up to `now` at which a car that came `since` then was wanted; None: not since it came."""
    last = max(moment for moment in _times_of_day(now, clock, time_zone) if moment <= now)
    return last if since is not None and since < last else None


def next_time_of_day(now: datetime, clock: time, time_zone: str) -> datetime:
    """The next local time after `now`; on a day whose clock skips that time, when it would have been."""
    return min(moment for moment in _times_of_day(now, clock, time_zone) if moment > now)


def _times_of_day(now: datetime, clock: time, time_zone: str) -> list[datetime]:
    """That local time on the days around `now`."""
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    return [
        datetime.combine(today + timedelta(days=days), clock, tzinfo=zone).astimezone(now.tzinfo)
        for days in range(-2, 3)
    ]


def _temperature_c(asked: _Asked) -> float:
    if asked.reading.temperature_c is None:
        raise NoStateError(f"{asked.asset.name}.temperature_c", "unknown: left out of the plan and held safe")
    return asked.reading.temperature_c


def _draw_kw(asked: _Asked) -> Series:
    name, situation = asked.asset.name, asked.situation
    drawn = situation.outlook.draw_kw.get(name)
    usual = draw_forecast(
        situation.home.daily_hot_water_kwh.get(name, 0.0),
        situation.horizon.start,
        situation.horizon.end,
        situation.home.site.time_zone,
    )
    # Without a source of its own the daily use is what was configured, which is no defect.
    return (
        usual if drawn is None else asked.findings.completed(f"{name}.draw_kw", drawn, usual, "a usual use is assumed")
    )


def _wanted(asked: _Asked) -> Series:
    name, situation = asked.asset.name, asked.situation
    wanted = situation.outlook.wanted.get(name)
    # Without a schedule it is wanted all the time: its comfort price says when it may be off.
    if wanted is None:
        return situation.constant(1.0)
    return asked.findings.completed(f"{name}.wanted", wanted, situation.constant(1.0), "always wanted is assumed")


def _appliance(asset: Appliance, asked: _Asked) -> ApplianceState:
    situation = asked.situation
    now = situation.horizon.start
    asked_for = situation.wishes.runs.get(asset.name)
    known = (*((asked_for,) if asked_for else ()), *situation.outlook.runs.get(asset.name, ()))
    runs: list[ApplianceRun] = []
    for run in known:
        # Two wishes for one machine at one time are one run; the household's own word comes first.
        if any(_meet(run, other) for other in runs):
            continue
        if run.started is not None or run.latest_end - max(run.earliest_start, now) >= asset.duration:
            runs.append(run)
        elif run.latest_end > now:
            asked.findings.degraded(f"{asset.name}.run", "too late for its window: starts as soon as possible")
            runs.append(ApplianceRun(earliest_start=now, latest_end=now + asset.duration + LATE))
    return ApplianceState(asset=asset.name, runs=tuple(runs))


def _meet(one: ApplianceRun, other: ApplianceRun) -> bool:
    return one.earliest_start < other.latest_end and other.earliest_start < one.latest_end
