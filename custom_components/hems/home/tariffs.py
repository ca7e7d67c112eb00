"""The contract with the supplier, as configured."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from itertools import pairwise
from operator import itemgetter
from typing import Any

from ..const import (
    CONF_CAPACITY_PERIOD,
    CONF_CAPACITY_PRICE,
    CONF_CAPACITY_TIERS,
    CONF_CO2_PRICE,
    CONF_EXPORT_PRICE,
    CONF_EXPORT_PRICE_ENTITY,
    CONF_FIXED_PER_DAY,
    CONF_IMPORT_LIMIT_KW,
    CONF_IMPORT_PRICE,
    CONF_IMPORT_PRICE_ENTITY,
    CONF_PERIOD_END,
    CONF_PERIOD_START,
    CONF_RAMPING_PRICE,
    CONF_TARIFF_KIND,
    CONF_TIME_OF_USE,
    TARIFF_ENTITY,
    TARIFF_FIXED,
    TARIFF_TIME_OF_USE,
)
from ..core.model import CapacityCharge, CapacityTier
from .reader import HomeError, Reader

DAY_MINUTES = 24 * 60
PERIODS = ("month", "day")
"""Over which the highest import is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What every contract may hold beside its prices."""

    fixed_per_day: float = 0.0
    import_limit_kw: float | None = None
    """Contracted power; None: only the connection limits."""
    capacity: CapacityCharge | None = None
    """On the highest import of each month or day; None: there is no such charge."""
    co2_price_per_kg: float = 0.0
    """What the household would pay to spare a kg; not on any bill."""
    ramping_price_per_kw: float = 0.0
    """What the household would pay for each kW by which the exchange changes less; not on any bill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedTariff(Contract):
    """The same price at all times."""

    import_price_per_kwh: float
    export_price_per_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A daily stretch of local time with one price; it may run over midnight."""

    start: time
    end: time
    """Equal to `start`: the whole day."""
    import_price_per_kwh: float

    def __post_init__(self) -> None:
        for field, clock in (("start", self.start), ("end", self.end)):
            if clock.second or clock.microsecond:
                raise ValueError(f"tariff: {field} must be a full minute, got {clock.isoformat()}")

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    @property
    def stretches(self) -> tuple[tuple[int, int], ...]:
        """Minutes of the day from and to, cut at midnight."""
        start, end = _minute(self.start), _minute(self.end) or DAY_MINUTES
        if start < end:
            return ((start, end),)
        return tuple((low, high) for low, high in ((0, end), (start, DAY_MINUTES)) if low < high)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOfUseTariff(Contract):
    """A price for each time of the day."""

    periods: tuple[Period, ...]
    """Without overlap."""
    import_price_per_kwh: float
    """Outside the periods."""
    export_price_per_kwh: float

    def __post_init__(self) -> None:
        if not self.periods:
            raise ValueError("tariff: periods must not be empty")
        for (_, end, earlier), (start, _, later) in pairwise(_stretches(self.periods)):
            if start < end:
                raise ValueError(f"tariff: periods must not overlap, got {earlier} and {later}")

    def import_price_at(self, clock: time) -> float:
        """Price at a local time of day."""
        minute = _minute(clock)
        for start, end, period in _stretches(self.periods):
            if start <= minute < end:
                return period.import_price_per_kwh
        return self.import_price_per_kwh

    @property
    def changes(self) -> tuple[time, ...]:
        """Local times at which the price may change, in order."""
        return tuple(sorted({moment for period in self.periods for moment in (period.start, period.end)}))


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityTariff(Contract):
    """Prices that an entity publishes."""

    import_price_entity: str
    export_price_entity: str | None
    export_price_per_kwh: float | None
    """Where no entity gives it."""

    def __post_init__(self) -> None:
        if self.export_price_entity is None and self.export_price_per_kwh is None:
            raise ValueError("tariff: export_price_per_kwh is missing, and there is no export_price_entity either")


type TariffConfig = FixedTariff | TimeOfUseTariff | EntityTariff


def parse_tariff(fields: Reader) -> TariffConfig:
    """The stored tariff as a value.

    Raises:
        HomeError: a field is missing or cannot be used.
    """
    kind = fields.text(CONF_TARIFF_KIND)
    if kind not in _PARSERS:
        raise fields.wrong(CONF_TARIFF_KIND, f"must be one of {', '.join(_PARSERS)}, got {kind!r}")
    return fields.build(lambda: _PARSERS[kind](fields))


def _fixed(fields: Reader) -> TariffConfig:
    return FixedTariff(
        import_price_per_kwh=fields.number(CONF_IMPORT_PRICE),
        export_price_per_kwh=fields.number(CONF_EXPORT_PRICE),
        **_contract(fields),
    )


def _time_of_use(fields: Reader) -> TariffConfig:
    periods = tuple(_period(fields, part, place) for place, part in enumerate(fields.parts(CONF_TIME_OF_USE), 1))
    elsewhere = fields.number(CONF_IMPORT_PRICE) if fields.has(CONF_IMPORT_PRICE) else None
    tariff = TimeOfUseTariff(
        periods=periods,
        import_price_per_kwh=0.0 if elsewhere is None else elsewhere,
        export_price_per_kwh=fields.number(CONF_EXPORT_PRICE),
        **_contract(fields),
    )
    if elsewhere is None and (hole := _hole(periods)):
        raise fields.wrong(CONF_TIME_OF_USE, f"must fill the day, got no price for {hole}")
    return tariff


def _contract(fields: Reader) -> dict[str, Any]:
    limit_kw = fields.number_within(CONF_IMPORT_LIMIT_KW, 0.0) if fields.has(CONF_IMPORT_LIMIT_KW) else None
    return {
        **fields.given(fields.number, CONF_FIXED_PER_DAY),
        "import_limit_kw": limit_kw,
        "capacity": _capacity(fields),
        "co2_price_per_kg": _price(fields, CONF_CO2_PRICE) / 1000,
        "ramping_price_per_kw": _price(fields, CONF_RAMPING_PRICE),
    }


def _price(fields: Reader, field: str) -> float:
    return fields.number_within(field, 0.0) if fields.has(field) else 0.0


def _capacity(fields: Reader) -> CapacityCharge | None:
    price = _price(fields, CONF_CAPACITY_PRICE)
    given = fields.parts(CONF_CAPACITY_TIERS) if fields.has(CONF_CAPACITY_TIERS) else ()
    tiers = tuple(_tier(fields, part) for part in given)
    if price <= 0.0 and not tiers:
        return None
    period = fields.one_of(CONF_CAPACITY_PERIOD, PERIODS) if fields.has(CONF_CAPACITY_PERIOD) else "month"
    try:
        return CapacityCharge(price_per_kw=price, tiers=tiers, period="day" if period == "day" else "month")
    except ValueError as error:
        raise fields.wrong(CONF_CAPACITY_TIERS, str(error).removeprefix("capacity: tiers ")) from error


def _tier(fields: Reader, part: Reader) -> CapacityTier:
    try:
        return part.build(lambda: CapacityTier(**part.given(part.number, "up_to_kw"), fee=part.number("fee")))
    except HomeError as error:
        raise fields.wrong(CONF_CAPACITY_TIERS, f"{error.field} {error.reason}") from error


def _period(fields: Reader, part: Reader, place: int) -> Period:
    try:
        return part.build(
            lambda: Period(
                start=part.clock(CONF_PERIOD_START),
                end=part.clock(CONF_PERIOD_END),
                import_price_per_kwh=part.number(CONF_IMPORT_PRICE),
            )
        )
    except HomeError as error:
        raise fields.wrong(CONF_TIME_OF_USE, f"entry {place}: {error.field} {error.reason}") from error


def _entity(fields: Reader) -> TariffConfig:
    return EntityTariff(
        import_price_entity=fields.text(CONF_IMPORT_PRICE_ENTITY),
        export_price_entity=fields.optional_text(CONF_EXPORT_PRICE_ENTITY),
        export_price_per_kwh=fields.number(CONF_EXPORT_PRICE) if fields.has(CONF_EXPORT_PRICE) else None,
        **_contract(fields),
    )


_PARSERS: dict[str, Callable[[Reader], TariffConfig]] = {
    TARIFF_FIXED: _fixed,
    TARIFF_TIME_OF_USE: _time_of_use,
    TARIFF_ENTITY: _entity,
}


def _stretches(periods: tuple[Period, ...]) -> list[tuple[int, int, Period]]:
    return sorted(((*stretch, period) for period in periods for stretch in period.stretches), key=itemgetter(0, 1))


def _hole(periods: tuple[Period, ...]) -> str | None:
    """The first stretch of the day without a price."""
    edges = [(0, 0), *((start, end) for start, end, _ in _stretches(periods)), (DAY_MINUTES, DAY_MINUTES)]
    return next((f"{_clock(end)}-{_clock(start)}" for (_, end), (start, _) in pairwise(edges) if start > end), None)


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
