"""Past visits of cars: from them follows when the next one will come and what it will need."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ..core.forecast import ExpectedVisit, PastVisit, ev_forecast
from ..core.forecast.ev import LONGEST
from ..core.model import EvCharger, HealthStatus, Horizon, InputHealth
from ..home import Home
from ..runtime import AssetReading
from ..settings import Kept

SAVE_WITHIN_S = 300.0
SHORTEST_ABSENCE = timedelta(minutes=10)
"""A plug sensor that flickers sends nobody away."""
SHORTEST = timedelta(minutes=10)
"""Who is gone sooner and was given nothing was no visit."""
LEAST_KWH = 0.1
UNSEEN = timedelta(hours=1)
"""Who came or went while nobody looked for so long did so at a time that nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """The car that is plugged in."""

    arrival: datetime
    seen: datetime
    """When it was last seen there."""
    charged_kwh: float = 0.0
    """Into the car."""
    before_kwh: float = 0.0
    """Of that, what it was given before its plug flickered: the charger counts anew from there."""
    watched: bool = True
    """Whether its arrival was seen, and nothing was missed since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """By charger."""

    past: Mapping[str, tuple[PastVisit, ...]] = field(default_factory=dict)
    """In the order of time."""
    here: Mapping[str, Stay] = field(default_factory=dict)


class VisitLog:
    """Writes down each visit, from the plug sensor and what the charger was counted to give."""

    def __init__(self, home: Home, kept: Kept[Visits]) -> None:
        self._home = home
        self._kept = kept
        self._chargers = {asset.name: asset for asset in home.site.assets if isinstance(asset, EvCharger)}
        self._visits = Visits()
        self._read: dict[str, datetime] = {}
        """When each plug sensor was last read."""

    async def async_start(self) -> None:
        """Go on with what was written down before."""
        self._visits = await self._kept.async_load() or Visits()

    async def async_stop(self) -> None:
        """Nothing that was written down is lost."""
        await self._kept.async_flush()

    def seen(self, asset: str, reading: AssetReading, now: datetime) -> None:
        """Follow a car from its arrival to its departure."""
        charger = self._chargers.get(asset)
        if charger is None or reading.connected is None:
            return
        last, self._read[asset] = self._read.get(asset), now
        stay = self._visits.here.get(asset)
        if reading.connected:
            self._stays(asset, stay, last, (reading.charged_kwh or 0.0) * charger.efficiency, now)
        elif stay is not None:
            self._leaves(asset, stay, now)

    def expected(self, horizon: Horizon) -> tuple[dict[str, tuple[ExpectedVisit, ...]], list[InputHealth]]:
        """The visits to come by charger, and on what they stand."""
        found: dict[str, tuple[ExpectedVisit, ...]] = {}
        health: list[InputHealth] = []
        for name in self._chargers:
            past = self._visits.past.get(name, ())
            source = f"{name}.sessions"
            found[name], poor = ev_forecast(past, horizon.start, horizon.end, self._home.site.time_zone, source)
            # That nothing is expected yet is no defect: a car that comes is planned for when it is there.
            health += [replace(entry, status=HealthStatus.OK) for entry in poor]
        return found, health

    def _stays(self, asset: str, stay: Stay | None, last: datetime | None, charged_kwh: float, now: datetime) -> None:
        if stay is None:
            before = self._visits.past.get(asset, ())
            if before and now - before[-1].departure < SHORTEST_ABSENCE:
                arrival, given_kwh = before[-1].arrival, before[-1].charged_kwh
                same = Stay(arrival=arrival, seen=now, charged_kwh=given_kwh, before_kwh=given_kwh)
                self._change(asset, before[:-1], same)
                return
            self._change(asset, before, Stay(arrival=now, seen=now, watched=last is not None and now - last < UNSEEN))
            return
        charged_kwh += stay.before_kwh
        unseen = now - stay.seen
        if charged_kwh > stay.charged_kwh + LEAST_KWH or unseen > UNSEEN / 2:
            watched = stay.watched and unseen <= UNSEEN
            more = replace(stay, seen=now, charged_kwh=max(stay.charged_kwh, charged_kwh), watched=watched)
            self._change(asset, self._visits.past.get(asset, ()), more)

    def _leaves(self, asset: str, stay: Stay, now: datetime) -> None:
        past = self._visits.past.get(asset, ())
        real = now - stay.arrival >= SHORTEST or stay.charged_kwh >= LEAST_KWH
        if real and stay.watched and now - stay.seen <= UNSEEN:
            past = (*past, PastVisit(arrival=stay.arrival, departure=now, charged_kwh=stay.charged_kwh))
        self._change(asset, tuple(one for one in past if now - one.arrival <= LONGEST), None)

    def _change(self, asset: str, past: tuple[PastVisit, ...], stay: Stay | None) -> None:
        here = {name: other for name, other in self._visits.here.items() if name != asset}
        if stay is not None:
            here[asset] = stay
        self._visits = Visits(past={**self._visits.past, asset: past}, here=here)
        self._kept.save_within(SAVE_WITHIN_S, lambda: self._visits)
