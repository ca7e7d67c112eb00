"""What a plan's cost is to be compared with."""

from dataclasses import replace

from ..fallback import fallback_plan, uncontrolled_plan
from ..model import Baseline, Plan, PlanRequest


def with_baselines(plan: Plan, request: PlanRequest) -> Plan:
    """The plan, with the cost of the same time if nobody managed the home, and if rules did."""
    by_rule = fallback_plan(replace(request, overrides=()), "to compare with")
    return replace(
        plan,
        baselines=(
            Baseline(kind="unmanaged", cost=uncontrolled_plan(request).cost),
            Baseline(kind="self_consumption", cost=by_rule.cost),
        ),
    )
