"""USB sticks with a serial port (Zigbee, Thread, Z-Wave, meters) that come and go while Home Assistant runs.

A container has no udev, and a device named in a compose file must be there or the service does not start. So this makes
`/dev/ttyUSB0` and its like from what the kernel says in `/sys/class/tty`, gives them the names below
`/dev/serial/by-id` that udev would, and takes both away with the stick. It does so only in a container that may:
it needs the capability MKNOD, and the right to read and write the devices' majors. docs/fleet.md says how to give them.

    sticks.py           once; ends with 1 if this container may make no devices
    sticks.py --watch   from then on

Only the standard library: it runs with the image's Python, before and beside Home Assistant.
"""

import argparse
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
import os
from pathlib import Path
import re
import stat
import sys
import time

LOOK_EVERY_S = 2.0
_PORT = re.compile(r"tty(USB|ACM)\d+")
_MKNOD = 27
"""The number of CAP_MKNOD in linux/capability.h."""
_WHITE = " \t\n\v\f\r"
_UDEV_REPLACES = re.compile(r"\\x|[^0-9A-Za-z#+\-.:=@_\u0080-\ud7ff\ue000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A serial port of a stick, as the kernel describes it."""

    name: str
    number: int
    """Major and minor in one, as os.makedev makes it."""
    by_id: str | None
    """What udev would call it below /dev/serial/by-id; None for what is not on USB."""


def say(text: str) -> None:
    """For the container's log."""
    print(f"sticks: {text}", file=sys.stderr, flush=True)


def ports(sys_root: Path) -> dict[str, Port]:
    """All that are plugged in now, by the kernel's name. One that goes meanwhile is left out."""
    found = {}
    with suppress(FileNotFoundError):
        for entry in sorted((sys_root / "class/tty").iterdir()):
            if _PORT.fullmatch(entry.name):
                with suppress(OSError, ValueError):
                    major, minor = (int(part) for part in (entry / "dev").read_text("ascii").split(":"))
                    number = os.makedev(major, minor)
                    found[entry.name] = Port(name=entry.name, number=number, by_id=_by_id(entry / "device"))
    return found


def _by_id(device: Path) -> str | None:
    """The link that udev's 60-serial.rules and its usb_id make for a port.

    A port of usb-serial lies below its interface and has a number there; one of CDC ACM is the interface itself.
    """
    place = device.resolve(strict=True)
    port = _text(place / "port_number")
    interface = place if (place / "bInterfaceNumber").exists() else place.parent
    number, stick = _text(interface / "bInterfaceNumber"), interface.parent
    vendor = _first(stick / "manufacturer", stick / "idVendor")
    model = _first(stick / "product", stick / "idProduct")
    if number is None or vendor is None or model is None:
        return None
    serial = _text(stick / "serial") or ""
    # udev ignores a serial number with a character that Windows would refuse.
    usable = all(" " <= character <= "\x7f" and character != "," for character in serial)
    told = _udev(serial, 511) if usable else ""
    name = f"{_udev(vendor)}_{_udev(model)}" + (f"_{told}" if told else "")
    return f"usb-{name}-if{number}" + (f"-port{port}" if port is not None else "")


def _first(*paths: Path) -> str | None:
    return next((text for text in map(_text, paths) if text is not None), None)


def _text(path: Path) -> str | None:
    with suppress(FileNotFoundError):
        return path.read_bytes().decode("utf-8", "surrogateescape").rstrip("\r\n")
    return None


def _udev(text: str, most_bytes: int = 63) -> str:
    """As udev writes what a stick says of itself into the name of a file."""
    cut = text.encode("utf-8", "surrogateescape")[:most_bytes].decode("utf-8", "surrogateescape")
    joined = re.sub(f"[{_WHITE}]+", "_", cut.lstrip(" \t\n\r").rstrip(_WHITE))
    return _UDEV_REPLACES.sub(lambda found: found[0] if found[0] == r"\x" else "_", joined)


class Devices:
    """The devices of one container, below its `/dev`."""

    def __init__(self, dev: Path) -> None:
        self._dev, self._links, self._events = dev, dev / "serial/by-id", dev / "bus/usb"
        self._seen: dict[str, Port] | None = None

    def follow(self, now: Mapping[str, Port]) -> None:
        """Make what is missing, take away what has gone, and let Home Assistant look if anything changed."""
        if now == self._seen:
            return
        for directory in (self._links, self._events):
            directory.mkdir(parents=True, exist_ok=True)
        for name in sorted({node.name for node in self._dev.iterdir() if _PORT.fullmatch(node.name)} - now.keys()):
            (self._dev / name).unlink()
            say(f"{name} has gone")
        for port in now.values():
            self._make(port)
        self._name(now.values())
        self._seen = dict(now)
        # Home Assistant watches this directory for sticks; nothing else of the host's buses is shown here.
        changed = self._events / ".changed"
        changed.touch()
        changed.unlink()

    def _make(self, port: Port) -> None:
        path = self._dev / port.name
        with suppress(FileNotFoundError):
            there = path.lstat()
            if stat.S_ISCHR(there.st_mode) and there.st_rdev == port.number:
                return
            path.unlink()
        os.mknod(path, stat.S_IFCHR | 0o600, port.number)
        # Opening it would pull the lines that reset some sticks; the kernel asks the cgroup for this as well.
        if os.access(path, os.R_OK | os.W_OK):
            say(f"{port.name} is {port.by_id}")
        else:
            say(f"{port.name} is there, but this container may not open it: docs/fleet.md, then start it anew")

    def _name(self, now: Iterable[Port]) -> None:
        """The links. Of sticks that call themselves the same, the one that has the name keeps it until it goes."""
        claims: dict[str, list[str]] = {}
        for port in now:
            if port.by_id is not None:
                claims.setdefault(port.by_id, []).append(f"../../{port.name}")
        for link in self._links.iterdir():
            if link.is_symlink() and str(link.readlink()) not in claims.get(link.name, []):
                link.unlink()
        for name, targets in claims.items():
            link = self._links / name
            if not link.is_symlink():
                link.symlink_to(targets[0])
            if len(targets) > 1:
                say(f"{len(targets)} sticks call themselves {name}; it is {link.resolve().name}")


def may_make_devices(status: str) -> bool:
    """Whether /proc/self/status shows the capability."""
    found = re.search(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return found is not None and bool(int(found[1], 16) >> _MKNOD & 1)


def looks() -> Iterator[None]:
    """For ever, with pauses."""
    while True:
        time.sleep(LOOK_EVERY_S)
        yield


def main(arguments: Iterable[str], *, allowed: bool, looks: Iterable[None]) -> int:
    """Follow the sticks, once or as often as `looks` says."""
    parser = argparse.ArgumentParser(prog="sticks.py", description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--watch", action="store_true", help="go on until killed")
    parser.add_argument("--sys", type=Path, default=Path("/sys"))
    parser.add_argument("--dev", type=Path, default=Path("/dev"))
    options = parser.parse_args(list(arguments))
    if not allowed:
        for name in ports(options.sys):
            say(f"{name} is plugged in, and not passed to Home Assistant: docs/fleet.md")
        return 1
    devices, trouble = Devices(options.dev), ""
    for _ in chain([None], looks if options.watch else []):
        try:
            devices.follow(ports(options.sys))
        except OSError as error:
            # A stick that goes in this moment, a full /dev, a user namespace: the next look finds how things are.
            if str(error) != trouble:
                say(str(error))
            trouble = str(error)
        else:
            trouble = ""
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], allowed=may_make_devices(Path("/proc/self/status").read_text("ascii")), looks=looks()))
