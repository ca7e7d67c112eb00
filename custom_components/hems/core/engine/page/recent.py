"""What the page shows of the past: kept in memory only, and not much of it."""

from collections import deque
from dataclasses import dataclass, field
import json
import logging
from typing import Any, override

from ...model import Plan
from ..logs import JsonFormatter

MOST_PLANS = 100
MOST_LINES = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One plan in short."""

    at: str
    outcome: str
    seconds: float
    """From the request to its answer, the wait in the queue with it."""
    solve_s: float
    steps: int
    assets: int
    violations: int


@dataclass(slots=True)
class Recent:
    """The last plans; of the very last one also its powers, for a plot."""

    plans: deque[Planned] = field(default_factory=lambda: deque(maxlen=MOST_PLANS))
    last: Plan | None = None

    def planned(self, plan: Plan, outcome: str, seconds: float) -> None:
        """Remember one."""
        self.last = plan
        self.plans.append(
            Planned(
                at=plan.made_at.isoformat(),
                outcome=outcome,
                seconds=round(seconds, 4),
                solve_s=round(plan.stats.solve_s, 4),
                steps=plan.horizon.steps,
                assets=len(plan.assets),
                violations=len(plan.violations),
            )
        )

    def plot(self) -> dict[str, Any] | None:
        """The last plan's powers per slot: kinds of assets, never the names that a home gave them."""
        plan = self.last
        if plan is None:
            return None
        horizon = plan.horizon
        return {
            "start": horizon.start.isoformat(),
            "steps_s": horizon.steps_s,
            "currency": plan.currency,
            "cost": round(plan.cost.bill, 2),
            "grid_kw": [bought - sold for bought, sold in zip(plan.import_kw, plan.export_kw, strict=True)],
            "load_kw": plan.load_kw,
            "assets": [{"kind": asset.kind, "power_kw": asset.power_kw} for asset in plan.assets],
        }


class LogTail(logging.Handler):
    """The last lines of the log, as the objects that they are."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.lines: deque[dict[str, Any]] = deque(maxlen=MOST_LINES)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))
