"""The mean of the last four weeks' working days, or of their weekends and holidays, at the same local time."""

import numpy as np

from ..past import Floats
from ..question import Question, mean
from .method import Simple


def _point(question: Question) -> Floats:
    return mean(np.where(question.alike_days > 0.0, question.alike, np.nan))


WEEKDAY_PROFILE = Simple(name="weekday_profile", point=_point)
