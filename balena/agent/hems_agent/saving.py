"""Batches on their way to the disk, in a thread of their own: a slow card must not keep the agent from reading.

The broker holds a bounded number of messages. An SD card may take seconds for one write, and whoever waits for it
meanwhile loses what the broker cannot hold.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
import logging
from queue import SimpleQueue
import threading
import time

from .lines import joined
from .spool import Spool

_LOGGER = logging.getLogger(__name__)

PIECE_BYTES = 8 * 2**20
"""Half of what a record of the spool may hold."""


@dataclass(slots=True)
class Batch:
    """What is saved together."""

    lines: list[str]
    numbers: list[int]
    """Of the messages that may be acknowledged when the lines are on the disk."""
    connection: int
    """Numbers mean something else in any other one."""


class Saver:
    """One batch at a time; given, and asked for those that are done, by one thread."""

    def __init__(self, spool: Spool, retry_s: float = 1.0) -> None:
        self._spool, self._retry_s = spool, retry_s
        self._jobs: SimpleQueue[Batch | None] = SimpleQueue()
        self._done: deque[Batch] = deque()
        self._given_up = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._thread: threading.Thread | None = None
        self.trouble = ""
        """Why the disk takes nothing; empty when it does."""

    @property
    def is_busy(self) -> bool:
        """Whether a batch is on its way."""
        return not self._idle.is_set()

    def save(self, batch: Batch) -> None:
        """Begin; only while not busy."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="saver", daemon=True)
            self._thread.start()
        self._idle.clear()
        self._jobs.put(batch)

    def done(self) -> list[Batch]:
        """Batches that are durable since the last call."""
        found = []
        while self._done:
            found.append(self._done.popleft())
        return found

    def wait(self, timeout_s: float) -> None:
        """Until idle, or until that is too long."""
        self._idle.wait(timeout_s)

    def close(self) -> None:
        """Give up on a batch that the disk still does not take: it was not acknowledged."""
        self._given_up.set()
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (batch := self._jobs.get()) is not None:
            if self._saved(batch):
                self._done.append(batch)
            self._idle.set()

    def _saved(self, batch: Batch) -> bool:
        for piece in _pieces(batch.lines):
            while not self._appended(piece):
                if self._given_up.wait(self._retry_s):
                    return False
        return True

    def _appended(self, piece: bytes) -> bool:
        try:
            self._spool.append(piece, time.time_ns() // 1_000_000)
        except OSError as error:
            if not self.trouble:
                _LOGGER.warning("The disk takes no points: %s", error.strerror)
            self.trouble = f"the disk takes no points: {error.strerror}"
            return False
        self.trouble = ""
        return True


def _pieces(lines: Sequence[str]) -> list[bytes]:
    """As few as possible, for each costs a wait for the disk."""
    if not lines:
        return []
    content = joined(lines)
    if len(content) <= PIECE_BYTES or len(lines) == 1:
        return [content]
    middle = len(lines) // 2
    return [*_pieces(lines[:middle]), *_pieces(lines[middle:])]
