"""Whatever happens to the worker, a request gets a plan and the next one a worker."""

import asyncio
import os
import signal
import sys

from custom_components.hems.core import wire
from custom_components.hems.core.model import Fallback, Infeasible, Optimal, SolverOptions, TimedOut
from tests.builders import a_battery, a_request
from tests.engine.conftest import STAND_IN

QUICK = SolverOptions(time_limit_s=0.1)
ENDS_AT_ONCE = (sys.executable, "-c", "")


def a_task(doing: str, **changes):
    """A request that tells the stand-in what to do."""
    return a_request(a_battery(), site={"name": doing}, **changes)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def until(condition) -> None:
    """Wait for something that only the engine knows."""
    while not condition():  # noqa: ASYNC110  # there is no event to wait for
        await asyncio.sleep(0.02)


async def ready(engine) -> int:
    """The pid of a worker that can solve."""
    await until(lambda: engine.worker.state == "ready")
    return engine.worker.pid


async def busy(engine) -> None:
    await until(lambda: engine.worker.state == "busy")


async def test_limits_that_contradict_each_other_give_the_rules_plan(start):
    async with start() as engine:
        plan = await engine.plan(a_task("impossible"))
    assert plan.outcome == Infeasible(broken=("grid.max_import", "battery.max_discharge"))
    assert plan.asset("battery") is not None


async def test_a_search_that_finds_nothing_in_time_gives_the_rules_plan(start):
    async with start() as engine:
        plan = await engine.plan(a_task("late", options=QUICK))
    assert plan.outcome == TimedOut(time_limit_s=0.1)
    assert plan.asset("battery") is not None


async def test_a_solve_without_end_is_ended(start, monkeypatch):
    monkeypatch.setattr("custom_components.hems.core.engine.planning._DEADLINE_GRACE_S", 0.3)
    async with start() as engine:
        before = await ready(engine)
        plan = await engine.plan(a_task("compute 600", options=QUICK))
        assert plan.outcome == TimedOut(time_limit_s=0.1)
        assert isinstance((await engine.plan(a_task("home"))).outcome, Optimal)
        assert gone(before)
        assert engine.worker.restarts == 1


async def test_a_worker_that_crashes_costs_one_plan(start):
    async with start() as engine:
        plan = await engine.plan(a_task("crash"))
        assert plan.outcome == Fallback(reason="the solver ended without an answer")
        assert isinstance((await engine.plan(a_task("home"))).outcome, Optimal)


async def test_a_worker_that_dies_once_costs_nothing(start, tmp_path):
    async with start() as engine:
        plan = await engine.plan(a_task(f"die-once {tmp_path / 'died'}"))
        assert isinstance(plan.outcome, Optimal)
        assert engine.worker.restarts == 1


async def test_killing_the_worker_in_the_middle_of_a_solve_costs_nothing(start):
    async with start() as engine:
        before = await ready(engine)
        solve = asyncio.create_task(engine.plan(a_task("compute 1")))
        await busy(engine)
        os.kill(before, signal.SIGKILL)
        assert isinstance((await solve).outcome, Optimal)
        assert engine.worker.pid != before


async def test_killing_an_idle_worker_is_healed(start):
    async with start() as engine:
        before = await ready(engine)
        os.kill(before, signal.SIGKILL)
        await until(lambda: engine.worker.restarts > 0)
        assert isinstance((await engine.plan(a_task("home"))).outcome, Optimal)
        assert (await engine.health()).worker_restarts == 1


async def test_a_solver_that_prints_spoils_nothing(start):
    async with start() as engine:
        assert isinstance((await engine.plan(a_task("print"))).outcome, Optimal)
        assert isinstance((await engine.plan(a_task("print"))).outcome, Optimal)


async def test_a_solver_that_answers_nonsense_is_not_believed(start):
    async with start() as engine:
        assert (await engine.plan(a_task("nonsense"))).outcome == Fallback(reason="the solver's plan is not valid")


async def test_without_a_solver_plans_are_made_by_rule(start):
    async with start(ENDS_AT_ONCE) as engine:
        plan = await engine.plan(a_task("home"))
        assert plan.outcome == Fallback(reason="the solver is not running")
        health = await engine.health()
        assert (health.status, health.worker, health.solver) == ("degraded", "failed", None)


async def test_what_is_no_worker_is_no_solver(start):
    async with start((sys.executable, "-c", "print('hello there')")) as engine:
        assert isinstance((await engine.plan(a_task("home"))).outcome, Fallback)


async def test_a_command_that_does_not_exist_is_no_solver(start):
    async with start(("/nowhere/python",)) as engine:
        assert isinstance((await engine.plan(a_task("home"))).outcome, Fallback)


async def test_too_many_requests_are_sent_away_until_later(start):
    async with start(max_waiting=2) as engine:
        await ready(engine)
        slow = wire.encode(a_task("compute 1"))
        first, second = asyncio.create_task(engine.post(slow)), asyncio.create_task(engine.post(slow))
        await until(lambda: engine.planning.waiting == 2)
        refused = await engine.post(slow)
        assert refused.status == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert (await refused.json(content_type="application/problem+json"))["title"] == "Service Unavailable"
        assert (await first).status == (await second).status == 200


async def test_stopping_answers_by_rule_whoever_waits(start):
    async with start() as engine:
        pid = await ready(engine)
        solve = asyncio.create_task(engine.plan(a_task("compute 600")))
        await busy(engine)
        await engine.worker.stop()
        assert isinstance((await solve).outcome, Fallback)
        assert gone(pid)


async def test_a_worker_whose_server_is_gone_ends_without_a_word(app_files):
    nobody_reads, answers = os.pipe()
    os.close(nobody_reads)
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        STAND_IN,
        app_files,
        stdin=asyncio.subprocess.PIPE,
        stdout=answers,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(answers)
    said = await worker.stderr.read()
    assert (await worker.wait(), said) == (0, b"")


async def test_the_worker_does_not_know_the_token(start, monkeypatch):
    monkeypatch.setenv("HEMS_ENGINE_TOKEN", "secret")
    async with start() as engine:
        pid = await ready(engine)
        with open(f"/proc/{pid}/environ", "rb") as environment:  # noqa: ASYNC230, PTH123  # a file of the kernel
            assert b"secret" not in environment.read()
