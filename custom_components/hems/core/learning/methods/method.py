"""What a method is, and what simple ones have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..past import Floats
from ..question import Question, mean, quantile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """By pair, in kW: none below 0, quantiles in order, none unknown."""

    p10: Floats
    p50: Floats
    """Also the value that errors are counted from."""
    p90: Floats
    expected: Floats


class Method(Protocol):
    """A way to foresee the load."""

    @property
    def name(self) -> str:
        """How scores and answers call it."""

    def answer(self, question: Question) -> Answer:
        """The load at each target, from nothing that lies at or after its origin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simple:
    """A method that gives one value; what lies around it is what the same time of day gave in the last weeks."""

    name: str
    point: Callable[[Question], Floats]
    """In kW, NaN where it knows none."""

    def answer(self, question: Question) -> Answer:
        """The method's value, or where it has none the mean of similar days, or of everything before the origin."""
        point = known(question, self.point(question))
        low, high = quantile(question.alike, 0.1), quantile(question.alike, 0.9)
        spare = question.base_kw
        low = np.where(np.isfinite(low), low, np.where(np.isfinite(spare), np.minimum(spare, point), point))
        high = np.where(np.isfinite(high), high, 2.0 * point)
        return in_order(p10=low, p50=point, p90=high, expected=point)


def known(question: Question, value: Floats) -> Floats:
    """`value` where it is known; else the base load for an absence never seen, else the mean of similar times."""
    past, origins = question.past, question.origins
    for spare in (
        np.where(past.away[question.targets], question.base_kw, np.nan),
        mean(question.alike),
        question.base_kw,
        past.mean(origins - 28 * past.day, origins, origins),
        past.mean(0 * origins, origins, origins),
    ):
        value = np.where(np.isfinite(value), value, spare)
    return np.where(np.isfinite(value), value, 0.0)


def in_order(*, p10: Floats, p50: Floats, p90: Floats, expected: Floats) -> Answer:
    """An answer whose quantiles neither cross each other nor fall below 0; the middle one stays where it is."""
    middle = np.maximum(p50, 0.0)
    return Answer(
        p10=np.clip(p10, 0.0, middle),
        p50=middle,
        p90=np.maximum(p90, middle),
        expected=np.maximum(expected, 0.0),
    )
