"""Whether a charger uses no more phases than its current was worked out for: its meter tells."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..core.dispatch import Setpoint
from ..core.model import EvCharger, HealthStatus, InputHealth
from ..home import Home
from ..runtime import AssetReading

MOST_PHASES = 3
CONTRADICTS = 1.5
"""A meter that shows more than this times the setpoint: no charger is that inexact, and one that uses three phases
instead of one draws three times as much."""
SETTLES = timedelta(seconds=90)
"""How long a charger and its meter may take to follow; many meters are read once a minute."""
COMMANDING = ("number", "input_number")
"""What sets a power; chargers that are only switched on draw what they like."""


@dataclass(slots=True)
class _Watched:
    """One charger."""

    told: Setpoint | None = None
    since: datetime | None = None
    """From when on the meter has contradicted without a break."""
    found: str = ""
    """What it showed, once that was certain."""


class PhaseWatch:
    """Finds chargers that use more phases than assumed; they count as three-phase until their car leaves."""

    def __init__(self, home: Home) -> None:
        self._watched: dict[str, _Watched] = {}
        for asset in home.site.assets:
            control = home.bindings[asset.name].control_entity or ""
            if isinstance(asset, EvCharger) and control.partition(".")[0] in COMMANDING:
                self._watched[asset.name] = _Watched()

    def told(self, setpoint: Setpoint) -> None:
        """The charger was commanded."""
        if setpoint.asset in self._watched:
            self._watched[setpoint.asset].told = setpoint

    def seen(self, asset: str, reading: AssetReading, now: datetime) -> AssetReading:
        """The reading, with what the charger was found to do."""
        watched = self._watched.get(asset)
        if watched is None:
            return reading
        if reading.connected is False:
            watched.since, watched.found = None, ""
            return reading
        if not watched.found:
            watched.found = _contradiction(watched, reading, now)
        if not watched.found:
            return reading
        health = InputHealth(source=f"{asset}.phases", status=HealthStatus.DEGRADED, reason=watched.found)
        return replace(reading, phases=MOST_PHASES, health=(*reading.health, health))


def _contradiction(watched: _Watched, reading: AssetReading, now: datetime) -> str:
    """What the meter shows that the setpoint cannot explain; empty while it can, or may yet."""
    told, power_kw = watched.told, reading.power_kw
    if told is None or not told.power_kw or told.phases is None or told.phases >= MOST_PHASES or power_kw is None:
        watched.since = None
        return ""
    if power_kw <= CONTRADICTS * told.power_kw:
        watched.since = None
        return ""
    if watched.since is None:
        watched.since = now
    if now - watched.since < SETTLES:
        return ""
    return (
        f"draws {power_kw:.1f} kW instead of {told.power_kw:.1f} kW on {told.phases} phase: "
        "held at a current that is safe on 3 phases until the car leaves"
    )
