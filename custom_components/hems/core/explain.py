"""What a plan is about to do next, and why.

Every reason is read off the plan itself, as people would check it with a finger on the chart: prices against
the horizon's mean, exchange with the grid, sun. Where nothing of that fits, the reason is the weakest one
that is true.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby, pairwise

from .model import AssetPlan, Override, Plan

REST_KW = 0.05
"""Less counts as nothing."""
SHORTEST_S = 300
"""What is over sooner is not worth a sentence."""
CLEARLY = 0.01
"""Prices closer to each other than this share are the same."""


class Action(StrEnum):
    """What begins."""

    CHARGE = "charge"
    DISCHARGE = "discharge"
    HEAT = "heat"
    RUN = "run"
    CURTAIL = "curtail"
    STOP = "stop"


class Why(StrEnum):
    """What makes it the better choice."""

    OVERRIDE = "override"
    """Somebody asked for it."""
    NEGATIVE_PRICE = "negative_price"
    """Drawing energy is paid for, or feeding it in costs."""
    SOLAR_SURPLUS = "solar_surplus"
    CHEAP_ENERGY = "cheap_energy"
    """Imported below the horizon's mean price."""
    EXPENSIVE_ENERGY = "expensive_energy"
    """Imports above the horizon's mean price are avoided, or energy is sold above it."""
    OWN_ENERGY = "own_energy"
    """The home lives on its own energy."""
    COMFORT = "comfort"
    DEADLINE = "deadline"
    LIMIT = "limit"
    """The connection's limits leave nothing else."""
    DONE = "done"
    """It has what it needs."""
    SAVING = "saving"
    """The plan is cheaper this way; no single cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """The next change of a plan that people would notice."""

    asset: str
    action: Action
    at: datetime
    power_kw: float
    """Mean over the time it lasts; 0 for a stop."""
    reason: Why


DRAWING = {
    "battery": Action.CHARGE,
    "ev_charger": Action.CHARGE,
    "heat_pump": Action.HEAT,
    "hot_water": Action.HEAT,
}
NEEDED = {
    "ev_charger": Why.DEADLINE,
    "appliance": Why.DEADLINE,
    "heat_pump": Why.COMFORT,
    "hot_water": Why.COMFORT,
    "flexible_load": Why.COMFORT,
}
"""Why it draws where energy is neither cheap nor its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """Slots in which an asset does one thing."""

    first: int
    last: int
    action: Action
    mean_kw: float


def next_action(plan: Plan, now: datetime, overrides: Iterable[Override] = ()) -> NextStep | None:
    """The first change after `now`; None where nothing changes any more.

    Of changes at the same time, the one that moves most power; a stop only where nothing begins.
    """
    words = tuple(overrides)
    steps = [step for asset in plan.assets if (step := _next_of(plan, asset, now, words)) is not None]
    return min(
        steps, key=lambda step: (step.at, step.action is Action.STOP, -abs(step.power_kw), step.asset), default=None
    )


def _next_of(plan: Plan, asset: AssetPlan, now: datetime, words: Sequence[Override]) -> NextStep | None:
    edges = plan.horizon.edges
    stretches = _stretches(plan, asset)
    for before, after in pairwise(stretches):
        if edges[after.first] <= now or (asset.kind == "pv" and after.action is Action.STOP):
            continue
        if any(word.asset == asset.asset and word.acts(edges[after.first]) for word in words):
            reason = Why.OVERRIDE
        elif after.action is Action.STOP:
            reason = _why_stop(plan, asset, before, after)
        else:
            reason = _why(plan, asset, after)
        return NextStep(
            asset=asset.asset, action=after.action, at=edges[after.first], power_kw=after.mean_kw, reason=reason
        )
    return None


def _stretches(plan: Plan, asset: AssetPlan) -> list[_Stretch]:
    """The plan of an asset as doings and rests, without those that are over at once."""
    steps_s = plan.horizon.steps_s
    found: list[_Stretch] = []
    for action, group in groupby(range(plan.horizon.steps), lambda slot: _action(asset, slot)):
        slots = list(group)
        length_s = sum(steps_s[slot] for slot in slots)
        if found and (length_s < SHORTEST_S or action is found[-1].action):
            continue
        mean_kw = sum(asset.power_kw[slot] * steps_s[slot] for slot in slots) / length_s
        rests = action is Action.STOP
        found.append(_Stretch(first=slots[0], last=slots[-1], action=action, mean_kw=0.0 if rests else mean_kw))
    return found


def _action(asset: AssetPlan, slot: int) -> Action:
    if asset.kind == "pv":
        curtailed_kw = asset.trajectories.get("curtailed_kw")
        return Action.CURTAIL if curtailed_kw and curtailed_kw[slot] > REST_KW else Action.STOP
    power_kw = asset.power_kw[slot]
    if abs(power_kw) <= REST_KW:
        return Action.STOP
    return DRAWING.get(asset.kind, Action.RUN) if power_kw > 0.0 else Action.DISCHARGE


def _why(plan: Plan, asset: AssetPlan, during: _Stretch) -> Why:
    """Why it begins."""
    grid_kw = _mean(plan, plan.grid_kw, during)
    price, usual = _mean(plan, plan.import_price_per_kwh, during), _mean_of_all(plan, plan.import_price_per_kwh)
    sold_for = _mean(plan, plan.export_price_per_kwh, during)
    if during.action is Action.CURTAIL:
        return Why.NEGATIVE_PRICE if sold_for < 0.0 else Why.LIMIT
    if during.action is Action.DISCHARGE:
        worth = sold_for if grid_kw < -REST_KW else price
        if worth > usual + CLEARLY * abs(usual):
            return Why.EXPENSIVE_ENERGY
        return Why.OWN_ENERGY if abs(grid_kw) <= REST_KW else Why.SAVING
    return _why_drawing(plan, asset, during, usual)


def _why_drawing(plan: Plan, asset: AssetPlan, during: _Stretch, usual: float) -> Why:
    grid_kw, price = _mean(plan, plan.grid_kw, during), _mean(plan, plan.import_price_per_kwh, during)
    if grid_kw > REST_KW and price < 0.0:
        return Why.NEGATIVE_PRICE
    if grid_kw <= REST_KW and _sun_kw(plan, during) >= during.mean_kw / 2:
        return Why.SOLAR_SURPLUS
    if grid_kw > REST_KW and price < usual - CLEARLY * abs(usual):
        return Why.CHEAP_ENERGY
    return NEEDED.get(asset.kind, Why.SAVING)


def _why_stop(plan: Plan, asset: AssetPlan, before: _Stretch, after: _Stretch) -> Why:
    """Why it ends: energy became dear or cheap, or there is nothing left to do."""
    price_before, price_after = (plan.import_price_per_kwh[slot] for slot in (after.first - 1, after.first))
    change = price_after - price_before
    if before.action is Action.DISCHARGE:
        return Why.CHEAP_ENERGY if change < -CLEARLY * abs(price_before) else Why.SAVING
    if change > CLEARLY * abs(price_before) and plan.grid_kw[after.first - 1] > REST_KW:
        return Why.EXPENSIVE_ENERGY
    goes_on = any(_action(asset, slot) is before.action for slot in range(after.first, plan.horizon.steps))
    return Why.SAVING if goes_on else Why.DONE


def _sun_kw(plan: Plan, during: _Stretch) -> float:
    return -sum(_mean(plan, asset.power_kw, during) for asset in plan.assets if asset.kind == "pv")


def _mean(plan: Plan, values: Sequence[float], during: _Stretch) -> float:
    slots = range(during.first, during.last + 1)
    steps_s = plan.horizon.steps_s
    return sum(values[slot] * steps_s[slot] for slot in slots) / sum(steps_s[slot] for slot in slots)


def _mean_of_all(plan: Plan, values: Sequence[float]) -> float:
    steps_s = plan.horizon.steps_s
    return sum(value * step_s for value, step_s in zip(values, steps_s, strict=True)) / sum(steps_s)
