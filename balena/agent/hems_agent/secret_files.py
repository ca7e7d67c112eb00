"""Files that hold secrets: whole or absent, readable by one consumer, never through a link that a consumer laid."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from errno import ELOOP
import os
from pathlib import Path
import secrets
from stat import S_IMODE

PRIVATE = 0o600
PUBLIC = 0o644


@dataclass(frozen=True, slots=True)
class Owner:
    """Who a directory and its files belong to."""

    uid: int
    gid: int
    mode: int = 0o700
    """Of the directory."""
    files: tuple[int, int] | None = None
    """uid and gid of the files that first boot puts there, where they are not the directory's."""


@dataclass(slots=True)
class SecretFiles:
    """The volume of secrets; a path is `consumer/name`, or a name for what everybody may read."""

    root: Path
    owners: Mapping[str, Owner] | None
    """By consumer; None leaves everything to whoever runs this, for tests and for a stack without containers."""
    written: list[str] = field(default_factory=list)
    """Paths whose content has changed."""

    def folder(self, consumer: str) -> Path:
        """Make the consumer's directory, or put its owner and mode right."""
        path = self.root / consumer
        path.mkdir(exist_ok=True)
        owner = (self.owners or {}).get(consumer)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _claim_folder(descriptor, owner)
        finally:
            os.close(descriptor)
        for leftover in path.glob(".new-*"):
            leftover.unlink()
        return path

    def read(self, path: str) -> str | None:
        """The text, or None for a file that is absent, empty, no UTF-8, or a link."""
        try:
            descriptor = os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        except OSError as err:
            if err.errno == ELOOP:
                return None
            raise
        with os.fdopen(descriptor, "rb") as file:
            try:
                return file.read().decode() or None
            except UnicodeDecodeError:
                return None

    def put(self, path: str, text: str, mode: int = PRIVATE) -> None:
        """Leave exactly this text there, with its owner and mode; a file that is right already is not written again."""
        if self.read(path) == text:
            self._claim(path, mode)
            return
        target = self.root / path
        write_whole(target, text, mode, owner=self._owner_of_files(path))
        self.written.append(path)

    def remove(self, path: str) -> None:
        """Leave no such file there."""
        (self.root / path).unlink(missing_ok=True)

    def _claim(self, path: str, mode: int) -> None:
        descriptor = os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            if (owner := self._owner_of_files(path)) is not None:
                os.fchown(descriptor, *owner)
            os.fchmod(descriptor, mode)
        finally:
            os.close(descriptor)

    def _owner_of_files(self, path: str) -> tuple[int, int] | None:
        if self.owners is None:
            return None
        consumer, _, name = path.partition("/")
        if not name:
            return (0, 0)
        owner = self.owners[consumer]
        return owner.files or (owner.uid, owner.gid)


def _claim_folder(descriptor: int, owner: Owner | None) -> None:
    if owner is None:
        os.fchmod(descriptor, 0o700)
        return
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid, S_IMODE(now.st_mode)) == (owner.uid, owner.gid, owner.mode):
        return
    # The kernel takes the set-group-ID bit from who is not of the group and lacks CAP_FSETID, as init does.
    os.fchown(descriptor, os.geteuid(), os.getegid())
    os.fchmod(descriptor, owner.mode)
    os.fchown(descriptor, owner.uid, owner.gid)


def write_whole(path: Path, text: str, mode: int = PRIVATE, owner: tuple[int, int] | None = None) -> None:
    """Replace a file at once: whoever reads it, and whatever the power does, sees the old text or the new one.

    `owner` may leave the uid or the gid alone with -1.
    """
    fresh = path.with_name(f".new-{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            if owner is not None:
                os.fchown(file.fileno(), *owner)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)  # there only where it could not be put in its place
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
