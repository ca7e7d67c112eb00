"""Keep the access point as it was asked for, and say how it is."""

from dataclasses import asdict, dataclass
import json
import logging
from pathlib import Path

from .manager import PROFILE_UUID, Device, Manager, ManagerError, access_point
from .settings import Network

LOGGER = logging.getLogger("hems.wifi")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the stack tells Home Assistant."""

    mode: str
    """off, access_point (the way to the internet is wired), repeater (it is another radio) or failed."""
    reason: str = ""
    name: str = ""
    interface: str = ""


async def keep(manager: Manager, network: Network) -> State:
    """One round: the profile as asked for, up on a radio that is not the uplink.

    Called again and again: it changes nothing where nothing is to be changed.
    """
    try:
        devices = await manager.devices()
        radio = choose(devices, network.interface)
        if isinstance(radio, str):
            await manager.remove()
            return State(mode="failed", reason=radio, name=network.name)
        if not radio.is_up or await manager.active_profile(radio) != PROFILE_UUID:
            profile = await manager.put(access_point(network.name, network.password, radio.interface))
            await manager.activate(profile, radio)
            LOGGER.info("offering %s on %s", network.name, radio.interface)
    except ManagerError as error:
        return State(mode="failed", reason=f"NetworkManager: {error}", name=network.name)
    is_repeater = any(device.is_wifi and device.is_uplink for device in devices)
    mode = "repeater" if is_repeater else "access_point"
    return State(mode=mode, name=network.name, interface=radio.interface)


def choose(devices: list[Device], wanted: str | None) -> Device | str:
    """The radio for the access point, or why there is none. The uplink is never taken."""
    radios = [device for device in devices if device.is_wifi]
    if wanted is not None:
        named = next((device for device in radios if device.interface == wanted), None)
        if named is None:
            known = ", ".join(device.interface for device in radios) or "none"
            return f"WIFI_AP_INTERFACE: there is no radio {wanted}; there are: {known}"
        return f"WIFI_AP_INTERFACE: {wanted} is the way to the internet" if named.is_uplink else named
    if not radios:
        return "this device has no radio"
    free = [device for device in radios if not device.is_uplink]
    return free[0] if free else "the only radio is the way to the internet; a repeater needs a second one (USB)"


def tell(state: State, place: Path) -> None:
    """Write it where the agent reads it; whole or not at all."""
    new = place.with_suffix(".new")
    new.write_text(json.dumps(asdict(state)))
    new.replace(place)
