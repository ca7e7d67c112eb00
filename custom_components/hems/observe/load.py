"""What the household will use: as the engine has learned it, else as it usually was at such a time.

```
statistics, a year ──── once a day ───► engine learns   (beside everything else)
statistics, six weeks ─ once an hour ─► engine forecasts (a plan waits a moment for it, then takes the last answer)
statistics, four weeks ─ no answer ───► core.forecast.load_forecast
```
"""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
import logging
from typing import Any, Protocol

from homeassistant.core import HomeAssistant

from ..core.forecast import load_forecast, memory_of
from ..core.model import HealthStatus, Horizon, InputHealth, Series
from ..core.model.load_learning import (
    LearnedLoad,
    LearnLoadRequest,
    LoadForecast,
    LoadForecastRequest,
    OddDays,
)
from ..engine_client import EngineError
from ..home import Home
from .days import DaysOutlook, DaysReading
from .history import async_hourly_means
from .load_questions import HOUR, Known, forecast_question, learned_name, learning_question, load_history

_LOGGER = logging.getLogger(__name__)

YEAR = timedelta(days=365)
ASK_EVERY = timedelta(minutes=30)
"""As often as there may be a new row of statistics."""
WAIT_S = 3.0
"""A plan waits no longer for an answer that is under way."""
HOLDS = timedelta(hours=3)
"""An answer that is older has missed too much of the day."""
LEARN_EVERY = timedelta(days=1)
LEARN_AGAIN = timedelta(hours=6)
"""After it failed, or was refused."""
SETTLED = timedelta(minutes=15)
"""Nothing is learned while Home Assistant starts."""
SOURCE = "load_kw"


class LoadEngine(Protocol):
    """What is asked of the engine."""

    async def async_learn_load(self, request: LearnLoadRequest) -> LearnedLoad:
        """Learn from a year; EngineError."""

    async def async_forecast_load(self, request: LoadForecastRequest) -> LoadForecast:
        """What is to come; EngineError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReading:
    """The load over the horizon."""

    series: Series | None
    """None: nothing is known of the past."""
    health: tuple[InputHealth, ...] = ()
    learned: LoadForecast | None = None
    """The engine's answer, where that is what is used."""
    memory: timedelta | None = None
    """How long errors last; None where no scenarios are made of it, or too little is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """The last one of the engine."""

    at: datetime
    forecast: LoadForecast | None
    problem: str = ""
    """Why there is no forecast."""


class LoadOutlook:
    """Asks the engine about the load of one home, and does without it."""

    def __init__(
        self, hass: HomeAssistant, home: Home, entry_id: str, engine: LoadEngine | None, days: DaysOutlook
    ) -> None:
        self._hass = hass
        self._home = home
        self._days = days
        self._name = learned_name(entry_id)
        self._engine = engine
        self._answer: _Answer | None = None
        self._asking: asyncio.Task[None] | None = None
        self._asked_with: object = None
        """The odd days of the last question."""
        self._learning: asyncio.Task[None] | None = None
        self._first: datetime | None = None
        self._tried: datetime | None = None
        self._memory: timedelta | None = None
        self._remembered: datetime | None = None

    async def async_start(self) -> None:
        """What is learned is kept by the engine."""

    async def async_stop(self) -> None:
        """Nothing is left under way."""
        tasks = [task for task in (self._asking, self._learning) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def async_read(self, past: Mapping[str, Series], outdoor_c: Series | None, horizon: Horizon) -> LoadReading:
        """The load over the horizon from `past` by entity and, if it is known, the temperature to come."""
        history = await self._hass.async_add_executor_job(load_history, self._home, past)
        if history is None:
            return LoadReading(series=None)
        now = horizon.start
        self._first = self._first or now
        days = await self._days.async_read(history.start, horizon.end, now)
        known = Known(history=history, past_c=self._outdoor(past), outdoor_c=outdoor_c, odd=days.odd)
        if self._engine is not None:
            await self._async_ask(self._engine, known, horizon)
        reading = await self._async_reading(history, days, horizon)
        memory = await self._async_memory(history, now)
        return replace(reading, health=(*reading.health, *days.health), memory=memory)

    async def _async_memory(self, history: Series, now: datetime) -> timedelta | None:
        """Looked for once a day, where scenarios are made with it."""
        old = self._remembered is None or not timedelta(0) <= now - self._remembered < LEARN_EVERY
        if old and self._home.scenarios > 1:
            self._remembered = now
            self._memory = await self._hass.async_add_executor_job(memory_of, history, now, self._home.site.time_zone)
        return self._memory

    async def _async_reading(self, history: Series, days: DaysReading, horizon: Horizon) -> LoadReading:
        """The engine's answer if there is a good one, else the usual."""
        answer = self._answer
        if answer is not None and answer.forecast is not None and _holds(answer.at, answer.forecast, horizon.start):
            return _learned(answer.forecast)
        series, health = await self._hass.async_add_executor_job(
            load_forecast, history, horizon.start, horizon.end, self._home.site.time_zone, SOURCE, days.odd
        )
        return LoadReading(series=series, health=(*health, _usual(answer)))

    async def _async_ask(self, engine: LoadEngine, known: Known, horizon: Horizon) -> None:
        """Ask if it is time to, and wait a moment; learn beside it if it is time to."""
        now, answer, mark = horizon.start, self._answer, _mark(known.odd, horizon.start)
        busy = self._asking is not None and not self._asking.done()
        due = answer is None or not timedelta(0) <= now - answer.at < ASK_EVERY or mark != self._asked_with
        if due and not busy:
            self._asked_with = mark
            request = await self._hass.async_add_executor_job(forecast_question, self._home, self._name, known, horizon)
            if isinstance(request, str):
                self._answer = _Answer(at=now, forecast=None, problem=request)
                return
            self._asking = self._begin(self._async_forecast(engine, request, now), "load forecast")
        if self._asking is not None and not self._asking.done():
            await wait_a_moment(self._asking)
        if self._should_learn(now):
            self._tried = now
            self._learning = self._begin(self._async_learn(engine, now), "learning the load")

    async def _async_forecast(self, engine: LoadEngine, request: LoadForecastRequest, now: datetime) -> None:
        try:
            forecast = await engine.async_forecast_load(request)
        except EngineError as error:
            # An answer that holds still is better than none.
            if self._answer is None or self._answer.forecast is None or now - self._answer.at >= HOLDS:
                self._answer = _Answer(at=now, forecast=None, problem=str(error))
            return
        self._answer = _Answer(at=now, forecast=forecast)

    def _should_learn(self, now: datetime) -> bool:
        """Where the engine answers about loads, and what it knows is a day old."""
        forecast = self._answer.forecast if self._answer else None
        if forecast is None or (self._learning is not None and not self._learning.done()):
            return False
        if self._first is None or now - self._first < SETTLED:
            return False
        old = forecast.learned_until is None or now - forecast.learned_until >= LEARN_EVERY + HOUR
        return old and (self._tried is None or now - self._tried >= LEARN_AGAIN)

    async def _async_learn(self, engine: LoadEngine, now: datetime) -> None:
        """Runs beside planning."""
        means = await async_hourly_means(self._hass, self._entities(), now - YEAR, now)
        days = await self._days.async_read(now - YEAR, now, now)
        request = await self._hass.async_add_executor_job(
            learning_question, self._home, self._name, means, self._outdoor(means), days.odd
        )
        if isinstance(request, str):
            _LOGGER.debug("The load of %s is not learned: %s", self._home.name, request)
            return
        try:
            learned = await engine.async_learn_load(request)
        except EngineError as error:
            _LOGGER.debug("The load of %s is not learned: %s", self._home.name, error)
            return
        _LOGGER.debug("The load of %s is learned from %d examples", self._home.name, learned.rows)
        # The next plan asks with what is new.
        self._answer = replace(self._answer, at=self._answer.at - ASK_EVERY) if self._answer else None

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self._hass.async_create_background_task(work, f"HEMS {name}")

    def _outdoor(self, past: Mapping[str, Series]) -> Series | None:
        return past.get(self._home.grid_bindings.outdoor_temperature_entity or "")

    def _entities(self) -> set[str]:
        bound = self._home.grid_bindings
        wanted = {bound.grid_power_entity, bound.load_power_entity, bound.outdoor_temperature_entity}
        wanted |= {binding.power_entity for binding in self._home.bindings.values()}
        return {entity_id for entity_id in wanted if entity_id}


async def wait_a_moment(task: asyncio.Task[None]) -> None:
    """For what is nearly there; the task goes on."""
    await asyncio.wait([task], timeout=WAIT_S)


def _mark(odd: OddDays, now: datetime) -> object:
    """Changes when somebody leaves, comes back or announces an odd day, and not with each plan."""
    begun = tuple(stretch.start for stretch in odd.away)
    return odd.holidays, begun, any(stretch.start <= now < stretch.end for stretch in odd.away)


def _holds(at: datetime, forecast: LoadForecast, now: datetime) -> bool:
    """Whether it is what the engine has learned, and recent."""
    return forecast.learned_until is not None and now - at < HOLDS and forecast.load_kw.at(now) is not None


def _learned(forecast: LoadForecast) -> LoadReading:
    """A plan counts in expected values; the quantiles are around the median."""
    load = forecast.load_kw
    series = Series(times=load.times, values=forecast.expected_kw, quantiles=load.quantiles)
    score = next((score for score in forecast.scores if score.method == forecast.method), None)
    error = f", {score.mae_kw * 1000:.0f} W off on average a day ahead" if score else ""
    used = InputHealth(
        source=SOURCE,
        status=HealthStatus.OK,
        reason=f"the engine's method {forecast.method!r} is used, as recent days speak for it{error}",
    )
    return LoadReading(series=series, health=(*forecast.health, used), learned=forecast)


def _usual(answer: _Answer | None) -> InputHealth:
    if answer is None:
        why = ""
    elif answer.forecast is None:
        why = f"; the engine has no forecast: {answer.problem}"
    else:
        why = "; the engine has learned nothing yet"
    return InputHealth(
        source=SOURCE, status=HealthStatus.OK, reason=f"the usual of this time of a weekday or weekend is used{why}"
    )
