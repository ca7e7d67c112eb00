"""When there is no plan."""

from ..model import Infeasible, TimedOut


class NoPlan(Exception):  # it is an answer, not a fault
    """The solver has no schedule; `outcome` says why."""

    def __init__(self, outcome: Infeasible | TimedOut) -> None:
        super().__init__(_words(outcome))
        self.outcome = outcome


def _words(outcome: Infeasible | TimedOut) -> str:
    match outcome:
        case Infeasible(broken=broken):
            return f"these limits cannot be kept together: {', '.join(broken) or 'unknown'}"
        case TimedOut(time_limit_s=seconds):
            return f"no schedule was found within {seconds:g} s"
