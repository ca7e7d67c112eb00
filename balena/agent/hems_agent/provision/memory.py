"""What the provisioner must still know after a restart, in one small file that is written only when it changes."""

from dataclasses import asdict, dataclass, field
import json
import logging
from pathlib import Path

from ..secret_files import write_whole

_LOGGER = logging.getLogger(__name__)

AHEAD_S = 60.0

type Window = tuple[float, float]
"""Unix times [s]: from, to."""


@dataclass(slots=True)
class Memory:
    """Kept in `replication.json`; a file that cannot be read is begun again."""

    token_hash: str = ""
    """Of the fleet's organisation, token and CA when they were tried: InfluxDB gives no token back to compare with."""
    wanted_since_s: float | None = None
    """The variables ask for a copy since then, and none could be switched on yet."""
    synced_s: float | None = None
    """The queue was empty then for the last time."""
    sampled_s: float | None = None
    """Of the last look at the counters."""
    failed_seen: float = 0.0
    """InfluxDB's counter of points that did not fit into the queue, at that look."""
    failed_points: float = 0.0
    """The same over all restarts."""
    filled_points: int = 0
    """Points that were copied afterwards, over all restarts."""
    lost: list[Window] = field(default_factory=list)
    """Stretches that the fleet may have holes in, in order."""
    asked_restart_s: float | None = None
    lossy: bool = False
    """Whether the last look found that the queue had lost something."""

    def lose(self, start_s: float, stop_s: float) -> None:
        """Note a stretch; those that touch become one. A clock that is a little ahead may have dated points in it."""
        if stop_s <= start_s:
            return
        merged: list[Window] = []
        for start, stop in sorted([*self.lost, (start_s, stop_s + AHEAD_S)]):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
            else:
                merged.append((start, stop))
        self.lost = merged


class Remembered:
    """The memory and its file."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "replication.json"
        self.memory = self._read()
        self._written = asdict(self.memory)
        self._trouble = ""

    def save(self) -> bool:
        """Write it, if it has changed; whether it is on the disk, which may be full."""
        now = asdict(self.memory)
        if now == self._written:
            return True
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, json.dumps(now))
        except OSError as error:
            if not self._trouble:
                _LOGGER.warning("What is known of the copy to the fleet cannot be kept: %s", error.strerror)
            self._trouble = str(error)
            return False
        self._written, self._trouble = now, ""
        return True

    def _read(self) -> Memory:
        try:
            found = json.loads(self._path.read_text())
            memory = Memory(**found)
            memory.lost = [(float(start), float(stop)) for start, stop in memory.lost]
        except FileNotFoundError:
            return Memory()
        except (OSError, ValueError, TypeError) as err:
            _LOGGER.warning("What was known of the copy to the fleet cannot be read, and is begun again: %s", err)
            return Memory()
        return memory
