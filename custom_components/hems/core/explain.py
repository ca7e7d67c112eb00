"""What a plan is about to do next, and why.

Every reason is read off the plan itself, as people would check it with a finger on the chart: prices against
the horizon's mean, exchange with the grid, sun, how full or warm something is. Where nothing of that fits, what
begins has the weakest reason that is true, and what ends has none.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby, pairwise

from .model import Asset, AssetPlan, Battery, HeatPump, HotWater, Override, Plan

REST_KW = 0.05
"""Less counts as nothing."""
SHORTEST_S = 300
"""What is over sooner is not worth a sentence."""
CLEARLY = 0.01
"""Prices closer to each other than this share are the same."""
LEVEL = 0.02
"""A battery this part of its capacity from its top or its reserve is there."""


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
    SAVING = "saving"
    """The plan is cheaper this way; no single cause."""
    DONE = "done"
    """Of a stop, like all below: it has what it needs, and nothing is left to do."""
    FULL = "full"
    EMPTY = "empty"
    """A battery is down to its reserve."""
    WARM = "warm"
    """House or tank is as warm as it is wanted, for now."""
    PRICE_RISES = "price_rises"
    PRICE_FALLS = "price_falls"
    CHEAPER_LATER = "cheaper_later"
    """It goes on when energy costs less."""
    DEARER_LATER = "dearer_later"
    """A battery keeps the rest for when energy costs more."""
    SURPLUS_ENDS = "surplus_ends"
    COVERED = "covered"
    """The sun covers what the home needs."""


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


def next_action(
    plan: Plan, now: datetime, overrides: Iterable[Override] = (), assets: Iterable[Asset] = ()
) -> NextStep | None:
    """The first change after `now`; None where nothing changes any more.

    Of changes at the same time, the one that moves most power; a stop only where nothing begins. With the `assets`
    that were planned a stop may also be explained by what they hold at most and at least.
    """
    words, known = tuple(overrides), {asset.name: asset for asset in assets}
    steps = [
        step
        for planned in plan.assets
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
    for before, after in pairwise(_stretches(plan, planned)):
        if edges[after.first] <= now or (planned.kind == "pv" and after.action is Action.STOP):
            continue
        if any(word.asset == planned.asset and word.acts(edges[after.first]) for word in words):
            reason = Why.OVERRIDE
        elif after.action is Action.STOP:
            reason = _why_stop(plan, planned, before, after, asset)
        else:
            reason = _why(plan, planned, after)
        return NextStep(
            asset=planned.asset, action=after.action, at=edges[after.first], power_kw=after.mean_kw, reason=reason
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


def _why_stop(plan: Plan, planned: AssetPlan, before: _Stretch, after: _Stretch, asset: Asset | None) -> Why | None:
    """Why it ends; None where no single cause can be read off the plan."""
    resumed = _resumed(planned, before, after)
    if before.action is Action.DISCHARGE:
        causes = _ends_of_giving(plan, planned, after.first, resumed, asset)
    else:
        causes = _ends_of_taking(plan, planned, after.first, resumed, asset)
    return next((why for why, holds in causes if holds), None)


def _ends_of_giving(
    plan: Plan, planned: AssetPlan, first: int, resumed: int | None, asset: Asset | None
) -> Iterator[tuple[Why, bool]]:
    """What may end a discharge that ends with the slot before `first`, the clearest first."""
    energy_kwh = planned.trajectories.get("energy_kwh")
    if energy_kwh and isinstance(asset, Battery):
        yield Why.EMPTY, energy_kwh[first] <= asset.min_kwh + LEVEL * asset.capacity_kwh
    yield Why.PRICE_FALLS, _dearer(plan, first - 1, first)
    yield Why.COVERED, plan.grid_kw[first] <= REST_KW and _sun_in(plan, first) > _sun_in(plan, first - 1)
    yield Why.DEARER_LATER, resumed is not None and _dearer(plan, resumed, first)


def _ends_of_taking(
    plan: Plan, planned: AssetPlan, first: int, resumed: int | None, asset: Asset | None
) -> Iterator[tuple[Why, bool]]:
    """What may end charging, heating or a run, the clearest first."""
    energy_kwh, degrees_c = planned.trajectories.get("energy_kwh"), _degrees_c(planned)
    wanted_kw = planned.trajectories.get("wanted_kw")
    short = any(violation.asset == planned.asset for violation in plan.violations) or (
        wanted_kw is not None and wanted_kw[first] > REST_KW
    )
    if energy_kwh and isinstance(asset, Battery):
        yield Why.FULL, energy_kwh[first] >= asset.max_kwh - LEVEL * asset.capacity_kwh
    elif not isinstance(asset, Battery):
        yield Why.DONE, resumed is None and not short
    imported = plan.grid_kw[first - 1] > REST_KW
    yield Why.PRICE_RISES, imported and _dearer(plan, first, first - 1)
    yield (
        Why.SURPLUS_ENDS,
        not imported and _sun_in(plan, first - 1) > 0.0 and _sun_in(plan, first) < _sun_in(plan, first - 1),
    )
    if degrees_c and isinstance(asset, HeatPump | HotWater):
        yield Why.WARM, degrees_c[first] >= asset.comfort.min_c
    yield Why.CHEAPER_LATER, resumed is not None and _dearer(plan, first, resumed)


def _resumed(planned: AssetPlan, before: _Stretch, after: _Stretch) -> int | None:
    """The slot in which it does again what it did before."""
    slots = range(after.first, len(planned.power_kw))
    return next((slot for slot in slots if _action(planned, slot) is before.action), None)


def _dearer(plan: Plan, one: int, other: int) -> bool:
    """Whether energy clearly costs more in one slot than in the other."""
    prices = plan.import_price_per_kwh
    return prices[one] > prices[other] + CLEARLY * abs(prices[other])


def _degrees_c(planned: AssetPlan) -> Sequence[float] | None:
    return planned.trajectories.get("indoor_c") or planned.trajectories.get("tank_c")


def _sun_in(plan: Plan, slot: int) -> float:
    return -sum(asset.power_kw[slot] for asset in plan.assets if asset.kind == "pv")


def _sun_kw(plan: Plan, during: _Stretch) -> float:
    return -sum(_mean(plan, asset.power_kw, during) for asset in plan.assets if asset.kind == "pv")


def _mean(plan: Plan, values: Sequence[float], during: _Stretch) -> float:
    slots = range(during.first, during.last + 1)
    steps_s = plan.horizon.steps_s
    return sum(values[slot] * steps_s[slot] for slot in slots) / sum(steps_s[slot] for slot in slots)


def _mean_of_all(plan: Plan, values: Sequence[float]) -> float:
    steps_s = plan.horizon.steps_s
    return sum(value * step_s for value, step_s in zip(values, steps_s, strict=True)) / sum(steps_s)
