"""A NetworkManager for tests, on a real D-Bus of its own: devices, profiles and what was asked of it.

Run as a program: `python network_manager.py UPLINK DEVICE…`, a device being `interface:type`. Each change is a line
of JSON.
"""
# ruff: noqa: N802  # the names are D-Bus'

import asyncio
import json
import sys

from dbus_fast import BusType, DBusError, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_property, method

NAME = "org.freedesktop.NetworkManager"
ROOT = "/org/freedesktop/NetworkManager"
KINDS = {"ethernet": 1, "wifi": 2, "loopback": 32}
UINT, TEXT, PATH, PATHS, SETTINGS = "u", "s", "o", "ao", "a{sa{sv}}"
HOUSE = {"id": Variant("s", "house"), "uuid": Variant("s", "uplink"), "type": Variant("s", "802-3-ethernet")}


def say(what, **fields):
    sys.stdout.write(json.dumps({"what": what, **fields}) + "\n")
    sys.stdout.flush()


class Device(ServiceInterface):
    def __init__(self, port, kind):
        super().__init__(f"{NAME}.Device")
        self.port, self.kind, self.active = port, kind, "/"

    @dbus_property(access=PropertyAccess.READ)
    def DeviceType(self) -> UINT:
        return self.kind

    @dbus_property(access=PropertyAccess.READ)
    def Interface(self) -> TEXT:
        return self.port

    @dbus_property(access=PropertyAccess.READ)
    def State(self) -> UINT:
        return 30 if self.active == "/" else 100

    @dbus_property(access=PropertyAccess.READ)
    def ActiveConnection(self) -> PATH:
        return self.active


class Active(ServiceInterface):
    def __init__(self, uuid, device):
        super().__init__(f"{NAME}.Connection.Active")
        self.uuid, self.device = uuid, device

    @dbus_property(access=PropertyAccess.READ)
    def Uuid(self) -> TEXT:
        return self.uuid

    @dbus_property(access=PropertyAccess.READ)
    def Devices(self) -> PATHS:
        return [self.device]


class Profile(ServiceInterface):
    def __init__(self, home, path, settings):
        super().__init__(f"{NAME}.Settings.Connection")
        self.home, self.path, self.settings = home, path, settings

    @method()
    def GetSettings(self) -> SETTINGS:
        # As the real one: secrets are never read back.
        return {part: fields for part, fields in self.settings.items() if part != "802-11-wireless-security"}

    @method()
    def Update(self, settings: SETTINGS):
        say("updated", uuid=settings["connection"]["uuid"].value)
        self.settings = settings

    @method()
    def Delete(self):
        say("deleted", uuid=self.settings["connection"]["uuid"].value)
        self.home.profiles.remove(self)
        self.home.bus.unexport(self.path, self)
        for device in self.home.devices:
            if device.active == f"{ROOT}/ActiveConnection/ours":
                device.active = "/"


class Settings(ServiceInterface):
    def __init__(self, home):
        super().__init__(f"{NAME}.Settings")
        self.home = home

    @method()
    def ListConnections(self) -> PATHS:
        return [profile.path for profile in self.home.profiles]

    @method()
    def AddConnection(self, settings: SETTINGS) -> PATH:
        plain = {part: {k: v.value for k, v in fields.items()} for part, fields in settings.items()}
        plain["802-11-wireless"]["ssid"] = bytes(plain["802-11-wireless"]["ssid"]).decode()
        say("added", settings=plain)
        return self.home.add(settings)


class Manager(ServiceInterface):
    def __init__(self, bus, uplink, devices):
        super().__init__(NAME)
        self.bus, self.profiles, self.devices = bus, [], devices
        self.primary = "/"
        for place, device in enumerate(devices):
            bus.export(f"{ROOT}/Devices/{place}", device)
            if device.port == uplink:
                self.primary = device.active = f"{ROOT}/ActiveConnection/uplink"
                bus.export(self.primary, Active("uplink", f"{ROOT}/Devices/{place}"))
        bus.export(f"{ROOT}/Settings", Settings(self))
        bus.export(ROOT, self)
        self.add({"connection": HOUSE})

    def add(self, settings):
        path = f"{ROOT}/Settings/{len(self.profiles) + 1}"
        self.profiles.append(Profile(self, path, settings))
        self.bus.export(path, self.profiles[-1])
        return path

    @dbus_property(access=PropertyAccess.READ)
    def PrimaryConnection(self) -> PATH:
        return self.primary

    @method()
    def GetDevices(self) -> PATHS:
        return [f"{ROOT}/Devices/{place}" for place in range(len(self.devices))]

    @method()
    def ActivateConnection(self, profile: PATH, device: PATH, _: PATH) -> PATH:
        chosen = self.devices[int(device.rsplit("/", 1)[1])]
        if chosen.kind != KINDS["wifi"]:
            raise DBusError(f"{NAME}.UnknownDevice", "not a radio")
        settings = next(found for found in self.profiles if found.path == profile).settings
        path = f"{ROOT}/ActiveConnection/ours"
        self.bus.unexport(path)
        self.bus.export(path, Active(settings["connection"]["uuid"].value, device))
        chosen.active = path
        say("activated", interface=chosen.port)
        return path


async def main(uplink, *devices):
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    Manager(bus, uplink, [Device(name, KINDS[kind]) for name, kind in (device.split(":") for device in devices)])
    await bus.request_name(NAME)
    say("ready")
    await bus.wait_for_disconnect()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
