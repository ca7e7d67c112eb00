"""What server and worker say to each other over their pipe: a tag of one byte, a length, a body."""

from asyncio import StreamReader
from enum import Enum
from typing import BinaryIO

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


def read(stream: BinaryIO) -> tuple[Tag, bytes] | None:
    """The next frame, waiting for it; None when the other side is gone."""
    head = stream.read(1 + _LENGTH_BYTES)
    if len(head) <= _LENGTH_BYTES:
        return None
    length = int.from_bytes(head[1:])
    body = stream.read(length)
    return (Tag(head[:1]), body) if len(body) == length else None
