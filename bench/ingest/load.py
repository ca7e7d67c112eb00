"""Many sensors at 1 Hz, as a process of its own: MQTT 3.1.1 by hand and encoded beforehand, so that it costs little.

Every sensor counts its messages in `imported_kwh`: what arrives can be checked for loss, repetition and order.
"""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
import json
from random import Random
import select
import socket
import sys
import time

SLICES = 50
"""A second is cut into so many: the sensors do not all speak at once."""
CONNECTIONS = 4
"""Gateways: the broker of a home takes a hundred clients."""
READINGS = 16
PUBLISH_QOS_1 = 0x32
LARGEST_ID = 65000
STAMP = "2026-11-21T12:00:00.000Z"


def main() -> int:
    """Publish, wait for what is not acknowledged yet, and print what was done as JSON."""
    parser = argparse.ArgumentParser()
    for name in ("--port", "--sensors", "--seconds"):
        parser.add_argument(name, type=int, required=True)
    for name in ("--home", "--user", "--password-file"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    gateways = [Gateway(options, number) for number in range(CONNECTIONS)]
    sensors = [_Sensor(options.home, number) for number in range(options.sensors)]
    begun, late_s = time.monotonic(), 0.0
    for second in range(options.seconds):
        for part in range(SLICES):
            due = begun + second + part / SLICES
            now = time.monotonic()
            time.sleep(max(0.0, due - now))
            late_s = max(late_s, now - due)
            stamp = _stamp()
            for number, gateway in enumerate(gateways):
                gateway.publish(sensors[part + number * SLICES :: SLICES * CONNECTIONS], stamp, second)
                gateway.drain(0.0)
    deadline = time.monotonic() + 60
    while any(gateway.open for gateway in gateways) and time.monotonic() < deadline:
        for gateway in gateways:
            gateway.drain(0.1)
    unacknowledged = sum(gateway.open for gateway in gateways)
    print(json.dumps({"sent": options.sensors * options.seconds, "unacknowledged": unacknowledged, "late_s": late_s}))
    return 0


@dataclass(slots=True)
class _Sensor:
    before: bytes
    middle: bytes
    after: tuple[bytes, ...]
    """Readings, taken in turn: random, so that they compress as badly as real ones."""

    def __init__(self, home: str, number: int) -> None:
        topic = f"hems/{home}/telemetry/sensor{number:05d}".encode()
        draw = Random(number)
        self.middle = b'{"schema":1,"time":"'
        self.after = tuple(
            b'","site":"home","kind":"sensor","values":{"power_kw":%.3f,"voltage_v":%.2f,"imported_kwh":'
            % (draw.uniform(1.0, 9.0), draw.uniform(220.0, 240.0))
            for _ in range(READINGS)
        )
        size = 2 + len(topic) + 2 + len(self.middle) + len(STAMP) + len(self.after[0]) + len("123456.0}}")
        self.before = bytes([PUBLISH_QOS_1]) + _remaining(size) + len(topic).to_bytes(2) + topic


class Gateway:
    """One connection."""

    def __init__(self, options: argparse.Namespace, number: int) -> None:
        with open(options.password_file, encoding="utf-8") as file:  # noqa: PTH123 - spares the import in a lean process
            password = file.read().strip()
        self.open, self._id, self._rest = 0, 0, 0
        self._socket = socket.create_connection(("127.0.0.1", options.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connect = b"\x00\x04MQTT\x04\xc2\x00\x00"
        for text in (f"load{number}", options.user, password):
            connect += len(text).to_bytes(2) + text.encode()
        self._socket.sendall(b"\x10" + _remaining(len(connect)) + connect)
        answer = self._socket.recv(4)
        if answer != b"\x20\x02\x00\x00":
            raise ConnectionRefusedError(f"the broker refuses the load: {answer.hex()}")

    def publish(self, sensors: list[_Sensor], stamp: bytes, count: int) -> None:
        """The next message of these sensors."""
        told = b"%06d.0}}" % (100000 + count)
        parts: list[bytes] = []
        for sensor in sensors:
            self._id = self._id % LARGEST_ID + 1
            parts += (sensor.before, self._id.to_bytes(2), sensor.middle, stamp, sensor.after[count % READINGS], told)
        self.open += len(sensors)
        self._socket.sendall(b"".join(parts))

    def drain(self, wait_s: float) -> None:
        """Count what the broker has acknowledged: four bytes each."""
        while select.select([self._socket], [], [], wait_s)[0]:
            found = self._socket.recv(65536)
            if not found:
                raise ConnectionResetError("the broker has closed the connection")
            self._rest += len(found)
            self.open -= self._rest // 4
            self._rest %= 4


def _stamp() -> bytes:
    now = datetime.now(UTC)
    return now.strftime("%Y-%m-%dT%H:%M:%S.").encode() + b"%03dZ" % (now.microsecond // 1000)


def _remaining(length: int) -> bytes:
    found = bytearray()
    while True:
        length, low = divmod(length, 128)
        found.append(low | (128 if length else 0))
        if not length:
            return bytes(found)


if __name__ == "__main__":
    sys.exit(main())
