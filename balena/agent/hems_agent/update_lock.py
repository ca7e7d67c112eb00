"""No update of the stack while the home obeys the grid.

balena takes a lock whose file was made with O_EXCL (https://docs.balena.io/learn/deploy/release-strategy/update-locking/).
It is held while an event is obeyed, for twelve hours at most, and never taken from somebody else.
"""

import logging
import os
from pathlib import Path

_LOGGER = logging.getLogger(__name__)
LONGEST_S = 12 * 3600.0
OURS = "hems-agent"


class UpdateLock:
    """The file, and the events for which it is held."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._active: dict[str, float] = {}
        # What a killed agent left is ours to take up or to remove: the broker tells the states of events again.
        self._held = self._is_ours()

    def event(self, event: str, is_active: bool, now_s: float) -> None:
        """An event began or ended."""
        if is_active:
            self._active.setdefault(event, now_s)
        else:
            self._active.pop(event, None)

    @property
    def in_event(self) -> bool:
        """Whether the home obeys the grid just now."""
        return bool(self._active)

    @property
    def held(self) -> bool:
        """Whether updates wait for us."""
        return self._held

    def hold(self, now_s: float) -> None:
        """Take or let go, as the events ask for. Call it every few seconds."""
        self._active = {event: since for event, since in self._active.items() if now_s - since < LONGEST_S}
        if self._active and not self._held:
            self._held = self._taken()
        elif not self._active and self._held:
            self._path.unlink(missing_ok=True)
            self._held = False

    def _taken(self) -> bool:
        try:
            with os.fdopen(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644), "w") as file:
                file.write(OURS)
        except FileExistsError:
            return self._is_ours()
        except OSError as error:
            _LOGGER.debug("no update lock: %s", error.strerror)
            return False
        return True

    def _is_ours(self) -> bool:
        try:
            return self._path.read_text("utf-8") == OURS
        except OSError:
            return False
