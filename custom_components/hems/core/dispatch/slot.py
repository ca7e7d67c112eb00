"""What a plan says about now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ..model import Plan

NOTHING_PER_KWH = 0.005
"""Currency: the tastes that break ties are in a plan's prices and are no larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The running slot of a plan that has not expired."""

    grid_kw: float
    """Planned exchange; positive imports."""
    load_kw: float
    power_kw: Mapping[str, float]
    phases: Mapping[str, int]
    """By charger, where the plan chose."""
    curtails: frozenset[str]
    """PV arrays that the plan holds below what the sun offers."""
    stores: frozenset[str] = frozenset()
    """Batteries in which more energy would do no harm: they may take what the plan would hold back."""
    keeps_exchange: bool = False
    """Whether batteries are there to keep the planned exchange."""


def slot_at(plan: Plan | None, now: datetime) -> Slot | None:
    """The slot of `plan` that holds now; None without a plan, past its horizon and when it has expired."""
    if plan is None or now >= plan.expires_at:
        return None
    index = plan.horizon.index_at(now)
    if index is None:
        return None
    return Slot(
        grid_kw=plan.grid_kw[index],
        load_kw=plan.load_kw[index],
        power_kw={asset.asset: asset.power_kw[index] for asset in plan.assets},
        phases={name: round(count) for name, count in _now(plan, "phases", index) if count > 0.5},
        curtails=frozenset(name for name, held_kw in _now(plan, "curtailed_kw", index) if held_kw > 0.01),
        stores=frozenset(_stores(plan, index)),
        keeps_exchange=plan.keeps_exchange,
    )


def _stores(plan: Plan, index: int) -> Iterator[str]:
    """Batteries whose room the plan does not keep: for being paid to fill them, at a negative price, later on.

    Their energy may be worth nothing more then, but not less; where no program was solved, nobody knows.
    """
    worth = plan.marginals.stored_value_per_kwh if plan.marginals else {}
    paid = [
        later
        for later in range(index + 1, plan.horizon.steps)
        if plan.import_price_per_kwh[later] < 0.0 and plan.import_kw[later] > 0.0
    ]
    for asset in plan.assets:
        kept = any(asset.power_kw[later] > 0.0 for later in paid)
        harms = asset.asset in worth and worth[asset.asset][index + 1] < -NOTHING_PER_KWH
        if asset.kind == "battery" and not kept and not harms:
            yield asset.asset


def _now(plan: Plan, trajectory: str, index: int) -> Iterator[tuple[str, float]]:
    """The value of a trajectory in a slot, for each asset that has it."""
    for asset in plan.assets:
        if trajectory in asset.trajectories:
            yield asset.asset, asset.trajectories[trajectory][index]
