"""Plans, forecasts and events as points: what a home meant to do and expected, beside what it did.

Newer plans overwrite what older ones meant for the same time. What was expected a day ahead is therefore written beside
them once an hour, as a series that nothing overwrites.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain

from hems_core.exchange import EventAnswer, PlanMessage

from .lines import line

LONGEST_REASON = 500
SITE = "site"
"""Asset and kind of the rows that speak of the whole home; no asset has its own row of that kind."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)


def plan_lines(home: str, plan: PlanMessage) -> list[str]:
    """A point for each slot and asset at the slot's start: a newer plan overwrites what it plans anew.

    Raises:
        ValueError: a name that line protocol cannot carry.
    """
    return [*chain.from_iterable(_slot_lines(home, plan, number) for number in range(len(plan.slots)))]


def _slot_lines(home: str, plan: PlanMessage, number: int) -> Iterator[str]:
    at_ms = round(plan.slots[number].start.timestamp() * 1000)
    tags = {"home": home, "site": plan.site}
    offered = [values[number] for values in plan.available_kw.values()]
    whole: dict[str, float | str | None] = {
        "power_kw": plan.grid_kw[number],
        "load_kw": plan.load_kw[number],
        "available_kw": sum(offered) if offered else None,
        "price": plan.import_price_per_kwh[number],
        "export_price": plan.export_price_per_kwh[number],
        # A text beside the prices, and not a tag: series that are recorded already stay what they are.
        "currency": plan.currency if number == 0 else None,
    }
    yield line("plan", {**tags, "asset": SITE, "kind": SITE}, whole, at_ms)
    for name, asset in plan.assets.items():
        available = plan.available_kw.get(name)
        planned: dict[str, float | str | None] = {
            "power_kw": asset.power_kw[number],
            "available_kw": None if available is None else available[number],
        }
        yield line("plan", {**tags, "asset": name, "kind": asset.kind}, planned, at_ms)


def hour_ahead(made: datetime) -> datetime:
    """The first full hour that is at least a day ahead of a plan."""
    ahead = made.astimezone(UTC) + DAY
    full = ahead.replace(minute=0, second=0, microsecond=0)
    return full if full == ahead else full + HOUR


def forecast_lines(home: str, plan: PlanMessage) -> list[str]:
    """What is expected of the hour a day ahead, in quarters; none where the plan does not reach so far.

    Raises:
        ValueError: a name that line protocol cannot carry.
    """
    hour = hour_ahead(plan.made)
    tags = {"home": home, "site": plan.site, "asset": SITE, "kind": SITE}
    found = []
    for number in range(4):
        at = hour + number * QUARTER
        slot = next((index for index, each in enumerate(plan.slots) if each.start <= at < each.end), None)
        if slot is None:
            return []
        offered = [values[slot] for values in plan.available_kw.values()]
        expected: dict[str, float | str | None] = {
            "load_kw": plan.load_kw[slot],
            "available_kw": sum(offered) if offered else None,
            "price": plan.import_price_per_kwh[slot],
            "export_price": plan.export_price_per_kwh[slot],
        }
        found.append(line("forecast", tags, expected, round(at.timestamp() * 1000)))
    return found


def event_line(home: str, answer: EventAnswer) -> str:
    """What became of a demand-response event, since when; empty for an answer that names none.

    Raises:
        ValueError: a reason with control characters.
    """
    if answer.id is None:
        return ""
    at_ms = round(answer.time.timestamp() * 1000)
    fields = {"state": str(answer.state), "reason": answer.reason[:LONGEST_REASON] or None}
    return line("events", {"home": home, "id": answer.id}, fields, at_ms)
