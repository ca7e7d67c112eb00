"""The engine as a process of its own, and how it is spoken to."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
import json
import os
from pathlib import Path
import socket
import subprocess
import sys
import time
from typing import Any, override

TOKEN = "a token nobody else has".replace(" ", "-")
NO_HOME_ASSISTANT = """
import sys
for name in ("homeassistant", "voluptuous", "custom_components"):
    sys.modules[name] = None  # importing it fails
"""


class UnixConnection(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("engine", timeout=60)
        self.path = str(path)

    @override
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Engine:
    """The process and the lines of its log."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def wait_for(self, event: str) -> dict[str, Any]:
        """The first line about `event`, within a minute and a half."""
        for _ in range(1800):
            for line in self.lines():
                if line["event"] == event:
                    return line
            assert self.process.poll() is None, self._log.read_text()
            time.sleep(0.05)
        raise AssertionError(f"no {event} in {self._log.read_text()}")

    def ask(self, method: str, where: str, body: bytes | None = None, token: str | None = TOKEN) -> tuple[int, bytes]:
        address = self.wait_for("listening")["address"]
        connection = HTTPConnection(*address, timeout=60) if isinstance(address, list) else UnixConnection(address)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, where, body, headers)
        response = connection.getresponse()
        answer = response.status, response.read()
        connection.close()
        return answer


@contextmanager
def launched(path: str, directory: Path, *arguments: str, **options: Any) -> Iterator[Engine]:
    """The engine with those arguments, from the files on `path`, for as long as the block lasts."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "HEMS_ENGINE_TOKEN": TOKEN}
    argv = [sys.executable, "-P", "-m", "hems_core.engine", *arguments]
    log = directory / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(argv, env=environment, cwd=directory, stderr=stderr, **options)
    try:
        yield Engine(process, log)
    finally:
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
