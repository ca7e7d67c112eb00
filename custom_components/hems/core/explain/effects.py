"""What a stretch does beside its money: to the emissions of the grid's energy, and to comfort.

Both compare the plan with itself but for the one device, which rests in that time while all others do as planned. So
they are true of the stretch alone; what the home would do instead, only another plan says (`what_if`).
"""

from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Literal

from ..model import (
    Appliance,
    Asset,
    AssetPlan,
    EvCharger,
    EvChargerState,
    FlexibleLoad,
    HeatPump,
    HeatPumpState,
    HotWater,
    HotWaterState,
)
from ..model.assessment.heating import judge_warmth
from ..model.assessment.registry import judge
from ..model.thermal import Zone
from ..model.visits import Visit, visits_of
from ..model.zones import building_zone, tank_zone
from .case import Case
from .words import Action

NOTICED = 1e-6
"""Currency: less is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comfort:
    """Comfort as planned, and were the device at rest in that time."""

    unit: Literal["degC", "kWh"]
    """degC: the lowest temperature from the stretch's beginning on. kWh: what is missing when it is wanted."""
    planned: float
    without: float
    worth: float
    """Currency: what being without it would cost in comfort, at the household's own prices."""


def co2_of(case: Case) -> float | None:
    """What the home's imports in that time emit more (negative: less), in kg; None where nobody knows the grid's.

    What is fed in is not counted as sparing anything elsewhere.
    """
    kg_per_kwh = case.terms.co2_kg_per_kwh
    if kg_per_kwh is None:
        return None
    return sum(
        (max(0.0, grid_kw) - max(0.0, grid_kw - moved_kw)) * case.steps_h[slot] * kg_per_kwh[slot]
        for slot in case.slots
        for grid_kw, moved_kw in ((case.plan.grid_kw[slot], case.moved_kw[slot]),)
    )


def comfort_of(case: Case) -> Comfort | None:
    """None where it makes no difference to comfort."""
    if case.during.action is Action.DISCHARGE:
        return None
    return _comfort(case.asset, case)


@singledispatch
def _comfort(_asset: Asset, _case: Case) -> Comfort | None:
    return None


@_comfort.register
def _(pump: HeatPump, case: Case) -> Comfort:
    return _warmth(pump, building_zone(pump, case.request.state_of(pump, HeatPumpState), case.terms), case)


@_comfort.register
def _(tank: HotWater, case: Case) -> Comfort:
    return _warmth(tank, tank_zone(tank, case.request.state_of(tank, HotWaterState), case.terms), case)


@_comfort.register
def _(charger: EvCharger, case: Case) -> Comfort:
    """What is missing at the latest when the target is due, in the visits that the stretch is part of."""
    visits = [
        visit
        for visit in visits_of(charger, case.request.state_of(charger, EvChargerState), case.plan.horizon)
        if visit.first <= case.during.last and case.during.first < visit.end
    ]
    return Comfort(
        unit="kWh",
        planned=_missing_kwh(charger, visits, case, case.planned.power_kw),
        without=_missing_kwh(charger, visits, case, _at_rest(case).power_kw),
        worth=_judged_worth(charger, case, _at_rest(case)),
    )


@_comfort.register
def _(load: FlexibleLoad, case: Case) -> Comfort:
    """What is wanted in that time and not given."""
    wanted_kw = case.planned.trajectories["wanted_kw"]
    wanted_kwh = sum(wanted_kw[slot] * case.steps_h[slot] for slot in case.slots)
    return Comfort(
        unit="kWh",
        planned=max(0.0, wanted_kwh - case.energy_kwh),
        without=wanted_kwh,
        worth=_judged_worth(load, case, _at_rest(case)),
    )


@_comfort.register
def _(appliance: Appliance, case: Case) -> Comfort | None:
    """A run that would find no place; one that may still come later, or has begun, is no question of comfort."""
    starts = case.planned.trajectories["starts"]
    never = tuple(0.0 if slot in case.slots else count for slot, count in enumerate(starts))
    worth = _judged_worth(appliance, case, replace(_at_rest(case), trajectories={"starts": never}))
    return Comfort(unit="kWh", planned=0.0, without=case.energy_kwh, worth=worth) if worth > NOTICED else None


def _warmth(heater: HeatPump | HotWater, zone: Zone, case: Case) -> Comfort:
    """The rooms or the tank without that heat. Switching too soon is no comfort, so only warmth is judged."""
    planned_kw, rest_kw = case.planned.power_kw, _at_rest(case).power_kw
    after = slice(case.during.first + 1, None)
    return Comfort(
        unit="degC",
        planned=min(zone.run(planned_kw)[after]),
        without=min(zone.run(rest_kw)[after]),
        worth=judge_warmth(heater, zone, rest_kw, case.terms).comfort
        - judge_warmth(heater, zone, planned_kw, case.terms).comfort,
    )


def _missing_kwh(charger: EvCharger, visits: list[Visit], case: Case, power_kw: tuple[float, ...]) -> float:
    courses = ((visit, visit.energy_kwh(charger, power_kw, case.plan.horizon)) for visit in visits)
    return max((due.missing_kwh(energy_kwh) for visit, energy_kwh in courses for due in visit.dues), default=0.0)


def _judged_worth(asset: Asset, case: Case, other: AssetPlan) -> float:
    return judge(asset, other, case.terms).comfort - judge(asset, case.planned, case.terms).comfort


def _at_rest(case: Case) -> AssetPlan:
    """The asset's plan with no power in the stretch."""
    power_kw = tuple(0.0 if slot in case.slots else kw for slot, kw in enumerate(case.planned.power_kw))
    return replace(case.planned, power_kw=power_kw)
