"""What server and worker say to each other over their pipe: a tag of one byte, a length, a body."""

from asyncio import StreamReader
from enum import Enum
import os

_LENGTH_BYTES = 4


class Tag(Enum):
    """What a frame holds."""

    READY = b"R"
    """From the worker once it can solve: the names of its solver as UTF-8."""
    PLAN = b"P"
    """To the worker: a request as JSON. From the worker: its plan as JSON."""
    NO_PLAN = b"N"
    """From the worker: the outcome, as JSON, of a solve that found nothing."""


def pack(tag: Tag, body: bytes) -> bytes:
    """A frame."""
    return tag.value + len(body).to_bytes(_LENGTH_BYTES) + body


async def receive(stream: StreamReader) -> tuple[Tag, bytes]:
    """The next frame.

    Raises:
        asyncio.IncompleteReadError: the other side is gone.
        ConnectionError: it does not speak in frames.
    """
    head = await stream.readexactly(1 + _LENGTH_BYTES)
    if head[:1] not in Tag:
        raise ConnectionError(f"no frame begins with {head!r}")
    return Tag(head[:1]), await stream.readexactly(int.from_bytes(head[1:]))


def read(pipe: int) -> tuple[Tag, bytes] | None:
    """The next frame from a file descriptor, waiting for it; None when the other side is gone."""
    head = _exactly(pipe, 1 + _LENGTH_BYTES)
    if head is None:
        return None
    body = _exactly(pipe, int.from_bytes(head[1:]))
    return None if body is None else (Tag(head[:1]), body)


def _exactly(pipe: int, count: int) -> bytes | None:
    parts = []
    while count:
        part = os.read(pipe, count)
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
