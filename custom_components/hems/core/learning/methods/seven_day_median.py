"""The median of the last seven known days at the same local time: one odd day does not move it."""

from ..past import Floats
from ..question import Question, quantile
from .method import Simple


def _point(question: Question) -> Floats:
    return quantile(question.last_alike, 0.5)


SEVEN_DAY_MEDIAN = Simple(name="seven_day_median", point=_point)
