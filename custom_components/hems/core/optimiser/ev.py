"""An EV charger: e[t+1] = e[t] + eta p[t] h[t] for each visit; p[t] is 0 or between the least and most of a mode."""

from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from ..model import AssetPlan, EvCharger, EvChargerState
from ..model.assessment.ev import ev_end_price
from ..model.schedules import charging_plan
from ..model.visits import ChargeMode, Visit, visits_of
from .block import Block, Context, tidy
from .constraints import Affine, Flow, Mask, Values, at_least, at_most, solved, times
from .preferences import EARLY
from .switching import starts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One visit's contribution."""

    power_kw: Affine
    cost: Affine
    preference: Affine
    constraints: tuple[cp.Constraint, ...]


def ev_block(charger: EvCharger, state: EvChargerState, context: Context) -> Block:
    """Each visit is charged on its own; where no car is, no power flows."""
    visits = visits_of(charger, state, context.terms.horizon)
    parts = [_visit(charger, number, visit, context) for number, visit in enumerate(visits)]
    power_kw = sum((part.power_kw for part in parts), start=np.zeros(context.steps))
    most_kw = np.zeros(context.steps)
    for visit in visits:
        most_kw[visit.first : visit.end] = visit.max_kw * np.array(visit.shares)

    def plan() -> AssetPlan:
        return charging_plan(
            charger, visits, tidy(_executable(solved(power_kw), visits, context), 0.0), context.terms.horizon
        )

    return Block(
        asset=charger.name,
        power_kw=power_kw,
        constraints=tuple(limit for part in parts for limit in part.constraints),
        cost=sum(part.cost for part in parts),
        preference=sum(part.preference for part in parts),
        car=Flow(power_kw, most_kw) if parts else None,
        plan=plan,
    )


def _visit(charger: EvCharger, number: int, visit: Visit, context: Context) -> _Part:
    name, count = f"{charger.name}.visit_{number}", visit.end - visit.first
    here = slice(visit.first, visit.end)
    h, shares, near = context.h[here], np.array(visit.shares), context.near[here]
    power_kw, preference, limits = _powers(charger, name, visit, shares, near)
    charged_kwh = charger.efficiency * (h @ power_kw)
    missing_kwh = cp.Variable(name=f"{name}.missing_kwh", nonneg=True)
    wanted_kwh = cp.Variable(name=f"{name}.wanted_kwh")
    onto_horizon = np.eye(context.steps)[:, here]
    return _Part(
        power_kw=onto_horizon @ power_kw if count else 0.0,
        cost=charger.late_price_per_kwh * missing_kwh - ev_end_price(charger, visit, context.terms) * wanted_kwh,
        preference=preference + (EARLY * context.earliness[here] * h) @ power_kw,
        constraints=(
            *limits,
            at_most(f"{name}.capacity", charged_kwh, visit.session.capacity_kwh - visit.session.energy_kwh),
            at_least(f"{charger.name}.target", missing_kwh, visit.needed_kwh - visit.session.energy_kwh - charged_kwh),
            at_most(f"{name}.wanted", wanted_kwh, charged_kwh),
            at_most(f"{name}.full", wanted_kwh, max(0.0, visit.session.target_kwh - visit.session.energy_kwh)),
        ),
    )


def _powers(
    charger: EvCharger, name: str, visit: Visit, shares: Values, near: Mask
) -> tuple[Affine, Affine, tuple[cp.Constraint, ...]]:
    """The power of each step, the taste for few starts, and the limits: whole modes near now, a share of one later."""
    count = len(shares)
    power_kw = cp.Variable(count, name=f"{name}.power_kw", nonneg=True)
    most_kw = visit.max_kw * shares
    limits = [at_most(f"{charger.name}.max_power", power_kw, most_kw)]
    whole = np.flatnonzero(near & (shares > 0.0))
    if not len(whole) or not visit.modes:
        return power_kw, 0.0, tuple(limits)
    on = [cp.Variable(len(whole), boolean=True, name=f"{name}.on_{mode.phases}_phases") for mode in visit.modes]
    least = sum(times(mode.min_kw * shares[whole], chosen) for mode, chosen in zip(visit.modes, on, strict=True))
    most = sum(times(mode.max_kw * shares[whole], chosen) for mode, chosen in zip(visit.modes, on, strict=True))
    limits += [
        at_least(f"{charger.name}.min_current", power_kw[whole], least),
        at_most(f"{charger.name}.max_current", power_kw[whole], most),
    ]
    if len(on) > 1:
        limits.append(at_most(f"{charger.name}.one_mode", sum(on), 1.0))
    switching, switching_limits = starts(f"{name}.starts", sum(on))
    return power_kw, switching, (*limits, *switching_limits)


def _executable(power_kw: Values, visits: tuple[Visit, ...], context: Context) -> Values:
    """The solved powers with the solver's dust pushed into the nearest mode, where modes are whole."""
    snapped = np.array(power_kw, dtype=float)
    for visit in visits:
        for offset, share in enumerate(visit.shares):
            index = visit.first + offset
            if context.near[index]:
                snapped[index] = _nearest(snapped[index], share, visit.modes)
            else:
                snapped[index] = min(max(snapped[index], 0.0), visit.max_kw * share)
    return snapped


def _nearest(kw: float, share: float, modes: tuple[ChargeMode, ...]) -> float:
    candidates = [0.0, *(min(max(kw, mode.min_kw * share), mode.max_kw * share) for mode in modes)]
    return min(candidates, key=lambda candidate: abs(candidate - kw))
