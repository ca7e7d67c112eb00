"""What it would cost to do otherwise: the same question asked again with another word in it."""

from dataclasses import dataclass, replace

from ..model import Feasible, Optimal, Override, Plan, PlanRequest, Violation
from ..model.value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf(Value):
    """Another plan beside the one in force; positive costs more."""

    extra_cost: float
    """Currency over the whole horizon, comfort and wear at their prices included."""
    extra_bill: float
    """The part of it that is paid to the supplier."""
    currency: str
    broken: tuple[Violation, ...] = ()
    """Limits that only the other plan breaks."""


def asked_with(request: PlanRequest, word: Override) -> PlanRequest:
    """The same question with that word for its asset instead of those that it overlaps."""
    others = (other for other in request.overrides if other.asset != word.asset or not other.overlaps(word))
    return replace(request, overrides=(*others, word))


def can_be_compared(plan: Plan) -> bool:
    """Whether the plan was optimised, so that a difference tells of the word and not of how it was made."""
    return isinstance(plan.outcome, Optimal | Feasible)


def compared(plan: Plan, other: Plan) -> WhatIf:
    """What `other` costs more than `plan`, two answers to the same question but for a word."""
    known = {(violation.limit, violation.start) for violation in plan.violations}
    return WhatIf(
        extra_cost=other.cost.total - plan.cost.total,
        extra_bill=other.cost.bill - plan.cost.bill,
        currency=plan.currency,
        broken=tuple(violation for violation in other.violations if (violation.limit, violation.start) not in known),
    )
