"""What it would cost to do otherwise: the same question asked again with another word in it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..model import AssetPlan, Feasible, Optimal, Override, Plan, PlanRequest, Violation
from ..model.value import Value

FELT_K = 0.05
"""People are shown tenths of a degree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmth(Value):
    """The lowest temperature that a house or a tank comes to."""

    asset: str
    planned_c: float
    other_c: float
    """In the other plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf(Value):
    """Another plan beside the one in force; positive costs more."""

    extra_cost: float
    """Currency over the whole horizon, comfort and wear at their prices included."""
    extra_bill: float
    """The part of it that is paid to the supplier."""
    currency: str
    extra_comfort: float = 0.0
    """The part of it that is comfort given up, at the household's own prices."""
    extra_co2_kg: float | None = None
    """Emitted more for what is imported; None where nobody knows the grid's emissions."""
    warmth: tuple[Warmth, ...] = ()
    """Where house and tank become colder or stay warmer."""
    broken: tuple[Violation, ...] = ()
    """Limits that only the other plan breaks."""


def asked_with(request: PlanRequest, word: Override) -> PlanRequest:
    """The same question with that word for its asset instead of those that it overlaps."""
    others = (other for other in request.overrides if other.asset != word.asset or not other.overlaps(word))
    return replace(request, overrides=(*others, word))


def can_be_compared(plan: Plan) -> bool:
    """Whether the plan was optimised, so that a difference tells of the word and not of how it was made."""
    return isinstance(plan.outcome, Optimal | Feasible)


def compared(plan: Plan, other: Plan, request: PlanRequest) -> WhatIf:
    """What `other` costs more than `plan`, two answers to the same question but for a word."""
    known = {(violation.limit, violation.start) for violation in plan.violations}
    planned_kg, other_kg = imported_co2_kg(plan, request), imported_co2_kg(other, request)
    return WhatIf(
        extra_cost=other.cost.total - plan.cost.total,
        extra_bill=other.cost.bill - plan.cost.bill,
        currency=plan.currency,
        extra_comfort=other.cost.comfort - plan.cost.comfort,
        extra_co2_kg=None if planned_kg is None or other_kg is None else other_kg - planned_kg,
        warmth=tuple(_warmth(plan, other)),
        broken=tuple(violation for violation in other.violations if (violation.limit, violation.start) not in known),
    )


def imported_co2_kg(plan: Plan, request: PlanRequest) -> float | None:
    """Emissions of all that the plan imports; None where nobody knows the grid's.

    Energy left in the battery at the end is not credited: what it will spare is not known yet.
    """
    if request.co2_kg_per_kwh is None:
        return None
    per_kwh = plan.horizon.known("co2_kg_per_kwh", request.co2_kg_per_kwh)
    return sum(kw * kg * h for kw, kg, h in zip(plan.import_kw, per_kwh, plan.horizon.steps_h, strict=True))


def _warmth(plan: Plan, other: Plan) -> Iterator[Warmth]:
    for planned in plan.assets:
        instead = other.asset(planned.asset)
        before_c, after_c = _lowest_c(planned), None if instead is None else _lowest_c(instead)
        if before_c is not None and after_c is not None and abs(after_c - before_c) >= FELT_K:
            yield Warmth(asset=planned.asset, planned_c=before_c, other_c=after_c)


def _lowest_c(planned: AssetPlan) -> float | None:
    """Of house or tank, after the present; None of what has no temperature."""
    degrees_c = planned.trajectories.get("indoor_c") or planned.trajectories.get("tank_c")
    return min(degrees_c[1:]) if degrees_c else None
