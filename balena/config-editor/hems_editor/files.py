"""The files that may be edited: text that people write, in one folder and nowhere else."""

from collections.abc import Iterable
from dataclasses import dataclass
import hashlib
import os
from pathlib import Path
import shutil
import tempfile

import yaml
from yaml.error import MarkedYAMLError

SUFFIXES = frozenset({".yaml", ".yml", ".json", ".txt", ".md", ".conf", ".jinja"})
LARGEST_BYTES = 512 * 1024
MOST_FILES = 2000


class Refused(Exception):
    """This cannot be opened or saved; the text says why and what would help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A file as it was read."""

    text: str
    version: str
    """A digest: whoever saves says which one they changed."""


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Folder:
    """One folder; hidden files and folders, such as .storage with its tokens, are not part of it."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def names(self) -> list[str]:
        """Relative names of what may be edited."""
        found = []
        for directory, inner, names in os.walk(self._root):
            inner[:] = sorted(name for name in inner if not name.startswith(".") and name != "__pycache__")
            here = Path(directory)
            found += [
                str((here / name).relative_to(self._root)) for name in sorted(names) if self._is_text(here / name)
            ]
        return found[:MOST_FILES]

    def read(self, name: str) -> Text:
        """What is in it.

        Raises:
            Refused: not one of `names`, too large, or not text.
        """
        path = self._path(name)
        if not path.is_file():
            raise Refused(f"{name} does not exist")
        if path.stat().st_size > LARGEST_BYTES:
            raise Refused(f"{name} has more than {LARGEST_BYTES // 1024} kB")
        content = path.read_bytes()
        try:
            return Text(text=content.decode(), version=_version(content))
        except UnicodeDecodeError as error:
            raise Refused(f"{name} is not UTF-8 text") from error

    def save(self, name: str, text: str, version: str) -> Text:
        """Put `text` in its place as a whole, or leave everything as it was; the file before is kept as `.name.bak`.

        `version` is that of the text that was changed; empty for a new file.

        Raises:
            Refused: the place, the size or the YAML is wrong, or somebody else has saved meanwhile.
        """
        path, content = self._path(name), text.encode()
        if len(content) > LARGEST_BYTES:
            raise Refused(f"{name} would have more than {LARGEST_BYTES // 1024} kB")
        if not path.parent.is_dir():
            raise Refused(f"the folder of {name} does not exist")
        if (_version(path.read_bytes()) if path.exists() else "") != version:
            raise Refused(f"{name} was changed by somebody else meanwhile; open it again")
        if path.suffix in {".yaml", ".yml"}:
            _check_yaml(name, text)
        if path.exists():
            shutil.copy2(path, path.with_name(f".{path.name}.bak"))
        _replace(path, content)
        return Text(text=text, version=_version(content))

    def _path(self, name: str) -> Path:
        """Where it is, links followed."""
        if not name or "\0" in name or Path(name).is_absolute():
            raise Refused("name a file of the folder")
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root) or not self._is_text(path):
            raise Refused(f"{name} is not a file that can be edited here")
        return path

    def _is_text(self, path: Path) -> bool:
        real = path.resolve()
        if not real.is_relative_to(self._root) or real.suffix not in SUFFIXES:
            return False
        return not any(part.startswith(".") for part in real.relative_to(self._root).parts)


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _check_yaml(name: str, text: str) -> None:
    try:
        _check_events(yaml.parse(text, Loader=_Loader))
    except yaml.YAMLError as error:
        raise Refused(f"{name} is not valid YAML, nothing was saved: {error}") from error


def _check_events(events: Iterable[yaml.Event]) -> None:
    """What Home Assistant would refuse, found without a tree: that of a large file needs more memory than there is.

    Tags, such as Home Assistant's own `!secret` and `!include`, may be any. Raises yaml.YAMLError.
    """
    anchors: set[str] = set()
    children: list[int | None] = []
    """Of each collection that is open: how many keys and values a mapping has so far, None for a list."""
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            anchors.clear()
        elif isinstance(event, yaml.CollectionEndEvent):
            children.pop()
        elif isinstance(event, yaml.NodeEvent):
            _check_anchor(event, anchors)
            is_collection = isinstance(event, yaml.CollectionStartEvent)
            if children and children[-1] is not None:
                if is_collection and children[-1] % 2 == 0:
                    raise MarkedYAMLError(None, None, "found unhashable key; a template needs quotes", event.start_mark)
                children[-1] += 1
            if is_collection:
                children.append(0 if isinstance(event, yaml.MappingStartEvent) else None)


def _check_anchor(event: yaml.NodeEvent, anchors: set[str]) -> None:
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in anchors:
            raise MarkedYAMLError(None, None, f"found undefined alias {event.anchor!r}", event.start_mark)
    elif event.anchor is not None:
        if event.anchor in anchors:
            raise MarkedYAMLError(None, None, f"found duplicate anchor {event.anchor!r}", event.start_mark)
        anchors.add(event.anchor)


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all, even when the power fails, and with the permissions it had."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
        try:
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
            os.fchmod(new.fileno(), mode)
            Path(new.name).replace(path)
        finally:
            Path(new.name).unlink(missing_ok=True)  # there only where it could not be put in its place
