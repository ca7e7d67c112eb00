"""The engine as the app starts it: its own files alone, its own process, real sockets."""

from collections.abc import Iterator
import json
import os
from pathlib import Path
import signal
import stat
import subprocess
import sys
import tempfile
import time

import pytest

from custom_components.hems.core import wire
from custom_components.hems.core.model import Optimal, Plan
from tests.builders import a_battery, a_battery_state, a_pv, a_pv_state, a_request
from tests.engine.running import TOKEN


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A private directory; a Unix socket's path may have 107 characters at most."""
    with tempfile.TemporaryDirectory(prefix="hems-") as directory:
        yield Path(directory)


def ended(pid: int) -> bool:
    """Whether that process ends within half a minute."""
    for _ in range(600):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError, ProcessLookupError:
            return True
        if state == "Z":  # nobody has collected it yet
            return True
        time.sleep(0.05)
    return False


def test_a_plan_says_what_it_saves_beside_a_home_that_nobody_manages(launch):
    """Half the day is cheap and full of sun, and the battery can carry some of it over."""
    sunny = a_request(
        a_battery(capacity_kwh=5.0),
        a_battery_state(0.0),
        a_pv(),
        a_pv_state([3.0] * 12 + [0.0] * 12),
        load_kw=1.0,
        import_price=[0.20] * 12 + [0.40] * 12,
    )
    with launch("--port", "0") as engine:
        engine.wait_for("worker_ready")
        plan = wire.decode(Plan, engine.ask("POST", "/v1/plan", wire.encode(sunny))[1])

    unmanaged, by_rule = plan.saving_beside("unmanaged"), plan.saving_beside("self_consumption")
    assert unmanaged is not None
    assert by_rule is not None
    assert unmanaged > 0.5
    assert by_rule >= -0.01


def test_it_plans_without_home_assistant(launch):
    sunny = a_request(
        a_battery(), a_pv(), a_pv_state([0.0] * 8 + [4.0] * 8 + [0.0] * 8), load_kw=1.0, import_price=[0.1, 0.5] * 12
    )
    with launch("--port", "0", "--log-level", "debug") as engine:
        status, body = engine.ask("POST", "/v1/plan", wire.encode(sunny))
        assert status == 200, body
        plan = wire.decode(Plan, body)
        assert isinstance(plan.outcome, Optimal)
        solver = json.loads(engine.ask("GET", "/v1/health")[1])["solver"]
        assert "cvxpy" in solver
        assert "HiGHS" in solver
        assert TOKEN not in json.dumps(engine.lines())
        for line in engine.lines():
            assert set(line) >= {"time", "level", "component", "event"}


def test_a_stranger_is_refused_over_tcp(launch):
    with launch("--port", "0") as engine:
        assert engine.ask("GET", "/v1/health", token=None)[0] == 401
        assert engine.ask("GET", "/v1/health", token="guess")[0] == 401
        assert engine.wait_for("listening")["address"][0] == "127.0.0.1"


def test_tcp_without_a_token_does_not_start(path):
    result = subprocess.run(
        [sys.executable, "-P", "-m", "hems_core.engine"], env={"PYTHONPATH": path}, capture_output=True, check=False
    )
    assert result.returncode == 2
    assert b"TCP needs a token" in result.stderr


def test_a_unix_socket_is_private_and_needs_no_token(launch, short_path):
    where = short_path / "run" / "engine.sock"
    with launch("--socket", str(where)) as engine:
        assert engine.ask("GET", "/v1/health", token=None)[0] == 200
        assert stat.S_IMODE(where.stat().st_mode) == 0o600
        assert stat.S_IMODE(where.parent.stat().st_mode) == 0o700
        engine.process.terminate()
        assert engine.process.wait(20) == 0
    assert not where.exists()


def test_a_directory_open_to_others_is_refused(launch, short_path):
    short_path.chmod(0o755)
    with launch("--socket", str(short_path / "engine.sock")) as engine:
        assert engine.process.wait(20) == 2


def test_a_second_engine_does_not_take_the_socket_of_the_first(launch, short_path, path):
    where = short_path / "engine.sock"
    with launch("--socket", str(where)) as engine:
        engine.wait_for("listening")
        second = subprocess.run(
            [sys.executable, "-P", "-m", "hems_core.engine", "--socket", str(where)],
            env={"PYTHONPATH": path},
            capture_output=True,
            check=False,
        )
        assert second.returncode == 2
        assert b"another engine listens" in second.stderr
        assert engine.ask("GET", "/v1/health")[0] == 200


def test_what_a_killed_engine_left_is_cleared_away(launch, short_path):
    where = short_path / "engine.sock"
    with launch("--socket", str(where)) as engine:
        engine.wait_for("listening")
        engine.process.kill()
        engine.process.wait()
    assert where.exists()
    with launch("--socket", str(where)) as engine:
        assert engine.ask("GET", "/v1/health")[0] == 200


def test_a_taken_port_is_said_in_one_line(launch, path):
    with launch("--port", "0") as engine:
        port = engine.wait_for("listening")["address"][1]
        second = subprocess.run(
            [sys.executable, "-P", "-m", "hems_core.engine", "--port", str(port)],
            env={"PYTHONPATH": path, "HEMS_ENGINE_TOKEN": TOKEN},
            capture_output=True,
            check=False,
        )
    assert second.returncode == 2
    assert b"cannot listen" in second.stderr
    assert b"Traceback" not in second.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(launch, number):
    with launch("--port", "0") as engine:
        worker = engine.wait_for("worker_ready")["pid"]
        engine.process.send_signal(number)
        assert engine.process.wait(20) == 0
        assert ended(worker)
        assert engine.lines()[-1]["event"] == "stopped"


def test_it_ends_when_its_parent_closes_the_pipe(launch):
    with launch("--port", "0", "--exit-on-eof", stdin=subprocess.PIPE) as engine:
        worker = engine.wait_for("worker_ready")["pid"]
        engine.process.stdin.close()
        assert engine.process.wait(20) == 0
        assert ended(worker)


def test_a_killed_engine_leaves_no_worker_behind(launch):
    with launch("--port", "0") as engine:
        worker = engine.wait_for("worker_ready")["pid"]
        engine.process.kill()
        engine.process.wait()
        assert ended(worker)


def test_a_killed_worker_is_replaced(launch):
    with launch("--port", "0") as engine:
        worker = engine.wait_for("worker_ready")["pid"]
        os.kill(worker, signal.SIGKILL)
        engine.wait_for("worker_ended")
        status, body = engine.ask("POST", "/v1/plan", wire.encode(a_request(a_battery())))
        assert status == 200
        assert isinstance(wire.decode(Plan, body).outcome, Optimal)
