"""The worker's side of the pipe: requests in, plans out, one at a time, until the pipe closes."""

from collections.abc import Callable
import gc
import logging
import os
from queue import SimpleQueue
import signal
import sys
from threading import Thread
from typing import BinaryIO

from .. import wire
from ..model import Outcome, Plan, PlanRequest
from . import frames, logs
from .example import small_request
from .frames import Tag

type Solve = Callable[[PlanRequest], Plan | Outcome]
"""A plan, or how the search ended without one."""

LOGGER = logging.getLogger("hems.engine.worker")


def serve(solve: Solve, solver: str) -> None:
    """Answer requests until the server is gone.

    An exception of `solve` ends the process: the server logs it, starts another worker and answers by rule.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then closes the pipe
    sys.excepthook = logs.crash_hook(LOGGER)
    requests, answers = _pipes()
    waiting: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_read, args=(requests, waiting), daemon=True).start()
    solve(small_request())
    # What is loaded by now stays: to look through all of it again costs as much as a plan.
    gc.freeze()
    _send(answers, Tag.READY, solver.encode())
    while True:
        match solve(wire.decode(PlanRequest, waiting.get())):
            case Plan() as plan:
                _send(answers, Tag.PLAN, wire.encode(plan))
            case Outcome() as outcome:
                _send(answers, Tag.NO_PLAN, wire.encode(outcome))


def _pipes() -> tuple[int, BinaryIO]:
    """The pipe, taken away from stdin and stdout: a solver that prints must not spoil an answer."""
    requests, answers = os.dup(0), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


def _read(requests: int, waiting: SimpleQueue[bytes]) -> None:
    """Take requests off the pipe. When the server is gone, nobody wants the answer: end in the middle of a solve."""
    while (frame := frames.read(requests)) is not None:
        waiting.put(frame[1])
    os._exit(0)


def _send(answers: BinaryIO, tag: Tag, body: bytes) -> None:
    """Into the pipe; when the server is gone, nobody wants the answer."""
    try:
        answers.write(frames.pack(tag, body))
        answers.flush()
    except BrokenPipeError:
        os._exit(0)
