"""The contract's prices over the horizon."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from ..core.forecast import extend_prices, known_until, prices_by_clock
from ..core.model import CapacityCharge, Series, Tariff
from ..home import EntityTariff, FixedTariff, TimeOfUseTariff
from .situation import Findings, Situation

IMPORT_PRICE = "tariff.import_price"
EXPORT_PRICE = "tariff.export_price"
UNKNOWN_IMPORT_PRICE = 0.30
"""Per kWh, where a price entity has said nothing at all: about a household's price in Europe (Eurostat 2025)."""


def tariff_of(situation: Situation, findings: Findings) -> Tariff:
    """Prices that cover the horizon; what had to be assumed is named."""
    home = situation.home
    match home.tariff:
        case FixedTariff() as fixed:
            import_price = situation.constant(fixed.import_price_per_kwh)
            export_price = situation.constant(fixed.export_price_per_kwh)
        case TimeOfUseTariff() as by_time:
            import_price = prices_by_clock(
                by_time.import_price_at,
                by_time.changes,
                situation.horizon.start,
                situation.horizon.end,
                home.site.time_zone,
            )
            export_price = situation.constant(by_time.export_price_per_kwh)
        case EntityTariff() as published:
            import_price = _published(
                situation, findings, situation.outlook.import_price, IMPORT_PRICE, UNKNOWN_IMPORT_PRICE
            )
            if published.export_price_entity is None and published.export_price_per_kwh is not None:
                export_price = situation.constant(published.export_price_per_kwh)
            else:
                export_price = _published(situation, findings, situation.outlook.export_price, EXPORT_PRICE, 0.0)
        case _:
            assert_never(home.tariff)
    return Tariff(
        currency=home.currency,
        import_price=import_price,
        export_price=export_price,
        fixed_per_day=home.tariff.fixed_per_day,
        capacity=_capacity(situation),
        import_limit_kw=home.tariff.import_limit_kw,
    )


def _capacity(situation: Situation) -> CapacityCharge | None:
    """The charge on this month's highest import, with what was seen of it."""
    charge = situation.home.tariff.capacity
    return None if charge is None else replace(charge, peak_so_far_kw=situation.live.peak_import_kw or 0.0)


def published_until(situation: Situation) -> datetime | None:
    """From when on a price of the tariff is an estimate; None where all are known, as in a contract."""
    tariff, horizon = situation.home.tariff, situation.horizon
    if not isinstance(tariff, EntityTariff):
        return None
    lists = [situation.outlook.import_price]
    if tariff.export_price_entity is not None or tariff.export_price_per_kwh is None:
        lists.append(situation.outlook.export_price)
    ends = [known_until(prices, horizon.start, horizon.end) if prices else horizon.start for prices in lists]
    return min((end for end in ends if end is not None), default=None)


def _published(
    situation: Situation, findings: Findings, series: Series | None, source: str, unknown_price: float
) -> Series:
    """A price list, carried on beyond its end; one price for all times where there is no list at all."""
    if series is not None:
        try:
            return findings.take(
                extend_prices(
                    series,
                    situation.horizon.start,
                    situation.horizon.end,
                    situation.home.site.time_zone,
                    source,
                )
            )
        except ValueError as error:
            reason = str(error).removeprefix(f"{source}: ")
    else:
        reason = "no price is published"
    findings.error(source, f"{reason}: {unknown_price:g} per kWh is assumed at all times, so nothing is shifted")
    return situation.constant(unknown_price)
