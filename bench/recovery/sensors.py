"""Sensors at 1 Hz that keep what the broker has not acknowledged, and send it again: what MQTT promises with QoS 1.

Every sensor counts its messages in `imported_kwh`, so that what is lost can be named.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
import select
import socket
import threading
import time

FIELD = "imported_kwh"
PUBLISH_QOS_1, AGAIN = 0x32, 0x08
LARGEST_ID = 65000
SLICES = 10
"""A second is cut into so many: the sensors do not all speak at once."""
CONNECT_TIMEOUT_S = 2.0


class Sensors(threading.Thread):
    """One gateway for all of them, over one connection."""

    def __init__(self, port: int, password: str, home: str, count: int) -> None:
        super().__init__(name="sensors", daemon=True)
        self._port, self._password, self._home, self.count = port, password, home, count
        self._open: dict[int, bytes] = {}
        """Not acknowledged yet, oldest first."""
        self._socket: socket.socket | None = None
        self._rest = b""
        self._id = 0
        self._ending = threading.Event()
        self.seconds = 0
        """How many messages each sensor has sent."""
        self.begun_s = 0.0
        """Unix time of the first."""
        self.connections = 0
        self.is_acknowledged = False
        """Whether anything was, in this connection."""
        self.acknowledged = -1e9
        """When anything was; monotonic clock."""
        self.sent_again = 0
        """Messages that the broker may have had before."""

    def run(self) -> None:
        """Until `end`, and until everything is acknowledged."""
        self.begun_s, begun = time.time(), time.monotonic()
        while not self._ending.is_set():
            for part in range(SLICES):
                at_s = self.seconds + part / SLICES
                self._serve(begun + at_s)
                # Of the time at which it was due: what is late after a broker that was away has times of its own.
                stamp = datetime.fromtimestamp(self.begun_s + at_s, UTC)
                for number in range(part, self.count, SLICES):
                    self._publish(number, stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
            self.seconds += 1
        until = time.monotonic() + 60.0
        while self._open and time.monotonic() < until:
            self._serve(time.monotonic() + 0.1)
        self._lose()

    def end(self) -> int:
        """Send no more; how many messages were never acknowledged."""
        self._ending.set()
        self.join()
        return len(self._open)

    def _publish(self, number: int, stamp: str) -> None:
        topic = f"hems/{self._home}/telemetry/sensor{number:05d}".encode()
        body = b'{"schema":1,"time":"%s","site":"home","kind":"sensor","values":{"%s":%d.0}}' % (
            stamp.encode(),
            FIELD.encode(),
            self.seconds,
        )
        self._id = self._id % LARGEST_ID + 1
        content = len(topic).to_bytes(2) + topic + self._id.to_bytes(2) + body
        self._open[self._id] = content
        self._send(PUBLISH_QOS_1, [content])

    def _send(self, kind: int, contents: list[bytes]) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendall(b"".join(bytes([kind]) + _remaining(len(content)) + content for content in contents))
        except OSError:
            self._lose()

    def _serve(self, until_s: float) -> None:
        """Take acknowledgements, connect again, until a time."""
        while True:
            if self._socket is None:
                self._connect()
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return
            if self._socket is None:
                time.sleep(min(left_s, 0.05))
            elif select.select([self._socket], [], [], left_s)[0]:
                self._read(self._socket)

    def _read(self, connection: socket.socket) -> None:
        try:
            found = connection.recv(65536)
        except OSError:
            found = b""
        if not found:
            self._lose()
            return
        found = self._rest + found
        self._rest = found[len(found) // 4 * 4 :]
        for start in range(0, len(found) // 4 * 4, 4):
            self._open.pop(int.from_bytes(found[start + 2 : start + 4]), None)
        self.is_acknowledged, self.acknowledged = True, time.monotonic()

    def _connect(self) -> None:
        connect = b"\x00\x04MQTT\x04\xc2\x00\x00"
        for text in ("bench-sensors", "sensors", self._password):
            connect += len(text).to_bytes(2) + text.encode()
        try:
            connection = socket.create_connection(("127.0.0.1", self._port), timeout=CONNECT_TIMEOUT_S)
        except OSError:
            return
        with suppress(OSError):
            connection.sendall(b"\x10" + _remaining(len(connect)) + connect)
            if connection.recv(4) == b"\x20\x02\x00\x00":
                connection.settimeout(20.0)
                self._socket, self._rest, self.is_acknowledged = connection, b"", False
                self.connections += 1
                self.sent_again += len(self._open)
                self._send(PUBLISH_QOS_1 | AGAIN, list(self._open.values()))
                return
        connection.close()

    def _lose(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None


def _remaining(length: int) -> bytes:
    return bytes(_sevens(length))


def _sevens(length: int) -> Iterator[int]:
    while True:
        length, low = divmod(length, 128)
        yield low | (128 if length else 0)
        if not length:
            return
