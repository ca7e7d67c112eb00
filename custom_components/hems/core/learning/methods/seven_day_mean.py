"""The mean of the last seven known days at the same local time."""

from ..past import Floats
from ..question import Question, mean
from .method import Simple


def _point(question: Question) -> Floats:
    return mean(question.last_alike)


SEVEN_DAY_MEAN = Simple(name="seven_day_mean", point=_point)
