"""Why an asset begins or ends what it does.

Every reason is read off the plan itself, as people would check it with a finger on the chart: prices against
the horizon's mean, exchange with the grid, sun, how full or warm something is. Where nothing of that fits, what
begins has the weakest reason that is true, and what ends has none.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..model import Asset, AssetPlan, Battery, HeatPump, HotWater, Plan
from .stretches import REST_KW, Stretch, action_of
from .words import Action, Why

CLEARLY = 0.01
"""Prices closer to each other than this share are the same."""
LEVEL = 0.02
"""A battery this part of its capacity from its top or its reserve is there."""
NEEDED = {
    "ev_charger": Why.DEADLINE,
    "appliance": Why.DEADLINE,
    "heat_pump": Why.COMFORT,
    "hot_water": Why.COMFORT,
    "flexible_load": Why.COMFORT,
}
"""Why it draws where energy is neither cheap nor its own."""


def why_begins(plan: Plan, asset: AssetPlan, during: Stretch) -> Why:
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
        return Why.OWN_ENERGY if abs(grid_kw) <= REST_KW else _even_or_saving(plan, asset, during)
    return _why_drawing(plan, asset, during, usual)


def _why_drawing(plan: Plan, asset: AssetPlan, during: Stretch, usual: float) -> Why:
    grid_kw, price = _mean(plan, plan.grid_kw, during), _mean(plan, plan.import_price_per_kwh, during)
    if grid_kw > REST_KW and price < 0.0:
        return Why.NEGATIVE_PRICE
    if grid_kw <= REST_KW and _sun_kw(plan, during) >= during.mean_kw / 2:
        return Why.SOLAR_SURPLUS
    if grid_kw > REST_KW and price < usual - CLEARLY * abs(usual):
        return Why.CHEAP_ENERGY
    return NEEDED.get(asset.kind) or _even_or_saving(plan, asset, during)


def _even_or_saving(plan: Plan, asset: AssetPlan, during: Stretch) -> Why:
    """Where prices are no cause: evenness, if it has a price and the exchange changes less than without the stretch."""
    slots = range(max(0, during.first - 1), min(plan.horizon.steps, during.last + 2))
    doing = range(during.first, during.last + 1)
    without_kw = [plan.grid_kw[slot] - (asset.power_kw[slot] if slot in doing else 0.0) for slot in slots]
    spared_kw = _changes(without_kw) - _changes([plan.grid_kw[slot] for slot in slots])
    return Why.EVEN_EXCHANGE if plan.keeps_exchange and spared_kw > REST_KW else Why.SAVING


def _changes(power_kw: Sequence[float]) -> float:
    return sum(abs(later - earlier) for earlier, later in pairwise(power_kw))


def why_ends(plan: Plan, planned: AssetPlan, before: Stretch, after: Stretch, asset: Asset | None) -> Why | None:
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


def _resumed(planned: AssetPlan, before: Stretch, after: Stretch) -> int | None:
    """The slot in which it does again what it did before."""
    slots = range(after.first, len(planned.power_kw))
    return next((slot for slot in slots if action_of(planned, slot) is before.action), None)


def _dearer(plan: Plan, one: int, other: int) -> bool:
    """Whether energy clearly costs more in one slot than in the other."""
    prices = plan.import_price_per_kwh
    return prices[one] > prices[other] + CLEARLY * abs(prices[other])


def _degrees_c(planned: AssetPlan) -> Sequence[float] | None:
    return planned.trajectories.get("indoor_c") or planned.trajectories.get("tank_c")


def _sun_in(plan: Plan, slot: int) -> float:
    return -sum(asset.power_kw[slot] for asset in plan.assets if asset.kind == "pv")


def _sun_kw(plan: Plan, during: Stretch) -> float:
    return -sum(_mean(plan, asset.power_kw, during) for asset in plan.assets if asset.kind == "pv")


def _mean(plan: Plan, values: Sequence[float], during: Stretch) -> float:
    slots = range(during.first, during.last + 1)
    steps_s = plan.horizon.steps_s
    return sum(values[slot] * steps_s[slot] for slot in slots) / sum(steps_s[slot] for slot in slots)


def _mean_of_all(plan: Plan, values: Sequence[float]) -> float:
    steps_s = plan.horizon.steps_s
    return sum(value * step_s for value, step_s in zip(values, steps_s, strict=True)) / sum(steps_s)
