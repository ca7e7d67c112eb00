"""The household's load as the engine learns it from the home's whole past, and forecasts it by what served last."""

from contextlib import suppress
from datetime import datetime, timedelta
from time import process_time

from custom_components.hems.core.learning import forecast_load
from custom_components.hems.core.learning.learner import TooLittle, learn_load
from custom_components.hems.core.learning.store import Learned
from custom_components.hems.core.model import Series
from custom_components.hems.core.model.load_learning import LearnLoadRequest, LoadForecastRequest, LoadHistory

from .view import View

LEARN_EVERY = timedelta(days=7)
"""A home learns each day; it takes seconds, and a bench lives through hundreds of days."""
LOOK_BACK_DAYS = 35


class LearnedLoad:
    """Of one home; it learns when it is asked, from what is past by then."""

    def __init__(self) -> None:
        self.learned: Learned | None = None
        """Nothing before six weeks are known."""
        self._at: datetime | None = None

    def forecast(self, view: View, hours: int) -> Series:
        """Expected load in kW with its quantiles."""
        if self._at is None or view.now - self._at >= LEARN_EVERY:
            self._at = view.now
            asked = LearnLoadRequest(home="bench", history=_history(view, view.step))
            with suppress(TooLittle):  # six weeks are needed; until then the best of the simple methods serves
                self.learned = learn_load(asked, process_time)
        recent = _history(view, LOOK_BACK_DAYS * view.home.steps_a_day)
        found = forecast_load(LoadForecastRequest(home="bench", history=recent, hours=hours), self.learned)
        return Series(times=found.load_kw.times, values=found.expected_kw, quantiles=found.load_kw.quantiles)


def _history(view: View, steps: int) -> LoadHistory:
    """The engine knows no steps longer than an hour: these are told as hours that are alike."""
    home = view.home
    past_kw = view.past_load_kw(steps)
    hours = max(1, round(home.step_h))
    return LoadHistory(
        time_zone=home.time_zone,
        start=view.now - len(past_kw) * home.step,
        step_s=1800 if home.step_h < 1.0 else 3600,
        load_kw=tuple(kw for kw in past_kw for _ in range(hours)),
    )
