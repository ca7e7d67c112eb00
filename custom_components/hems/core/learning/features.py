"""What the learned method knows about a pair of target and origin; powers are relative to the last week's mean.

Relative, because a home that heats less uses the same hours of its day at another level: on the home of
`scripts/bench forecast` the same trees are 5 percentage points better so.
"""

import numpy as np

from .past import Floats
from .question import WEEK, Question, latest, mean, quantile

NAMES = (
    "lead_h", "clock_h", "weekday", "free", "away", "outdoor_c", "outdoor_day_c", "outdoor_change_c",
    "yesterday", "yesterday_smooth", "two_days_smooth", "last_week_smooth",
    "mean_7", "median_7", "low_7", "high_7", "mean_7_smooth", "mean_28_smooth", "median_28_smooth", "median_14_smooth",
    "low_28", "high_28", "like_days",
    "last_step", "last_hour", "last_3_h", "last_12_h", "last_24_h", "unusual_3_h",
)  # fmt: skip
"""The columns; part of the format of what is kept."""
VERSION = 2
"""Raised when a column means something else under the same name."""


def features(question: Question) -> Floats:
    """(pairs, NAMES); NaN where something is unknown: trees have a side for that."""
    powers = _earlier_days(question) + _last_hours(question)
    relative = [column / question.level_kw for column in powers]
    return np.stack([*_calendar(question), *relative], axis=1)


def _calendar(question: Question) -> list[Floats]:
    past, targets, origins = question.past, question.targets, question.origins
    lead_h = (targets - origins) / past.hour
    here = past.outdoor_c[targets]
    around = _outdoor_mean(question, targets)
    return [
        lead_h,
        past.clock_h[targets],
        past.weekday[targets].astype(np.float64),
        past.free[targets].astype(np.float64),
        past.away[targets].astype(np.float64),
        here,
        around,
        around - _outdoor_mean(question, origins),
    ]


def _outdoor_mean(question: Question, steps: np.ndarray) -> Floats:
    """Over the 24 hours up to and with each of `steps`; for targets that is partly a forecast."""
    past = question.past
    known = np.isfinite(past.outdoor_c)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, past.outdoor_c, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    end = np.clip(steps + 1, 0, len(known))
    begin = np.clip(end - past.day, 0, None)
    seen = count[end] - count[begin]
    return np.where(seen > 0, (total[end] - total[begin]) / np.maximum(seen, 1), np.nan)


def _earlier_days(question: Question) -> list[Floats]:
    week, smooth = question.last_alike, question.smooth
    near, fortnight = latest(smooth, WEEK), latest(smooth, 2 * WEEK)
    like = mean(np.where(question.alike_days > 0.0, smooth, np.nan))
    days_to_week = np.clip(WEEK - question.days_back, 0, len(smooth) - 1)
    last_week = smooth[days_to_week, np.arange(len(question.targets))]
    return [
        week[0],
        near[0],
        near[1],
        last_week,
        mean(week),
        quantile(week, 0.5),
        quantile(week, 1 / 6),
        quantile(week, 5 / 6),
        mean(near),
        mean(smooth),
        quantile(smooth, 0.5),
        quantile(fortnight, 0.5),
        quantile(question.alike, 0.1),
        quantile(question.alike, 0.9),
        like,
    ]


def _last_hours(question: Question) -> list[Floats]:
    past, origins = question.past, question.origins
    spans_h = (1, 3, 12, 24)
    last = [past.mean(origins - hours * past.hour, origins, origins) for hours in spans_h]
    three = 3 * past.hour
    before = [origins - days * past.day for days in range(1, WEEK + 1)]
    usual = mean(np.stack([past.mean(end - three, end, origins) for end in before]))
    return [past.at(origins - 1, origins), *last, last[1] - usual]
