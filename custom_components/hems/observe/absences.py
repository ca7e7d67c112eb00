"""When nobody was at home: what an entity shows, written down, as Home Assistant forgets states after some days."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import (
    ATTR_DEVICE_CLASS,
    STATE_HOME,
    STATE_OFF,
    STATE_ON,
)
from homeassistant.core import HomeAssistant, State

from ..core.model.load_learning import Absence
from ..settings import Kept
from .measurements import absent

SAVE_WITHIN_S = 300.0
SAVE_SEEN_WITHIN_S = 3600.0
LONGEST = timedelta(days=400)
"""The load is learned from a year."""
LONG = timedelta(hours=20)
"""Who is gone for less is at work or asleep elsewhere, which is part of an ordinary day. What somebody says by a
switch counts at once."""
SEEN_AT_HOME = (
    BinarySensorDeviceClass.PRESENCE,
    BinarySensorDeviceClass.OCCUPANCY,
    BinarySensorDeviceClass.MOTION,
)
"""Binary sensors that are on while somebody is there."""
WATCHED = ("person", "device_tracker", "zone", "group")
"""Show where people are, not what they intend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absences:
    """What was written down."""

    entity: str = ""
    """Of whom; another entity begins anew."""
    past: tuple[Absence, ...] = ()
    since: datetime | None = None
    """Begin of the absence that lasts; None: somebody is at home."""
    seen: datetime | None = None
    """When the entity was read last."""


class AbsenceLog:
    """Follows one entity."""

    def __init__(self, hass: HomeAssistant, kept: Kept[Absences]) -> None:
        self._hass = hass
        self._kept = kept
        self._known = Absences()

    async def async_start(self) -> None:
        """Go on with what was written down before."""
        self._known = await self._kept.async_load() or Absences()

    async def async_stop(self) -> None:
        """Nothing that was written down is lost."""
        await self._kept.async_flush()

    def read(self, entity_id: str, end: datetime, now: datetime) -> tuple[tuple[Absence, ...], str]:
        """All absences that count; one that lasts is taken to last to `end`. The text says what is poor about it."""
        if self._known.entity != entity_id:
            self._known = Absences(entity=entity_id)
        state = self._hass.states.get(entity_id)
        gone, least = None, LONG
        poor = absent(state)
        if state is not None and not poor:
            gone = is_away(state)
            poor = "" if gone is not None else f"{state.state!r} says nothing of an absence"
            least = LONG if _is_watched(state) else timedelta(0)
        if gone is not None:
            self._follow(gone, now)
        lasting = self._known.since
        away = tuple(stretch for stretch in self._known.past if stretch.end - stretch.start >= least)
        if lasting is not None and now - lasting >= least and end > lasting:
            away = (*away, Absence(start=lasting, end=end))
        return away, f"{entity_id} {poor}" if poor else ""

    def _follow(self, gone: bool, now: datetime) -> None:
        known = replace(self._known, seen=now)
        if gone and known.since is None:
            known = replace(known, since=now)
        elif not gone and known.since is not None:
            # Whoever came back while nobody looked did so some time after they were last seen away.
            until = self._known.seen or now
            past = [stretch for stretch in known.past if now - stretch.end < LONGEST]
            if until > known.since:
                past.append(Absence(start=known.since, end=until))
            known = replace(known, past=tuple(past), since=None)
        changed = known.since != self._known.since
        self._known = known
        if changed or known.since is not None:
            self._kept.save_within(SAVE_WITHIN_S if changed else SAVE_SEEN_WITHIN_S, lambda: self._known)


def is_away(state: State) -> bool | None:
    """Whether nobody is at home; None for a state that says nothing of it."""
    if state.domain == "zone":
        return int(state.state) == 0 if state.state.isdigit() else None
    if state.domain in ("person", "device_tracker"):
        return state.state != STATE_HOME
    if state.state in (STATE_ON, STATE_OFF):
        at_home = state.domain == "binary_sensor" and state.attributes.get(ATTR_DEVICE_CLASS) in SEEN_AT_HOME
        return (state.state == STATE_ON) is not at_home
    return state.state != STATE_HOME if state.domain == "group" else None


def _is_watched(state: State) -> bool:
    if state.domain == "binary_sensor":
        return state.attributes.get(ATTR_DEVICE_CLASS) in SEEN_AT_HOME
    return state.domain in WATCHED and state.state not in (STATE_ON, STATE_OFF)
