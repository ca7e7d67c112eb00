"""Plans and events as points: what a home meant to do, beside what it did."""

from collections.abc import Iterator
from itertools import chain

from hems_core.exchange import EventAnswer, PlanMessage

from .lines import line

LONGEST_REASON = 500
SITE = "site"
"""Asset and kind of the rows that speak of the whole home; no asset has its own row of that kind."""


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
    }
    yield line("plan", {**tags, "asset": SITE, "kind": SITE}, whole, at_ms)
    for name, asset in plan.assets.items():
        available = plan.available_kw.get(name)
        planned: dict[str, float | str | None] = {
            "power_kw": asset.power_kw[number],
            "available_kw": None if available is None else available[number],
        }
        yield line("plan", {**tags, "asset": name, "kind": asset.kind}, planned, at_ms)


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
