"""Trees learned from the home's own year, steadied by its last seven days."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..features import features
from ..question import Question, quantile
from ..trees import Trees
from .method import Answer, in_order, known

NAME = "learned"
LOSSES = ("p10", "p50", "p90", "expected")
"""What there is a set of trees for."""

RECENT_SHARE = 0.5
"""Of the last seven days' median in P50: the two are wrong at different times (`scripts/bench forecast`: 14 % under
the 7-day mean together, 11 % each alone)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LearnedMethod:
    """One set of trees for each of `LOSSES`, all relative to the level of the last week."""

    trees: Mapping[str, Trees]
    margins: Mapping[str, float] = field(default_factory=dict)
    """Added to P10 and P90, relative too: what days that were not learned from showed to be missing."""
    name: str = NAME

    def answer(self, question: Question) -> Answer:
        """Where nothing is known that a tree could stand on, what simple methods would say."""
        table = features(question)
        level = question.level_kw
        values = {
            loss: (trees.predict(table) + self.margins.get(loss, 0.0)) * level for loss, trees in self.trees.items()
        }
        # An absence of which none was ever seen is nothing that trees can tell about.
        blind = np.isnan(question.last_alike[0])
        recent = quantile(question.last_alike, 0.5)
        middle = known(question, np.where(blind, np.nan, (1.0 - RECENT_SHARE) * values["p50"] + RECENT_SHARE * recent))
        return in_order(
            p10=np.where(blind, 0.5 * middle, values["p10"]),
            p50=middle,
            p90=np.where(blind, 2.0 * middle, values["p90"]),
            expected=np.where(blind, middle, values["expected"]),
        )
