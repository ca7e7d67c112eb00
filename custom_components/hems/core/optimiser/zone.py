"""What a building and a tank share: one thermal zone with a heater that is off or between its least and most power.

T[t+1] = keep T[t] + (1 - keep) around[t] + gain (other[t] + cop[t] p[t]), exact for constant heat; a building with
mass has a second such row, and each holds a share of the other's temperature.
"""

from collections.abc import Callable

import cvxpy as cp
import numpy as np

from ..model import AssetPlan
from ..model.duty import Duty
from ..model.thermal import ThermalRow, Zone
from .block import Block, Context, tidy
from .constraints import Affine, at_least, at_most, equal, times, total
from .disinfection import disinfecting
from .duty import executable, running
from .preferences import EARLY


def zone_block(duty: Duty, zone: Zone, context: Context, plan_of: Callable[[tuple[float, ...]], AssetPlan]) -> Block:
    """Comfort is soft on both sides; heat left at the end is worth something up to the band's upper end."""
    name, n, h = duty.name, context.steps, context.h
    power_kw = cp.Variable(n, name=f"{name}.power_kw", nonneg=True)
    temperature = cp.Variable(n + 1, name=f"{name}.temperature_c")
    cold_k = cp.Variable(n, name=f"{name}.cold_k", nonneg=True)
    hot_k = cp.Variable(n, name=f"{name}.hot_k", nonneg=True)
    on = running(duty, power_kw, context)
    heat_worth, heat_limits = _heat_left(name, zone, temperature, power_kw)
    short, reserve = _reserve(name, zone, temperature, context)
    late, cycle = disinfecting(name, zone, temperature, duty.most_kw)

    def plan() -> AssetPlan:
        return plan_of(tidy(executable(power_kw, duty, context), 0.0, duty.most_kw))

    return Block(
        asset=name,
        power_kw=power_kw,
        constraints=(
            at_least(f"{name}.comfort_min", temperature[1:] + cold_k, np.array(zone.min_c[1:])),
            at_most(f"{name}.comfort_max", temperature[1:] - hot_k, np.array(zone.highest_fine_c[1:])),
            *heat_limits,
            *on.constraints,
            *cycle,
            *reserve,
        ),
        cost=zone.price_per_kh * (h @ (cold_k + hot_k)) - heat_worth + on.cost + late + short,
        preference=on.preference + (EARLY * context.earliness * h) @ power_kw,
        plan=plan,
    )


def _heat_left(
    name: str, zone: Zone, temperature: cp.Variable, power_kw: cp.Variable
) -> tuple[Affine, list[cp.Constraint]]:
    """The heat balance, and what the warmth at the end is worth beyond the warmth at the start."""
    n = len(zone.steps)
    rows = [step.zone for step in zone.steps]
    if not zone.has_mass:
        limits = [
            equal(f"{name}.start", temperature[0], zone.start.zone_c),
            equal(f"{name}.heat_balance", temperature[1:], _next_c(rows, zone, temperature, None, power_kw)),
        ]
        kept_k, more = _kept(name, zone, temperature[n], zone.start.zone_c)
        return zone.worth_per_k * kept_k, limits + more
    mass = cp.Variable(n + 1, name=f"{name}.mass_c")
    mass_rows = [step.mass for step in zone.steps if step.mass is not None]
    limits = [
        equal(f"{name}.start", temperature[0], zone.start.zone_c),
        equal(f"{name}.mass_start", mass[0], zone.start.mass_c),
        equal(f"{name}.heat_balance", temperature[1:], _next_c(rows, zone, temperature, mass, power_kw)),
        equal(f"{name}.mass_balance", mass[1:], _next_c(mass_rows, zone, temperature, mass, power_kw)),
    ]
    kept_k, more = _kept(name, zone, temperature[n], zone.start.zone_c)
    stored_k, still_more = _kept(f"{name}.mass", zone, mass[n], zone.start.mass_c)
    return zone.worth_per_k * kept_k + zone.mass_worth_per_k * stored_k, limits + more + still_more


def _kept(name: str, zone: Zone, end_c: Affine, start_c: float) -> tuple[Affine, list[cp.Constraint]]:
    """Kelvins gained, each counted by its share: the first count most, so they fill first."""
    tops_c = np.array([kept.up_to_c for kept in zone.kept])
    shares = np.array([kept.share for kept in zone.kept])
    # The lowest is counted down from its top, as cold as it may be.
    kept_k = cp.Variable(len(tops_c), name=f"{name}.kept_k")
    limits = [
        at_most(f"{name}.kept", total(kept_k), end_c - tops_c[0]),
        at_most(f"{name}.kept_in_band", kept_k, np.array([0.0, *np.diff(tops_c)])),
    ]
    if len(tops_c) > 1:
        limits.append(at_least(f"{name}.kept_above", kept_k[1:], 0.0))
    return shares @ kept_k + shares[0] * tops_c[0] - zone.counted_c(start_c), limits


def _reserve(name: str, zone: Zone, temperature: cp.Variable, context: Context) -> tuple[Affine, list[cp.Constraint]]:
    """What is short of the heat that a large draw would need."""
    if zone.reserve is None:
        return 0.0, []
    short_k = cp.Variable(context.steps, name=f"{name}.short_k", nonneg=True)
    ready = at_least(f"{name}.reserve", temperature[1:] + short_k, np.array(zone.reserve.ready_c))
    return zone.reserve.price_per_kh * (context.h @ short_k), [ready]


def _next_c(
    rows: list[ThermalRow], zone: Zone, temperature: cp.Variable, mass: cp.Variable | None, power_kw: cp.Variable
) -> Affine:
    gain = np.array([row.gain_k_per_kw for row in rows])
    unheated = np.array([row.from_around for row in rows]) * np.array(zone.around_c) + gain * np.array(zone.other_kw)
    kept = times(np.array([row.from_zone for row in rows]), temperature[:-1])
    if mass is not None:
        kept = kept + times(np.array([row.from_mass for row in rows]), mass[:-1])
    return kept + times(gain * np.array(zone.cop), power_kw) + unheated
