"""The server's side of learning: one process a question, one question at a time, beside planning and not before it."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
import logging
from pathlib import Path
import sys
from time import monotonic

from . import learning_loop, logs
from .planning import Busy
from .worker_process import worker_environment

LOGGER = logging.getLogger("hems.engine.server")
LEARN_LIMIT_S = 600.0
"""Half a minute of one core of a PC; a small computer that also plans takes its time."""
FORECAST_LIMIT_S = 60.0
MAX_WAITING = 2


class LearningRefused(Exception):
    """The question is well-formed and has no answer; the message says why."""


class LearningFailed(Exception):
    """The process ended without an answer, or took too long."""


def command() -> tuple[str, ...]:
    """How the process is started; task and directory follow."""
    return (sys.executable, "-P", "-m", learning_loop.__name__)


class Learning:
    """Answers questions about the load, each kind one at a time; forecasts do not wait for learning."""

    def __init__(self, directory: Path | None, argv: Sequence[str] | None = None) -> None:
        """`directory` keeps what is learned; None: nothing can be learned, and forecasts use simple methods."""
        self._directory = directory
        self._argv = tuple(argv or command())
        self._turns = {task: asyncio.Lock() for task in (learning_loop.LEARN, learning_loop.FORECAST)}
        self._waiting = dict.fromkeys(self._turns, 0)

    async def learn(self, question: bytes) -> bytes:
        """A checked LearnLoadRequest as JSON; a LearnedLoad as JSON.

        Raises:
            Busy: another history is being learned and one waits.
            LearningRefused: there is too little history, or nowhere to keep what is learned.
            LearningFailed: there is no answer.
        """
        return await self._ask(learning_loop.LEARN, question, LEARN_LIMIT_S)

    async def forecast(self, question: bytes) -> bytes:
        """A checked LoadForecastRequest as JSON; a LoadForecast as JSON.

        Raises:
            Busy: another forecast is being made and one waits.
            LearningFailed: there is no answer.
        """
        return await self._ask(learning_loop.FORECAST, question, FORECAST_LIMIT_S)

    async def _ask(self, task: str, question: bytes, limit_s: float) -> bytes:
        if self._waiting[task] >= MAX_WAITING:
            raise Busy(10)
        self._waiting[task] += 1
        began = monotonic()
        try:
            async with self._turns[task], asyncio.timeout(limit_s):
                answer = await self._run(task, question)
        except TimeoutError as error:
            raise LearningFailed(f"{task} took longer than {limit_s:g} s") from error
        finally:
            self._waiting[task] -= 1
        logs.event(LOGGER, logging.INFO, "load_asked", task=task, seconds=round(monotonic() - began, 3))
        return answer

    async def _run(self, task: str, question: bytes) -> bytes:
        where = [] if self._directory is None else [str(self._directory)]
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv, task, *where, stdin=PIPE, stdout=PIPE, env=worker_environment()
            )
        except OSError as error:
            raise LearningFailed(f"no process for {task}: {error}") from error
        try:
            answer, _ = await process.communicate(question)
        finally:
            await _end(process)
        if process.returncode == learning_loop.REFUSED:
            raise LearningRefused(answer.decode(errors="replace"))
        if process.returncode:
            raise LearningFailed(f"the process for {task} ended with code {process.returncode}; its log says why")
        return answer


async def _end(process: Process) -> None:
    """Also when whoever asked has gone: nothing is left running."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
