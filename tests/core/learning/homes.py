"""Homes that live by rules one can write down."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import random

import numpy as np

from custom_components.hems.core.learning.past import Past, past_of
from custom_components.hems.core.learning.question import Question
from custom_components.hems.core.model.load_learning import LoadHistory

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def evening_peak(moment: datetime) -> float:
    """200 W, and 2 kW from six to nine."""
    return 2.0 if 18 <= moment.hour < 21 else 0.2


def a_history(
    days: int = 35,
    load: Callable[[datetime], float | None] = evening_peak,
    start: datetime = MONDAY,
    noise: float = 0.0,
    **more,
) -> LoadHistory:
    """Hourly, with a repeatable noise in kW."""
    rng = random.Random(1)
    load_kw = []
    for i in range(days * 24):
        kw = load(start + i * HOUR)
        load_kw.append(None if kw is None else max(0.0, kw + rng.gauss(0.0, noise)))
    return LoadHistory(**{"time_zone": "UTC", "start": start, "step_s": 3600, "load_kw": tuple(load_kw)} | more)


def ahead(history: LoadHistory, hours: int = 48) -> Question:
    """What comes after a history."""
    past, _ = past_of(history, hours)
    return after(past, past.known, hours)


def after(past: Past, origin: int, hours: int) -> Question:
    targets = np.arange(origin, origin + hours * past.hour, dtype=np.int64)
    return Question(past=past, targets=targets, origins=np.full_like(targets, origin))
