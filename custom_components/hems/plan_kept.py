"""What holds when the solver runs out of time without a schedule: the last plan, while it answers the question."""

from dataclasses import replace
from datetime import datetime

from .core.model import Feasible, HealthStatus, InputHealth, Optimal, Plan, PlanRequest, TimedOut
from .settings import MadePlan

SOURCE = "engine"


def plan_to_follow(made: MadePlan, last: MadePlan | None, now: datetime) -> MadePlan:
    """The last plan, marked, where a search found none in its time and the last one holds still; else the new one."""
    if not isinstance(made.plan.outcome, TimedOut) or last is None or not _still_holds(last, made.request, now):
        return made
    return replace(last, plan=_marked(last.plan))


def _still_holds(last: MadePlan, request: PlanRequest, now: datetime) -> bool:
    """Neither expired nor made by rule itself, for the same devices, limits and words."""
    asked = last.request
    return (
        last.plan.expires_at > now
        and isinstance(last.plan.outcome, Optimal | Feasible)
        and (asked.site, asked.limits, asked.overrides) == (request.site, request.limits, request.overrides)
    )


def _marked(plan: Plan) -> Plan:
    mark = InputHealth(
        source=SOURCE,
        status=HealthStatus.DEGRADED,
        reason="the solver ran out of time, so the plan before is kept until it expires",
    )
    return replace(plan, health=tuple(dict.fromkeys((*plan.health, mark))))
