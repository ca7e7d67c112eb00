"""An agent that hangs is ended by the first process of its container, and one that works is left alone."""

from http.server import BaseHTTPRequestHandler, HTTPServer
import os
from pathlib import Path
import signal
import socket
import subprocess
import sys
import threading

from hems_agent import guard, metrics
from hems_agent.__main__ import OLDEST_ROUND_S
import pytest
import yaml

from tests.stack.native_stack import ROOT

FAST = {"start_s": 0.3, "patience_s": 0.3, "every_s": 0.05}


@pytest.fixture
def page(socket_enabled):
    """A port, and what the agent's page says there: `text`, once all of `before` is said, and `then` is called."""
    said = {"text": f"{metrics.AGE} 3.0\n", "before": [], "then": lambda: None}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            text = said["before"].pop(0) if said["before"] else said["text"]
            self.wfile.write(b"# HELP x y\n" + text.encode())
            if not said["before"]:
                said["then"]()

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server.server_address[1], said
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def free_port(socket_enabled):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def an_agent(seconds):
    return subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds}); raise SystemExit(7)"])


def test_an_agent_that_looks_after_the_others_is_left_alone_and_its_code_is_handed_on(page):
    with an_agent(1.0) as agent:
        assert guard.watched(agent, page[0], **FAST) == 7


@pytest.mark.parametrize("said", ["hems_agent_round_age_seconds +Inf\n", "hems_agent_round_age_seconds 121.0\n", ""])
def test_an_agent_that_answers_but_looks_after_nobody_is_ended(page, said, capsys):
    page[1]["text"] = said
    with an_agent(60.0) as agent:
        assert guard.watched(agent, page[0], **FAST) == 128 + signal.SIGKILL
    assert "hangs" in capsys.readouterr().err


def test_an_agent_that_does_not_answer_is_ended_although_it_is_frozen(free_port):
    with an_agent(60.0) as agent:
        agent.send_signal(signal.SIGSTOP)
        assert guard.watched(agent, free_port, **FAST) == 128 + signal.SIGKILL


def test_a_short_silence_is_forgiven_at_the_start_and_later(page):
    well = page[1]["text"]
    code = "import sys; sys.stdin.read(); raise SystemExit(7)"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as agent:
        page[1].update(before=["", "", well, "", "", well], then=agent.stdin.close)
        assert guard.watched(agent, page[0], start_s=60.0, patience_s=60.0, every_s=0.01) == 7
    assert page[1]["before"] == []


def test_a_stop_of_the_container_reaches_the_agent(tmp_path):
    (tmp_path / "hems_agent").mkdir()
    for name in ("__init__.py", "guard.py"):
        (tmp_path / "hems_agent" / name).write_text((Path(guard.__file__).parent / name).read_text())
    (tmp_path / "hems_agent/__main__.py").write_text(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        "print('up', sys.argv[1], flush=True)\n"
        # A signal just before a sleep is heard after it.
        "while True: time.sleep(0.05)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-P", "-m", "hems_agent.guard", "run"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "up run\n"
        process.terminate()
        assert process.wait(20) == 5


def test_an_agent_does_not_outlive_its_guard(tmp_path):
    (tmp_path / "hems_agent").mkdir()
    for name in ("__init__.py", "guard.py"):
        (tmp_path / "hems_agent" / name).write_text((Path(guard.__file__).parent / name).read_text())
    (tmp_path / "hems_agent/__main__.py").write_text(
        "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-P", "-m", "hems_agent.guard", "run"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        agent = int(process.stdout.readline())
        process.kill()
        # The end of its output is the end of the agent.
        assert process.stdout.read() == ""
    assert not Path(f"/proc/{agent}/exe").exists()


def test_the_guard_waits_as_long_as_the_health_check_and_means_the_same_by_well():
    check = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["agent"]["healthcheck"]
    assert check["start_period"] == f"{guard.START_S / 60:g}m"
    assert guard.OLDEST_ROUND_S == OLDEST_ROUND_S
    assert guard.AGE.decode().strip() == metrics.AGE


def test_the_guard_is_light():
    listing = "import sys, hems_agent.guard; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "balena/agent")}
    said = subprocess.run(
        [sys.executable, "-P", "-c", listing], env=environment, capture_output=True, text=True, check=True
    )
    assert not {"ssl", "logging", "asyncio", "paho", "json"} & set(said.stdout.split())
