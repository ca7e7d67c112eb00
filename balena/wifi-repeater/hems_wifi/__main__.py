"""`python -m hems_wifi`: an access point where one was asked for; the profile is removed where none is wanted."""

import asyncio
from contextlib import suppress
import logging
import os
from pathlib import Path
import signal

from dbus_fast import BusType
from dbus_fast.aio import MessageBus

from . import ROUND_S
from .manager import Manager, ManagerError
from .service import State, keep, tell
from .settings import Missing, Network, read

LOGGER = logging.getLogger("hems.wifi")


async def run(place: Path) -> None:
    """Until told to stop; the profile goes with the service."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    network: Network | None = None
    state = State(mode="off")
    try:
        network = read(os.environ)
    except Missing as missing:
        state = State(mode="off", reason=str(missing))
    told: State | None = None
    await _remove()  # what one that was killed has left may have another name or password
    while not stop.is_set():
        if network is not None:
            state = await _round(network)
        if state != told:
            LOGGER.info("%s %s", state.mode, state.reason)
            told = state
        tell(state, place)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), ROUND_S)
    await _remove()


async def _round(network: Network) -> State:
    try:
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    except (OSError, ValueError) as error:
        return State(mode="failed", reason=f"the host's D-Bus cannot be reached: {error}", name=network.name)
    try:
        return await keep(Manager(bus), network)
    finally:
        bus.disconnect()


async def _remove() -> None:
    """Where NetworkManager is not there, nothing is left of ours either."""
    with suppress(OSError, ValueError, ManagerError):
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        try:
            await Manager(bus).remove()
        finally:
            bus.disconnect()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    asyncio.run(run(Path(os.environ.get("WIFI_STATE_FILE", "/state/wifi.json"))))
