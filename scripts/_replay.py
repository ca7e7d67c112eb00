"""Plans a recorded request again and prints how the plan differs: the work behind scripts/replay."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
import json
from pathlib import Path
import sys
from typing import Any

from custom_components.hems.core import wire
from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import CostSplit, Outcome, Plan, PlanRequest
from custom_components.hems.core.optimiser import NoPlan, solve

SAME, DIFFERENT, BAD_INPUT = 0, 1, 2
MONEY_TOLERANCE = 0.005
"""Half a cent: what the solver's gap may leave between two computers."""
POWER_TOLERANCE_KW = 0.005
SLOTS_SHOWN = 10


class BadInputError(Exception):
    """The file holds nothing that can be planned again."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, plan, compare."""
    parser = argparse.ArgumentParser(prog="scripts/replay", description="Plan a recorded request again.")
    parser.add_argument("file", type=Path, help="diagnostics of HEMS as Home Assistant saves them, or {request, plan}")
    file = parser.parse_args(arguments).file
    try:
        request, recorded = read(file)
    except BadInputError as error:
        print(f"replay: {file}: {error}", file=sys.stderr)
        return BAD_INPUT
    replayed = plan_again(request)
    for line in report(request, recorded, replayed):
        print(line)
    return SAME if is_same(recorded, replayed) else DIFFERENT


def read(file: Path) -> tuple[PlanRequest, Plan]:
    """The request and the plan in a file.

    Raises:
        BadInputError: it cannot be read, or lacks one of them.
    """
    try:
        content = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadInputError(f"cannot be read: {error}") from error
    if isinstance(content, dict) and "request" not in content:
        content = content.get("data")
    if not isinstance(content, dict) or "request" not in content:
        raise BadInputError('holds no "request"; is it a diagnostics file of HEMS?')
    return _message(PlanRequest, content, "request"), _message(Plan, content, "plan")


def _message[T](message: type[T], content: dict[str, Any], name: str) -> T:
    if content.get(name) is None:
        raise BadInputError(f'its "{name}" is empty: HEMS had not planned yet')
    try:
        return wire.decode(message, json.dumps(content[name]))
    except wire.WireError as error:
        raise BadInputError(f'its "{name}" is {error}') from error


def plan_again(request: PlanRequest) -> Plan:
    """As the engine would."""
    try:
        return solve(request)
    except NoPlan as none:
        return replace(fallback_plan(request, str(none)), outcome=none.outcome)


def is_same(recorded: Plan, replayed: Plan) -> bool:
    """Whether the two would do the same for the same money."""
    return (
        _kind(recorded.outcome) == _kind(replayed.outcome)
        and abs(recorded.cost.total - replayed.cost.total) <= MONEY_TOLERANCE
        and next(different_slots(recorded, replayed), None) is None
    )


def report(request: PlanRequest, recorded: Plan, replayed: Plan) -> Iterator[str]:
    """The comparison, line by line."""
    yield f"request of {request.now.isoformat()}: {request.horizon.steps} steps, {len(request.site.assets)} assets"
    yield f"{'':24}{'recorded':>14}{'replayed':>14}{'difference':>14}"
    yield f"{'outcome':24}{_kind(recorded.outcome):>14}{_kind(replayed.outcome):>14}"
    for name in ("total", "bill", *(field.name for field in fields(CostSplit))):
        yield _row(f"cost {name}", getattr(recorded.cost, name), getattr(replayed.cost, name), recorded.currency)
    yield _row("import", _energy_kwh(recorded, recorded.import_kw), _energy_kwh(replayed, replayed.import_kw), "kWh")
    yield _row("export", _energy_kwh(recorded, recorded.export_kw), _energy_kwh(replayed, replayed.export_kw), "kWh")
    for asset in request.site.assets:
        yield _row(asset.name, _asset_kwh(recorded, asset.name), _asset_kwh(replayed, asset.name), "kWh")
    slots = list(different_slots(recorded, replayed))
    yield f"{len(slots)} different powers" + (f", the first {SLOTS_SHOWN}:" if len(slots) > SLOTS_SHOWN else "")
    yield from slots[:SLOTS_SHOWN]
    yield "the same plan" if is_same(recorded, replayed) else "another plan"


def different_slots(recorded: Plan, replayed: Plan) -> Iterator[str]:
    """Each slot of an asset in which the power differs, by time."""
    if recorded.horizon != replayed.horizon:
        yield "  the two plans have different horizons"
        return
    for index, start in enumerate(recorded.horizon.edges[:-1]):
        for name in dict.fromkeys(asset.asset for asset in (*recorded.assets, *replayed.assets)):
            before, after = _power_kw(recorded, name, index), _power_kw(replayed, name, index)
            if before is None or after is None or abs(before - after) > POWER_TOLERANCE_KW:
                yield f"  {start.isoformat()} {name:24}{_words(before):>10}{_words(after):>10} kW"


def _power_kw(plan: Plan, name: str, index: int) -> float | None:
    asset = plan.asset(name)
    return None if asset is None else asset.power_kw[index]


def _words(power_kw: float | None) -> str:
    return "none" if power_kw is None else f"{power_kw:.3f}"


def _row(name: str, before: float, after: float, unit: str) -> str:
    return f"{name:24}{before:14.3f}{after:14.3f}{after - before:+14.3f} {unit}"


def _asset_kwh(plan: Plan, name: str) -> float:
    asset = plan.asset(name)
    return 0.0 if asset is None else _energy_kwh(plan, asset.power_kw)


def _energy_kwh(plan: Plan, power_kw: Sequence[float]) -> float:
    return sum(power * hours for power, hours in zip(power_kw, plan.horizon.steps_h, strict=True))


def _kind(outcome: Outcome) -> str:
    return str(getattr(outcome, "kind", "unknown"))


if __name__ == "__main__":
    sys.exit(main())
