"""Keeps the stack's processes running as Docker would: what ends is started again, at growing distances.

A service may be asked to stop, start or restart, from any thread, as balena's Supervisor may be.
"""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
import os
from pathlib import Path
import signal
import subprocess
import time
from typing import Literal, get_args

from .native import Service

FIRST_WAIT_S = 0.1
"""Before a restart; doubled with each that follows at once. Docker does the same."""
LIVED_S = 10.0
"""Who ran so long did not fail to start."""
MOST_FAILURES = 6
PATIENCE_S = 60.0
"""For a service that was told to end; Home Assistant writes its database."""


type Wish = Literal["stop", "start", "restart"]
WISHES: tuple[Wish, ...] = get_args(Wish.__value__)


class Ended(Exception):
    """A service does not stay up; the message says which and why."""


@dataclass(slots=True)
class Child:
    """One service and its present process."""

    service: Service
    is_well: Callable[[], bool]
    """Asks the service itself; must not take long."""
    log: Path
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    failures: int = 0
    """In a row, each soon after a start."""
    begun_s: float = 0.0
    due_s: float | None = None
    """When to start it again."""
    killed_at_s: float | None = None
    """When it is killed, having been told to end."""
    is_held: bool = False
    """Stopped because somebody asked for it: not started again until that is asked for, too."""

    def start(self) -> None:
        """In a process group of its own: Ctrl-C in the terminal is for the one that started all of this."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.process = self.service.start(self.log, own_group=True)
        self.begun_s, self.due_s, self.killed_at_s = time.monotonic(), None, None
        self.starts += 1

    def tell_to_end(self, now_s: float) -> None:
        """As a stop of its container does; who is frozen does not hear it, and is killed when its time is over."""
        if self.process is not None and self.process.poll() is None and self.killed_at_s is None:
            self.process.terminate()
            self.killed_at_s = now_s + self.service.grace_s

    def has_ended(self) -> bool:
        """Whether it is gone; what its main process left behind is ended too, as with a container."""
        if self.process is None or self.process.poll() is None:
            return False
        self.kill_group()
        return True

    def kill_group(self) -> None:
        """Nothing of it is left."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def last_lines(self, count: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:]) if self.log.exists() else ""


@dataclass(slots=True)
class Supervisor:
    """All of them."""

    children: Mapping[str, Child]
    on_start: Callable[[], None]
    """After each start, when there are new process ids to tell."""
    say: Callable[[str], None]
    wishes: deque[tuple[Wish, str]] = field(default_factory=deque)
    """What was asked for, with the service; done by the next `look`."""

    def start(self) -> None:
        """Everything at once: each waits for what it needs, as it does in the stack."""
        for child in self.children.values():
            child.start()
        self.on_start()

    def look(self) -> None:
        """Start again what has ended. Raises Ended for a service that will not stay up."""
        now_s = time.monotonic()
        while self.wishes:
            self._obey(*self.wishes.popleft(), now_s)
        for name, child in self.children.items():
            if child.killed_at_s is not None and now_s >= child.killed_at_s:
                child.kill_group()
            if child.due_s is None and not child.is_held and child.has_ended():
                self._plan_restart(name, child, now_s)
            if child.due_s is not None and now_s >= child.due_s:
                child.start()
                self.on_start()

    def _obey(self, wish: Wish, name: str, now_s: float) -> None:
        child = self.children[name]
        self.say(f"{name}: {wish} was asked for")
        child.is_held = wish == "stop"
        if wish != "start":
            child.tell_to_end(now_s)

    def _plan_restart(self, name: str, child: Child, now_s: float) -> None:
        code = child.process.returncode if child.process else 0
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        was_asked = child.killed_at_s is not None
        child.killed_at_s = None
        child.failures = child.failures + 1 if now_s - child.begun_s < LIVED_S and not was_asked else 0
        if child.failures >= MOST_FAILURES:
            raise Ended(
                f"{name} {how}, {child.failures} times in a row:\n{child.last_lines()}\n(all of it: {child.log})"
            )
        child.due_s = now_s + FIRST_WAIT_S * 2.0**child.failures
        self.say(f"{name} {how} and is started again")

    def missing(self) -> list[str]:
        """Services that are not well yet."""
        return [name for name, child in self.children.items() if child.process is None or not child.is_well()]

    def stop(self) -> None:
        """End everything in order: who writes first, who keeps what is written last."""
        for name, child in self.children.items():
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
                try:
                    child.process.wait(PATIENCE_S)
                except subprocess.TimeoutExpired:
                    self.say(f"{name} does not end and is killed")
            child.kill_group()
            if child.process is not None:
                child.process.wait()
