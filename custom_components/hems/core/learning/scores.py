"""How good each method was on recent days, and which one that speaks for."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..model.load_learning import MethodScore
from .methods.method import Answer, Method
from .past import Past, epoch
from .question import Question

DAYS = 14
AHEAD_H = 24
EVERY_H = 12
LEAST_ORIGINS = 4
CLEARLY = 1.1
"""An error smaller by less than this says nothing about tomorrow."""
_HALF_KNOWN = 0.5

type Errors = Mapping[int, float]
"""Mean absolute error in kW of the day from an origin, by the origin's epoch second."""


def recent_origins(past: Past, days: int = DAYS) -> tuple[int, ...]:
    """The steps at noon and midnight UTC whose next 24 hours are over, in the last `days`, oldest first."""
    every, ahead = EVERY_H * past.hour, AHEAD_H * past.hour
    # A day of history is the least that a method can look back on.
    first = max(past.known - days * past.day, past.day)
    seconds = EVERY_H * 3600
    offset = (-epoch(past.start) % seconds) // past.step_s
    begin = offset + -(-max(first - offset, 0) // every) * every
    return tuple(range(begin, past.known - ahead + 1, every))


def day_ahead(past: Past, origins: Sequence[int]) -> Question:
    """Each of the next 24 hours' steps from each origin, in order."""
    ahead = AHEAD_H * past.hour
    starts = np.repeat(np.asarray(origins, np.int64), ahead)
    return Question(past=past, targets=starts + np.tile(np.arange(ahead), len(origins)), origins=starts)


def errors_of(methods: Sequence[Method], past: Past, origins: Sequence[int]) -> dict[str, dict[int, float]]:
    """By method; origins of whose day less than half is known are left out."""
    if not origins:
        return {method.name: {} for method in methods}
    question = day_ahead(past, origins)
    return {method.name: errors_by_origin(question, method.answer(question)) for method in methods}


def errors_by_origin(question: Question, answer: Answer) -> dict[int, float]:
    """The errors of an answer to a question of whole days."""
    past = question.past
    actual = past.load_kw[question.targets]
    errors = np.abs(answer.p50 - actual).reshape(-1, AHEAD_H * past.hour)
    origins = question.origins.reshape(errors.shape)[:, 0]
    return {
        epoch(past.time(int(origin))): float(np.nanmean(row))
        for origin, row in zip(origins, errors, strict=True)
        if np.isfinite(row).mean() >= _HALF_KNOWN
    }


def scores(errors: Mapping[str, Errors]) -> tuple[MethodScore, ...]:
    """Best first, over the origins that all methods with any have in common; of equal ones in the order given."""
    counted = {name: found for name, found in errors.items() if len(found) >= LEAST_ORIGINS}
    common = sorted(set.intersection(*(set(found) for found in counted.values()))) if counted else []
    if len(common) < LEAST_ORIGINS:
        return ()
    rows = [
        MethodScore(method=name, mae_kw=float(np.mean([found[at] for at in common])), origins=len(common))
        for name, found in counted.items()
    ]
    return tuple(sorted(rows, key=lambda score: score.mae_kw))


def tempered(errors: Mapping[str, Errors], past: Past) -> dict[str, dict[int, float]]:
    """No day counts for more than a usual one of which nothing was foreseen.

    What nobody foresees says little of who foresees the next: after two days of guests, with seven times the usual
    energy, yesterday's load seemed the best forecast of all.
    """
    first = max(0, past.known - DAYS * past.day)
    days = past.load_kw[first : past.known][: (past.known - first) // past.day * past.day].reshape(-1, past.day)
    means = [float(np.nanmean(day)) for day in days if np.isfinite(day).mean() >= _HALF_KNOWN]
    most_kw = float(np.median(means)) if means else np.inf
    return {name: {at: min(error, most_kw) for at, error in found.items()} for name, found in errors.items()}


def chosen(ranking: Sequence[MethodScore], steady: str, bar: str) -> str | None:
    """The name of the method to use: `steady` as long as no other is clearly better and `bar` no better at all.

    Two weeks of a household are noise for the most part: following each small lead from method to method cost
    4 percentage points on the home of `scripts/bench forecast`.
    """
    by_name = {score.method: score.mae_kw for score in ranking}
    if not by_name:
        return None
    own = by_name.get(steady)
    if own is not None and own <= by_name.get(bar, own) and own <= CLEARLY * ranking[0].mae_kw:
        return steady
    return ranking[0].method
