"""An EV charger: e[t+1] = e[t] + (eta_c c[t] - d[t] / eta_d) h[t] for each visit; c[t] is off or within a mode."""

from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from ..model import AssetPlan, EvCharger, EvChargerState
from ..model.assessment.ev import ev_end_price, ev_refill_price
from ..model.schedules import charging_plan
from ..model.visits import Visit, visits_of
from .block import Block, Context, tidy
from .constraints import Affine, Flow, Mask, Steps, Values, at_least, at_most, either_or, equal, solved, times
from .due import dues_cost
from .floor import never_below
from .preferences import EARLY, MOVED
from .switching import starts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One visit's contribution; powers in its own steps."""

    visit: Visit
    charge: Flow
    discharge: Flow | None
    one_phase_kw: Affine | None
    cost: Affine
    preference: Affine
    constraints: tuple[cp.Constraint, ...]


def ev_block(charger: EvCharger, state: EvChargerState, context: Context) -> Block:
    """Each visit is charged on its own; where no car is, no power flows."""
    visits = visits_of(charger, state, context.terms.horizon)
    parts = [_visit(charger, number, visit, context) for number, visit in enumerate(visits)]
    charge = _onto_horizon([(part.visit, part.charge) for part in parts], context)
    giving = [(part.visit, part.discharge) for part in parts if part.discharge is not None]
    discharge = _onto_horizon(giving, context)
    unsold = _onto_horizon([(visit, flow) for visit, flow in giving if not visit.session.may_export], context)
    alone = [
        (part.visit, Flow(part.one_phase_kw, part.charge.most_kw)) for part in parts if part.one_phase_kw is not None
    ]
    alone_kw = _onto_horizon(alone, context).kw if alone else None
    power_kw = charge.kw - discharge.kw

    def plan() -> AssetPlan:
        planned_kw = tidy(_executable(solved(power_kw), visits, context))
        planned_alone_kw = None if alone_kw is None else _planned_alone(planned_kw, solved(alone_kw), context)
        return charging_plan(charger, visits, planned_kw, context.terms.horizon, planned_alone_kw)

    return Block(
        asset=charger.name,
        power_kw=power_kw,
        constraints=tuple(limit for part in parts for limit in part.constraints),
        cost=sum(part.cost for part in parts),
        preference=sum(part.preference for part in parts),
        car=charge if parts else None,
        discharge=discharge if giving else None,
        unsold=unsold if unsold.most_kw.any() else None,
        one_phase_kw=alone_kw,
        plan=plan,
    )


def _onto_horizon(flows: list[tuple[Visit, Flow]], context: Context) -> Flow:
    """The flows of several visits as one."""
    kw: Affine = np.zeros(context.steps)
    most_kw = np.zeros(context.steps)
    for visit, flow in flows:
        here = slice(visit.first, visit.end)
        kw = kw + np.eye(context.steps)[:, here] @ flow.kw
        most_kw[here] = flow.most_kw
    return Flow(kw, most_kw)


def _visit(charger: EvCharger, number: int, visit: Visit, context: Context) -> _Part:
    name, count = f"{charger.name}.visit_{number}", visit.end - visit.first
    here = slice(visit.first, visit.end)
    h, start_kwh, session = context.h[here], visit.session.energy_kwh, visit.session
    charge, alone_kw, preference, limits = _charging(charger, name, visit, context, context.near[here])
    discharge, giving_limits = _discharging(name, visit, charge, (context.near | context.burning_pays)[here])
    energy_kwh = cp.Variable(count + 1, name=f"{name}.energy_kwh", nonneg=True)
    given_kw: Affine = 0.0 if discharge is None else discharge.kw
    stored_kw = charger.efficiency * charge.kw - given_kw / charger.discharge_efficiency
    late, late_limits = dues_cost(f"{charger.name}.target", visit.dues, energy_kwh)
    behind, behind_limits = _at_once(charger, name, visit, energy_kwh, h)
    left, left_limits = _left(charger, name, visit, energy_kwh[count], context)
    wear: Affine = 0.0
    if discharge is not None:
        wear = charger.wear_per_kwh / charger.discharge_efficiency * (h @ discharge.kw)
        preference += (MOVED * h) @ discharge.kw
        limits += never_below(f"{charger.name}.min", energy_kwh, discharge, session.floor_kwh, start_kwh)
    return _Part(
        visit=visit,
        charge=charge,
        discharge=discharge,
        one_phase_kw=alone_kw,
        cost=late + behind + left + wear,
        preference=preference + (EARLY * context.earliness[here] * h) @ charge.kw,
        constraints=(
            equal(f"{name}.start", energy_kwh[0], start_kwh),
            equal(f"{name}.balance", energy_kwh[1:] - energy_kwh[:-1], times(stored_kw, h)),
            at_most(f"{name}.capacity", energy_kwh, session.capacity_kwh),
            *limits,
            *giving_limits,
            *late_limits,
            *behind_limits,
            *left_limits,
        ),
    )


def _charging(
    charger: EvCharger, name: str, visit: Visit, context: Context, near: Mask
) -> tuple[Flow, Affine | None, Affine, tuple[cp.Constraint, ...]]:
    """Power, its part on one phase, the taste for few starts, limits: whole modes near now, a share of one later."""
    shares = np.array(visit.shares)
    power_kw = cp.Variable(len(shares), name=f"{name}.power_kw", nonneg=True)
    most_kw = visit.max_kw * shares
    charge = Flow(power_kw, most_kw)
    limits = [at_most(f"{charger.name}.max_power", power_kw, most_kw)]
    whole = np.flatnonzero(near & (shares > 0.0))
    on: list[cp.Variable] = []
    switching: Affine = 0.0
    if len(whole) and visit.modes:
        on, switching, mode_limits = _modes(charger, name, visit, power_kw, whole)
        limits += mode_limits
    if context.terms.request.site.max_phase_kw is None:
        return charge, None, switching, tuple(limits)
    alone_kw, alone_limits = _alone(name, visit, power_kw, whole, on)
    return charge, alone_kw, switching, (*limits, *alone_limits)


def _modes(
    charger: EvCharger, name: str, visit: Visit, power_kw: cp.Variable, whole: Steps
) -> tuple[list[cp.Variable], Affine, list[cp.Constraint]]:
    """A binary for each mode and whole step, the taste for few starts, and the limits: within one mode, or off."""
    shares = np.array(visit.shares)
    on = [cp.Variable(len(whole), boolean=True, name=f"{name}.on_{mode.phases}_phases") for mode in visit.modes]
    least = sum(times(mode.min_kw * shares[whole], chosen) for mode, chosen in zip(visit.modes, on, strict=True))
    most = sum(times(mode.max_kw * shares[whole], chosen) for mode, chosen in zip(visit.modes, on, strict=True))
    limits = [
        at_least(f"{charger.name}.min_current", power_kw[whole], least),
        at_most(f"{charger.name}.max_current", power_kw[whole], most),
    ]
    if len(on) > 1:
        limits.append(at_most(f"{charger.name}.one_mode", sum(on), 1.0))
    switching, switching_limits = starts(f"{name}.starts", sum(on))
    return on, switching, [*limits, *switching_limits]


def _alone(
    name: str, visit: Visit, power_kw: cp.Variable, whole: Steps, on: list[cp.Variable]
) -> tuple[Affine | None, list[cp.Constraint]]:
    """The part of the power on one phase: all of it or nothing in a whole step, within the modes' hull later."""
    shares, most = np.array(visit.shares), {mode.phases: mode.max_kw for mode in visit.modes}
    if 1 not in most or len(most) == 1:
        return (power_kw if 1 in most else None), []
    alone_kw = cp.Variable(len(shares), name=f"{name}.one_phase_kw", nonneg=True)
    others_kw = power_kw - alone_kw
    limits = [
        at_least(f"{name}.three_phases", others_kw, 0.0),
        at_most(f"{name}.modes", alone_kw / most[1] + others_kw / most[3], shares),
    ]
    for mode, chosen in zip(visit.modes, on, strict=False):
        flow_kw = alone_kw if mode.phases == 1 else others_kw
        limits.append(
            at_most(f"{name}.{mode.phases}_phases", flow_kw[whole], times(mode.max_kw * shares[whole], chosen))
        )
    return alone_kw, limits


def _discharging(name: str, visit: Visit, charge: Flow, whole: Mask) -> tuple[Flow | None, tuple[cp.Constraint, ...]]:
    """What the car gives, never while it is charged; None where charger or car cannot."""
    if visit.max_discharge_kw <= 0.0:
        return None, ()
    most_kw = visit.max_discharge_kw * np.array(visit.shares)
    discharge = Flow(cp.Variable(len(most_kw), name=f"{name}.discharge_kw", nonneg=True), most_kw)
    return discharge, (
        at_most(f"{name}.max_discharge", discharge.kw, most_kw),
        *either_or(f"{name}.one_way", charge, discharge, whole),
    )


def _at_once(
    charger: EvCharger, name: str, visit: Visit, energy_kwh: cp.Variable, h: Values
) -> tuple[Affine, tuple[cp.Constraint, ...]]:
    """Each kWh and hour by which the car's minimum is behind what full power would have brought."""
    if not visit.at_once_kwh:
        return 0.0, ()
    behind_kwh = cp.Variable(len(h), name=f"{name}.behind_kwh", nonneg=True)
    limit = at_least(f"{charger.name}.at_once", behind_kwh + energy_kwh[1:], np.array(visit.at_once_kwh))
    return charger.at_once_price_per_kwh_h * (h @ behind_kwh), (limit,)


def _left(
    charger: EvCharger, name: str, visit: Visit, end_kwh: Affine, context: Context
) -> tuple[Affine, tuple[cp.Constraint, ...]]:
    """Minus the worth of what a car that stays has gained, and what it costs to refill what a car has lost."""
    gained_kwh = cp.Variable(name=f"{name}.gained_kwh", nonneg=True)
    lost_kwh = cp.Variable(name=f"{name}.lost_kwh", nonneg=True)
    start_kwh = visit.session.energy_kwh
    limits = (
        at_most(f"{name}.gained", gained_kwh, end_kwh - start_kwh + lost_kwh),
        at_most(f"{name}.full", gained_kwh, max(0.0, visit.session.target_kwh - start_kwh)),
    )
    refill, kept = ev_refill_price(charger, context.terms), ev_end_price(charger, visit, context.terms)
    return refill * lost_kwh - kept * gained_kwh, limits


def _executable(power_kw: Values, visits: tuple[Visit, ...], context: Context) -> Values:
    """The solved powers with the solver's dust pushed into the nearest mode, where modes are whole."""
    snapped = np.array(power_kw, dtype=float)
    for visit in visits:
        for offset, share in enumerate(visit.shares):
            index = visit.first + offset
            if context.near[index]:
                snapped[index] = _nearest(snapped[index], share, visit)
            else:
                snapped[index] = min(max(snapped[index], -visit.max_discharge_kw * share), visit.max_kw * share)
    return snapped


def _planned_alone(power_kw: tuple[float, ...], alone_kw: Values, context: Context) -> tuple[float, ...]:
    """The solved part on one phase, all or nothing where modes are whole."""
    powers_kw = np.maximum(0.0, power_kw)
    whole_kw = np.where(alone_kw > powers_kw / 2.0, powers_kw, 0.0)
    return tidy(np.where(context.near, whole_kw, np.clip(alone_kw, 0.0, powers_kw)))


def _nearest(kw: float, share: float, visit: Visit) -> float:
    candidates = [min(max(kw, -visit.max_discharge_kw * share), 0.0)]
    candidates += [min(max(kw, mode.min_kw * share), mode.max_kw * share) for mode in visit.modes]
    return min(candidates, key=lambda candidate: abs(candidate - kw))
