"""How lines lie in a file of the spool: one record after the other, each whole or recognisably not.

A record is a header (magic, length, points, time in ms, CRC-32 over these and the lines) and its lines. They are
compressed to spare the card: an eleventh of the bytes, seen with random readings at a thousand points a second.
"""

from collections.abc import Iterator
from dataclasses import dataclass
import struct
import zlib

MAGIC = b"\xffHS1"
FIELDS = struct.Struct("<IIQ")
"""Length of the compressed lines in bytes, points, time in ms since 1970."""
HEADER_BYTES = len(MAGIC) + FIELDS.size + 4
COMPRESSION = 1


@dataclass(frozen=True, slots=True)
class Record:
    """A whole one, in the bytes that were scanned."""

    start: int
    end: int
    points: int
    now_ms: int
    """When it was appended."""
    compressed: bytes

    def lines(self) -> bytes:
        """As they were appended."""
        return zlib.decompress(self.compressed)


def packed(lines: bytes, points: int, now_ms: int) -> bytes:
    """Lines as a record."""
    compressed = zlib.compress(lines, COMPRESSION)
    fields = FIELDS.pack(len(compressed), points, now_ms)
    return b"".join((MAGIC, fields, _crc(fields, compressed), compressed))


def scanned(content: bytes) -> Iterator[Record]:
    """Every record whose CRC is right; damage in between is skipped, up to the next magic."""
    start = 0
    while (start := content.find(MAGIC, start)) >= 0:
        record = _record_at(content, start)
        if record is None:
            start += 1
        else:
            yield record
            start = record.end


def _record_at(content: bytes, start: int) -> Record | None:
    fields = content[start + len(MAGIC) : start + len(MAGIC) + FIELDS.size]
    if len(fields) < FIELDS.size:
        return None
    length, points, now_ms = FIELDS.unpack(fields)
    end = start + HEADER_BYTES + length
    compressed = content[start + HEADER_BYTES : end]
    if len(compressed) < length or content[start + HEADER_BYTES - 4 : start + HEADER_BYTES] != _crc(fields, compressed):
        return None
    return Record(start, end, points, now_ms, compressed)


def _crc(fields: bytes, compressed: bytes) -> bytes:
    return zlib.crc32(compressed, zlib.crc32(fields)).to_bytes(4, "little")
