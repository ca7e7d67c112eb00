"""The load to come, by the method that recent days speak for."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np

from ..model import HealthStatus, InputHealth, Quantile, Series
from ..model.load_learning import LoadForecast, LoadForecastRequest, MethodScore
from .methods import SEVEN_DAY_MEAN, SIMPLE, Answer, Method
from .methods.learned import NAME
from .past import Floats, Past, past_of
from .question import Question
from .scores import Errors, chosen, errors_of, recent_origins, scores, tempered
from .store import Learned

OLD_DAYS = 14
"""What was learned longer ago still competes, but is named."""
_DIGITS = 5


def forecast_load(request: LoadForecastRequest, learned: Learned | None) -> LoadForecast:
    """From the end of the request's history on; `learned` is what is kept of this home."""
    past, poor = past_of(request.history, request.hours)
    health = [*poor, *_learning_health(past, learned)]
    methods: list[Method] = list(SIMPLE)
    usable = learned if learned is not None and learned.step_s == past.step_s else None
    if usable is not None:
        methods.append(usable.method)
    errors = _errors(past, usable)
    ranking = scores(errors)
    used = _best(methods, scores(tempered(errors, past)))
    if not ranking:
        health.append(_degraded(f"too few known days to compare methods; {used.name} is used"))
    targets = np.arange(past.known, len(past.away), dtype=np.int64)
    question = Question(past=past, targets=targets, origins=np.full_like(targets, past.known))
    health += _absence_health(question)
    answer = used.answer(question)
    return LoadForecast(
        load_kw=_series(past, request.hours, answer),
        expected_kw=_rounded(answer.expected),
        method=used.name,
        scores=ranking,
        learned_until=None if usable is None else usable.told.until,
        health=tuple(health),
    )


def _errors(past: Past, learned: Learned | None) -> Mapping[str, Errors]:
    """Simple methods on all recent days; the learned one on days that it had not learned from."""
    origins = recent_origins(past)
    errors = errors_of(SIMPLE, past, origins)
    if learned is not None:
        until = past.step_at(learned.told.until)
        fresh = [origin for origin in origins if origin >= until]
        first = past.time(min(origins)).timestamp() if origins else 0.0
        kept = {at: error for at, error in learned.errors.items() if at >= first and at in errors[SEVEN_DAY_MEAN.name]}
        errors[NAME] = kept | errors_of([learned.method], past, fresh)[NAME]
    return errors


def _best(methods: Sequence[Method], ranking: tuple[MethodScore, ...]) -> Method:
    by_name = {method.name: method for method in methods}
    return by_name[chosen(ranking, NAME, SEVEN_DAY_MEAN.name) or SEVEN_DAY_MEAN.name]


def _learning_health(past: Past, learned: Learned | None) -> list[InputHealth]:
    if learned is None:
        return []
    if learned.step_s != past.step_s:
        reason = f"learned in steps of {learned.step_s} s and asked in steps of {past.step_s} s: not used"
        return [_degraded(reason)]
    age = past.time(past.known) - learned.told.until
    if age > timedelta(days=OLD_DAYS):
        return [_degraded(f"last learned {age.days} days ago")]
    return []


def _absence_health(question: Question) -> list[InputHealth]:
    """Where no day like the ones to come is known."""
    blind = np.isnan(question.alike).all(axis=0)
    if not blind.any():
        return []
    away = question.past.away[question.targets]
    if away[blind].all():
        return [_degraded("no absence is known in the last weeks; the least of other days is assumed for it")]
    return [_degraded(f"nothing is known of the last weeks at the time of day of {int(blind.sum())} steps")]


def _series(past: Past, hours: int, answer: Answer) -> Series:
    start, step = past.time(past.known), timedelta(seconds=past.step_s)
    values = _rounded(answer.p50)
    levels = {0.1: _rounded(answer.p10), 0.5: values, 0.9: _rounded(answer.p90)}
    return Series(
        times=tuple(start + step * i for i in range(hours * past.hour + 1)),
        values=values,
        quantiles=tuple(Quantile(level=level, values=found) for level, found in levels.items()),
    )


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(np.round(values, _DIGITS).tolist())


def _degraded(reason: str) -> InputHealth:
    return InputHealth(source="load_kw", status=HealthStatus.DEGRADED, reason=reason)
