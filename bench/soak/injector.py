"""Does the faults to a running home, ends them, and sees who was restarted meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
import os
from pathlib import Path
import shutil
import signal
import subprocess
import time

from bench.recovery.footprint import group
from bench.recovery.home import Home

from .faults import Fault, Kind

GUARDED = {"agent"}
"""The first process only watches over the second, and is none that hangs."""


@dataclass(slots=True)
class Done:
    """A fault that was done; times of the monotonic clock."""

    fault: Fault
    begun: float
    pid: int
    ended: float | None = None
    rescued: bool = False
    """Somebody has restarted the service before the fault was over."""


class Injector:
    """One run over a home that is up."""

    def __init__(self, home: Home, faults: Sequence[Fault], is_well: Callable[[str], bool]) -> None:
        """`is_well` says of a service how it was a moment ago: who is down already is not hurt again."""
        self._home, self._waiting, self._is_well = home, list(faults), is_well
        self.done: list[Done] = []
        self.left_out: list[Fault] = []

    def look(self, begun: float) -> list[str]:
        """Begin and end what is due; what was done, for people."""
        now, said = time.monotonic(), []
        for one in self._open():
            if self._has_new_process(one):
                one.ended, one.rescued = now, True
                said.append(f"{one.fault.service} was restarted {now - one.begun:.0f} s after its {one.fault.kind}")
            elif now >= one.begun + one.fault.lasts_s:
                self._end(one)
                said.append(f"{one.fault.kind} of {one.fault.service} is over")
        while self._waiting and now >= begun + self._waiting[0].at_s:
            fault = self._waiting.pop(0)
            if any(one.fault.service == fault.service for one in self._open()) or not self._is_well(fault.service):
                self.left_out.append(fault)
                continue
            self._begin(fault)
            said.append(f"{fault.kind} of {fault.service}" + (f", {fault.lasts_s:.0f} s" if fault.lasts_s else ""))
        return said

    def end_all(self) -> None:
        """Nothing stays frozen, stopped or closed."""
        for one in self._open():
            self._end(one)

    def _open(self) -> list[Done]:
        return [one for one in self.done if one.ended is None]

    def _has_new_process(self, one: Done) -> bool:
        if one.fault.kind not in {Kind.FREEZE, Kind.HANG}:
            return False
        return not Path(f"/proc/{one.pid}").exists() or self._home.pid(one.fault.service) != one.pid

    def _begin(self, fault: Fault) -> None:
        one = Done(fault, time.monotonic(), self._home.pid(fault.service))
        match fault.kind:
            case Kind.KILL:
                self._home.kill(fault.service)
                one.ended = one.begun
            case Kind.FREEZE | Kind.HANG:
                self._signal(one, signal.SIGSTOP)
            case Kind.CUT:
                self._home.ask("stop", fault.service)
            case Kind.DISK:
                close_directory(self._home.state / "agent/spool")
        self.done.append(one)

    def _end(self, one: Done) -> None:
        match one.fault.kind:
            case Kind.FREEZE | Kind.HANG:
                self._signal(one, signal.SIGCONT)
            case Kind.CUT:
                self._home.ask("start", one.fault.service)
            case Kind.DISK:
                open_directory(self._home.state / "agent/spool")
        one.ended = time.monotonic()

    def _signal(self, one: Done, number: int) -> None:
        for pid in _victims(one.fault.service, one.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def _victims(service: str, leader: int) -> Iterator[int]:
    members = group(leader)
    is_guarded = service in GUARDED and len(members) > 1
    yield from (pid for pid in members if not (is_guarded and pid == leader))


def can_close(directory: Path) -> bool:
    """Whether root and the file system allow it."""
    if shutil.which("chattr") is None:
        return False
    probe = directory / "can-be-closed"
    probe.mkdir()
    try:
        close_directory(probe)
    except subprocess.CalledProcessError:
        return False
    else:
        return True
    finally:
        with suppress(subprocess.CalledProcessError):
            open_directory(probe)
        probe.rmdir()


def close_directory(directory: Path) -> None:
    """Nobody writes there, not even root. Raises CalledProcessError."""
    _chattr("+i", directory)


def open_directory(directory: Path) -> None:
    """As before. Raises CalledProcessError."""
    _chattr("-i", directory)


def _chattr(flag: str, directory: Path) -> None:
    # Files that go while it walks the directory are no failure, and it says so by its code all the same.
    places = [directory, *directory.glob("*")]
    for place in places:
        if place.exists() or place == directory:
            command = ["chattr", flag, str(place)]
            subprocess.run(command, check=place == directory, capture_output=True)  # noqa: S603 - two flags of ours
