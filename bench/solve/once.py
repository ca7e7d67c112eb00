"""One process that solves and tells what it took: `python -m bench.solve.once CASE REPEATS VARIATIONS`, or `homes N`.

CPU seconds are those of the whole process and all its threads.
"""

from collections.abc import Callable
import gc
import json
from pathlib import Path
import re
import sys
from time import process_time
from types import ModuleType

import bench

# The engine's container has the core only: the integration, and Home Assistant with it, must not be imported here.
_integration = ModuleType("custom_components.hems")
_integration.__path__ = [str(Path(bench.__file__).parents[1] / "custom_components" / "hems")]
sys.modules[_integration.__name__] = _integration

from custom_components.hems.core.optimiser import NoPlan, solve  # noqa: E402  # see above

IMPORTED_CPU_S = process_time()
"""From the start of the process: the interpreter, cvxpy, the solver and the model."""

from custom_components.hems.core.fallback import fallback_plan  # noqa: E402  # after the import that is measured
from custom_components.hems.core.model import Plan, PlanRequest  # noqa: E402

from .cases import CASES  # noqa: E402
from .homes import random_home, shape_of  # noqa: E402


def main(what: str, *counts: int) -> None:
    """Lines of JSON on stdout."""
    gc.freeze()  # as the engine's worker does
    if what == "homes":
        for seed in range(counts[0]):
            _print(_home(seed))
    else:
        _print(_case(CASES[what], *counts))


def _case(case: Callable[[int], PlanRequest], repeats: int, variations: int) -> dict[str, object]:
    request = case(0)
    first_cpu_s, plan = _timed(request)
    again = [_timed(request)[0] for _ in range(repeats)]
    peak_rss_mb = _peak_rss_mb()
    varied = [_timed(case(seed)) for seed in range(1, variations + 1)]
    return {
        "import_cpu_s": IMPORTED_CPU_S,
        "first_cpu_s": first_cpu_s,
        "repeat_cpu_s": again,
        "varied_cpu_s": [cpu_s for cpu_s, _ in varied],
        "cost": plan.cost.total if plan else None,
        "gap": getattr(plan.outcome, "gap", None) if plan else None,
        "worst_gap": max((getattr(other.outcome, "gap", 1.0) if other else 1.0 for _, other in varied), default=None),
        "peak_rss_mb": peak_rss_mb,
    }


def _home(seed: int) -> dict[str, object]:
    request = random_home(seed)
    cpu_s, plan = _timed(request)
    return {
        "seed": seed,
        "shape": shape_of(seed),
        "cpu_s": cpu_s,
        "outcome": _kind(plan) if plan else "none",
        "gap": getattr(plan.outcome, "gap", 1.0) if plan else 1.0,
        "cost": plan.cost.total if plan else None,
        "rules": fallback_plan(request, "for comparison").cost.total,
    }


def _timed(request: PlanRequest) -> tuple[float, Plan | None]:
    before = process_time()
    try:
        plan = solve(request)
    except NoPlan:
        plan = None
    return process_time() - before, plan


def _peak_rss_mb() -> float:
    """Of this program; what `resource` tells begins with the process that started it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1024.0 if found else 0.0


def _kind(plan: Plan) -> str:
    return str(getattr(plan.outcome, "kind", "unknown"))


def _print(row: dict[str, object]) -> None:
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *(int(count) for count in sys.argv[2:]))
