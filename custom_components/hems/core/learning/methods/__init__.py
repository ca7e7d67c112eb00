"""One method a file: each answers a question with P10, P50, P90 and the mean."""

from .last_week import LAST_WEEK
from .method import Answer, Method
from .seven_day_mean import SEVEN_DAY_MEAN
from .seven_day_median import SEVEN_DAY_MEDIAN
from .weekday_profile import WEEKDAY_PROFILE
from .yesterday import YESTERDAY

SIMPLE: tuple[Method, ...] = (SEVEN_DAY_MEAN, SEVEN_DAY_MEDIAN, WEEKDAY_PROFILE, YESTERDAY, LAST_WEEK)
"""Those that need no learning; of equally good ones the first is used."""

__all__ = [
    "LAST_WEEK",
    "SEVEN_DAY_MEAN",
    "SEVEN_DAY_MEDIAN",
    "SIMPLE",
    "WEEKDAY_PROFILE",
    "YESTERDAY",
    "Answer",
    "Method",
]
