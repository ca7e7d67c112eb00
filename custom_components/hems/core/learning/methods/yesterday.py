"""As the day before, at the same local time; two days before where that is not over yet."""

from ..past import Floats
from ..question import Question
from .method import Simple


def _point(question: Question) -> Floats:
    latest: Floats = question.last_alike[0]
    return latest


YESTERDAY = Simple(name="yesterday", point=_point)
