"""The state of a charger: the car that is plugged in now, and those that are to come."""

from dataclasses import replace
from datetime import datetime, time

from ..core.model import EvCharger, EvChargerState, EvSession
from .asked import Asked, NoStateError, next_time_of_day, times_of_day
from .expected import expected_sessions

CHARGING_KW = 0.5
"""A charger that gives more has a car, whether it says so or not; standby is a few watts."""
UNKNOWN_CAR_SOC = 0.2
"""When it comes; a car that does not say how full it is gets enough rather than too little."""
COUNTED_KWH = 0.05
"""Less was hardly charged at all."""
NEARLY = 0.01
"""Of its capacity: a car that ends so little below its target has reached it."""


def ev_charger_state(asset: EvCharger, asked: Asked) -> EvChargerState:
    """What a plan must know about a charger.

    Raises:
        NoStateError: it is not known whether a car is there, or which.
    """
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


def _expected(charger: str, asked: Asked, free_from: datetime) -> tuple[EvSession, ...]:
    """As past visits suggest, where no source of the home knows of visits."""
    clock, time_zone = asked.settings.departure, asked.situation.home.site.time_zone
    if clock is None:
        return ()
    return expected_sessions(
        charger, asked.situation, asked.findings, free_from, lambda came: next_time_of_day(came, clock, time_zone)
    )


def _with_wish(session: EvSession, asked: Asked) -> EvSession:
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


def _least_soc(asked: Asked) -> float:
    """What a car keeps, however much the house would like to have."""
    car = asked.situation.home.cars.get(asked.asset.name)
    return car.min_soc if car else 1.0


def _visit(asked: Asked, efficiency: float) -> EvSession:
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
    last = max(moment for moment in times_of_day(now, clock, time_zone) if moment <= now)
    return last if since is not None and since < last else None
