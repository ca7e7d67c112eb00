"""The engine as a child process of Home Assistant: started, watched, started again, ended without a trace."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
import json
import logging
import os
from pathlib import Path
import shutil
import site
from stat import S_ISDIR
import sys
from tempfile import gettempdir, mkdtemp
from time import monotonic, time
from typing import override

import aiohttp

from .core.model import Plan, PlanRequest
from .engine_client import EngineClient, EngineError, EngineUnreachable

LOGGER = logging.getLogger(__name__)
_CORE = Path(__file__).absolute().parent / "core"
_SOLVER = "cvxpy"
_PREFIX = "hems-engine-"
_SOCKET = "engine.sock"
_OLD_S = 600.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 60.0
_LIVED_LONG_S = 60.0
"""An engine that lived this long may be started again at once."""
_STOP_S = 5.0
_PATIENCE_S = 8.0
"""A new process answers after about a second, on a small computer after a few."""
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
"""Of Home Assistant's environment: nothing that could hold a secret."""


def available() -> bool:
    """Whether the solver is installed here: looked for, not imported. Reads directories, so not for the event loop."""
    return find_spec(_SOLVER) is not None


class EmbeddedEngine:
    """One engine over a private Unix socket, kept alive from `start` to `stop`."""

    def __init__(
        self, *, on_change: Callable[[bool], None] | None = None, start_limit_s: float = 30.0, data: Path | None = None
    ) -> None:
        """`on_change` hears True when the engine answers and False when it is gone; `data` keeps what it learns."""
        self._on_change = on_change or (lambda _: None)
        self._start_limit_s = start_limit_s
        self._data = data
        self._directory: Path | None = None
        self._session: aiohttp.ClientSession | None = None
        self._client: EngineClient | None = None
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._answers = asyncio.Event()
        self._pause_s = _FIRST_PAUSE_S

    @property
    def client(self) -> EngineClient:
        """Asks this engine; the same before and after a restart.

        Raises:
            EngineUnreachable: it was not started.
        """
        if self._client is None:
            raise EngineUnreachable("the embedded engine is not started")
        return self._client

    @property
    def pid(self) -> int | None:
        """Of the process, if one runs."""
        return None if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        """Whether the engine answers."""
        return self._answers.is_set()

    async def start(self) -> None:
        """Start and wait until it answers; its worker may still be loading the solver.

        Raises:
            EngineUnreachable: it does not answer in time; nothing is left behind.
        """
        if self._keeper is not None:
            return
        self._directory = await asyncio.to_thread(_make_directory)
        socket = self._directory / _SOCKET
        self._session = aiohttp.ClientSession(connector=aiohttp.UnixConnector(path=str(socket)))
        self._client = _PatientClient(self._session, "http://engine")
        self._keeper = asyncio.create_task(self._keep_alive(self._directory, socket), name="hems engine")
        try:
            await asyncio.wait_for(self._answers.wait(), self._start_limit_s)
        except TimeoutError as error:
            await self.stop()
            raise EngineUnreachable(f"the embedded engine did not start within {self._start_limit_s:g} s") from error
        except asyncio.CancelledError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the engine and remove its directory."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        if self._session is not None:
            await self._session.close()
        if self._directory is not None:
            await asyncio.to_thread(shutil.rmtree, self._directory, True)
        self._keeper = self._session = self._client = self._directory = None

    async def restart(self) -> None:
        """Replace the process; the client stays.

        Raises:
            EngineUnreachable: it was not started, or does not answer in time.
        """
        if self._keeper is None or self._process is None:
            await self.stop()
            await self.start()
            return
        self._gone()
        self._pause_s = _FIRST_PAUSE_S
        await _end(self._process)
        try:
            await asyncio.wait_for(self._answers.wait(), self._start_limit_s)
        except TimeoutError as error:
            raise EngineUnreachable(f"the embedded engine did not start within {self._start_limit_s:g} s") from error

    async def _keep_alive(self, directory: Path, socket: Path) -> None:
        failures = 0
        while True:
            started = monotonic()
            reason = await self._run_one(directory, socket, failures)
            failures += 1
            if monotonic() - started > _LIVED_LONG_S:
                self._pause_s, failures = _FIRST_PAUSE_S, 1
            level = logging.WARNING if failures == 1 else logging.DEBUG
            LOGGER.log(level, "The embedded engine ended (%s); starting it again", reason)
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    async def _run_one(self, directory: Path, socket: Path, failures: int) -> str:
        """One process from its start to its end; why it ended."""
        try:
            process = await _spawn(directory, socket, self._data)
        except OSError as error:
            return str(error)
        self._process = process
        logs = asyncio.create_task(_forward_logs(process))
        greeting = asyncio.create_task(self._wait_until_it_answers(failures))
        try:
            code = await process.wait()
        finally:
            greeting.cancel()
            self._gone()
            await _end(process)
            with suppress(TimeoutError):
                await asyncio.wait_for(logs, 1.0)
            self._process = None
        return f"exit code {code}"

    async def _wait_until_it_answers(self, failures: int) -> None:
        while True:
            try:
                health = await self.client.health()
            except EngineError:
                await asyncio.sleep(0.1)
                continue
            if failures:
                LOGGER.info("The embedded engine answers again")
            LOGGER.debug("Embedded engine %s answers", health.version)
            self._answers.set()
            self._on_change(True)
            return

    def _gone(self) -> None:
        if self._answers.is_set():
            self._answers.clear()
            self._on_change(False)


class _PatientClient(EngineClient):
    """A plan that is interrupted by the end of the process is asked for again once there is a new one."""

    @override
    async def plan(self, request: PlanRequest) -> Plan:
        deadline = monotonic() + _PATIENCE_S
        while True:
            try:
                return await super().plan(request)
            except EngineUnreachable:
                if monotonic() > deadline or self._session.closed:
                    raise
                await asyncio.sleep(0.2)


async def _spawn(directory: Path, socket: Path, data: Path | None) -> Process:
    """In a session of its own: Ctrl-C on Home Assistant's terminal is for Home Assistant, which then closes stdin."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "hems_core.engine",
        "--socket",
        str(socket),
        "--exit-on-eof",
        *(() if data is None else ("--data", str(data))),
        stdin=PIPE,
        stdout=DEVNULL,
        stderr=PIPE,
        cwd=directory,
        env=await asyncio.to_thread(_environment, directory),
        start_new_session=True,
    )


async def _end(process: Process) -> None:
    """SIGTERM, and SIGKILL for one that does not hear."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_S)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _make_directory() -> Path:
    """A directory of mode 0700 in which the core is called `hems_core` and the socket will be.

    The integration's own directory must not be on the path: it has a `select.py`.
    """
    _clear_away_old_ones()
    directory = Path(mkdtemp(prefix=_PREFIX))
    (directory / "hems_core").symlink_to(_CORE, target_is_directory=True)
    return directory


def _clear_away_old_ones() -> None:
    """Directories of a Home Assistant that was killed: its engine has ended and taken the socket with it."""
    for old in Path(gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            status = old.lstat()
            ours = S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
            if ours and time() - status.st_mtime > _OLD_S and not (old / _SOCKET).exists():
                shutil.rmtree(old, ignore_errors=True)


def _environment(directory: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    path = [str(directory)]
    spec = find_spec(_SOLVER)
    if spec is not None and spec.origin is not None:
        # Home Assistant without a virtual environment installs requirements into its own `deps` directory.
        packages = str(Path(spec.origin).parents[1])
        if packages not in {*site.getsitepackages(), site.getusersitepackages()}:
            path.append(packages)
    return kept | {"PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"}


async def _forward_logs(process: Process) -> None:
    """What the engine logs, line by line, into Home Assistant's log."""
    if process.stderr is None:
        return
    while line := await _line(process.stderr):
        level, text = _read_log(line)
        LOGGER.log(level, "%s", text)


async def _line(stream: asyncio.StreamReader) -> bytes:
    """The next line; of one that is far too long, its end."""
    while True:
        try:
            return await stream.readline()
        except ValueError:
            continue


def _read_log(line: bytes) -> tuple[int, str]:
    """Level and words of a log line; what the engine does not log as JSON was not meant to be printed."""
    text = line.decode(errors="replace").strip()
    try:
        entry = json.loads(text)
    except ValueError:
        return logging.WARNING, text
    if not isinstance(entry, dict):
        return logging.WARNING, text
    level = logging.getLevelNamesMapping().get(str(entry.pop("level", "")).upper(), logging.WARNING)
    entry.pop("time", None)
    component, event = entry.pop("component", "engine"), entry.pop("event", "")
    # What is news to the engine's own operator is detail to Home Assistant's.
    level = logging.DEBUG if level == logging.INFO else level
    return level, " ".join([f"{component}: {event}", *(f"{name}={value}" for name, value in entry.items())])
