"""One stretch of one asset, and what can be asked about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..model import Asset, AssetPlan, Marginals, Plan
from ..model.terms import Terms
from .stretches import Stretch
from .words import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherTime:
    """When the energy comes from or goes to, or when it could flow instead."""

    start: datetime
    end: datetime
    price_per_kwh: float
    """Mean marginal price there, weighted by energy."""


class Case:
    """One stretch with everything that is asked about it."""

    def __init__(
        self, plan: Plan, terms: Terms, marginals: Marginals, asset: Asset, planned: AssetPlan, during: Stretch
    ) -> None:
        self.plan, self.terms, self.request = plan, terms, terms.request
        self.asset, self.planned, self.during = asset, planned, during
        self.price, self.marginals = marginals.bus_price_per_kwh, marginals
        self.edges, self.steps_h = plan.horizon.edges, plan.horizon.steps_h
        self.slots = range(during.first, during.last + 1)

    @property
    def energy_kwh(self) -> float:
        """Moved in it, always positive."""
        return sum(abs(self.moved_kw[slot]) * self.steps_h[slot] for slot in self.slots)

    @property
    def moved_kw(self) -> Sequence[float]:
        """The power that the stretch is about."""
        return (
            self.planned.trajectories["curtailed_kw"] if self.during.action is Action.CURTAIL else self.planned.power_kw
        )

    def mean_price(self, slots: Sequence[int]) -> float:
        """Marginal price over some slots, weighted by the energy moved in them."""
        weights = [abs(self.moved_kw[slot]) * self.steps_h[slot] for slot in slots]
        if sum(weights) <= 0.0:
            weights = [self.steps_h[slot] for slot in slots]
        return sum(self.price[slot] * weight for slot, weight in zip(slots, weights, strict=True)) / sum(weights)

    def other_time(self, slots: Sequence[int]) -> OtherTime | None:
        """Those slots as a time; None where there are none."""
        if not slots:
            return None
        return OtherTime(
            start=self.edges[slots[0]], end=self.edges[slots[-1] + 1], price_per_kwh=self.mean_price(slots)
        )
