"""Which quarters of an hour got points late: from their delivery until the provisioner has seen to them.

The writer notes them before its batch leaves the spool, so a kill in between repeats the batch and not the loss. The
provisioner, in a thread of its own, takes them from here. On time nothing is noted, and nothing is written to the card.
"""

from collections.abc import Callable, Iterable, Mapping
import json
import logging
from pathlib import Path
import threading
import time

from .secret_files import write_whole

_LOGGER = logging.getLogger(__name__)
QUARTER_S = 900
LATE_S = 2700.0
"""The task of each quarter looks back an hour, and the next one may be a quarter away."""
OLDEST_S = 31 * 86_400.0
"""The home's own database keeps points for less; so there are at most 2976 quarters to remember."""


class LatePoints:
    """Quarters, as numbers since 1970, in a file that outlives restarts; for two threads."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.time) -> None:
        """`clock` is Unix time [s]."""
        self._file, self._clock = file, clock
        self._lock = threading.Lock()
        self._count = 0
        self._noted: dict[int, int] = dict.fromkeys(_read(file), 0)

    def delivered(self, lines: Iterable[bytes]) -> None:
        """The database has taken these lines, whose times are in ms."""
        now_ms = self._clock() * 1000
        latest_ms, oldest_ms = now_ms - LATE_S * 1000, now_ms - OLDEST_S * 1000
        times_ms = [int(line[line.rfind(b" ") + 1 :]) for line in lines]
        if not times_ms or min(times_ms) >= latest_ms:
            return
        quarters = {time_ms // (QUARTER_S * 1000) for time_ms in times_ms if oldest_ms <= time_ms < latest_ms}
        with self._lock:
            self._count += 1
            is_new = not quarters <= self._noted.keys()
            self._noted.update(dict.fromkeys(quarters, self._count))
            if is_new:
                self._save()

    def noted(self) -> Mapping[int, int]:
        """The quarters of now; the values say which delivery was the last."""
        with self._lock:
            return dict(self._noted)

    def done(self, seen_to: Mapping[int, int]) -> None:
        """Forget these, but for those that got points again since."""
        if not seen_to:
            return
        with self._lock:
            self._noted = {quarter: last for quarter, last in self._noted.items() if seen_to.get(quarter) != last}
            self._save()

    def _save(self) -> None:
        try:
            write_whole(self._file, json.dumps(stretches(self._noted)))
        except OSError as error:
            _LOGGER.warning("What came late cannot be remembered over a restart: %s", error.strerror)


def stretches(quarters: Iterable[int]) -> list[tuple[int, int]]:
    """The same as stretches of time: from and to, Unix s."""
    found: list[tuple[int, int]] = []
    for quarter in sorted(quarters):
        start_s, stop_s = quarter * QUARTER_S, (quarter + 1) * QUARTER_S
        if found and found[-1][1] == start_s:
            found[-1] = (found[-1][0], stop_s)
        else:
            found.append((start_s, stop_s))
    return found


def _read(file: Path) -> list[int]:
    try:
        kept = json.loads(file.read_text("utf-8"))
        return [quarter for start, stop in kept for quarter in range(start // QUARTER_S, stop // QUARTER_S)]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        _LOGGER.warning("What came late before the restart cannot be read: %s", error)
        return []
