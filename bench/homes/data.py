"""The homes; where their data come from and under which licence stands in ../data/README.md."""

from collections.abc import Iterator, Mapping
import csv
from dataclasses import replace
from datetime import datetime, timedelta, timezone
import gzip
from math import sqrt
from pathlib import Path
from zoneinfo import ZoneInfo

from custom_components.hems.core.model import Battery

from ..prices import EXPORT_PER_KWH, Market
from .plant import Home

DATA = Path(__file__).parent.parent / "data"
NO_LIMIT_KW = 20.0
"""Stands for a power without limit: more than can flow in these homes."""


def rows(name: str) -> Iterator[Mapping[str, str]]:
    """Of one of the compressed files."""
    with gzip.open(DATA / name, "rt", encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def ausgrid() -> Home:
    """Customer 12 with the plant and prices of solarhome-control-bench."""
    record = list(rows("ausgrid_customer12.csv.gz"))
    zone = timezone(timedelta(hours=10))
    start = datetime.fromisoformat(record[0]["time"]).replace(tzinfo=zone)
    step = timedelta(minutes=30)
    hours = [(start + i * step).hour for i in range(len(record))]
    return Home(
        name="ausgrid",
        currency="EUR",
        time_zone="Etc/GMT-10",
        start=start,
        step=step,
        load_kw=tuple(float(row["load_kw"]) for row in record),
        sun_kw=tuple(float(row["pv_kw"]) / 1.04 * 4.0 for row in record),
        import_price=tuple(0.1 if hour < 6 else 0.2 for hour in hours),
        export_price=(0.0,) * len(record),
        co2_kg_per_kwh=(0.0,) * len(record),
        battery=_battery(8.0, NO_LIMIT_KW, 1.0),
        start_kwh=4.0,
        max_import_kw=3.0,
        max_export_kw=0.0,
        curtailable=True,
        present_known=True,
    )


def citylearn(number: int) -> Home:
    """Home 1, 2 or 3 of Fontana; what is fed in is neither paid nor limited."""
    record = list(rows("citylearn_fontana.csv.gz"))
    return Home(
        name=f"citylearn-{number}",
        currency="USD",
        time_zone="Etc/GMT+8",
        # The hour of the first row ends at 24 h of 31 July; weekdays and months are those of 2016.
        start=datetime(2016, 7, 31, 23, tzinfo=timezone(timedelta(hours=-8))),
        step=timedelta(hours=1),
        load_kw=tuple(float(row[f"load_{number}_kwh"]) for row in record),
        sun_kw=tuple(float(row[f"pv_{number}_kwh"]) for row in record),
        import_price=tuple(float(row["price_per_kwh"]) for row in record),
        export_price=(0.0,) * len(record),
        co2_kg_per_kwh=tuple(float(row["co2_kg_per_kwh"]) for row in record),
        # CityLearn's efficiency is of the round trip: its root each way.
        battery=_battery(6.4, 5.0, sqrt(0.9)),
        start_kwh=0.0,
        max_import_kw=NO_LIMIT_KW,
        max_export_kw=NO_LIMIT_KW,
        curtailable=False,
        present_known=False,
    )


SEASONS: Mapping[str, tuple[datetime, datetime]] = {
    "winter": (datetime(2020, 1, 13), datetime(2017, 1, 16)),  # noqa: DTZ001  # local clocks of two places
    "spring": (datetime(2020, 4, 13), datetime(2017, 3, 6)),  # noqa: DTZ001
    "summer": (datetime(2020, 7, 13), datetime(2016, 9, 5)),  # noqa: DTZ001
    "autumn": (datetime(2020, 9, 7), datetime(2016, 10, 10)),  # noqa: DTZ001
}
"""Mondays: of the prices, and of the home's record on which they are laid."""
GERMAN_DAYS = 14


def german(number: int, season: str, *, paid: bool) -> tuple[Home, int]:
    """A Fontana home with German prices of a season, and the step at which they begin; `paid`: for feeding in.

    The prices are laid on by local clock and weekday; before and after them the home keeps their first and last day.
    """
    home = citylearn(number)
    prices_from, home_from = SEASONS[season]
    berlin = ZoneInfo("Europe/Berlin")
    market = Market.around(prices_from.replace(tzinfo=berlin), GERMAN_DAYS, "Europe/Berlin")
    first = round((home_from.replace(tzinfo=home.start.tzinfo) - home.start) / home.step)
    begin = prices_from.replace(tzinfo=berlin)

    def price(step: int) -> float:
        at = begin + (step - first) * home.step
        series = market.tariff.import_price
        while at < series.start:
            at += timedelta(days=1)
        while at >= series.end:
            at -= timedelta(days=1)
        found = series.at(at)
        if found is None:
            raise ValueError(f"prices: none at {at.isoformat()}")
        return found

    count = len(home.load_kw)
    changed = replace(
        home,
        name=f"german-{'paid' if paid else 'unpaid'}-{season}-{number}",
        currency="EUR",
        import_price=tuple(price(step) for step in range(count)),
        export_price=(EXPORT_PER_KWH if paid else 0.0,) * count,
        co2_kg_per_kwh=(0.0,) * count,
        curtailable=True,
        published_at_h=13,
    )
    return changed, first


def _battery(capacity_kwh: float, power_kw: float, efficiency: float) -> Battery:
    """Without wear, which these benchmarks do not count."""
    return Battery(
        name="battery",
        capacity_kwh=capacity_kwh,
        max_charge_kw=power_kw,
        max_discharge_kw=power_kw,
        charge_efficiency=efficiency,
        discharge_efficiency=efficiency,
        wear_per_kwh=0.0,
    )
