"""The homes, as a process of its own: each says over a connection of its own what the bridge of a home says.

Every asset counts its messages in `imported_kwh`, so that loss, repetition and disorder would show.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
import json
from pathlib import Path
from random import Random
import ssl
import sys
import time
from typing import Any

from hems_core.exchange import Telemetry, encode

from . import mqtt
from .rhythm import PLAN_BYTES, PLAN_EVERY, SOURCES, STATUS_EVERY, TICK_S

DIAL_AT_ONCE = 50
ANSWER_S = 30.0
FIRST_COUNT = 100_000
STAMP, STAMPED = datetime(2026, 11, 21, 12, 0, 0, 123_456, tzinfo=UTC), b"2026-11-21T12:00:00.123456Z"


def main() -> int:
    """Dial in, say so, publish when told to, and say what was done."""
    options = json.loads(sys.argv[1])
    asyncio.run(_run(options, json.loads(Path(options["passwords"]).read_text("utf-8"))))
    return 0


async def _run(options: dict[str, Any], passwords: dict[str, str]) -> None:
    trust = ssl.create_default_context(cafile=options["ca"])
    homes = [Home(name, password, number) for number, (name, password) in enumerate(passwords.items())]
    begun, gate = time.monotonic(), asyncio.Semaphore(DIAL_AT_ONCE)
    await asyncio.gather(*(home.dial(options["port"], trust, gate) for home in homes))
    print(json.dumps({"connected": len(homes), "connect_s": time.monotonic() - begun}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    late_s = await _publish(sorted(homes, key=lambda home: home.phase_s), options["seconds"])
    with suppress(TimeoutError):
        async with asyncio.timeout(ANSWER_S):
            await asyncio.gather(*(home.all_acknowledged() for home in homes))
    told = {
        "sent": {home.name: home.sent for home in homes},
        "bytes": sum(home.bytes for home in homes),
        "late_s": late_s,
        "unacknowledged": sum(home.open for home in homes),
        "connections_lost": sum(home.is_lost for home in homes),
        "received": {home.name: home.received for home in homes},
    }
    print(json.dumps(told), flush=True)


async def _publish(homes: list[Home], seconds: float) -> float:
    """How late the latest was, s."""
    begun, late_s, tick = time.monotonic(), 0.0, 0
    while tick * TICK_S < seconds:
        for home in homes:
            at_s = tick * TICK_S + home.phase_s
            if at_s >= seconds:
                break
            wait_s = begun + at_s - time.monotonic()
            late_s = max(late_s, -wait_s)
            # Also when late: what came in must be read.
            await asyncio.sleep(max(0.0, wait_s))
            home.speak(tick)
        tick += 1
    await asyncio.sleep(max(0.0, begun + seconds - time.monotonic()))
    return late_s


class Home(asyncio.Protocol):
    """One home's bridge."""

    def __init__(self, name: str, password: str, number: int) -> None:
        draw = Random(number)
        self.name, self.phase_s = name, draw.uniform(0.0, TICK_S)
        self._offset, self._password, self._topic = draw.randrange(PLAN_EVERY), password, f"hems/{name}/".encode()
        self._count = self._number = self.open = self.bytes = 0
        self.sent: Counter[str] = Counter()
        self.received: dict[str, float] = {}
        """When each event came, by the clock that all processes of the machine share."""
        self.is_lost = False
        self._buffer = bytearray()
        self._transport: asyncio.WriteTransport | None = None
        self._ready: asyncio.Future[None] | None = None
        self._none_open = asyncio.Event()

    async def dial(self, port: int, trust: ssl.SSLContext, gate: asyncio.Semaphore) -> None:
        """Until its subscriptions are acknowledged."""
        async with gate:
            loop = asyncio.get_running_loop()
            self._ready = loop.create_future()
            await loop.create_connection(lambda: self, "127.0.0.1", port, ssl=trust, server_hostname="hems.local")
            await asyncio.wait_for(self._ready, 60)

    async def all_acknowledged(self) -> None:
        """Wait for the broker."""
        if self.open:
            await self._none_open.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say who it is."""
        if not isinstance(transport, asyncio.WriteTransport):
            raise TypeError(f"a connection that cannot be written to: {transport}")
        self._transport = transport
        self._write(mqtt.connect(self.name, self.name, self._password, level=mqtt.BRIDGE, clean=False))

    def connection_lost(self, exc: Exception | None) -> None:
        """It does not dial again: this is counted."""
        self.is_lost = True
        if self._ready and not self._ready.done():
            self._ready.set_exception(exc or ConnectionResetError("the broker refuses the home"))

    def data_received(self, data: bytes) -> None:
        """Answers and requests of the broker."""
        self._buffer += data
        for packet in mqtt.packets(self._buffer):
            if packet.kind == mqtt.CONNACK:
                topics = (self._topic + b"events/request", self._topic + b"events/cancel")
                self._write(mqtt.subscribe(1, *topics))
            elif packet.kind == mqtt.SUBACK and self._ready:
                self._ready.set_result(None)
            elif packet.kind == mqtt.PUBACK:
                self.open -= 1
                if not self.open:
                    self._none_open.set()
            elif packet.kind == mqtt.PUBLISH:
                self._answer(packet)

    def speak(self, tick: int) -> None:
        """All measurements, as HEMS sends them: together; and what else is due."""
        stamp = _stamp()
        said = [
            mqtt.publish(self._topic + b"telemetry/" + asset, before + stamp + middle + self._counted() + after)
            for asset, (before, middle, after) in TEMPLATES.items()
        ]
        self.sent["telemetry"] += len(said)
        self._count += 1
        if (tick + self._offset) % STATUS_EVERY == 0:
            said.append(self._lasting("status", b'{"schema":1,"online":true,"time":"' + stamp + b'"}'))
        if (tick + self._offset) % PLAN_EVERY == 0:
            said.append(self._lasting("plan", b'{"schema":1,"made":"' + stamp + b'"}' + PLAN_FILLER))
        self._write(b"".join(said))

    def _answer(self, packet: mqtt.Packet) -> None:
        event = json.loads(packet.payload)["id"]
        self.received[event] = time.monotonic()
        state = b'{"schema":1,"id":"%s","state":"active","time":"%s"}' % (event.encode(), _stamp())
        self._write(mqtt.acknowledge(packet) + self._lasting(f"events/state/{event}", state))

    def _lasting(self, topic: str, payload: bytes) -> bytes:
        """Retained, QoS 1."""
        self._number = self._number % 65_000 + 1
        self.open += 1
        self._none_open.clear()
        self.sent[topic.partition("/")[0]] += 1
        return mqtt.publish(self._topic + topic.encode(), payload, self._number, retain=True)

    def _counted(self) -> bytes:
        return b"%d.0" % (FIRST_COUNT + self._count)

    def _write(self, data: bytes) -> None:
        if self._transport and not self.is_lost:
            self.bytes += len(data)
            self._transport.write(data)


def _stamp() -> bytes:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()


def _templates() -> dict[bytes, tuple[bytes, bytes, bytes]]:
    """Of each source's message: what stands before its time, between time and count, and after it."""
    draw, found = Random(1), {}
    names = ("energy_kwh", "temperature_degc")
    for number in range(SOURCES):
        values = {"power_kw": draw.uniform(-9, -1)} | {name: draw.uniform(10, 90) for name in names}
        values["imported_kwh"] = float(FIRST_COUNT)
        message = encode(Telemetry(time=STAMP, site="home", kind="battery", values=values))
        before, _, rest = message.partition(STAMPED)
        middle, _, after = rest.partition(b"%d.0" % FIRST_COUNT)
        if not middle or not after:
            raise ValueError(f"time or count is not where it was: {message!r}")
        found[b"asset_%02d" % number] = (before, middle, after)
    return found


TEMPLATES = _templates()
PLAN_FILLER = b" " * (PLAN_BYTES - len(b'{"schema":1,"made":""}' + STAMPED))
"""The broker does not read it; nobody compresses it either."""

if __name__ == "__main__":
    sys.exit(main())
