"""The next change of a plan that people would notice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from ..model import Asset, AssetPlan, Override, Plan
from .causes import why_begins, why_ends
from .stretches import stretches
from .words import Action, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """The next change of a plan that people would notice."""

    asset: str
    action: Action
    at: datetime
    power_kw: float
    """Mean over the time it lasts; 0 for a stop."""
    reason: Why | None
    """None: nothing that could be said in a word; only of a stop."""


def next_action(
    plan: Plan, now: datetime, overrides: Iterable[Override] = (), assets: Iterable[Asset] = ()
) -> NextStep | None:
    """The first change after `now`; None where nothing changes any more.

    Of changes at the same time, the one that moves most power; a stop only where nothing begins. With the `assets`
    that were planned a stop may also be explained by what they hold at most and at least.
    """
    words, known = tuple(overrides), {asset.name: asset for asset in assets}
    # An inverter only passes on what its batteries and arrays do.
    devices = (planned for planned in plan.assets if planned.kind != "inverter")
    steps = [
        step
        for planned in devices
        if (step := _next_of(plan, planned, now, words, known.get(planned.asset))) is not None
    ]
    return min(
        steps, key=lambda step: (step.at, step.action is Action.STOP, -abs(step.power_kw), step.asset), default=None
    )


def _next_of(
    plan: Plan, planned: AssetPlan, now: datetime, words: Sequence[Override], asset: Asset | None
) -> NextStep | None:
    edges = plan.horizon.edges
    reason: Why | None
    for before, after in pairwise(stretches(plan, planned)):
        if edges[after.first] <= now or (planned.kind == "pv" and after.action is Action.STOP):
            continue
        if any(word.asset == planned.asset and word.acts(edges[after.first]) for word in words):
            reason = Why.OVERRIDE
        elif after.action is Action.STOP:
            reason = why_ends(plan, planned, before, after, asset)
        else:
            reason = why_begins(plan, planned, after)
        return NextStep(
            asset=planned.asset, action=after.action, at=edges[after.first], power_kw=after.mean_kw, reason=reason
        )
    return None
