"""The heat that a household draws from its tank: found in its past, or from a usual profile."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from ..model import HealthStatus, HotWater, InputHealth, Quantile, Series
from .local_time import quarters
from .quantiles import of_samples

SHAPE = (
    0.1, 0.1, 0.1, 0.1, 0.3, 1.2, 2.6, 2.4, 1.4, 0.9, 0.8, 0.9,
    1.0, 0.8, 0.6, 0.6, 0.8, 1.2, 1.8, 2.0, 1.6, 1.4, 0.9, 0.4,
)  # fmt: skip
"""By local hour, mean 1: morning and evening peaks, the outline of the tapping profile M of EN 16147."""
QUANTILES = (0.1, 0.5, 0.9)
USUAL_SPREAD = (0.0, 0.5, 2.5)
"""P10, P50 and P90 over the mean of an hour: now and then a shower, mostly a tap."""
LONGEST = timedelta(days=28)
ENOUGH_DAYS = 7.0
TRUST = 3.0
"""Samples of an hour after which its own mean weighs as much as the usual profile's."""
ENOUGH_SAMPLES = 8
OWED_KWH = 1.0
"""Apparent heat out of nowhere, from layers in the tank, is held against later draws up to this."""

type Slot = tuple[bool, int]
"""Weekend, and the hour of the local day."""


def draw_forecast(daily_kwh: float, start: datetime, end: datetime, time_zone: str) -> Series:
    """Thermal power drawn, hour by hour, that adds up to `daily_kwh` in a day."""
    zone = ZoneInfo(time_zone)
    pieces = list(quarters(start, end, 60))
    values = [_usual_kw(daily_kwh, piece.astimezone(zone).hour) for piece, _ in pieces]
    return Series(times=(pieces[0][0], *(until for _, until in pieces)), values=tuple(values))


def learned_draws(
    history_kw: Series | None, daily_kwh: float, start: datetime, end: datetime, time_zone: str, source: str
) -> tuple[Series, tuple[InputHealth, ...]]:
    """Mean draw with P10, P50 and P90 from past draws (see `draws_of`), read back to 28 days before `start`.

    By weekday or weekend and hour; each leans on the usual profile of `daily_kwh` until it has samples enough.
    """
    zone = ZoneInfo(time_zone)
    samples = _samples(history_kw, start.astimezone(UTC), zone) if history_kw else {}
    days = sum(len(values) for values in samples.values()) / 24.0
    pieces = list(quarters(start, end, 60))
    rows = [_row(samples, daily_kwh, piece.astimezone(zone)) for piece, _ in pieces]
    series = Series(
        times=(pieces[0][0], *(until for _, until in pieces)),
        values=tuple(row[0] for row in rows),
        quantiles=tuple(
            Quantile(level=level, values=tuple(row[i] for row in rows)) for i, level in enumerate(QUANTILES, start=1)
        ),
    )
    if days >= ENOUGH_DAYS:
        return series, ()
    reason = f"learned from {days:.0f} days only, filled up with {daily_kwh:g} kWh a day"
    return series, (InputHealth(source=source, status=HealthStatus.DEGRADED, reason=reason),)


def draws_of(tank: HotWater, tank_c: Series, electric_kw: Series | None) -> Series:
    """Thermal power drawn in kW, from the tank's balance C dT/dt = cop * electric - draw - heat_loss (T - ambient).

    `tank_c` are means or readings of short times; the balance is made between their middles. What would be a negative
    draw, as a thermometer between warm and cold layers sees it, is taken off later ones. Without `electric_kw` the
    hours in which the tank grew warmer are unknown.
    """
    middles = [begin + (end - begin) / 2 for begin, end in pairwise(tank_c.times)]
    values: list[float | None] = []
    owed_kwh = 0.0
    for i, (begin, end) in enumerate(pairwise(middles)):
        before, after = tank_c.values[i], tank_c.values[i + 1]
        heat_kw = (
            tank.cop * electric if electric_kw and (electric := electric_kw.mean(begin, end)) is not None else None
        )
        if electric_kw is None and before is not None and after is not None and after <= before:
            heat_kw = 0.0
        if before is None or after is None or heat_kw is None:
            values.append(None)
            owed_kwh = 0.0
            continue
        hours = (end - begin).total_seconds() / 3600.0
        loss_kw = tank.heat_loss_kw_per_k * ((before + after) / 2.0 - tank.ambient_c)
        drawn_kwh = (heat_kw - loss_kw) * hours - tank.heat_capacity_kwh_per_k * (after - before) - owed_kwh
        owed_kwh = min(OWED_KWH, max(0.0, -drawn_kwh))
        values.append(max(0.0, drawn_kwh) / hours)
    return Series(times=tuple(middles), values=tuple(values))


def _samples(history: Series, now: datetime, zone: ZoneInfo) -> Mapping[Slot, list[float]]:
    """Means of the past hours that are fully known, in order of size."""
    samples: dict[Slot, list[float]] = {}
    first = max(history.start, now - LONGEST)
    for piece, until in quarters(first, max(first, min(now, history.end)), 60):
        mean_kw = history.mean(piece, until) if until - piece == timedelta(hours=1) else None
        if mean_kw is not None:
            samples.setdefault(_slot(piece.astimezone(zone)), []).append(max(0.0, mean_kw))
    return {slot: sorted(values) for slot, values in samples.items()}


def _row(samples: Mapping[Slot, Sequence[float]], daily_kwh: float, local: datetime) -> list[float]:
    """Mean, P10, P50 and P90."""
    weekend, hour = _slot(local)
    usual = _usual_kw(daily_kwh, hour)
    every = sorted((*samples.get((weekend, hour), ()), *samples.get((not weekend, hour), ())))
    at_all = (sum(every) + TRUST * usual) / (len(every) + TRUST)
    own = samples.get((weekend, hour), ())
    mean = (sum(own) + TRUST * at_all) / (len(own) + TRUST)
    if len(every) < ENOUGH_SAMPLES:
        return [mean, *(mean * share for share in USUAL_SPREAD)]
    pool = own if len(own) >= ENOUGH_SAMPLES else every
    return [mean, *(of_samples(pool, level) for level in QUANTILES)]


def _slot(local: datetime) -> Slot:
    return local.weekday() >= 5, local.hour


def _usual_kw(daily_kwh: float, hour: int) -> float:
    return daily_kwh / 24 * SHAPE[hour] / (sum(SHAPE) / 24)
