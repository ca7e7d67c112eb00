"""`python -m hems_core.engine.learning_loop TASK [DIR]`: one question on stdin, one answer on stdout, then it is gone.

A process of its own, so that the memory of a year's history is given back and a fault costs one answer. The server
has checked the question; the answer is written to the pipe in one piece.
"""

from dataclasses import replace
import logging
import os
from pathlib import Path
import resource
import sys
from time import process_time

from .. import wire
from ..model import HealthStatus, InputHealth
from ..model.load_learning import LearnedLoad, LearnLoadRequest, LoadForecast, LoadForecastRequest
from . import logs

LEARN, FORECAST = "learn", "forecast"
REFUSED = 3
"""Exit code: the answer is a sentence that says why the question cannot be answered."""
_NICE = 10
_MOST_BYTES = 2 << 30
"""A year of quarter-hours takes a sixth of that."""

LOGGER = logging.getLogger("hems.engine.learning")


class Refused(Exception):
    """The question is well-formed and has no answer."""


def main() -> int:
    """Answer the task that the command line names."""
    logs.set_up(logging.INFO)
    sys.excepthook = logs.crash_hook(LOGGER)
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES, _MOST_BYTES))
    answers = os.dup(1)
    os.dup2(2, 1)  # a library that prints must not spoil an answer
    task, directory = sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else None
    question = sys.stdin.buffer.read()
    code = 0
    try:
        answer = _learn(question, directory) if task == LEARN else _forecast(question, directory)
    except Refused as refusal:
        answer, code = str(refusal).encode(), REFUSED
    with os.fdopen(answers, "wb") as stream:
        stream.write(answer)
    return code


def _learn(question: bytes, directory: Path | None) -> bytes:
    # Imported here: forecasting does without scikit-learn, and so starts in a fraction of the time.
    from ..learning import StoreError, load_learned, save_learned  # noqa: PLC0415
    from ..learning.learner import TooLittle, digest, learn_load  # noqa: PLC0415

    request = wire.decode(LearnLoadRequest, question)
    if directory is None:
        raise Refused("the engine was started without --data, a directory to keep what it learns")
    health: tuple[InputHealth, ...] = ()
    try:
        kept = load_learned(directory, request.home)
        if kept is not None and kept.digest == digest(request):
            return wire.encode(replace(kept.told, unchanged=True))
    except StoreError as error:
        health = (_degraded(f"{error}; it was learned anew"),)
        logs.event(LOGGER, logging.WARNING, "learned_file_replaced", reason=str(error))
    try:
        learned = learn_load(request, process_time)
    except TooLittle as error:
        raise Refused(str(error)) from error
    try:
        save_learned(directory, learned)
    except OSError as error:
        raise Refused(f"what was learned cannot be kept: {error.strerror}") from error
    return wire.encode(_with_health(learned.told, health))


def _forecast(question: bytes, directory: Path | None) -> bytes:
    from ..learning import StoreError, forecast_load, load_learned  # noqa: PLC0415

    request = wire.decode(LoadForecastRequest, question)
    learned, health = None, _degraded("the engine keeps nothing (--data); simple methods are used")
    try:
        if directory is not None:
            learned = load_learned(directory, request.home)
            health = _degraded("nothing is learned yet; simple methods are used")
    except StoreError as error:
        health = _degraded(f"{error}; simple methods are used until it is learned anew")
    forecast = forecast_load(request, learned)
    return wire.encode(forecast if learned is not None else _with_health(forecast, (health,)))


def _with_health[T: (LearnedLoad, LoadForecast)](answer: T, health: tuple[InputHealth, ...]) -> T:
    return replace(answer, health=(*answer.health, *health))


def _degraded(reason: str) -> InputHealth:
    return InputHealth(source="load_kw", status=HealthStatus.DEGRADED, reason=reason)


if __name__ == "__main__":
    sys.exit(main())
