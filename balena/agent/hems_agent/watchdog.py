"""When a sick service is restarted, and when it is left alone.

Only what the device itself shows counts: whether the internet or the fleet answers is nobody's illness, so nothing is
restarted for it, and the device itself is never rebooted. A service that stays sick is restarted ever more rarely.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
import json
import logging
from pathlib import Path

from .secret_files import write_whole

_LOGGER = logging.getLogger(__name__)
PATIENCE_S: Mapping[str, float] = {"homeassistant": 900.0}
"""How long a service may be sick before anything is done; starting takes Home Assistant minutes."""
USUAL_PATIENCE_S = 300.0
SILENT_PATIENCE_S = 300.0
"""For one that takes connections all that time and answers none: it hangs, and does not start."""
FIRST_PAUSE_S = 600.0
LONGEST_PAUSE_S = 6 * 3600.0
WELL_FOR_S = 3600.0
"""Well for that long: the next illness counts as the first."""
NOT_IN_EVENTS = frozenset({"influxdb", "grafana", "nginx", "config-editor", "wifi-repeater"})
"""What the home obeys the grid without: left alone until the event is over."""


@dataclass(slots=True, kw_only=True)
class Patient:
    """What is remembered of a service; Unix times."""

    sick_since_s: float | None = None
    silent_since_s: float | None = None
    well_since_s: float | None = None
    restarts: int = 0
    """In a row."""
    restarted_s: float | None = None


class Watchdog:
    """Remembers over restarts of the agent itself, so that it does not begin to restart others all over again."""

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self.patients = _read(memory)

    def look(
        self, is_well: Mapping[str, bool], now_s: float, *, in_event: bool = False, silent: Container[str] = ()
    ) -> list[str]:
        """The services to restart now; those that are `silent` take connections and do not answer.

        `now_s` is Unix time by a clock that nobody sets while the agent runs; one that is behind after a restart of the
        agent waits no longer than before.
        """
        for name in is_well:
            self._notice_silence(name, name in silent, now_s)
        due = [name for name, well in is_well.items() if self._is_due(name, well, now_s)]
        return [name for name in due if not (in_event and name in NOT_IN_EVENTS)]

    def restarted(self, service: str, now_s: float) -> None:
        """It was asked for: patience begins anew, and is longer the next time."""
        patient = self.patients.setdefault(service, Patient())
        patient.restarts += 1
        patient.restarted_s = patient.sick_since_s = now_s
        patient.silent_since_s = None
        self._save()

    def _notice_silence(self, name: str, is_silent: bool, now_s: float) -> None:
        patient = self.patients.setdefault(name, Patient())
        patient.silent_since_s = min(patient.silent_since_s or now_s, now_s) if is_silent else None

    def _is_due(self, name: str, well: bool, now_s: float) -> bool:
        patient = self.patients.setdefault(name, Patient())
        if well:
            patient.sick_since_s = None
            patient.well_since_s = min(patient.well_since_s or now_s, now_s)
            if patient.restarts and now_s - patient.well_since_s >= WELL_FOR_S:
                patient.restarts, patient.restarted_s = 0, None
                self._save()
            return False
        patient.well_since_s = None
        patient.sick_since_s = min(patient.sick_since_s or now_s, now_s)
        silent_s = now_s - patient.silent_since_s if patient.silent_since_s is not None else 0.0
        has_waited = now_s - patient.sick_since_s >= PATIENCE_S.get(name, USUAL_PATIENCE_S)
        if not has_waited and silent_s < SILENT_PATIENCE_S:
            return False
        if patient.restarted_s is None or patient.restarted_s > now_s:
            return True
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (patient.restarts - 1))
        return now_s - patient.restarted_s >= pause_s

    def _save(self) -> None:
        try:
            write_whole(self._memory, json.dumps({name: _kept(patient) for name, patient in self.patients.items()}))
        except OSError as error:
            _LOGGER.warning("the watchdog cannot remember: %s", error.strerror)


def _kept(patient: Patient) -> dict[str, float | None]:
    """Not how it was: after a reboot of the device every service starts, and needs its time."""
    return {"restarts": patient.restarts, "restarted_s": patient.restarted_s}


def _read(memory: Path) -> dict[str, Patient]:
    try:
        kept = json.loads(memory.read_text("utf-8"))
        return {name: Patient(**fields) for name, fields in kept.items()}
    except OSError, ValueError, TypeError, AttributeError:
        return {}
