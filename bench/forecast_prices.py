"""Prices not yet published: the estimate beside the nearest known day, on German day-ahead prices of four seasons.

Each day at seven in the morning today's prices are known and tomorrow's are not; the plan looks ahead 48 hours.
"""

from collections.abc import Iterator, Mapping
import csv
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from custom_components.hems.core.forecast import extend_prices
from custom_components.hems.core.forecast.local_time import same_clock
from custom_components.hems.core.model import Series

from .prices import FILE

ZONE = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
ASKED_AT = time(7)
AHEAD = timedelta(hours=48)
WARM_UP = timedelta(days=14)


def results(*, quick: bool = False) -> Iterator[tuple[str, str, float]]:
    """Case, metric and value; `quick` takes every third day."""
    prices = _prices()
    hems: list[float] = []
    nearest: list[float] = []
    for day in _days(prices)[:: 3 if quick else 1]:
        now, known_until = _moment(day, ASKED_AT), _moment(day + timedelta(days=1), time())
        known = {
            hour: price for hour, price in prices.items() if known_until - timedelta(days=28) <= hour < known_until
        }
        series = Series.from_rows((hour, hour + HOUR, price) for hour, price in known.items())
        estimate, _ = extend_prices(series, now, now + AHEAD, ZONE.key)
        hour = known_until
        while hour < now + AHEAD:
            truth = prices[hour]
            last = next(price for back in (-1, -2) if (price := known.get(same_clock(hour, back, ZONE))) is not None)
            hems.append(abs((estimate.at(hour) or 0.0) - truth))
            nearest.append(abs(last - truth))
            hour += HOUR
    yield "prices/nearest-known-day", "mae_eur_mwh", sum(nearest) / len(nearest)
    yield "prices/hems", "mae_eur_mwh", sum(hems) / len(hems)


def _prices() -> Mapping[datetime, float]:
    """EUR/MWh by the start of the hour."""
    with FILE.open(encoding="utf-8") as lines:
        return {
            datetime.fromisoformat(row["time"]).astimezone(UTC): float(row["price_eur_mwh"])
            for row in csv.DictReader(lines)
        }


def _days(prices: Mapping[datetime, float]) -> list[date]:
    """Those with two weeks before and two days after."""
    days = sorted({hour.astimezone(ZONE).date() for hour in prices})
    span = range(-round(WARM_UP / HOUR), round(AHEAD / HOUR))
    return [day for day in days if all(_moment(day, ASKED_AT) + HOUR * i in prices for i in span)]


def _moment(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=ZONE).astimezone(UTC)
