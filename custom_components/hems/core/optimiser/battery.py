"""A battery: e[t+1] = e[t] + (eta_c c[t] - d[t] / eta_d) h[t], p[t] = c[t] - d[t]."""

import cvxpy as cp
import numpy as np

from ..model import AssetPlan, Battery, BatteryState
from ..model.schedules import battery_plan
from ..model.storage import StoredWorth, dues_of
from .block import Block, Context, tidy
from .constraints import Affine, Flow, at_least, at_most, either_or, equal, solved, times
from .due import dues_cost
from .floor import never_below
from .preferences import EARLY, MOVED


def battery_block(battery: Battery, state: BatteryState, context: Context) -> Block:
    """Charged or discharged within its powers, never both; between reserve and fullest, both at the AC terminals."""
    name, n, h = battery.name, context.steps, context.h
    charge_kw = cp.Variable(n, name=f"{name}.charge_kw", nonneg=True)
    discharge_kw = cp.Variable(n, name=f"{name}.discharge_kw", nonneg=True)
    energy_kwh = cp.Variable(n + 1, name=f"{name}.energy_kwh", nonneg=True)
    start_kwh = min(state.energy_kwh, battery.capacity_kwh)
    stored_kw = battery.charge_efficiency * charge_kw - discharge_kw / battery.discharge_efficiency
    charge, discharge = _flows(battery, start_kwh, (charge_kw, discharge_kw), context)
    worth, worth_limits = _end_worth(battery, energy_kwh[n], context)
    wishes, wish_limits = _wishes(battery, state, energy_kwh, context)
    out_kwh = h @ discharge_kw / battery.discharge_efficiency

    def plan() -> AssetPlan:
        power_kw = tidy(solved(charge_kw) - solved(discharge_kw), -battery.max_discharge_kw, battery.max_charge_kw)
        return battery_plan(battery, start_kwh, power_kw, context.terms.horizon)

    return Block(
        asset=name,
        power_kw=charge_kw - discharge_kw,
        constraints=(
            equal(f"{name}.start", energy_kwh[0], start_kwh),
            equal(f"{name}.balance", energy_kwh[1:] - energy_kwh[:-1], times(stored_kw, h)),
            *never_below(f"{name}.min_soc", energy_kwh, discharge, battery.min_kwh, start_kwh),
            # A start above the fullest is legal, too: it may stay there, but not rise.
            at_most(f"{name}.max_soc", energy_kwh, max(battery.max_kwh, start_kwh)),
            at_most(f"{name}.max_charge", charge_kw, battery.max_charge_kw),
            at_most(f"{name}.max_discharge", discharge_kw, battery.max_discharge_kw),
            *either_or(
                f"{name}.one_way",
                charge,
                discharge,
                context.burning_pays,
            ),
            *_curves(battery, charge_kw, discharge_kw, energy_kwh),
            *_one_at_a_time(battery, start_kwh, (charge_kw, discharge_kw, energy_kwh), context),
            *worth_limits,
            *wish_limits,
        ),
        cost=battery.wear_per_kwh * out_kwh + wishes - worth,
        preference=(MOVED * h) @ charge_kw + ((MOVED + EARLY * context.earliness) * h) @ discharge_kw,
        discharge=discharge,
        unsold=None if battery.may_export else discharge,
        not_for_cars=None if battery.may_charge_ev else discharge,
        plan=plan,
    )


def _flows(battery: Battery, start_kwh: float, powers_kw: tuple[Affine, Affine], context: Context) -> tuple[Flow, Flow]:
    """Charge and discharge; in a long step no more than fills or empties it all."""
    kwh = max(battery.max_kwh, start_kwh) - min(battery.min_kwh, start_kwh)
    charge_kw, discharge_kw = powers_kw
    return (
        Flow(charge_kw, np.minimum(battery.max_charge_kw, kwh / (battery.charge_efficiency * context.h))),
        Flow(discharge_kw, np.minimum(battery.max_discharge_kw, kwh * battery.discharge_efficiency / context.h)),
    )


def _one_at_a_time(
    battery: Battery, start_kwh: float, flows: tuple[Affine, Affine, Affine], context: Context
) -> list[cp.Constraint]:
    """A step's charge finds room, and its discharge energy, as the step begins: so it is for all that go one way only.

    Where selling pays more than buying, the relaxation would else pump more through a battery than it holds.
    """
    steps = np.flatnonzero(np.array(context.terms.export_worth) > np.array(context.terms.import_worth))
    if not len(steps):
        return []
    (charge_kw, discharge_kw, energy_kwh), h = flows, context.h[steps]
    low_kwh, high_kwh = min(battery.min_kwh, start_kwh), max(battery.max_kwh, start_kwh)
    in_kwh = times(battery.charge_efficiency * h, charge_kw[steps])
    out_kwh = times(h / battery.discharge_efficiency, discharge_kw[steps])
    return [
        at_most(f"{battery.name}.room", in_kwh, high_kwh - energy_kwh[steps]),
        at_most(f"{battery.name}.stock", out_kwh, energy_kwh[steps] - low_kwh),
    ]


def _curves(battery: Battery, charge_kw: Affine, discharge_kw: Affine, energy_kwh: Affine) -> list[cp.Constraint]:
    """Within each line of a curve at both ends of the step, and so throughout it at constant power.

    The end at which the line is lower says it: that with more energy where the line falls, with less where it rises.
    """
    before, after = energy_kwh[:-1], energy_kwh[1:]
    limits = []
    for line in battery.charge_lines:
        there_kw = line.empty_kw + line.kw_per_kwh * (after if line.kw_per_kwh < 0.0 else before)
        limits.append(at_most(f"{battery.name}.charge_curve", charge_kw, there_kw))
    for line in battery.discharge_lines:
        there_kw = line.empty_kw + line.kw_per_kwh * (before if line.kw_per_kwh < 0.0 else after)
        limits.append(at_most(f"{battery.name}.discharge_curve", discharge_kw, there_kw))
    return limits


def _wishes(
    battery: Battery, state: BatteryState, energy_kwh: Affine, context: Context
) -> tuple[Affine, tuple[cp.Constraint, ...]]:
    """Prices of what is missing of the hard reserve after a start below it, of the soft reserve, and of targets."""
    cost, limits = dues_cost(f"{battery.name}.target", dues_of(battery, state, context.terms), energy_kwh)
    levels = []
    if state.energy_kwh < battery.min_kwh:
        levels.append(("refill", battery.min_kwh, battery.refill_price_per_kwh_h))
    if battery.reserve_soc is not None:
        levels.append(("reserve", battery.reserve_kwh, battery.reserve_price_per_kwh_h))
    for what, level_kwh, price in levels:
        missing_kwh = cp.Variable(context.steps, name=f"{battery.name}.{what}_missing_kwh", nonneg=True)
        limits = (*limits, at_least(f"{battery.name}.{what}", missing_kwh + energy_kwh[1:], level_kwh))
        cost += price * (context.h @ missing_kwh)
    return cost, limits


def _end_worth(battery: Battery, end_kwh: Affine, context: Context) -> tuple[Affine, tuple[cp.Constraint, ...]]:
    """Worth of what is left: the dearer, useful part fills first, because the worth is maximised."""
    stored = StoredWorth.of(battery, context.terms)
    useful_kwh = cp.Variable(name=f"{battery.name}.useful_kwh")
    rest_kwh = cp.Variable(name=f"{battery.name}.rest_kwh", nonneg=True)
    limits = (
        at_most(f"{battery.name}.useful", useful_kwh, stored.useful_kwh),
        at_most(f"{battery.name}.left", useful_kwh + rest_kwh, end_kwh - battery.min_kwh),
    )
    return stored.useful_price * useful_kwh + stored.rest_price * rest_kwh, limits
