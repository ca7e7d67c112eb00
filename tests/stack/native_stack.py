"""Secrets and processes for tests that start a service of the stack on this machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import shutil
import subprocess
import sys
import time

from hems_agent.secrets import make_secrets
import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "scripts"))

from stack_support import native  # noqa: E402

PATIENCE_S = 60.0
_LISTENING = "0A"
LOOPBACK = "0100007F"
"""127.0.0.1 as /proc writes it."""
_FREE_PORTS = """
import random, socket, sys
probes = []
while len(probes) < int(sys.argv[1]):
    probe = socket.socket()
    try:
        probe.bind(("127.0.0.1", random.randrange(15000, 32000)))
    except OSError:
        continue
    probes.append(probe)
print(*(probe.getsockname()[1] for probe in probes))
"""


def needs(program: str) -> None:
    """Skip where the program is missing, but never in CI."""
    if shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no {program}: run scripts/setup --tools")


def free_ports(count: int) -> list[int]:
    """Different ones, and none that the kernel lends to clients: a server that restarts must find its port free."""
    found = subprocess.run([sys.executable, "-c", _FREE_PORTS, str(count)], check=True, capture_output=True, text=True)
    return [int(port) for port in found.stdout.split()]


def the_secrets(directory: Path, **variables: str) -> Path:
    """What `init` makes at first boot, owned by whoever runs the test."""
    make_secrets(directory, variables, owners=None)
    return directory


def listens(port: int) -> bool:
    """Whether a process of this machine does; seen in /proc, for the test harness lets no socket be opened."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return any(row[3] == _LISTENING and int(row[1].rpartition(":")[2], 16) == port for row in rows)


def ports_of(process: subprocess.Popen[bytes]) -> set[tuple[str, int]]:
    """Address (as /proc writes it) and port of everything that the process listens on, IPv4 and IPv6."""
    open_files = {str(path.readlink()) for path in Path(f"/proc/{process.pid}/fd").iterdir()}
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == _LISTENING and f"socket:[{row[9]}]" in open_files]
    return {(address, int(port, 16)) for address, _, port in (entry.rpartition(":") for entry in listening)}


def patiently(
    condition: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, patience_s: float = PATIENCE_S
) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{process.args} did not come up:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.05)


@contextmanager
def running(
    service: native.Service, directory: Path, *ports: int, patience_s: float = PATIENCE_S
) -> Iterator[subprocess.Popen[bytes]]:
    """The service's process, once all its ports take connections; ended afterwards."""
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / f"{service.name}.log"
    process = service.start(log)
    try:
        patiently(lambda: all(listens(port) for port in ports), process, log, patience_s)
        yield process
    finally:
        native.end(process, within_s=30)
