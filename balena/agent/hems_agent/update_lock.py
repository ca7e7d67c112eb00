"""No update of the stack while the home obeys the grid.

balena takes a lock whose file was made exclusively (https://docs.balena.io/learn/deploy/release-strategy/update-locking/).
It is held while an event is active, for twelve hours at a stretch at most, and never taken from somebody else. The file
says for which events, so that an agent that is started again goes on holding it until it hears that they are over.
"""

import json
import logging
from pathlib import Path
import threading

_LOGGER = logging.getLogger(__name__)
LONGEST_S = 12 * 3600.0
OURS = "hems-agent"


class UpdateLock:
    """The file, and the events for which it is held; for several threads. Times are Unix times [s]."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._spent: set[str] = set()
        """Active for longer than an update may wait."""
        self._active: dict[str, float] = {}
        """Since when, by event."""
        self._since_s: float | None = None
        self._written: dict[str, float] = {}
        self._take_up()

    def event(self, event: str, is_active: bool, now_s: float, since_s: float | None = None) -> None:
        """An event began (at `since_s`, or now) or ended; it may be told again and again."""
        with self._threads:
            if not is_active:
                self._active.pop(event, None)
                self._spent.discard(event)
            elif event not in self._spent:
                self._active.setdefault(event, now_s if since_s is None else min(now_s, since_s))

    @property
    def in_event(self) -> bool:
        """Whether the home obeys the grid just now."""
        return bool(self._active)

    @property
    def held(self) -> bool:
        """Whether updates wait for us."""
        return self._since_s is not None

    def hold(self, now_s: float) -> None:
        """Take or let go, as the events ask for. Call it every few seconds."""
        with self._threads:
            # A clock that was set back does not make twelve hours longer.
            self._active = {event: min(since_s, now_s) for event, since_s in self._active.items()}
            self._since_s = None if self._since_s is None else min(self._since_s, now_s)
            is_over = self._since_s is not None and now_s - self._since_s >= LONGEST_S
            for event, since_s in list(self._active.items()):
                if is_over or now_s - since_s >= LONGEST_S:
                    del self._active[event]
                    self._spent.add(event)
            if self._since_s is None:
                self._take(now_s)
            elif not self._active:
                self._path.unlink(missing_ok=True)
                self._since_s = None
            elif self._active != self._written:
                self._write(self._since_s)

    def _take_up(self) -> None:
        """What a killed agent left."""
        try:
            kept = json.loads(self._path.read_text("utf-8"))
            since_s = float(kept[OURS])
            self._active = {str(event): float(began_s) for event, began_s in kept["events"].items()}
        except OSError, ValueError, TypeError, LookupError, AttributeError:
            return
        self._since_s, self._written = since_s, dict(self._active)

    def _take(self, now_s: float) -> None:
        if not self._active:
            return
        try:
            # Linked when it is whole: as exclusive as O_EXCL, and a kill leaves no lock that nobody knows for his.
            self._path.hardlink_to(self._whole(now_s))
        except FileExistsError:
            return
        except OSError as error:
            _LOGGER.debug("no update lock: %s", error.strerror)
            return
        finally:
            self._new.unlink(missing_ok=True)
        self._since_s = now_s

    def _write(self, since_s: float) -> None:
        try:
            self._whole(since_s).replace(self._path)
        except OSError as error:
            _LOGGER.debug("the update lock is not up to date: %s", error.strerror)

    def _whole(self, since_s: float) -> Path:
        self._new.write_text(json.dumps({OURS: since_s, "events": self._active}), "utf-8")
        self._written = dict(self._active)
        return self._new

    @property
    def _new(self) -> Path:
        return self._path.with_name(f"{self._path.name}.hems")
