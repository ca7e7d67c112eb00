"""A worker whose planner does what the name of the site says; started by the tests as `python stand_in_worker.py DIR`.

DIR holds the core as `hems_core`, so that nothing of Home Assistant is loaded.
"""

from dataclasses import replace
import os
from pathlib import Path
import sys
import time

sys.path.insert(0, sys.argv[1])

from hems_core.engine.worker_loop import serve
from hems_core.fallback import fallback_plan
from hems_core.model import Infeasible, Optimal, Outcome, Plan, PlanRequest, TimedOut


def solve(request: PlanRequest) -> Plan | Outcome:  # noqa: C901  # a table of things to do
    doing, _, detail = request.site.name.partition(" ")
    match doing:
        case "crash":
            raise ZeroDivisionError("as the test wants it")
        case "die":
            os._exit(9)
        case "die-once":
            marker = Path(detail)
            if not marker.exists():
                marker.touch()
                os._exit(9)
        case "compute":
            deadline = time.monotonic() + float(detail)
            while time.monotonic() < deadline:
                pass
        case "print":
            sys.stdout.write("the solver says hello\n")
            sys.stdout.flush()
            os.write(1, b"and so does its C library\n")
        case "nonsense":
            return replace(fallback_plan(request, "stand-in"), import_kw=(float("nan"),) * request.horizon.steps)
        case "impossible":
            return Infeasible(broken=("grid.max_import", "battery.max_discharge"))
        case "late":
            return TimedOut(time_limit_s=request.options.time_limit_s)
    return replace(fallback_plan(request, "stand-in"), outcome=Optimal(gap=0.0))


if __name__ == "__main__":
    serve(solve, "stand-in 1.0")
