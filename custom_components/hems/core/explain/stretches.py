"""The plan of an asset as people see it: doings and rests, each of one kind."""

from dataclasses import dataclass
from itertools import groupby

from ..model import AssetPlan, Plan
from .words import Action

REST_KW = 0.05
"""Less counts as nothing."""
SHORTEST_S = 300
"""What is over sooner is not worth a sentence."""
DRAWING = {
    "battery": Action.CHARGE,
    "ev_charger": Action.CHARGE,
    "heat_pump": Action.HEAT,
    "hot_water": Action.HEAT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Slots in which an asset does one thing."""

    first: int
    last: int
    action: Action
    mean_kw: float


def stretches(plan: Plan, asset: AssetPlan) -> list[Stretch]:
    """The plan of an asset as doings and rests; what is over at once interrupts nothing."""
    steps_s = plan.horizon.steps_s
    found: list[Stretch] = []
    for action, group in groupby(range(plan.horizon.steps), lambda slot: action_of(asset, slot)):
        slots = list(group)
        if found and sum(steps_s[slot] for slot in slots) < SHORTEST_S:
            continue
        if found and action is found[-1].action:
            slots = list(range(found.pop().first, slots[-1] + 1))
        length_s = sum(steps_s[slot] for slot in slots)
        mean_kw = sum(asset.power_kw[slot] * steps_s[slot] for slot in slots) / length_s
        rests = action is Action.STOP
        found.append(Stretch(first=slots[0], last=slots[-1], action=action, mean_kw=0.0 if rests else mean_kw))
    return found


def action_of(asset: AssetPlan, slot: int) -> Action:
    """What an asset does in one slot."""
    if asset.kind == "pv":
        curtailed_kw = asset.trajectories.get("curtailed_kw")
        return Action.CURTAIL if curtailed_kw and curtailed_kw[slot] > REST_KW else Action.STOP
    power_kw = asset.power_kw[slot]
    if abs(power_kw) <= REST_KW:
        return Action.STOP
    return DRAWING.get(asset.kind, Action.RUN) if power_kw > 0.0 else Action.DISCHARGE
