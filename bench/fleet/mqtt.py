"""As much of MQTT 3.1.1 as homes and their fleet need, by hand: a library's clients would cost more than the broker."""

from collections.abc import Iterator
from dataclasses import dataclass

CONNACK, PUBLISH, PUBACK, SUBACK = 2, 3, 4, 9
BRIDGE = 0x84
"""Protocol level of Mosquitto's bridges: 3.1.1, with retained messages forwarded as such."""
PLAIN = 0x04


@dataclass(frozen=True, slots=True)
class Packet:
    """What came from the broker."""

    kind: int
    flags: int
    body: bytes

    @property
    def qos(self) -> int:
        """Of a PUBLISH."""
        return self.flags >> 1 & 3

    @property
    def topic(self) -> bytes:
        """Of a PUBLISH."""
        return self.body[2 : 2 + int.from_bytes(self.body[:2])]

    @property
    def number(self) -> bytes:
        """By which a PUBLISH with QoS 1 is acknowledged."""
        at = 2 + int.from_bytes(self.body[:2])
        return self.body[at : at + 2]

    @property
    def payload(self) -> bytes:
        """Of a PUBLISH."""
        return self.body[2 + int.from_bytes(self.body[:2]) + (2 if self.qos else 0) :]


def connect(client: str, user: str, password: str, *, level: int = PLAIN, clean: bool = True) -> bytes:
    """The first packet of a connection, keepalive 60 s."""
    said = b"\x00\x04MQTT" + bytes([level, 0xC0 | 2 * clean]) + (60).to_bytes(2)
    return _packet(0x10, said + b"".join(_text(text.encode()) for text in (client, user, password)))


def subscribe(number: int, *topics: bytes) -> bytes:
    """With QoS 1."""
    return _packet(0x82, number.to_bytes(2) + b"".join(_text(topic) + b"\x01" for topic in topics))


def publish(topic: bytes, payload: bytes, number: int = 0, *, retain: bool = False) -> bytes:
    """QoS 1 if it has a number, else 0."""
    body = _text(topic) + (number.to_bytes(2) if number else b"") + payload
    return _packet(0x30 | (2 if number else 0) | retain, body)


def acknowledge(packet: Packet) -> bytes:
    """The answer to a PUBLISH with QoS 1."""
    return b"\x40\x02" + packet.number


def packets(buffer: bytearray) -> Iterator[Packet]:
    """Take what is complete out of the buffer."""
    at = 0
    while (head := _length(buffer, at)) is not None:
        start, length = head
        if start + length > len(buffer):
            break
        yield Packet(buffer[at] >> 4, buffer[at] & 15, bytes(buffer[start : start + length]))
        at = start + length
    del buffer[:at]


def _length(buffer: bytearray, at: int) -> tuple[int, int] | None:
    length = 0
    for place in range(4):
        if at + 1 + place >= len(buffer):
            return None
        digit = buffer[at + 1 + place]
        length |= (digit & 127) << 7 * place
        if digit < 128:
            return at + 2 + place, length
    raise ValueError("a length of more than four bytes")


def _text(text: bytes) -> bytes:
    return len(text).to_bytes(2) + text


def _packet(head: int, body: bytes) -> bytes:
    length, said = len(body), bytearray([head])
    while True:
        length, low = divmod(length, 128)
        said.append(low | (128 if length else 0))
        if not length:
            return bytes(said) + body
