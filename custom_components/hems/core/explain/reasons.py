"""For every stretch of every asset: what a kWh is worth then, what the energy is for, and the next best time.

Money comes from the plan's marginal prices (`Plan.marginals`): the worth of one more kWh on the bus in a step, from
the linear program with its on/off decisions held. They are exact for small changes. For a whole stretch they are an
estimate: a lower bound as long as the other on/off decisions stay, because the cost is then convex in what is forced
on the home.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ..model import HybridInverter, Plan, PlanRequest
from ..model.terms import Terms
from .case import Case, OtherTime
from .causes import why_begins
from .effects import Comfort, co2_of, comfort_of
from .elsewhere import alternative_to
from .stretches import stretches
from .words import Action, Why
from .worth import worth_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One stretch of one asset."""

    asset: str
    action: Action
    start: datetime
    end: datetime
    energy_kwh: float
    """Moved in it, always positive; held back, where sun is curtailed."""
    why: Why | None
    price_per_kwh: float
    """What a kWh on the bus is worth in that time: what it costs to draw it, or what it spares to give it."""
    worth_per_kwh: float | None = None
    """What a kWh is worth where it ends up (drawing), or what it has cost (giving); None: not known as money."""
    counterpart: OtherTime | None = None
    """Of a battery: when the energy is used, or when it was charged; None: kept beyond, or there from before."""
    alternative: OtherTime | None = None
    """The next best time."""
    alternative_cost: float | None = None
    """How much more it would cost by these prices, in currency."""
    gain: float | None = None
    """What the stretch earns or spares in currency, by these prices; None where that is no money."""
    limits: tuple[str, ...] = ()
    """What binds in that time, by name."""
    co2_kg: float | None = None
    """Emitted more (negative: less) for what the home imports in that time; None: nobody knows the grid's emissions."""
    comfort: Comfort | None = None
    """None where it makes no difference to comfort."""


def reasons(plan: Plan, request: PlanRequest) -> tuple[Reason, ...]:
    """Of everything the plan does, in the order of time; empty for a plan without marginal prices.

    An inverter only passes on what its batteries and arrays do.
    """
    if plan.marginals is None:
        return ()
    terms = Terms.of(request)
    found = [
        _told(Case(plan, terms, plan.marginals, asset, planned, during))
        for planned in plan.assets
        if (asset := request.site.asset(planned.asset)) is not None and not isinstance(asset, HybridInverter)
        for during in stretches(plan, planned)
        if during.action is not Action.STOP
    ]
    return tuple(sorted(found, key=lambda reason: (reason.start, reason.asset)))


def _told(case: Case) -> Reason:
    worth, counterpart = worth_of(case)
    price = case.mean_price(case.slots)
    moved = alternative_to(case)
    return Reason(
        asset=case.planned.asset,
        action=case.during.action,
        start=case.edges[case.during.first],
        end=case.edges[case.during.last + 1],
        energy_kwh=case.energy_kwh,
        why=why_begins(case.plan, case.planned, case.during),
        price_per_kwh=price,
        worth_per_kwh=worth,
        counterpart=counterpart,
        alternative=None if moved is None else moved[0],
        alternative_cost=None if moved is None else moved[1],
        gain=None if worth is None else case.energy_kwh * _spread(case, worth, price),
        limits=tuple(_binding(case)),
        co2_kg=co2_of(case),
        comfort=comfort_of(case),
    )


def _spread(case: Case, worth: float, price: float) -> float:
    """Per kWh: drawing spends the price for the worth, giving spends what it has cost for the price."""
    return price - worth if case.during.action is Action.DISCHARGE else worth - price


def _binding(case: Case) -> Iterator[str]:
    """Limits of the asset itself or of the connection that bind in at least one slot of the stretch."""
    for name, slots in case.marginals.binding.items():
        owner = name.partition(".")[0]
        if owner in {case.planned.asset, "grid", "capacity"} and any(slot in case.slots for slot in slots):
            yield name
