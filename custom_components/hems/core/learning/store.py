"""What was learned, on disk: a checksum, then arrays and a JSON header as .npz, read without pickle (docs/adr/0003)."""

from collections.abc import Mapping
from dataclasses import dataclass
import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from ..model.load_learning import LearnedLoad
from . import features
from .methods.learned import LOSSES, LearnedMethod
from .trees import trees_from

FORMAT = 1
_DIGEST_BYTES = 32
_MOST_BYTES = 20_000_000
_MARK = b"HEMS load\n"
_PRIVATE_FILE, _PRIVATE_DIRECTORY = 0o600, 0o700


class StoreError(Exception):
    """What is kept cannot be used; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learned:
    """What is kept of one home."""

    told: LearnedLoad
    method: LearnedMethod
    step_s: int
    digest: str
    """Of the question it was learned from."""
    errors: Mapping[int, float]
    """On days that were not learned from, by origin; see `scores.Errors`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """Everything that is not an array."""

    format: int
    columns: tuple[str, ...]
    columns_version: int
    told: LearnedLoad
    step_s: int
    digest: str
    margins: dict[str, float]
    errors: dict[int, float]


_HEADER = TypeAdapter(_Header)


def save_learned(directory: Path, learned: Learned) -> None:
    """Keep it under the name of its home; whoever reads meanwhile sees the old or the new, never a part.

    Raises:
        OSError: the directory cannot be written.
    """
    header = _Header(
        format=FORMAT,
        columns=features.NAMES,
        columns_version=features.VERSION,
        told=learned.told,
        step_s=learned.step_s,
        digest=learned.digest,
        margins=dict(learned.method.margins),
        errors=dict(learned.errors),
    )
    arrays: dict[str, Any] = {"header": np.frombuffer(_HEADER.dump_json(header), np.uint8)}
    for loss, trees in learned.method.trees.items():
        arrays |= {f"{loss}.{name}": array for name, array in trees.arrays().items()}
    body = io.BytesIO()
    np.savez_compressed(body, allow_pickle=False, **arrays)
    archive = body.getvalue()
    directory.mkdir(mode=_PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    path = _path(directory, learned.told.home)
    beside = path.with_suffix(f".load.{os.getpid()}.tmp")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE_FILE), "wb") as file:
            file.write(_MARK + hashlib.sha256(archive).digest() + archive)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def load_learned(directory: Path, home: str) -> Learned | None:
    """What is kept of a home; None if nothing is.

    Raises:
        StoreError: the file is damaged, or of another version.
    """
    path = _path(directory, home)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise StoreError(f"{path.name} is longer than anything that was learned")
        body = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path.name} cannot be read: {error.strerror}") from error
    arrays = _arrays(path, body)
    header = _header(path, arrays)
    try:
        trees = {loss: trees_from(_part(arrays, loss), len(features.NAMES)) for loss in LOSSES}
    except ValueError as error:
        raise StoreError(f"{path.name} is damaged: {error}") from error
    return Learned(
        told=header.told,
        method=LearnedMethod(trees=trees, margins=header.margins),
        step_s=header.step_s,
        digest=header.digest,
        errors=header.errors,
    )


def _arrays(path: Path, body: bytes) -> dict[str, NDArray[np.generic]]:
    digest, archive = body[len(_MARK) :][:_DIGEST_BYTES], body[len(_MARK) + _DIGEST_BYTES :]
    # numpy and zip trip over changed bytes in a dozen ways; so they only see what was written.
    if not body.startswith(_MARK) or hashlib.sha256(archive).digest() != digest:
        raise StoreError(f"{path.name} is damaged")
    try:
        with np.load(io.BytesIO(archive), allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except (OSError, ValueError, BadZipFile) as error:
        raise StoreError(f"{path.name} cannot be read: {error}") from error


def _header(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> _Header:
    try:
        plain = json.loads(arrays["header"].tobytes())
        version = plain["format"], tuple(plain["columns"]), plain["columns_version"]
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{path.name} is damaged: it has no header") from error
    if version != (FORMAT, features.NAMES, features.VERSION):
        raise StoreError(f"{path.name} was written by another version of HEMS")
    try:
        return _HEADER.validate_json(arrays["header"].tobytes())
    except ValidationError as error:
        raise StoreError(f"{path.name} is damaged: {error.error_count()} fields of its header are wrong") from error


def _part(arrays: Mapping[str, NDArray[np.generic]], loss: str) -> dict[str, NDArray[np.generic]]:
    return {name.removeprefix(f"{loss}."): array for name, array in arrays.items() if name.startswith(f"{loss}.")}


def _path(directory: Path, home: str) -> Path:
    """`home` was checked by the message that brought it: it cannot leave the directory."""
    return directory / f"{home}.load"
