"""NetworkManager over D-Bus: what it has, and the one profile that is ours.

https://networkmanager.dev/docs/api/latest/spec.html
"""

from dataclasses import dataclass
from typing import Any, Protocol
import uuid

from dbus_fast import Message, MessageType, Variant

NAME = "org.freedesktop.NetworkManager"
PATH = "/org/freedesktop/NetworkManager"
PROFILE = "hems-access-point"
PROFILE_UUID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "access-point.hems.energy"))
WIFI, ETHERNET = 2, 1
"""NM_DEVICE_TYPE_WIFI and _ETHERNET."""
ACTIVATED = 100
"""NM_DEVICE_STATE_ACTIVATED."""
NOTHING = "/"


class Bus(Protocol):
    """What is needed of a connection to the bus."""

    async def call(self, msg: Message) -> Message | None:
        """Send, and wait for the answer."""


class ManagerError(Exception):
    """NetworkManager cannot be reached or refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One network device of the host."""

    path: str
    interface: str
    is_wifi: bool
    is_uplink: bool
    """Whether the way to the internet goes through it."""
    is_up: bool


class Manager:
    """The host's NetworkManager. Profiles of others are never touched."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def devices(self) -> list[Device]:
        """Wired and wireless ones, in the order of their names."""
        primary = await self._get(PATH, NAME, "PrimaryConnection")
        uplinks = [] if primary == NOTHING else await self._get(primary, f"{NAME}.Connection.Active", "Devices")
        found = []
        for path in await self._call(PATH, NAME, "GetDevices"):
            kind = await self._get(path, f"{NAME}.Device", "DeviceType")
            if kind in {WIFI, ETHERNET}:
                found.append(
                    Device(
                        path=path,
                        interface=await self._get(path, f"{NAME}.Device", "Interface"),
                        is_wifi=kind == WIFI,
                        is_uplink=path in uplinks,
                        is_up=await self._get(path, f"{NAME}.Device", "State") == ACTIVATED,
                    )
                )
        return sorted(found, key=lambda device: device.interface)

    async def active_profile(self, device: Device) -> str:
        """The uuid of the profile that is active on it; empty for none."""
        active = await self._get(device.path, f"{NAME}.Device", "ActiveConnection")
        return "" if active == NOTHING else str(await self._get(active, f"{NAME}.Connection.Active", "Uuid"))

    async def put(self, settings: dict[str, dict[str, Variant]]) -> str:
        """Make our profile, or bring it to these settings; its path."""
        path = await self.ours()
        if path is None:
            return str(await self._call(f"{PATH}/Settings", f"{NAME}.Settings", "AddConnection", "a{sa{sv}}", settings))
        await self._call(path, f"{NAME}.Settings.Connection", "Update", "a{sa{sv}}", settings)
        return path

    async def ours(self) -> str | None:
        """The path of our profile."""
        for path in await self._call(f"{PATH}/Settings", f"{NAME}.Settings", "ListConnections"):
            settings = await self._call(path, f"{NAME}.Settings.Connection", "GetSettings")
            if settings["connection"]["uuid"].value == PROFILE_UUID:
                return str(path)
        return None

    async def activate(self, profile: str, device: Device) -> None:
        """Bring the profile up on the device."""
        await self._call(PATH, NAME, "ActivateConnection", "ooo", profile, device.path, NOTHING)

    async def remove(self) -> bool:
        """Delete our profile, which also takes it down; whether there was one."""
        path = await self.ours()
        if path is not None:
            await self._call(path, f"{NAME}.Settings.Connection", "Delete")
        return path is not None

    async def _get(self, path: str, interface: str, name: str) -> Any:
        value = await self._call(path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, name)
        return value.value

    async def _call(self, path: str, interface: str, member: str, signature: str = "", *body: Any) -> Any:
        message = Message(
            destination=NAME, path=path, interface=interface, member=member, signature=signature, body=list(body)
        )
        answer = await self._bus.call(message)
        if answer is None or answer.message_type is MessageType.ERROR:
            raise ManagerError(f"{member}: {answer.body[0] if answer and answer.body else 'no answer'}")
        return answer.body[0] if answer.body else None


def access_point(name: str, password: str, interface: str) -> dict[str, dict[str, Variant]]:
    """The settings of our profile: WPA2 alone, addresses from NetworkManager, never brought up behind our back."""
    return {
        "connection": {
            "id": Variant("s", PROFILE),
            "uuid": Variant("s", PROFILE_UUID),
            "type": Variant("s", "802-11-wireless"),
            "interface-name": Variant("s", interface),
            "autoconnect": Variant("b", False),
        },
        "802-11-wireless": {
            "ssid": Variant("ay", name.encode()),
            "mode": Variant("s", "ap"),
            "band": Variant("s", "bg"),
        },
        "802-11-wireless-security": {
            "key-mgmt": Variant("s", "wpa-psk"),
            "proto": Variant("as", ["rsn"]),
            "pairwise": Variant("as", ["ccmp"]),
            "group": Variant("as", ["ccmp"]),
            "psk": Variant("s", password),
        },
        "ipv4": {"method": Variant("s", "shared")},
        "ipv6": {"method": Variant("s", "disabled")},
    }
