"""What a plan says about now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ..model import Plan


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
    )


def _now(plan: Plan, trajectory: str, index: int) -> Iterator[tuple[str, float]]:
    """The value of a trajectory in a slot, for each asset that has it."""
    for asset in plan.assets:
        if trajectory in asset.trajectories:
            yield asset.asset, asset.trajectories[trajectory][index]
