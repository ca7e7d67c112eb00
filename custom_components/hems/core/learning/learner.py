"""Learning from a history: once without its last two weeks, to see how good it is, and once with all of it."""

from collections.abc import Callable
from dataclasses import replace
import hashlib

import numpy as np

from ..model.load_learning import LearnedLoad, LearnLoadRequest
from . import features
from .methods import SIMPLE
from .methods.learned import LOSSES, NAME, LearnedMethod
from .past import Floats, Past, past_of
from .question import Question
from .scores import DAYS, day_ahead, errors_by_origin, errors_of, recent_origins, scores
from .store import Learned
from .training import fit, made_with

LEAST_DAYS = 28
"""Of known load, beside the two weeks that are held out; less says nothing about a week."""
MOST_ROWS = 40_000
LONGEST_LEAD_H = 48
LEADS = 3
"""Examples for each step on average, each from another origin."""
FORGETS_DAYS = 120.0
"""A step is drawn 1/e as often after that time: homes change, and last winter still counts."""
_FIRST_DAYS = 8
"""Before an example there is at least a week to look back on."""
MARGINS = {"p10": 0.1, "p90": 0.9}


class TooLittle(ValueError):
    """There is not enough history to learn from."""


def learn_load(request: LearnLoadRequest, cpu_s: Callable[[], float]) -> Learned:
    """What can be learned from a history; `cpu_s` reads how much this process has computed.

    Raises:
        TooLittle: fewer days are known than learning needs.
        TrainingFault: the library does not do what is expected of it.
    """
    began = cpu_s()
    past, health = past_of(request.history, 0)
    known_days = float(np.isfinite(past.load_kw).sum()) / past.day
    if known_days < LEAST_DAYS + DAYS:
        raise TooLittle(f"history: load_kw must be known for {LEAST_DAYS + DAYS} days to learn, got {known_days:.1f}")
    held_out = recent_origins(past)
    trial, _ = learn(past, min(held_out))
    question = day_ahead(past, held_out)
    errors = errors_by_origin(question, trial.answer(question))
    method, rows = learn(past, past.known)
    told = LearnedLoad(
        home=request.home,
        until=past.time(past.known),
        rows=rows,
        cpu_s=round(cpu_s() - began, 3),
        made_with=made_with(),
        scores=scores(errors_of(SIMPLE, past, held_out) | {NAME: errors}),
        health=health,
    )
    return Learned(
        told=told,
        method=replace(method, margins=_margins(trial, question)),
        step_s=past.step_s,
        digest=digest(request),
        errors=errors,
    )


def digest(request: LearnLoadRequest) -> str:
    """The same for the same question to the same program."""
    told = repr((request, features.NAMES, features.VERSION, made_with()))
    return hashlib.sha256(told.encode()).hexdigest()


def learn(past: Past, before: int) -> tuple[LearnedMethod, int]:
    """The method as it is learned from the steps before `before` alone, and from how many examples."""
    question = _examples(past, before)
    table, level = features.features(question), question.level_kw
    wanted = past.load_kw[question.targets] / level
    trees = {loss: fit(loss, table, wanted) for loss in LOSSES}
    return LearnedMethod(trees=trees), len(wanted)


def _examples(past: Past, before: int) -> Question:
    """Known steps, drawn the more often the later they are, each seen from up to `LONGEST_LEAD_H` earlier.

    The same ones every time. Weights would do instead of drawing, but scikit-learn then takes seven times as long.
    """
    rng = np.random.default_rng(0)
    steps = np.arange(_FIRST_DAYS * past.day, before, dtype=np.int64)
    steps = steps[np.isfinite(past.load_kw[steps])]
    weights = np.exp((steps - before) / past.day / FORGETS_DAYS)
    steps = rng.choice(steps, min(LEADS * len(steps), MOST_ROWS), p=weights / weights.sum())
    origins = steps - rng.integers(0, LONGEST_LEAD_H * past.hour, len(steps))
    return Question(past=past, targets=steps, origins=np.maximum(origins, past.day))


def _margins(trial: LearnedMethod, question: Question) -> dict[str, float]:
    """What P10 and P90 of days that were held out lack, relative to the level."""
    actual = question.past.load_kw[question.targets]
    known = np.isfinite(actual)
    answer, level = trial.answer(question), question.level_kw
    foreseen: dict[str, Floats] = {"p10": answer.p10, "p90": answer.p90}
    return {
        name: float(np.quantile(((actual - foreseen[name]) / level)[known], wanted)) for name, wanted in MARGINS.items()
    }
