"""The embedded engine starts, is started again, and leaves nothing behind."""

import asyncio
import json
import logging
import os
from pathlib import Path
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import tomllib
from types import SimpleNamespace

import pytest

from custom_components.hems import engine as engine_module
from custom_components.hems import engine_process
from custom_components.hems.core.engine import VERSION
from custom_components.hems.core.model import Optimal
from custom_components.hems.core.model.load_learning import LearnLoadRequest, LoadForecastRequest
from custom_components.hems.engine_client import EngineUnreachable
from custom_components.hems.engine_process import EmbeddedEngine, available
from tests.builders import a_battery, a_request
from tests.core.learning.homes import a_history

pytestmark = pytest.mark.usefixtures("embedded_engine_allowed")
REQUEST = a_request(a_battery())
ROOT = Path(__file__).parents[2]


@pytest.fixture
def changes():
    return []


@pytest.fixture
async def engine(changes):
    started = EmbeddedEngine(on_change=changes.append)
    await started.start()
    yield started
    await started.stop()


def alive(pid: int) -> bool:
    """Whether the process runs; one that nobody has collected yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError, ProcessLookupError:
        return False


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


async def until(condition) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  # other processes send no events
            await asyncio.sleep(0.05)


async def test_it_plans(engine, changes):
    assert isinstance((await engine.client.plan(REQUEST)).outcome, Optimal)
    assert engine.running
    assert changes == [True]


async def test_stopping_leaves_nothing_behind(changes):
    engine = EmbeddedEngine(on_change=changes.append)
    await engine.start()
    await engine.client.plan(REQUEST)
    directory, pids = engine._directory, [engine.pid, *children(engine.pid)]
    assert len(pids) == 2
    await engine.stop()
    await until(lambda: not any(map(alive, pids)))
    assert not directory.exists()
    assert not engine.running
    assert changes == [True, False]
    with pytest.raises(EngineUnreachable, match="not started"):
        _ = engine.client


async def test_only_the_owner_can_open_its_directory(engine):
    assert stat.S_IMODE(engine._directory.stat().st_mode) == 0o700


async def test_it_is_given_nothing_secret(monkeypatch):
    monkeypatch.setenv("SUPERVISOR_TOKEN", "secret")
    engine = EmbeddedEngine()
    await engine.start()
    try:
        for pid in (engine.pid, *children(engine.pid)):
            assert b"secret" not in environment_of(pid)
    finally:
        await engine.stop()


async def test_it_may_be_started_and_stopped_twice():
    engine = EmbeddedEngine()
    for _ in range(2):
        await engine.start()
        await engine.start()
        assert (await engine.client.health()).version
        await engine.stop()
        await engine.stop()


async def test_killing_the_engine_in_the_middle_of_a_plan_costs_only_time(engine, changes, caplog):
    first = engine.pid
    await engine.client.plan(REQUEST)
    plan = asyncio.create_task(engine.client.plan(REQUEST))
    await asyncio.sleep(0)
    os.kill(first, signal.SIGKILL)
    assert isinstance((await asyncio.wait_for(plan, 15)).outcome, Optimal)
    await until(lambda: changes[-1] is True and len(changes) > 1)
    assert engine.pid != first
    assert changes == [True, False, True]
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "exit code -9" in warnings[0].message


async def test_killing_the_worker_costs_only_time(engine):
    await engine.client.plan(REQUEST)
    os.kill(children(engine.pid)[0], signal.SIGKILL)
    assert isinstance((await asyncio.wait_for(engine.client.plan(REQUEST), 15)).outcome, Optimal)


async def test_a_restart_keeps_the_client(engine):
    client, first = engine.client, engine.pid
    await engine.restart()
    assert engine.pid != first
    assert engine.client is client
    assert isinstance((await client.plan(REQUEST)).outcome, Optimal)


async def test_restarting_what_does_not_run_starts_it():
    engine = EmbeddedEngine()
    await engine.restart()
    assert engine.running
    await engine.stop()


async def test_an_engine_that_does_not_start_is_given_up_without_a_trace(monkeypatch, tmp_path):
    monkeypatch.setattr(engine_process, "_CORE", tmp_path)
    engine = EmbeddedEngine(start_limit_s=1.0)
    with pytest.raises(EngineUnreachable, match="did not start within 1 s"):
        await engine.start()
    assert engine._directory is None
    assert engine.pid is None


async def test_an_engine_that_ends_over_and_over_is_reported_once(monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(engine_process, "_CORE", tmp_path)
    monkeypatch.setattr(engine_process, "_FIRST_PAUSE_S", 0.01)
    caplog.set_level(logging.DEBUG)
    engine = EmbeddedEngine(start_limit_s=2.0)
    with pytest.raises(EngineUnreachable):
        await engine.start()
    ends = [record.levelno for record in caplog.records if "starting it again" in record.message]
    assert ends[0] == logging.WARNING
    assert set(ends[1:]) == {logging.DEBUG}


async def test_an_engine_that_lived_long_is_reported_each_time_it_ends(monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(engine_process, "_CORE", tmp_path)
    monkeypatch.setattr(engine_process, "_FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(engine_process, "_LIVED_LONG_S", -1.0)
    engine = EmbeddedEngine(start_limit_s=2.0)
    with pytest.raises(EngineUnreachable):
        await engine.start()
    ends = [record.levelno for record in caplog.records if "starting it again" in record.message]
    assert len(ends) > 1
    assert set(ends) == {logging.WARNING}


async def test_a_python_that_cannot_be_started_is_named(monkeypatch, caplog):
    monkeypatch.setattr(engine_process.sys, "executable", "/nowhere/python")
    engine = EmbeddedEngine(start_limit_s=0.5)
    with pytest.raises(EngineUnreachable, match=r"did not start within 0\.5 s"):
        await engine.start()
    assert "No such file or directory: '/nowhere/python'" in caplog.text


async def test_a_start_that_is_cancelled_leaves_nothing_behind():
    engine = EmbeddedEngine()
    starting = asyncio.create_task(engine.start())
    await until(lambda: engine.pid is not None)
    directory, pid = engine._directory, engine.pid
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not directory.exists()
    assert not alive(pid)


async def test_a_restart_without_an_answer_says_so_and_goes_on_trying(engine):
    core = engine._directory / "hems_core"
    core.rename(core.with_name("elsewhere"))
    engine._start_limit_s = 0.5
    with pytest.raises(EngineUnreachable, match=r"did not start within 0\.5 s"):
        await engine.restart()
    core.with_name("elsewhere").rename(core)
    await until(lambda: engine.running)
    assert isinstance((await engine.client.plan(REQUEST)).outcome, Optimal)


async def test_a_plan_asked_of_a_stopped_engine_is_not_waited_for(engine):
    client = engine.client
    await engine.stop()
    with pytest.raises(EngineUnreachable, match="was closed"):
        await client.plan(REQUEST)


async def test_an_engine_that_does_not_hear_is_killed(monkeypatch):
    monkeypatch.setattr(engine_process, "_STOP_S", 0.1)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", deaf, stdout=subprocess.PIPE)
    await process.stdout.readline()
    await engine_process._end(process)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("origin", "more"),
    [("/config/deps/cvxpy/__init__.py", ["/config/deps"]), (None, [])],
    ids=["requirements in a directory of their own", "no solver"],
)
def test_the_engine_finds_the_solver_where_home_assistant_has_it(monkeypatch, tmp_path, origin, more):
    spec = SimpleNamespace(origin=origin) if origin else None
    monkeypatch.setattr(engine_process, "find_spec", lambda _: spec)
    assert engine_process._environment(tmp_path)["PYTHONPATH"].split(os.pathsep) == [str(tmp_path), *more]


async def test_a_line_that_is_far_too_long_does_not_end_the_log():
    stream = asyncio.StreamReader(limit=16)
    stream.feed_data(b"x" * 100 + b"\nnext\n")
    stream.feed_eof()
    assert await engine_process._line(stream) == b"next\n"


ANOTHER_HOME_ASSISTANT = """
    import asyncio
    from custom_components.hems.engine_process import EmbeddedEngine

    async def main():
        engine = EmbeddedEngine()
        await engine.start()
        while (await engine.client.health()).worker != "ready":
            await asyncio.sleep(0.05)
        print(engine.pid, engine._directory, flush=True)
        await asyncio.sleep(600)

    asyncio.run(main())
"""


async def test_the_engine_ends_with_a_home_assistant_that_is_killed():
    argv = [sys.executable, "-c", textwrap.dedent(ANOTHER_HOME_ASSISTANT)]
    parent = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        pid, directory = (await asyncio.wait_for(parent.stdout.readline(), 60)).decode().split()
        pids = [int(pid), *children(int(pid))]
        assert len(pids) == 2
    finally:
        parent.kill()
        await parent.wait()
    await until(lambda: not any(map(alive, pids)))
    assert not (Path(directory) / "engine.sock").exists()
    shutil.rmtree(directory)


async def test_what_a_killed_home_assistant_left_is_cleared_away_later(monkeypatch, tmp_path):
    monkeypatch.setattr(engine_process, "gettempdir", lambda: str(tmp_path))
    left, new, used, foreign = (
        tmp_path / name for name in ("hems-engine-1", "hems-engine-2", "hems-engine-3", "other")
    )
    for directory in (left, new, used, foreign):
        directory.mkdir()
        (directory / "hems_core").symlink_to(ROOT)
    (used / "engine.sock").touch()
    for directory in (left, used, foreign):
        os.utime(directory, (0, 0))
    engine_process._clear_away_old_ones()
    assert set(tmp_path.iterdir()) == {new, used, foreign}
    assert (ROOT / "custom_components").exists()


def test_it_is_available_where_the_solver_is(monkeypatch):
    assert available()
    monkeypatch.setattr(engine_process, "_SOLVER", "a_solver_nobody_has")
    assert not available()


@pytest.mark.parametrize(
    ("line", "level", "text"),
    [
        (b'{"time": "x", "level": "info", "component": "c", "event": "e", "n": 1}', logging.DEBUG, "c: e n=1"),
        (b'{"level": "error", "component": "c", "event": "e"}', logging.ERROR, "c: e"),
        (b'{"level": "odd"}', logging.WARNING, "engine: "),
        (b"[1]", logging.WARNING, "[1]"),
        (b"Fatal Python error \xff", logging.WARNING, "Fatal Python error \ufffd"),
    ],
)
def test_its_log_lines_become_home_assistants(line, level, text):
    assert engine_process._read_log(line) == (level, text)


def test_engine_and_integration_have_one_version():
    manifest = json.loads((ROOT / "custom_components/hems/manifest.json").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert manifest["version"] == project["project"]["version"] == VERSION


async def test_what_it_learns_is_kept_where_it_is_told(tmp_path):
    engine = EmbeddedEngine(data=tmp_path / "learned")
    await engine.start()
    try:
        learned = await engine.client.learn_load(LearnLoadRequest(home="home", history=a_history(45)))
        forecast = await engine.client.forecast_load(LoadForecastRequest(home="home", history=a_history(45), hours=3))
    finally:
        await engine.stop()
    assert [file.name for file in (tmp_path / "learned").iterdir()] == ["home.load"]
    assert forecast.learned_until == learned.until


async def test_home_assistants_own_engine_learns_and_foresees(hass):
    engine = engine_module.EmbeddedEngine(hass)
    await engine.async_start()
    try:
        learned = await engine.async_learn_load(LearnLoadRequest(home="home", history=a_history(45)))
        forecast = await engine.async_forecast_load(LoadForecastRequest(home="home", history=a_history(45), hours=3))
    finally:
        await engine.async_stop()
    assert forecast.learned_until == learned.until


async def test_an_engine_elsewhere_is_asked_to_learn(hass):
    class Client:
        async def learn_load(self, request):
            return request

    assert await engine_module.RemoteEngine(hass, Client()).async_learn_load("question") == "question"
