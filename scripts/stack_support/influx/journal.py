"""What outlives a kill of the imitation: a picture of everything, and each write since, on the disk before its answer.

InfluxDB does the same with its write-ahead log. What was queued for the fleet when the picture was taken, or written
since, may be sent twice; the fleet's database overwrites it with the same values.
"""

from collections.abc import Iterator, Mapping
import json
import os
from pathlib import Path
import pickle

LONGEST_BYTES = 4 * 2**20


class Journal:
    """Two files of one directory."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._picture, self._log = directory / "picture", directory / "written"
        self._file = self._log.open("ab")

    @property
    def is_long(self) -> bool:
        """Whether it is time for another picture."""
        return self._file.tell() > LONGEST_BYTES

    def wrote(self, query: Mapping[str, str], text: str, now_ns: int) -> None:
        """Note a write; on the disk when this returns."""
        self._file.write(json.dumps([dict(query), text, now_ns]).encode() + b"\n")
        self._file.flush()
        os.fdatasync(self._file.fileno())

    def keep(self, state: object) -> None:
        """Take the picture; a kill at any point leaves the old one or the new one, and writes that fit both."""
        partial = self._picture.with_suffix(".new")
        with partial.open("wb") as file:
            pickle.dump(state, file)
            file.flush()
            os.fdatasync(file.fileno())
        partial.replace(self._picture)
        self._file.truncate(0)
        self._file.seek(0)

    def close(self) -> None:
        """At the end."""
        self._file.close()

    def kept(self) -> object:
        """The last picture; None before the first."""
        if not self._picture.exists():
            return None
        return pickle.loads(self._picture.read_bytes())  # noqa: S301  # our own file

    def written(self) -> Iterator[tuple[dict[str, str], str, int]]:
        """Each write since; one that was cut off was never answered."""
        for line in self._log.read_bytes().split(b"\n")[:-1]:
            query, text, now_ns = json.loads(line)
            yield query, text, now_ns
