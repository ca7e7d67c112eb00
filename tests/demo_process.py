"""A demo that runs as long as a test needs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest

ROOT = Path(__file__).parents[1]
READY = "HEMS runs at "
PATIENCE_S = 300
FREE_PORT = "import socket; probe = socket.socket(); probe.bind(('127.0.0.1', 0)); print(probe.getsockname()[1])"


def free_port() -> int:
    """Asked of a process of its own: the test harness lets no socket be opened in this one."""
    return int(subprocess.run([sys.executable, "-c", FREE_PORT], check=True, capture_output=True).stdout)


@contextmanager
def running_demo(directory: Path, *options: str) -> Iterator[str]:
    """The address of a demo that has its first plan, with its state below `directory`; ended as Ctrl-C would."""
    said = directory / "said"
    port = free_port()
    command = [ROOT / "scripts/demo", "--headless", "--port", str(port), "--state", directory / "state", "--fresh"]
    with said.open("w") as stderr:
        process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=stderr)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while READY not in said.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the demo did not come up:\n{said.read_text()[-4000:]}")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
