"""A battery: e[t+1] = e[t] + (eta_c c[t] - d[t] / eta_d) h[t], p[t] = c[t] - d[t]."""

import cvxpy as cp
import numpy as np

from ..model import AssetPlan, Battery, BatteryState
from ..model.schedules import battery_plan
from ..model.storage import StoredWorth
from .block import Block, Context, tidy
from .constraints import Affine, Flow, at_least, at_most, either_or, equal, solved, times
from .preferences import EARLY, MOVED


def battery_block(battery: Battery, state: BatteryState, context: Context) -> Block:
    """Charged or discharged within its powers, never both; between reserve and fullest, both at the AC terminals."""
    name, n, h = battery.name, context.steps, context.h
    charge_kw = cp.Variable(n, name=f"{name}.charge_kw", nonneg=True)
    discharge_kw = cp.Variable(n, name=f"{name}.discharge_kw", nonneg=True)
    energy_kwh = cp.Variable(n + 1, name=f"{name}.energy_kwh", nonneg=True)
    start_kwh = min(state.energy_kwh, battery.capacity_kwh)
    stored_kw = battery.charge_efficiency * charge_kw - discharge_kw / battery.discharge_efficiency
    discharge = Flow(discharge_kw, np.full(n, battery.max_discharge_kw))
    worth, worth_limits = _end_worth(battery, energy_kwh[n], context)
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
            _reserve(battery, start_kwh, energy_kwh),
            # A start above the fullest is legal, too: it may stay there, but not rise.
            at_most(f"{name}.max_soc", energy_kwh, max(battery.max_kwh, start_kwh)),
            at_most(f"{name}.max_charge", charge_kw, battery.max_charge_kw),
            at_most(f"{name}.max_discharge", discharge_kw, battery.max_discharge_kw),
            *either_or(
                f"{name}.one_way",
                Flow(charge_kw, np.full(n, battery.max_charge_kw)),
                discharge,
                context.burning_pays,
            ),
            *worth_limits,
        ),
        cost=battery.wear_per_kwh * out_kwh - worth,
        preference=(MOVED * h + EARLY * context.earliness * h) @ (charge_kw + discharge_kw),
        discharge=discharge,
        plan=plan,
    )


def _reserve(battery: Battery, start_kwh: float, energy_kwh: Affine) -> cp.Constraint:
    """The reserve is hard; a start below it is legal, but nothing is taken from there."""
    return at_least(f"{battery.name}.min_soc", energy_kwh, min(battery.min_kwh, start_kwh))


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
