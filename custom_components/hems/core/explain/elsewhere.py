"""The next best time for what a stretch does, and how much more it would cost by the plan's marginal prices."""

from functools import singledispatch

from ..model import Appliance, ApplianceState, Asset, Battery, EvCharger, EvChargerState, HeatPump, HotWater
from ..model.runs import PlannedRun, Start, runs_of
from ..model.visits import visits_of
from .case import Case, OtherTime
from .stretches import REST_KW
from .words import Action

NEARBY_H = 6.0
"""Heat can be moved by about that much."""

type Moved = tuple[OtherTime, float]
"""The other time, and the currency that it costs more."""


def alternative_to(case: Case) -> Moved | None:
    """None where there is no other time, or where another one would even be cheaper: then comfort holds it here."""
    moved = _moved(case.asset, case)
    return None if moved is None or moved[1] < 0.0 else moved


@singledispatch
def _moved(_asset: Asset, _case: Case) -> Moved | None:
    return None


@_moved.register
def _(battery: Battery, case: Case) -> Moved | None:
    """Charged at another time before it is used, or used at another time after it was charged."""
    charges = case.during.action is Action.CHARGE
    most_kw = battery.max_charge_kw if charges else battery.max_discharge_kw
    power_kw = case.planned.power_kw
    uses = [slot for slot in range(case.during.last + 1, len(power_kw)) if power_kw[slot] < -REST_KW]
    until = uses[0] if charges and uses else len(power_kw)
    room = {
        slot: most_kw - abs(power_kw[slot])
        for slot in range(until)
        if slot not in case.slots and (power_kw[slot] >= -REST_KW if charges else power_kw[slot] <= REST_KW)
    }
    return _filled(case, room, dearest=not charges)


@_moved.register
def _(charger: EvCharger, case: Case) -> Moved | None:
    """At another time of the same visit."""
    state = case.request.state_of(charger, EvChargerState)
    for visit in visits_of(charger, state, case.plan.horizon):
        if visit.first <= case.during.first < visit.end:
            room = {
                slot: visit.max_kw * visit.shares[slot - visit.first] - case.planned.power_kw[slot]
                for slot in range(visit.first, visit.end)
                if slot not in case.slots
            }
            return _filled(case, room)
    return None


@_moved.register
def _(heater: HeatPump | HotWater, case: Case) -> Moved | None:
    """Some hours sooner or later."""
    start_h = sum(case.steps_h[: case.during.first])
    end_h = start_h + sum(case.steps_h[slot] for slot in case.slots)
    room: dict[int, float] = {}
    now_h = 0.0
    for slot, step_h in enumerate(case.steps_h):
        if slot not in case.slots and start_h - NEARBY_H <= now_h < end_h + NEARBY_H:
            room[slot] = heater.max_electric_kw - case.planned.power_kw[slot]
        now_h += step_h
    return _filled(case, room)


@_moved.register
def _(appliance: Appliance, case: Case) -> Moved | None:
    """The other start of the same programme that costs least."""
    state = case.request.state_of(appliance, ApplianceState)
    for run in runs_of(appliance, state, case.plan.horizon):
        begun = _start_in(run, case)
        if begun is not None and not run.is_under_way:
            others = [start for start in run.starts if start.at != begun.at]
            best = min(others, key=lambda start: _cost(start, case), default=None)
            if best is None:
                return None
            cost = _cost(best, case)
            other = OtherTime(start=best.at, end=best.until, price_per_kwh=cost / appliance.energy_kwh)
            return other, cost - _cost(begun, case)
    return None


def _start_in(run: PlannedRun, case: Case) -> Start | None:
    return next((start for start in run.starts if start.index == case.during.first), None)


def _cost(start: Start, case: Case) -> float:
    return sum(kw * h * price for kw, h, price in zip(start.power_kw, case.steps_h, case.price, strict=True))


def _filled(case: Case, room_kw: dict[int, float], *, dearest: bool = False) -> Moved | None:
    """The energy of the stretch put into the best of other slots; None where they have no room for all of it."""
    sign = -1.0 if dearest else 1.0
    best_first = sorted(room_kw, key=lambda slot: (sign * case.price[slot], slot))
    left_kwh, money = case.energy_kwh, 0.0
    taken: list[int] = []
    for slot in best_first:
        kwh = min(left_kwh, max(0.0, room_kw[slot]) * case.steps_h[slot])
        if kwh > 0.0:
            taken.append(slot)
            money += kwh * case.price[slot]
            left_kwh -= kwh
    if left_kwh > 1e-6 or not taken:
        return None
    price = money / case.energy_kwh
    extra = case.energy_kwh * (price - case.mean_price(case.slots))
    taken.sort()
    other = OtherTime(start=case.edges[taken[0]], end=case.edges[taken[-1] + 1], price_per_kwh=price)
    return other, sign * extra
