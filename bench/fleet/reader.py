"""A consumer of the whole fleet, as a process of its own: counts what comes from each home, until told to end."""

from collections import Counter, defaultdict
import json
import re
import socket
import ssl
import sys
import threading
import time
from typing import Any

from . import mqtt

COUNTED = re.compile(rb'"imported_kwh":(\d+)')
QUIET_S = 1.0


def main() -> int:
    """Say when it listens; after a line on stdin, and silence, say what came."""
    options = json.loads(sys.argv[1])
    with dial(options, "reader", options["password"]) as link:
        link.sendall(mqtt.subscribe(1, b"hems/#"))
        told_to_end = threading.Event()
        threading.Thread(target=_await_end, args=(told_to_end,), daemon=True).start()
        reader = Reader()
        reader.read(link, told_to_end)
    print(json.dumps(reader.told()), flush=True)
    return 0


def _await_end(told_to_end: threading.Event) -> None:
    sys.stdin.readline()
    told_to_end.set()


def dial(options: dict[str, Any], client: str, password: str, user: str = "operator") -> ssl.SSLSocket:
    """A connection, made. Raises ConnectionRefusedError if the broker does not want it."""
    trust = ssl.create_default_context(cafile=options["ca"])
    link = trust.wrap_socket(socket.create_connection(("127.0.0.1", options["port"])), server_hostname="hems.local")
    link.sendall(mqtt.connect(client, user, password))
    if (answer := link.recv(4)) != b"\x20\x02\x00\x00":
        raise ConnectionRefusedError(f"the broker refuses {user}: {answer.hex()}")
    return link


class Reader:
    """What has come."""

    def __init__(self) -> None:
        self.counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.answered: defaultdict[str, dict[str, float]] = defaultdict(dict)
        """When each home's answer to an event came, by home and event."""
        self.bytes = self.out_of_order = 0
        self._last: dict[bytes, int] = {}

    def read(self, link: ssl.SSLSocket, told_to_end: threading.Event) -> None:
        """Until told to end and nothing comes any more."""
        buffer, begun = bytearray(), False
        link.settimeout(QUIET_S)
        while True:
            try:
                data = link.recv(262_144)
            except TimeoutError:
                if told_to_end.is_set():
                    return
                link.sendall(b"\xc0\x00")
                continue
            if not data:
                raise ConnectionResetError("the broker has closed the reader's connection")
            buffer += data
            answers = bytearray()
            for packet in mqtt.packets(buffer):
                if packet.kind == mqtt.SUBACK and not begun:
                    begun = True
                    print(json.dumps({"listens": True}), flush=True)
                elif packet.kind == mqtt.PUBLISH:
                    self._take(packet)
                    answers += mqtt.acknowledge(packet) if packet.qos else b""
            if answers:
                link.sendall(answers)

    def told(self) -> dict[str, Any]:
        """For the process that started this one."""
        told = {"counts": self.counts, "answered": self.answered}
        return {**told, "bytes": self.bytes, "out_of_order": self.out_of_order}

    def _take(self, packet: mqtt.Packet) -> None:
        _, name, kind, *rest = packet.topic.decode().split("/")
        if kind == "events" and rest[0] == "request":
            return
        self.counts[name][kind] += 1
        self.bytes += len(packet.body)
        if kind == "telemetry":
            counted = COUNTED.search(packet.payload)
            count = int(counted[1]) if counted else -1
            self.out_of_order += count <= self._last.get(packet.topic, -1)
            self._last[packet.topic] = count
        elif kind == "events":
            self.answered[name][rest[1]] = time.monotonic()


if __name__ == "__main__":
    sys.exit(main())
