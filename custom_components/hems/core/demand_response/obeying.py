"""What the events of a ledger mean: limits and signals for the plan, limits and steering for dispatch."""

from collections.abc import Iterable
from datetime import datetime

from ..model import GridLimit, Override, PriceSignal
from ..model.grid_event import ExportLimit, ImportLimit, Level, SetPoint
from ..model.steering import Steering
from .event import GridEvent
from .ledger import Ledger
from .reach import Reach


def limits(ledger: Ledger) -> tuple[GridLimit, ...]:
    """Hard limits of all events that are not over; whoever keeps them takes the tightest of those that overlap."""
    found = []
    for event in ledger.open:
        match event.request:
            case ImportLimit(limit_kw=limit_kw):
                found.append(GridLimit(start=event.start, end=event.end, max_import_kw=limit_kw))
            case ExportLimit(limit_kw=limit_kw):
                found.append(GridLimit(start=event.start, end=event.end, max_export_kw=limit_kw))
    return tuple(found)


def steering(ledger: Ledger, reach: Reach, now: datetime) -> Steering:
    """What devices shall do now; of levels that contradict each other down counts, of powers the lower."""
    active = ledger.active(now)
    down, up = (_meant(active, reach, direction) for direction in ("down", "up"))
    powers_kw: dict[str, float] = {}
    exchange_kw: float | None = None
    for event in active:
        match event.request:
            case SetPoint(asset=None, power_kw=power_kw):
                exchange_kw = power_kw if exchange_kw is None else min(exchange_kw, power_kw)
            case SetPoint(asset=str(key), power_kw=power_kw) if (asset := reach.asset(key)) is not None:
                powers_kw[asset.name] = min(power_kw, powers_kw.get(asset.name, power_kw))
    # Less is asked of them than the power that they shall hold.
    powers_kw = {name: kw for name, kw in powers_kw.items() if name not in down or kw <= 0.0}
    return Steering(
        down=down - powers_kw.keys(), up=up - down - powers_kw.keys(), powers_kw=powers_kw, exchange_kw=exchange_kw
    )


def words(ledger: Ledger, reach: Reach) -> tuple[Override, ...]:
    """Powers of single assets for the plan, which comes as near to them as it can."""
    found = []
    for event in ledger.open:
        match event.request:
            case SetPoint(asset=str(key), power_kw=power_kw) if (asset := reach.asset(key)) is not None:
                found.append(Override(asset=asset.name, power_kw=power_kw, start=event.start, until=event.end))
    return tuple(found)


def signals(ledger: Ledger, dear_per_kwh: float, cheap_per_kwh: float) -> tuple[PriceSignal, ...]:
    """Levels for the plan: energy seems dearer or cheaper by these, which nobody pays.

    The plan does not know whom a level means: dispatch does.
    """
    found = []
    for event in ledger.open:
        match event.request:
            case Level(direction=direction):
                extra = dear_per_kwh if direction == "down" else -cheap_per_kwh
                found.append(
                    PriceSignal(
                        start=event.start,
                        end=event.end,
                        import_price_per_kwh=extra,
                        export_price_per_kwh=extra if direction == "down" else 0.0,
                        paid=False,
                    )
                )
    return tuple(found)


def _meant(active: Iterable[GridEvent], reach: Reach, direction: str) -> frozenset[str]:
    said = [event.request for event in active]
    return frozenset(
        name
        for request in said
        if isinstance(request, Level) and request.direction == direction
        for name in reach.meant(request.assets, request.kinds)
    )
