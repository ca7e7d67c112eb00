"""Day-ahead prices as a household with a dynamic tariff pays them; see data/README.md."""

import csv
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from custom_components.hems.core.forecast import extend_prices
from custom_components.hems.core.model import Horizon, Series, Tariff

FILE = Path(__file__).parent / "data" / "de_day_ahead_2020.csv"
LEVEL = 2.5
FEES_PER_KWH = 0.15
VAT = 1.19
EXPORT_PER_KWH = 0.08
PUBLISHED_AT = time(13)
"""Local time from which the next day's prices are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The prices of one season."""

    tariff: Tariff
    """Everything there is, for the bill."""
    zone: ZoneInfo
    _published: dict[datetime, Tariff] = field(default_factory=dict, init=False, repr=False, compare=False)
    """By the time until which prices were published."""

    @classmethod
    def around(cls, start: datetime, days: int, time_zone: str) -> Market:
        """From a week before `start` to as long after its end as a plan looks ahead."""
        first, last = start - timedelta(days=8), start + timedelta(days=days + 3)
        with FILE.open(encoding="utf-8") as lines:
            spots = {
                datetime.fromisoformat(row["time"]).astimezone(UTC): float(row["price_eur_mwh"])
                for row in csv.DictReader(lines)
            }
        chosen = {hour: spot for hour, spot in spots.items() if first <= hour < last}
        if not chosen or len(chosen) != round((last - first).total_seconds() / 3600.0):
            raise ValueError(f"prices: {FILE.name} does not cover {first.isoformat()} to {last.isoformat()}")
        prices = [VAT * (LEVEL * spot / 1000.0 + FEES_PER_KWH) for _, spot in sorted(chosen.items())]
        tariff = Tariff(
            currency="EUR",
            import_price=Series.regular(min(chosen), timedelta(hours=1), prices),
            export_price=Series.constant(EXPORT_PER_KWH, min(chosen), last),
        )
        return cls(tariff=tariff, zone=ZoneInfo(time_zone))

    def known(self, horizon: Horizon) -> Tariff:
        """What is published at the start of a horizon; what comes after that is estimated from it."""
        local = horizon.start.astimezone(self.zone)
        days = 2 if local.time() >= PUBLISHED_AT else 1
        until = datetime.combine(local.date() + timedelta(days=days), time(), self.zone).astimezone(UTC)
        if until not in self._published or self._published[until].import_price.end < horizon.end:
            whole = self.tariff.import_price
            count = sum(1 for edge in whole.times[1:] if edge <= until)
            published = Series(times=whole.times[: count + 1], values=whole.values[:count])
            # From midnight on, so that one estimate serves until the next prices are published.
            midnight = datetime.combine(local.date(), time(), self.zone).astimezone(UTC)
            prices, _ = extend_prices(published, midnight, horizon.end + timedelta(days=1), self.zone.key)
            self._published[until] = replace(self.tariff, import_price=prices)
        return self._published[until]
