"""USB sticks that come and go: what Home Assistant finds in its /dev, on a system like the kernel's below /sys."""

import asyncio
from importlib.util import module_from_spec, spec_from_file_location
import os
from pathlib import Path
import shutil
import stat
import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "balena/homeassistant/sticks.py"
SPEC = spec_from_file_location("sticks", SCRIPT)
sticks = module_from_spec(SPEC)
SPEC.loader.exec_module(sticks)

SONOFF = {
    "manufacturer": "ITead",
    "product": "Sonoff Zigbee 3.0 USB Dongle Plus",
    "serial": "d2b2b2c3d4e5ec11a2b3c4d5e6f70001",
    "idVendor": "10c4",
    "idProduct": "ea60",
}
SONOFF_NAME = "usb-ITead_Sonoff_Zigbee_3.0_USB_Dongle_Plus_d2b2b2c3d4e5ec11a2b3c4d5e6f70001-if00-port0"
SKYCONNECT = {
    "manufacturer": "Nabu Casa",
    "product": "SkyConnect v1.0",
    "serial": "9e2adbd75b8beb119fe564a0f320645d",
    "idVendor": "10c4",
    "idProduct": "ea60",
}
SKYCONNECT_NAME = "usb-Nabu_Casa_SkyConnect_v1.0_9e2adbd75b8beb119fe564a0f320645d-if00-port0"
ZBT2 = {
    "manufacturer": "Nabu Casa",
    "product": "ZBT-2",
    "serial": "80B54EEFAE18",
    "idVendor": "303a",
    "idProduct": "831a",
}
CHEAP = {"product": "USB Serial", "idVendor": "1a86", "idProduct": "7523"}
"""Its chip says neither who made it nor a serial number."""
MAJORS = {"ttyUSB": 188, "ttyACM": 166}


needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can make devices")


class Board:
    """A machine's /sys as far as serial ports go, and the /dev of a container on it."""

    def __init__(self, directory: Path) -> None:
        self.sys, self.dev = directory / "sys", directory / "dev"
        (self.sys / "class/tty").mkdir(parents=True)
        self.dev.mkdir()
        self.plug_in("ttyS", 0, {"idVendor": "0000", "idProduct": "0000"})
        (self.sys / "class/tty/console").mkdir()

    def plug_in(self, kind: str, number: int, stick: dict[str, str], *, interface: str = "00") -> None:
        name, bus = f"{kind}{number}", "usb" if kind == "ttyACM" else "usb-serial"
        at = self.sys / f"devices/platform/soc/usb1/1-{number + 1}.{len(kind)}-{name}"
        place = at / f"1-1:1.{int(interface)}"
        port = place if kind == "ttyACM" else place / name
        tty = port / "tty" / name
        tty.mkdir(parents=True)
        for key, value in {"bcdDevice": "0100", **stick}.items():
            (at / key).write_text(f"{value}\n")
        (place / "bInterfaceNumber").write_text(f"{interface}\n")
        if kind == "ttyUSB":
            (port / "port_number").write_text("0\n")
        for target in (self.sys / "bus" / bus, self.sys / "driver"):
            target.mkdir(parents=True, exist_ok=True)
        (port / "subsystem").symlink_to(self.sys / "bus" / bus)
        (port / "driver").symlink_to(self.sys / "driver")
        (tty / "dev").write_text(f"{MAJORS.get(kind, 4)}:{number}\n")
        (tty / "device").symlink_to("../..")
        (self.sys / "class/tty" / name).symlink_to(tty)

    def pull_out(self, name: str) -> None:
        link = self.sys / "class/tty" / name
        stick = next(parent for parent in link.resolve().parents if (parent / "idVendor").exists())
        link.unlink()
        shutil.rmtree(stick)

    @property
    def ports(self) -> dict:
        return sticks.ports(self.sys)

    @property
    def nodes(self) -> dict[str, tuple[int, int]]:
        found = {path.name: path.lstat() for path in self.dev.iterdir() if not path.is_dir()}
        assert all(stat.S_ISCHR(status.st_mode) for status in found.values())
        return {name: (os.major(status.st_rdev), os.minor(status.st_rdev)) for name, status in found.items()}

    @property
    def names(self) -> dict[str, str]:
        return {link.name: link.resolve().name for link in (self.dev / "serial/by-id").iterdir()}

    def command(self, *more: str) -> list[str]:
        return [sys.executable, str(SCRIPT), "--sys", str(self.sys), "--dev", str(self.dev), *more]


@pytest.fixture
def board(tmp_path):
    return Board(tmp_path)


@pytest.fixture
def devices(board):
    return sticks.Devices(board.dev)


@pytest.mark.parametrize(
    ("kind", "stick", "name"),
    [
        ("ttyUSB", SONOFF, SONOFF_NAME),
        ("ttyUSB", SKYCONNECT, SKYCONNECT_NAME),
        ("ttyACM", ZBT2, "usb-Nabu_Casa_ZBT-2_80B54EEFAE18-if00"),
        ("ttyUSB", CHEAP, "usb-1a86_USB_Serial-if00-port0"),
        ("ttyUSB", CHEAP | {"serial": "a,b"}, "usb-1a86_USB_Serial-if00-port0"),
        ("ttyUSB", CHEAP | {"manufacturer": " ../A/B  C "}, "usb-.._A_B_C_USB_Serial-if00-port0"),
    ],
    ids=["sonoff", "skyconnect", "zbt-2", "no serial", "serial that windows refuses", "slashes and spaces"],
)
def test_a_stick_has_the_name_that_udev_would_give_it(board, kind, stick, name):
    board.plug_in(kind, 0, stick)
    assert board.ports[f"{kind}0"].by_id == name


def test_a_second_interface_of_a_stick_is_told_from_the_first(board):
    board.plug_in("ttyACM", 0, ZBT2, interface="02")
    assert board.ports["ttyACM0"].by_id.endswith("-if02")


KNOWN_TO_UDEV = st.text(st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\0\n\r"), min_size=1)


@settings(deadline=None)
@given(
    vendor=KNOWN_TO_UDEV,
    model=st.one_of(st.none(), KNOWN_TO_UDEV),
    serial=st.one_of(st.none(), KNOWN_TO_UDEV, st.text("abc ,/#-_1", min_size=1)),
)
def test_names_are_those_that_home_assistants_serial_library_expects_of_udev(tmp_path_factory, vendor, model, serial):
    from serialx import common, udev

    board = Board(tmp_path_factory.mktemp("board"))
    said = {"manufacturer": vendor, "product": model, "serial": serial}
    board.plug_in(
        "ttyUSB",
        0,
        {key: text for key, text in said.items() if text is not None} | {"idVendor": "10c4", "idProduct": "ea60"},
    )
    expected = udev.udev_serial_by_id_stem(
        common.SerialPortInfo(
            device="",
            resolved_device="",
            vid=0x10C4,
            pid=0xEA60,
            serial_number=serial,
            manufacturer=vendor,
            product=model,
            bcd_device=None,
            interface_description=None,
            interface_num=0,
        )
    )
    assert board.ports["ttyUSB0"].by_id == f"{expected}-port0"


def test_a_machine_without_a_serial_port_has_no_sticks(tmp_path):
    assert sticks.ports(tmp_path) == {}


def test_a_stick_that_goes_while_it_is_looked_at_is_left_out(board):
    board.plug_in("ttyUSB", 0, SONOFF)
    board.plug_in("ttyUSB", 1, SKYCONNECT)
    (board.sys / "class/tty/ttyUSB0").resolve().joinpath("dev").unlink()
    assert board.ports.keys() == {"ttyUSB1"}


@needs_root
def test_a_board_without_a_stick_has_no_devices_and_no_trouble(board, devices, capsys):
    devices.follow(board.ports)
    assert (board.nodes, board.names) == ({}, {})
    assert capsys.readouterr().err == ""


@needs_root
def test_sticks_come_and_go(board, devices):
    board.plug_in("ttyUSB", 0, SONOFF)
    devices.follow(board.ports)
    assert board.nodes == {"ttyUSB0": (188, 0)}
    assert board.names == {SONOFF_NAME: "ttyUSB0"}

    board.plug_in("ttyACM", 3, ZBT2)
    devices.follow(board.ports)
    assert board.nodes == {"ttyUSB0": (188, 0), "ttyACM3": (166, 3)}

    board.pull_out("ttyUSB0")
    devices.follow(board.ports)
    assert board.nodes == {"ttyACM3": (166, 3)}
    assert list(board.names.values()) == ["ttyACM3"]


@needs_root
def test_a_device_is_for_root_alone(board, devices):
    board.plug_in("ttyUSB", 0, SONOFF)
    devices.follow(board.ports)
    status = (board.dev / "ttyUSB0").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o600, 0)


@needs_root
def test_a_stick_put_in_again_under_another_number_keeps_its_name(board, devices):
    board.plug_in("ttyUSB", 0, SONOFF)
    devices.follow(board.ports)
    board.pull_out("ttyUSB0")
    board.plug_in("ttyUSB", 1, SONOFF)
    devices.follow(board.ports)
    assert board.nodes == {"ttyUSB1": (188, 1)}
    assert board.names == {SONOFF_NAME: "ttyUSB1"}


@needs_root
def test_another_stick_in_the_same_place_has_its_own_name(board, devices):
    board.plug_in("ttyUSB", 0, SONOFF)
    devices.follow(board.ports)
    board.pull_out("ttyUSB0")
    board.plug_in("ttyUSB", 0, SKYCONNECT)
    devices.follow(board.ports)
    assert board.names == {SKYCONNECT_NAME: "ttyUSB0"}


@needs_root
def test_of_two_equal_sticks_the_one_that_was_first_keeps_the_name_until_it_goes(board, devices, capsys):
    board.plug_in("ttyUSB", 1, CHEAP)
    devices.follow(board.ports)
    board.plug_in("ttyUSB", 0, CHEAP)
    devices.follow(board.ports)
    assert board.nodes.keys() == {"ttyUSB0", "ttyUSB1"}
    assert list(board.names.values()) == ["ttyUSB1"]
    assert "2 sticks call themselves usb-1a86_USB_Serial-if00-port0; it is ttyUSB1" in capsys.readouterr().err

    board.pull_out("ttyUSB1")
    devices.follow(board.ports)
    assert list(board.names.values()) == ["ttyUSB0"]


@needs_root
def test_what_an_earlier_start_left_is_put_right_and_nothing_else_is_touched(board, devices):
    os.mknod(board.dev / "ttyUSB0", stat.S_IFCHR | 0o600, os.makedev(188, 7))
    os.mknod(board.dev / "ttyUSB9", stat.S_IFCHR | 0o600, os.makedev(188, 9))
    os.mknod(board.dev / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    (board.dev / "serial/by-id").mkdir(parents=True)
    (board.dev / "serial/by-id/usb-gone").symlink_to("../../ttyUSB9")
    board.plug_in("ttyUSB", 0, SONOFF)
    devices.follow(board.ports)
    assert board.nodes == {"ttyUSB0": (188, 0), "null": (1, 3)}
    assert board.names == {SONOFF_NAME: "ttyUSB0"}


@needs_root
def test_a_device_that_the_cgroup_closes_is_told_once(board, devices, capsys, monkeypatch):
    monkeypatch.setattr(sticks.os, "access", lambda path, mode: False)
    board.plug_in("ttyUSB", 0, SONOFF)
    devices.follow(board.ports)
    board.plug_in("ttyUSB", 1, SKYCONNECT)
    devices.follow(board.ports)
    assert capsys.readouterr().err.count("ttyUSB0 is there, but this container may not open it") == 1


@needs_root
def test_the_watch_follows_and_goes_on_after_a_fault(board, capsys, monkeypatch):
    made = []

    def looks():
        board.plug_in("ttyUSB", 0, SONOFF)
        monkeypatch.setattr(sticks.os, "mknod", refused)
        yield
        yield
        made.append(board.nodes)
        monkeypatch.undo()
        yield
        made.append(board.nodes)

    def refused(*_):
        raise PermissionError(1, "Operation not permitted")

    arguments = ["--watch", "--sys", str(board.sys), "--dev", str(board.dev)]
    assert sticks.main(arguments, allowed=True, looks=looks()) == 0
    assert made == [{}, {"ttyUSB0": (188, 0)}]
    assert capsys.readouterr().err.count("Operation not permitted") == 1


def test_without_the_right_nothing_is_made_and_the_log_says_where_to_read(board, capsys):
    board.plug_in("ttyUSB", 0, SONOFF)
    arguments = ["--watch", "--sys", str(board.sys), "--dev", str(board.dev)]
    assert sticks.main(arguments, allowed=False, looks=iter(())) == 1
    assert list(board.dev.iterdir()) == []
    assert "ttyUSB0 is plugged in, and not passed to Home Assistant: docs/fleet.md" in capsys.readouterr().err


def rights_of(*files: str) -> list[str]:
    """setpriv with what these compose files leave Home Assistant."""
    services = [yaml.safe_load((ROOT / name).read_text())["services"]["homeassistant"] for name in files]
    assert services[0]["cap_drop"] == ["ALL"]
    kept = "".join(f",+{capability.lower()}" for service in services for capability in service.get("cap_add", []))
    return ["setpriv", f"--bounding-set=-all{kept}", "--inh-caps=-all", "--no-new-privs"]


@needs_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="no setpriv")
@pytest.mark.parametrize(
    ("files", "made"),
    [(["docker-compose.yml"], set()), (["docker-compose.yml", "docker-compose.sticks.yml"], {"ttyUSB0"})],
    ids=["by default", "with the second file"],
)
def test_the_rights_of_the_compose_files_decide(board, files, made):
    board.plug_in("ttyUSB", 0, SONOFF)
    answer = subprocess.run([*rights_of(*files), *board.command()], check=False, capture_output=True, text=True)
    assert answer.returncode == (0 if made else 1), answer.stderr
    assert board.nodes.keys() == made


def test_the_second_file_gives_home_assistant_serial_ports_and_nothing_more():
    added = yaml.safe_load((ROOT / "docker-compose.sticks.yml").read_text())
    assert added == {
        "services": {
            "homeassistant": {"cap_add": ["MKNOD"], "device_cgroup_rules": ["c 166:* rwm", "c 188:* rwm"]},
        }
    }


@needs_root
def test_home_assistant_lists_the_stick_by_its_name(board, devices, monkeypatch):
    from homeassistant.components.usb.utils import scan_serial_ports
    from serialx.platforms import serial_linux

    monkeypatch.setattr(serial_linux, "SYS_ROOT", board.sys)
    monkeypatch.setattr(serial_linux, "DEV_ROOT", board.dev)
    (board.sys / "class/tty/ttyS0").unlink()
    board.plug_in("ttyUSB", 0, SKYCONNECT)
    devices.follow(board.ports)
    [found] = scan_serial_ports()
    assert found.device == str(board.dev / "serial/by-id" / SKYCONNECT_NAME)
    assert found.resolved_device == str(board.dev / "ttyUSB0")
    assert (found.vid, found.pid, found.serial_number) == ("10C4", "EA60", SKYCONNECT["serial"])


@needs_root
def test_home_assistant_is_told_to_look_when_a_stick_comes_and_when_it_goes(board, devices, monkeypatch):
    from aiousbwatcher import impl

    async def told() -> list[bool]:
        devices.follow(board.ports)
        monkeypatch.setattr(impl, "_PATH", str(board.dev / "bus/usb"))
        watcher, looked = impl.AIOUSBWatcher(), asyncio.Event()
        watcher.async_register_callback(looked.set)
        stop = watcher.async_start()
        await watched(board.dev / "bus/usb", looked)
        times = []
        for change, patience_s in (
            (lambda: board.plug_in("ttyUSB", 0, SONOFF), 60.0),
            (lambda: None, 0.5),
            (lambda: board.pull_out("ttyUSB0"), 60.0),
        ):
            change()
            devices.follow(board.ports)
            times.append(await is_told(looked, patience_s))
        stop()
        return times

    assert asyncio.run(told()) == [True, False, True]


async def watched(directory: Path, looked: asyncio.Event) -> None:
    """Until changes are seen, for the watcher starts in its own time; those of here are over then."""
    for number in range(600):
        (directory / f"try{number}").touch()
        if await is_told(looked, 0.1):
            break
    while await is_told(looked, 1.0):
        pass


async def is_told(looked: asyncio.Event, patience_s: float) -> bool:
    try:
        await asyncio.wait_for(looked.wait(), patience_s)
    except TimeoutError:
        return False
    finally:
        looked.clear()
    return True
