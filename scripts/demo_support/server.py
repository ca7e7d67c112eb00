"""A Home Assistant process and the few calls that the demo makes to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
import contextlib
import ctypes
import os
from pathlib import Path
import signal
import sys
from typing import Any

import aiohttp

RESTART_EXIT_CODE = 100
STOP_TIMEOUT_S = 20.0


class DemoError(Exception):
    """Something that a person can mend; the message says how."""


def _die_with_parent() -> None:
    """In the child: be told to stop when the demo is killed before it can say so itself."""
    with contextlib.suppress(OSError, AttributeError):
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


class Server:
    """Home Assistant as a child process; started again when it asks for that."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log = directory / "demo.log"
        self._process: asyncio.subprocess.Process | None = None

    async def run(self) -> int:
        """Run until it ends for good; the exit code."""
        while True:
            with self.log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "homeassistant",
                    "--config",
                    str(self.directory),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,
                    env={name: value for name, value in os.environ.items() if not name.startswith("PYTHONPATH")},
                )
            code = await self._process.wait()
            if code != RESTART_EXIT_CODE:
                return code

    async def stop(self) -> None:
        """End it, gently first; nothing of its process group is left."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

    def last_lines(self, count: int = 15) -> str:
        """The end of its log, for an error message."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:]) if self.log.exists() else ""


class Api:
    """REST and websocket with the demo's own token."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self._session = session
        self._url = url
        self._token = token

    async def rest(self, method: str, path: str, body: object = None) -> Any:
        """One call; the JSON of the answer."""
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session.request(method, f"{self._url}/api/{path}", json=body, headers=headers) as response:
            if response.status >= 400:
                raise DemoError(f"Home Assistant refused {path}: {response.status} {await response.text()}")
            return await response.json()

    async def is_running(self) -> bool:
        """Whether Home Assistant has finished starting."""
        try:
            return bool((await self.rest("GET", "config"))["state"] == "RUNNING")
        except aiohttp.ClientError, DemoError, TimeoutError:
            return False

    @contextlib.asynccontextmanager
    async def websocket(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """An authenticated websocket."""
        async with self._session.ws_connect(f"{self._url}/api/websocket", max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self._token})
            answer = await socket.receive_json()
            if answer["type"] != "auth_ok":
                raise DemoError(
                    f"Home Assistant does not accept the demo's token any more; start with --fresh ({answer})"
                )
            yield socket


async def wait_until(condition: Callable[[], Awaitable[bool]], timeout_s: float, every_s: float = 0.1) -> bool:
    """Whether the condition came true in time."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while asyncio.get_running_loop().time() < deadline:
        if await condition():
            return True
        await asyncio.sleep(every_s)
    return False
