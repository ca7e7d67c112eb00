"""Visits of cars that nobody has announced, as past ones suggest them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from ..core.forecast.ev import SHORTEST
from ..core.model import EvSession
from .situation import Findings, Situation


def expected_sessions(
    charger: str,
    situation: Situation,
    findings: Findings,
    free_from: datetime,
    wanted_by: Callable[[datetime], datetime],
) -> tuple[EvSession, ...]:
    """Those that begin after `free_from`, each named in the health.

    `wanted_by` is the household's own word on when a car that came then must be ready; it holds where past
    departures were later.
    """
    car, settings = situation.home.cars.get(charger), situation.wishes.settings.assets[charger]
    if car is None or settings.target_soc is None:
        return ()
    zone = ZoneInfo(situation.home.site.time_zone)
    found: list[EvSession] = []
    for visit in situation.outlook.expected.get(charger, ()):
        session = visit.session(car.capacity_kwh, settings.target_soc * car.capacity_kwh)
        departure = min(session.departure, wanted_by(session.arrival))
        if session.arrival <= free_from or departure - session.arrival < SHORTEST:
            continue
        free_from = departure
        # A charge that is only assumed is nothing to give away.
        found.append(replace(session, departure=departure, max_charge_kw=car.max_charge_kw, max_discharge_kw=0.0))
        arrival, until = session.arrival.astimezone(zone), departure.astimezone(zone)
        need_kwh = session.target_kwh - session.energy_kwh
        findings.used(
            f"{charger}.sessions",
            f"a visit is expected as past ones were: {arrival:%a %H:%M} to {until:%a %H:%M}, {need_kwh:.0f} kWh "
            f"({visit.probability:.0%} of such days)",
        )
    return tuple(found)
