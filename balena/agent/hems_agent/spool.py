"""A queue of line protocol on disk: in order, bounded, and still there after a crash or a power cut.

    directory/00000000000000000007.seg   records, appended and never changed; the highest number is being written
    directory/cursor.json                where the reader is; all before it has arrived at the sink

Records are those of `records.py`. When the directory would grow beyond its bound the oldest segment goes, and what had
not been read of it is counted as dropped. A reader that crashes before its cursor is written reads the same records
again: their points carry the same times, so a database holds them once.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
import errno
import json
import logging
import os
from pathlib import Path
import threading

from .records import packed, scanned

_LOGGER = logging.getLogger(__name__)

LONGEST_RECORD_BYTES = 16 * 2**20
NEARLY_FULL = 0.8
NO_LONGER_NEARLY_FULL = 0.7
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the queue: the bytes before `offset` of this segment, and all segments before it."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What was read at once, not yet gone from the queue: `Spool.advance(batch.end)` lets it go."""

    lines: bytes
    points: int
    end: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolState:
    """Figures of the queue; what was dropped is counted since the process started."""

    queued_bytes: int
    """On disk, with what is already read of the oldest segment."""
    queued_points: int
    oldest_ms: int | None
    """When the first point not yet read was appended; None when nothing waits."""
    max_bytes: int
    nearly_full: bool
    """From 80 % on until it is below 70 % again: points will be dropped soon."""
    dropped_points: int
    """At most this many: a batch may have been on its way to the sink when its segment was dropped."""
    corrupt_bytes: int
    """Damaged on disk and skipped."""


@dataclass(slots=True)
class _Segment:
    number: int
    path: Path
    size: int = 0
    """Bytes that are durable; what a crash left beyond them is not read."""
    records: deque[tuple[int, int, int]] = field(default_factory=deque)
    """End offset, points and time in ms of every record not yet read."""

    @property
    def points(self) -> int:
        return sum(points for _, points, _ in self.records)


class Spool:
    """One thread may append and another one read; `append` returns when the lines are durable.

    A segment has 8 MiB, or an eighth of a small bound, unless told.

    Raises:
        ValueError: `max_bytes` has no room for four segments.
        OSError: the directory cannot be made, read or written.
    """

    def __init__(self, directory: Path, *, max_bytes: int = 256 * 2**20, segment_bytes: int | None = None) -> None:
        if segment_bytes is None:
            segment_bytes = min(8 * 2**20, max_bytes // 8)
        if max_bytes < 4 * segment_bytes:
            raise ValueError(f"max_bytes must hold four segments of {segment_bytes}, got {max_bytes}")
        self.directory, self._max_bytes, self._segment_bytes = directory, max_bytes, segment_bytes
        self._lock = threading.Lock()
        self._appending = threading.Lock()
        self._dropped_points = self._corrupt_bytes = self._bytes = self._points = 0
        self._nearly_full = False
        self._is_cursor_kept = True
        self._leftovers: list[Path] = []
        """Segments that nobody needs any more and that are still on the disk."""
        self._file: int | None = None
        directory.mkdir(parents=True, exist_ok=True)
        self._cursor = self._read_cursor()
        self._segments = deque(self._recovered())
        self._bytes = sum(segment.size for segment in self._segments)
        self._points = sum(segment.points for segment in self._segments)
        self._next = max([self._cursor.segment, *(segment.number for segment in self._segments)]) + 1

    def append(self, lines: bytes, now_ms: int) -> None:
        """Keep newline-terminated lines, one point each, durably and behind all that is queued.

        Raises:
            ValueError: the lines are longer than a record may be.
            OSError: the disk does not take them; nothing of them is kept.
        """
        if len(lines) > LONGEST_RECORD_BYTES:
            raise ValueError(f"a record holds up to {LONGEST_RECORD_BYTES} bytes, got {len(lines)}")
        points = lines.count(b"\n")
        record = packed(lines, points, now_ms)
        with self._appending:
            while True:
                self._make_room(len(record))
                segment = self._writable()
                try:
                    self._write(record)
                except OSError as err:
                    self._give_up_on_segment(segment)
                    if err.errno in NO_SPACE and self._drop_oldest():
                        continue
                    raise
                break
            with self._lock:
                segment.size += len(record)
                segment.records.append((segment.size, points, now_ms))
                self._bytes += len(record)
                self._points += points
                self._watch_filling()

    def read(self, max_points: int) -> Batch | None:
        """The oldest records with up to this many points together, at least one record; None when nothing waits."""
        while True:
            with self._lock:
                wanted = self._next_records(max_points)
            if not wanted:
                return None
            lines = self._lines(wanted)
            number, _, end = wanted[-1]
            if lines:
                return Batch(lines=lines, points=lines.count(b"\n"), end=Position(number, end))
            self.advance(Position(number, end))

    def advance(self, end: Position) -> None:
        """Forget everything up to there: it has arrived. A kill -9 after this does not bring it back.

        A disk that does not take the cursor is no reason to stop: after a restart points are sent again.
        """
        with self._lock:
            if end <= self._cursor:
                return
            self._cursor = end
            for segment in self._segments:
                if segment.number > end.segment:
                    break
                while segment.records and (segment.number < end.segment or segment.records[0][0] <= end.offset):
                    self._points -= segment.records.popleft()[1]
            done = self._read_up()
            self._watch_filling()
        self._keep_cursor(end)
        self._leftovers.extend(done)
        with suppress(OSError):
            while self._leftovers:
                self._leftovers[0].unlink(missing_ok=True)
                del self._leftovers[0]

    def _keep_cursor(self, end: Position) -> None:
        # Not fsynced: after a power cut an older cursor only repeats points, and each fsync wears the card.
        partial = self.directory / "cursor.json.new"
        try:
            partial.write_text(json.dumps({"segment": end.segment, "offset": end.offset}))
            partial.replace(self.directory / "cursor.json")
        except OSError as error:
            if self._is_cursor_kept:
                _LOGGER.warning("The spool's cursor cannot be kept: %s", error.strerror)
            self._is_cursor_kept = False
            return
        self._is_cursor_kept = True

    def state(self) -> SpoolState:
        """The figures of this moment."""
        with self._lock:
            oldest = next((segment.records[0][2] for segment in self._segments if segment.records), None)
            return SpoolState(
                queued_bytes=self._bytes,
                queued_points=self._points,
                oldest_ms=oldest,
                max_bytes=self._max_bytes,
                nearly_full=self._nearly_full,
                dropped_points=self._dropped_points,
                corrupt_bytes=self._corrupt_bytes,
            )

    def close(self) -> None:
        """Let go of the file; everything is on disk already."""
        with self._appending:
            self._close_file()

    def _read_cursor(self) -> Position:
        try:
            found = json.loads((self.directory / "cursor.json").read_text())
            return Position(int(found["segment"]), int(found["offset"]))
        except FileNotFoundError:
            return Position(0, 0)
        except ValueError, KeyError, TypeError:
            _LOGGER.warning("The spool's cursor is damaged: all that is queued is sent again")
            return Position(0, 0)

    def _recovered(self) -> Iterator[_Segment]:
        for path in sorted(self.directory.glob("*.seg")):
            segment = _Segment(int(path.stem), path)
            if segment.number < self._cursor.segment:
                path.unlink()
                continue
            content = path.read_bytes()
            for found in scanned(content):
                segment.size = found.end
                if Position(segment.number, found.end) > self._cursor:
                    segment.records.append((found.end, found.points, found.now_ms))
            if len(content) > segment.size:
                _LOGGER.warning("The end of %s was torn: %d bytes cut", path.name, len(content) - segment.size)
                os.truncate(path, segment.size)
            if segment.records:
                yield segment
            else:
                path.unlink()

    def _writable(self) -> _Segment:
        newest = self._segments[-1] if self._segments else None
        if self._file is not None and newest is not None and newest.size < self._segment_bytes:
            return newest
        self._close_file()
        path = self.directory / f"{self._next:020d}.seg"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        segment = _Segment(self._next, path)
        self._next += 1
        _sync_directory(self.directory)
        with self._lock:
            self._segments.append(segment)
            done = self._read_up()
        for read_up in done:
            read_up.unlink(missing_ok=True)
        return segment

    def _write(self, record: bytes) -> None:
        assert self._file is not None, "a segment that is written is open"  # noqa: S101
        written = 0
        while written < len(record):
            written += os.write(self._file, record[written:])
        os.fdatasync(self._file)

    def _give_up_on_segment(self, segment: _Segment) -> None:
        """After a failed write nobody knows what of it is on disk: cut it off and go on in a new segment."""
        if self._file is not None:
            with suppress(OSError):
                os.ftruncate(self._file, segment.size)
        self._close_file()
        if segment.size == 0:
            with self._lock:
                self._segments.remove(segment)
            segment.path.unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        while self._bytes + size > self._max_bytes and self._drop_oldest():
            pass

    def _drop_oldest(self) -> bool:
        """Whether there was a segment to drop: the one being written stays."""
        with self._lock:
            if len(self._segments) < 2 and (self._file is not None or not self._segments):
                return False
            oldest = self._segments.popleft()
            self._bytes -= oldest.size
            self._points -= oldest.points
            self._dropped_points += oldest.points
        oldest.path.unlink(missing_ok=True)
        _LOGGER.error("The spool is full: the oldest %d points are lost", oldest.points)
        return True

    def _next_records(self, max_points: int) -> list[tuple[int, int, int]]:
        """Segment number, start and end of stretches of records that follow each other."""
        found: list[tuple[int, int, int]] = []
        total = 0
        for segment in self._segments:
            start = self._cursor.offset if segment.number == self._cursor.segment else 0
            end = start
            for upto, points, _ in segment.records:
                if total and total + points > max_points:
                    return [*found, (segment.number, start, end)] if end > start else found
                end, total = upto, total + points
            if end > start:
                found.append((segment.number, start, end))
        return found

    def _lines(self, wanted: list[tuple[int, int, int]]) -> bytes:
        lines = []
        for number, start, end in wanted:
            try:
                with (self.directory / f"{number:020d}.seg").open("rb") as file:
                    file.seek(start)
                    content = file.read(end - start)
            except FileNotFoundError:
                continue  # dropped meanwhile, and counted there
            good = 0
            for found in scanned(content):
                lines.append(found.lines())
                good += found.end - found.start
            if good < end - start:
                _LOGGER.error("%d bytes of the spool are damaged and skipped", end - start - good)
                with self._lock:
                    self._corrupt_bytes += end - start - good
        return b"".join(lines)

    def _read_up(self) -> list[Path]:
        """Segments that nobody needs any more, taken off the list; the newest is still written to."""
        done = []
        while len(self._segments) > 1 and not self._segments[0].records:
            segment = self._segments.popleft()
            self._bytes -= segment.size
            done.append(segment.path)
        return done

    def _watch_filling(self) -> None:
        filled = self._bytes / self._max_bytes
        if filled >= NEARLY_FULL and not self._nearly_full:
            _LOGGER.warning("The spool is %.0f %% full; when it is full the oldest points are dropped", 100 * filled)
        self._nearly_full = filled >= (NO_LONGER_NEARLY_FULL if self._nearly_full else NEARLY_FULL)

    def _close_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
