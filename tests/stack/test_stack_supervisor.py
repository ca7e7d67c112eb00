"""What scripts/stack does with processes that end, and with what a person may have got wrong."""

from dataclasses import replace
import os
from pathlib import Path
import shutil
import signal
import socket
import subprocess
import sys
import time

from hems_agent.supervisor import Supervisor as Restarter
import pytest
from stack_support import supervisor
from stack_support.__main__ import claimed, parse
from stack_support.balena import APPLICATION, listening
from stack_support.home import PORTS, Mendable, Stack
from stack_support.native import Service
from stack_support.supervisor import Child, Ended, Supervisor
import yaml

from tests.stack.native_stack import ROOT

PATIENCE_S = 60.0


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervised(tmp_path, said):
    """A function that runs shell scripts as services; all of them are ended."""
    made = []

    def run(**scripts) -> Supervisor:
        children = {}
        for name, text in scripts.items():
            service = Service(name=name, command=("/bin/sh", "-c", text), environment={})
            children[name] = Child(service, lambda: True, tmp_path / f"{name}.log")
        made.append(Supervisor(children, lambda: None, said.append))
        made[-1].start()
        return made[-1]

    yield run
    for one in made:
        one.stop()


def until(condition, look=lambda: None):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        look()
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Whether it is there and not only waits to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_is_killed_is_started_again_and_its_children_are_not_left_behind(supervised, said, tmp_path):
    running = supervised(worker=f"sleep 100 & echo $! >> {tmp_path}/children; wait")
    child, children = running.children["worker"], tmp_path / "children"
    until(lambda: children.exists() and children.read_text().endswith("\n"))
    first, grandchild = child.process.pid, int(children.read_text())
    os.kill(first, signal.SIGKILL)
    until(lambda: child.starts == 2, running.look)
    assert child.process.pid != first
    until(lambda: not lives(grandchild))
    assert said == ["worker was ended by SIGKILL and is started again"]


def test_who_does_not_stay_up_ends_the_stack_and_is_named_with_its_reason(supervised, monkeypatch):
    monkeypatch.setattr(supervisor, "FIRST_WAIT_S", 0.001)
    running = supervised(steady="sleep 100", broken="echo there is no disk; exit 3")
    with pytest.raises(Ended) as ended:
        until(lambda: False, running.look)
    assert str(ended.value).startswith("broken ended with code 3, 6 times in a row:\n")
    assert "there is no disk" in str(ended.value)
    assert running.children["steady"].starts == 1


def test_restarts_keep_more_and_more_distance_until_a_process_has_lived(supervised, monkeypatch):
    running = supervised(broken="exit 1")
    child, distances = running.children["broken"], []
    for _ in range(3):
        child.process.wait()
        now_s = time.monotonic()
        with monkeypatch.context() as stopped:
            stopped.setattr(time, "monotonic", lambda now_s=now_s: now_s)
            running.look()
        distances.append(child.due_s - now_s)
        child.due_s = 0.0
        running.look()
    assert distances == pytest.approx([0.2, 0.4, 0.8])
    monkeypatch.setattr(supervisor, "LIVED_S", 0.0)
    until(lambda: child.due_s is not None, running.look)
    assert child.failures == 0


def test_everything_ends_in_its_order_and_who_does_not_want_to_is_killed(supervised, said, tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "PATIENCE_S", 3.0)
    note = f"trap 'echo $0 >> {tmp_path}/ended; exit' TERM; echo up; while :; do sleep 0.05; done"
    running = supervised(
        first=note.replace("$0", "first"),
        stubborn="trap '' TERM; echo up; while :; do sleep 0.05; done",
        last=note.replace("$0", "last"),
    )
    until(lambda: all(child.log.read_text() for child in running.children.values()))
    running.stop()
    assert (tmp_path / "ended").read_text().split() == ["first", "last"]
    assert said == ["stubborn does not end and is killed"]
    assert not any(lives(child.process.pid) for child in running.children.values())


def test_services_end_with_a_starter_that_is_killed(tmp_path):
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv (util-linux)")
    starter = f"""
import pathlib, time
from stack_support.native import Service
started = Service(name="one", command=("sleep", "100"), environment={{}}).start(
    pathlib.Path({str(tmp_path / "one.log")!r}), own_group=True)
print(started.pid, flush=True)
time.sleep(100)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, env=environment) as process:
        pid = int(process.stdout.readline())
        until(lambda: Path(f"/proc/{pid}/comm").read_text().strip() == "sleep")
        process.kill()
    until(lambda: not lives(pid))


def test_a_state_directory_is_for_one_stack_at_a_time(tmp_path):
    again = claimed(tmp_path / "state")
    with claimed(tmp_path / "state"), pytest.raises(Mendable, match=r"a stack runs in .*state; stop it"):
        again.__enter__()


def test_ports_are_kept_from_boot_to_boot_and_one_that_is_taken_is_named(tmp_path, socket_enabled):
    first = Stack.at(tmp_path, port=None, has_fleet=False)
    assert sorted(first.ports) == sorted(PORTS)
    assert len(set(first.ports.values())) == len(PORTS)
    assert Stack.at(tmp_path, port=None, has_fleet=False).ports == first.ports
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(Mendable, match=rf"port {taken} \(http\) is taken; .* another --port"):
            Stack.at(tmp_path, port=taken, has_fleet=False)


@pytest.fixture
def balena(supervised, socket_enabled):
    """Asks what stands in for balena's Supervisor; the status of its answer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = supervised(steady="echo up; while :; do sleep 0.05; done")
    child = running.children["steady"]
    until(child.log.read_text)

    def restarter(key="key"):
        return Restarter(address=f"http://127.0.0.1:{port}", key=key, application=APPLICATION)

    with listening(port, "key", running.children, running.wishes.append):
        yield running, child, restarter


def test_the_agent_has_a_service_restarted_as_on_a_device(balena):
    running, child, restarter = balena
    assert restarter().restart("steady") == ""
    until(lambda: child.starts == 2, running.look)
    assert (child.failures, child.is_held) == (0, False)


def test_who_is_frozen_is_killed_when_its_grace_is_over(balena, monkeypatch):
    running, child, restarter = balena
    monkeypatch.setattr(child, "service", replace(child.service, grace_s=0.3))
    os.killpg(child.process.pid, signal.SIGSTOP)
    first = child.process.pid
    assert restarter().restart("steady") == ""
    until(lambda: child.starts == 2, running.look)
    assert not lives(first)


def test_who_was_stopped_stays_so_until_a_start_is_asked_for(balena):
    running, child, _ = balena
    running.wishes.append(("stop", "steady"))
    until(lambda: child.process.poll() is not None, running.look)
    for _ in range(5):
        running.look()
    assert child.starts == 1
    running.wishes.append(("start", "steady"))
    until(lambda: child.starts == 2, running.look)


def test_a_foreign_key_and_an_unknown_service_are_refused(balena):
    running, _, restarter = balena
    assert restarter("guessed").restart("steady") == "the Supervisor answers 401"
    assert restarter().restart("nobody") == "the Supervisor answers 404"
    assert not running.wishes


def test_services_are_given_as_long_to_end_as_in_the_stack(tmp_path, socket_enabled):
    stack = Stack.at(tmp_path, port=None, has_fleet=False)
    stack.make_secrets()
    described = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    units = {"m": 60.0, "s": 1.0}
    for name, child in stack.children().items():
        grace = described[name].get("stop_grace_period", "10s")
        assert child.service.grace_s == float(grace[:-1]) * units[grace[-1]], name


@pytest.mark.parametrize("port", ["80", "70000", "home"])
def test_a_port_that_cannot_be_is_refused(port, capsys):
    with pytest.raises(SystemExit):
        parse(["--port", port])
    assert "--port" in capsys.readouterr().err


def test_the_help_says_what_is_not_as_on_a_device(capsys):
    with pytest.raises(SystemExit):
        parse(["--help"])
    said = capsys.readouterr().out
    for word in ("imitation", "victoria-metrics", "Grafana", "wifi-repeater", "config-editor"):
        assert word in said
