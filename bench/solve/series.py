"""Weather, people and prices that are drawn once from a seed; nothing here is measured but the market's prices."""

import csv
from datetime import UTC, datetime, timedelta
from functools import cache
from math import cos, exp, pi, sin
from random import Random

from bench.prices import EXPORT_PER_KWH, FEES_PER_KWH, FILE, LEVEL, VAT
from custom_components.hems.core.model import Horizon, Series

HOUR = timedelta(hours=1)


@cache
def _market() -> dict[datetime, float]:
    """EUR per kWh that a household pays, by the hour."""
    with FILE.open(encoding="utf-8") as lines:
        return {
            datetime.fromisoformat(row["time"]).astimezone(UTC): VAT
            * (LEVEL * float(row["price_eur_mwh"]) / 1000.0 + FEES_PER_KWH)
            for row in csv.DictReader(lines)
        }


def market_start(random: Random) -> datetime:
    """A full hour from which on the market's prices are there for more than two days."""
    return random.choice([hour for hour in sorted(_market()) if all(hour + n * HOUR in _market() for n in (24, 52))])


def market_prices(horizon: Horizon) -> Series:
    """What a household with a dynamic tariff pays."""
    first = horizon.start.replace(minute=0, second=0, microsecond=0)
    count = int((horizon.end - first) / HOUR) + 1
    prices = [_market()[first + index * HOUR] for index in range(count)]
    return Series.regular(first, HOUR, prices)


def flat(value: float, horizon: Horizon) -> Series:
    """One value for the whole time."""
    return Series.constant(value, horizon.start, horizon.end)


def feed_in(horizon: Horizon) -> Series:
    """What a kWh earns."""
    return flat(EXPORT_PER_KWH, horizon)


def hours_of(horizon: Horizon) -> list[float]:
    """The hour of the day in the middle of each step, 0 to 24, in UTC."""
    middles = (start + (end - start) / 2 for start, end in zip(horizon.edges[:-1], horizon.edges[1:], strict=True))
    return [middle.hour + middle.minute / 60.0 + middle.second / 3600.0 for middle in middles]


def per_step(values: list[float], horizon: Horizon) -> Series:
    """One value a step."""
    return Series(times=horizon.edges, values=tuple(round(value, 4) for value in values))


def household(kwh_a_day: float, horizon: Horizon, random: Random) -> Series:
    """A base, a morning, a larger evening, and devices that come and go."""
    shape = [
        0.5 + 0.8 * _bell(hour, 7.0, 1.5) + 1.8 * _bell(hour, 19.0, 2.5) + random.expovariate(4.0)
        for hour in hours_of(horizon)
    ]
    mean = sum(kw * h for kw, h in zip(shape, horizon.steps_h, strict=True)) / sum(horizon.steps_h)
    return per_step([kw / mean * kwh_a_day / 24.0 for kw in shape], horizon)


def sunshine(peak_kw: float, horizon: Horizon, random: Random) -> Series:
    """A clear sky of the season with clouds that last a while."""
    half_day_h = 6.0 - 2.0 * cos(2.0 * pi * horizon.start.timetuple().tm_yday / 365.0)
    clearness, values = random.uniform(0.3, 1.0), []
    for hour in hours_of(horizon):
        clearness = min(1.0, max(0.1, clearness + random.gauss(0.0, 0.08)))
        height = cos(pi * (hour - 11.5) / (2.0 * half_day_h)) if abs(hour - 11.5) < half_day_h else 0.0
        values.append(0.8 * peak_kw * clearness * height)
    return per_step(values, horizon)


def outdoors(mean_c: float, horizon: Horizon) -> Series:
    """Warmest in the afternoon."""
    return per_step([mean_c + 4.0 * sin(pi * (hour - 9.0) / 12.0) for hour in hours_of(horizon)], horizon)


def draws(litres_a_day: float, horizon: Horizon) -> Series:
    """Heat drawn from a tank, most of it in the morning and the evening."""
    shape = [0.1 + 2.0 * _bell(hour, 7.0, 1.0) + 1.5 * _bell(hour, 20.0, 1.5) for hour in hours_of(horizon)]
    mean = sum(kw * h for kw, h in zip(shape, horizon.steps_h, strict=True)) / sum(horizon.steps_h)
    kwh_a_day = litres_a_day * 4.186 / 3600.0 * 40.0
    return per_step([kw / mean * kwh_a_day / 24.0 for kw in shape], horizon)


def _bell(hour: float, middle: float, width: float) -> float:
    return exp(-(((hour - middle) / width) ** 2))
