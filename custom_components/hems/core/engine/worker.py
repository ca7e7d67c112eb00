"""`python -m hems_core.engine.worker`: the process that solves. Only this module loads the optimiser."""

from importlib.metadata import version
import logging
import sys

from . import logs


def main() -> None:
    """Load the optimiser and serve."""
    logs.set_up(logging.INFO)
    logger = logging.getLogger("hems.engine.worker")
    sys.excepthook = logs.crash_hook(logger)
    # Imported here, so that a missing solver is logged like every other crash.
    from ..model import Outcome, Plan, PlanRequest  # noqa: PLC0415
    from ..optimiser import NoPlan, solve  # noqa: PLC0415
    from .baselines import with_baselines  # noqa: PLC0415
    from .worker_loop import serve  # noqa: PLC0415

    def plan_or_outcome(request: PlanRequest) -> Plan | Outcome:
        try:
            return with_baselines(solve(request), request)
        except NoPlan as none:
            return none.outcome

    serve(plan_or_outcome, f"cvxpy {version('cvxpy')}, HiGHS {version('highspy')}")


if __name__ == "__main__":
    main()
