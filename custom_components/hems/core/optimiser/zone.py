"""What a building and a tank share: one thermal zone with a heater that is off or between its least and most power.

T[t+1] = keep T[t] + (1 - keep) around[t] + gain (other[t] + cop[t] p[t]), exact for constant heat.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from ..model import AssetPlan
from ..model.thermal import Zone
from .block import Block, Context, tidy
from .constraints import Affine, Values, at_least, at_most, equal, solved, times
from .preferences import EARLY
from .switching import starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Heater:
    """The electric side of a zone."""

    name: str
    min_kw: float
    max_kw: float


def zone_block(
    heater: Heater, zone: Zone, context: Context, plan_of: Callable[[tuple[float, ...]], AssetPlan]
) -> Block:
    """Comfort is soft on both sides; heat left at the end is worth something up to the band's upper end."""
    name, n, h = heater.name, context.steps, context.h
    power_kw = cp.Variable(n, name=f"{name}.power_kw", nonneg=True)
    temperature = cp.Variable(n + 1, name=f"{name}.temperature_c")
    cold_k = cp.Variable(n, name=f"{name}.cold_k", nonneg=True)
    hot_k = cp.Variable(n, name=f"{name}.hot_k", nonneg=True)
    kept_c = cp.Variable(name=f"{name}.kept_c")
    switching, powers = _powers(heater, power_kw, context)

    def plan() -> AssetPlan:
        return plan_of(tidy(_executable(solved(power_kw), heater, context), 0.0, heater.max_kw))

    return Block(
        asset=name,
        power_kw=power_kw,
        constraints=(
            equal(f"{name}.start", temperature[0], zone.start_c),
            equal(f"{name}.heat_balance", temperature[1:], _next_c(zone, temperature, power_kw)),
            at_least(f"{name}.comfort_min", temperature[1:] + cold_k, zone.min_c),
            at_most(f"{name}.comfort_max", temperature[1:] - hot_k, np.array(zone.highest_fine_c[1:])),
            at_most(f"{name}.kept", kept_c, temperature[n]),
            at_most(f"{name}.kept_in_band", kept_c, zone.max_c),
            *powers,
        ),
        cost=zone.price_per_kh * (h @ (cold_k + hot_k)) - zone.worth_per_k * (kept_c - min(zone.start_c, zone.max_c)),
        preference=switching + (EARLY * context.earliness * h) @ power_kw,
        plan=plan,
    )


def _next_c(zone: Zone, temperature: cp.Variable, power_kw: cp.Variable) -> Affine:
    keep = np.array([step.keep for step in zone.steps])
    gain = np.array([step.gain_k_per_kw for step in zone.steps])
    unheated = (1.0 - keep) * np.array(zone.around_c) + gain * np.array(zone.other_kw)
    return times(keep, temperature[:-1]) + times(gain * np.array(zone.cop), power_kw) + unheated


def _powers(heater: Heater, power_kw: cp.Variable, context: Context) -> tuple[Affine, list[cp.Constraint]]:
    """Off or at least the least power near now; any share of it later."""
    limits = [at_most(f"{heater.name}.max_power", power_kw, heater.max_kw)]
    near = np.flatnonzero(context.near)
    if heater.min_kw <= 0.0 or not len(near):
        return 0.0, limits
    on = cp.Variable(len(near), boolean=True, name=f"{heater.name}.on")
    switching, switching_limits = starts(f"{heater.name}.starts", on)
    limits += [
        at_least(f"{heater.name}.min_power", power_kw[near], heater.min_kw * on),
        at_most(f"{heater.name}.on_power", power_kw[near], heater.max_kw * on),
        *switching_limits,
    ]
    return switching, limits


def _executable(power_kw: Values, heater: Heater, context: Context) -> Values:
    """Off or within its range where that is whole: the solver's dust is pushed to the nearer."""
    off = context.near & (power_kw < heater.min_kw / 2.0)
    on = context.near & ~off
    return np.where(off, 0.0, np.where(on, np.maximum(power_kw, heater.min_kw), power_kw))
