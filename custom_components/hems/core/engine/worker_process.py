"""The server's side of the pipe: keeps one worker alive and asks it one question at a time."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
import logging
import os
from pathlib import Path
import sys
from typing import Literal

from . import frames, logs
from .frames import Tag
from .options import TOKEN_VARIABLE

LOGGER = logging.getLogger("hems.engine.server")
_LONGEST_PAUSE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The worker's own answer: a plan or an outcome as JSON."""

    tag: Tag
    body: bytes


@dataclass(frozen=True, slots=True)
class OutOfTime:
    """The worker took longer than it may; it was killed and another one starts."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The worker ended without an answer."""


@dataclass(frozen=True, slots=True)
class NotReady:
    """There is no worker now."""


type Answer = Answered | OutOfTime | Lost | NotReady
type State = Literal["starting", "ready", "busy", "failed", "stopped"]


def command() -> tuple[str, ...]:
    """How the worker is started; -P, so that no file of the working directory hides a module."""
    return (sys.executable, "-P", "-m", f"{__package__}.worker")


class Worker:
    """One worker process, started anew whenever it ends."""

    def __init__(self, argv: Sequence[str], *, start_limit_s: float = 60.0) -> None:
        """`start_limit_s` bounds how long a process may take until it can solve."""
        self._argv = tuple(argv)
        self._start_limit_s = start_limit_s
        self._ready = asyncio.Event()
        self._settled = asyncio.Event()
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self.state: State = "stopped"
        self.solver: str | None = None
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """Of the process, if one runs."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Begin to keep a worker alive."""
        self.state = "starting"
        self._task = asyncio.create_task(self._keep_alive())

    async def stop(self) -> None:
        """End the worker; a question that is being answered is answered with `Lost`."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self.state = "stopped"
        self._settled.set()

    async def ask(self, request: bytes, *, limit_s: float, ready_limit_s: float) -> Answer:
        """One request; only one caller at a time. Waits `ready_limit_s` for a worker that is starting."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._settled.wait(), ready_limit_s)
        process = self._process
        if not self._ready.is_set() or process is None or process.stdin is None or process.stdout is None:
            return NotReady()
        answered = False
        self.state = "busy"
        try:
            async with asyncio.timeout(limit_s):
                process.stdin.write(frames.pack(Tag.PLAN, request))
                await process.stdin.drain()
                tag, body = await frames.receive(process.stdout)
            answered = True
            self.state = "ready"
            return Answered(tag=tag, body=body)
        except TimeoutError:
            logs.event(LOGGER, logging.WARNING, "worker_out_of_time", limit_s=limit_s, pid=process.pid)
            return OutOfTime()
        except asyncio.IncompleteReadError, ConnectionError:
            return Lost()
        finally:
            if not answered:  # also when cancelled: its answer would be taken for that to the next question
                self._give_up(process)

    def _give_up(self, process: Process) -> None:
        if self._process is process:
            self._ready.clear()
            self._settled.clear()
            self.state = "starting"
        with suppress(ProcessLookupError):
            process.kill()

    async def _keep_alive(self) -> None:
        pause_s = 0.5
        while True:
            was_ready = await self._run_one()
            self.restarts += 1
            if was_ready:
                self.state = "starting"
                pause_s = 0.5
                continue
            self.state = "failed"
            self._settled.set()  # nobody waits for a worker that does not start
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)

    async def _run_one(self) -> bool:
        """One process from its start to its end; whether it ever could solve."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv, stdin=PIPE, stdout=PIPE, env=worker_environment()
            )
        except OSError as error:
            logs.event(LOGGER, logging.ERROR, "worker_does_not_start", reason=str(error))
            return False
        self._process = process
        try:
            if not await self._became_ready(process):
                return False
            code = await process.wait()
            logs.event(LOGGER, logging.WARNING, "worker_ended", code=code, pid=process.pid)
            return True
        finally:
            self._process = None
            self._ready.clear()
            self._settled.clear()
            await _end(process)

    async def _became_ready(self, process: Process) -> bool:
        if process.stdout is None:
            return False
        try:
            async with asyncio.timeout(self._start_limit_s):
                _, body = await frames.receive(process.stdout)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            logs.event(LOGGER, logging.ERROR, "worker_does_not_start", reason=type(error).__name__, pid=process.pid)
            return False
        self.solver = body.decode()
        self.state = "ready"
        self._ready.set()
        self._settled.set()
        logs.event(LOGGER, logging.INFO, "worker_ready", pid=process.pid, solver=self.solver)
        return True


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def worker_environment() -> dict[str, str]:
    """The server's own, without its token and with the place this package was loaded from."""
    environment = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}
    levels_up = len(__name__.split(".")) - 1
    root = str(Path(__file__).absolute().parents[levels_up])
    known = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path and path != root]
    return environment | {"PYTHONPATH": os.pathsep.join([root, *known]), "OMP_NUM_THREADS": "1"}
