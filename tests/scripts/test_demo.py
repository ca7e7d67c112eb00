"""The demo as a new user starts it: the real script, a real Home Assistant, the real engine."""

from contextlib import suppress
import json
import os
from pathlib import Path
import signal
import socket
import subprocess
import time

import psutil
import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.demo, pytest.mark.timeout(300)]


@pytest.fixture
def free_port(socket_enabled):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def demo(state: Path, port: int, *options: str) -> subprocess.Popen:
    """Standard error goes to a file: nobody reads the pipe while the test waits."""
    with (state.parent / "stderr").open("a") as errors:
        return subprocess.Popen(
            [ROOT / "scripts/demo", "--headless", "--port", str(port), "--state", str(state), *options],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )


def processes_of(state: Path) -> list[str]:
    """Command lines that still speak of this demo's state directory."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            found.append(" ".join(process.cmdline()))
    return [command for command in found if str(state) in command]


def test_until_plan_prints_one_line_twice_and_leaves_nothing_behind(tmp_path, free_port):
    state = tmp_path / "state"
    before = subprocess.check_output(["git", "status", "--porcelain"], cwd=ROOT, text=True)

    for start in ("--fresh", "--keep"):
        with demo(state, free_port, "--until-plan", start) as run:
            out, _ = run.communicate(timeout=200)
        assert run.returncode == 0, (tmp_path / "stderr").read_text()
        (line,) = out.splitlines()
        report = json.loads(line)
        assert report["status"] == "optimal"
        assert report["seconds"] > 0
        assert isinstance(report["cost"], float)

    assert processes_of(state) == []
    assert subprocess.check_output(["git", "status", "--porcelain"], cwd=ROOT, text=True) == before


def test_ctrl_c_stops_every_process(tmp_path, free_port):
    state = tmp_path / "state"
    with demo(state, free_port) as run:
        deadline = time.monotonic() + 200
        while f"/127.0.0.1:{free_port}/" not in (tmp_path / "stderr").read_text():
            assert run.poll() is None, (tmp_path / "stderr").read_text()
            assert time.monotonic() < deadline, (tmp_path / "stderr").read_text()
            time.sleep(0.2)
        started = psutil.Process(run.pid).children(recursive=True)
        assert any("hems_core.engine" in process.cmdline() for process in started)
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(timeout=60) == 0
    assert processes_of(state) == []
    assert [process for process in started if process.is_running()] == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--port", "80"], "between 1024 and 65535"),
        (["--speed", "0"], "between 0.1 and 3600"),
        (["--speed", "nan"], "between 0.1 and 3600"),
        (["--fresh", "--keep"], "not allowed with"),
        (["--nonsense"], "unrecognized arguments"),
    ],
    ids=["privileged port", "no speed", "speed is no number", "fresh and keep", "unknown option"],
)
def test_wrong_options_are_named(options, said, tmp_path):
    run = subprocess.run(
        [ROOT / "scripts/demo", "--state", tmp_path / "state", *options], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert said in run.stderr


def test_a_taken_port_is_said_and_nothing_is_started(tmp_path, socket_enabled):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with demo(tmp_path / "state", taken.getsockname()[1], "--until-plan") as run:
            assert run.wait(timeout=60) == 1
    assert "is taken; choose another with --port" in (tmp_path / "stderr").read_text()
