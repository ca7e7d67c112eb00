"""What a building and a tank share: one thermal zone with a heater that is off or between its least and most power.

T[t+1] = keep T[t] + (1 - keep) around[t] + gain (other[t] + cop[t] p[t]), exact for constant heat; a building with
mass has a second such row, and each holds a share of the other's temperature.

A tank with a legionella cycle to come has a copy of all this for each window in which it may be, and one for none:
everything constant in a copy counts as often as it is chosen, 0 or 1, and the power is the sum of the copies'. That is
the convex hull of the alternatives, so a relaxed choice does not look cheaper than it is (Balas, Annals of Discrete
Mathematics 5, 1979).
"""

from collections.abc import Callable
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from ..model import AssetPlan
from ..model.duty import Duty
from ..model.legionella import Window
from ..model.thermal import ThermalRow, Zone
from .block import Block, Context, tidy
from .constraints import Affine, at_least, at_most, equal, times, total
from .disinfection import SURE_K, windows_for
from .duty import executable, running
from .preferences import EARLY


@dataclass(frozen=True, slots=True, kw_only=True)
class _Warmth:
    """A zone with a heater's power: what its comfort costs, less what its heat will be worth."""

    constraints: list[cp.Constraint]
    cost: Affine


def zone_block(duty: Duty, zone: Zone, context: Context, plan_of: Callable[[tuple[float, ...]], AssetPlan]) -> Block:
    """Comfort is soft on both sides; heat left at the end is worth something up to the band's upper end."""
    name, h = duty.name, context.h
    power_kw = cp.Variable(context.steps, name=f"{name}.power_kw", nonneg=True)
    on = running(duty, power_kw, context)
    if zone.disinfection is None:
        warmth = _warmth(name, zone, power_kw, 1.0, context)
    else:
        warmth = _disinfected(duty, zone, power_kw, context)

    def plan() -> AssetPlan:
        return plan_of(tidy(executable(power_kw, duty, context), 0.0, duty.most_kw))

    return Block(
        asset=name,
        power_kw=power_kw,
        constraints=(*warmth.constraints, *on.constraints),
        cost=warmth.cost + on.cost,
        preference=on.preference + (EARLY * context.earliness * h) @ power_kw,
        plan=plan,
    )


def _disinfected(duty: Duty, zone: Zone, power_kw: cp.Variable, context: Context) -> _Warmth:
    """One of the windows is chosen, or none: then it is late."""
    name, disinfection = duty.name, zone.disinfection
    windows = windows_for(zone, duty.most_kw, context.terms)
    if disinfection is None or not windows:
        warmth = _warmth(name, zone, power_kw, 1.0, context)
        late = 0.0 if disinfection is None else disinfection.price(None)
        return _Warmth(constraints=warmth.constraints, cost=warmth.cost + late)
    chosen = cp.Variable(len(windows), boolean=True, name=f"{name}.disinfect")
    limits = [at_most(f"{name}.once_hot", total(chosen), 1.0)]
    cost: Affine = 0.0
    powers: Affine = 0.0
    for number, window in enumerate((None, *windows)):
        share = 1.0 - total(chosen) if window is None else chosen[number - 1]
        part_kw = cp.Variable(context.steps, name=f"{name}.power_{number}_kw", nonneg=True)
        limits.append(at_most(f"{name}.power_if_chosen", part_kw, duty.most_kw * share))
        warmth = _warmth(name, zone, part_kw, share, context, window)
        limits += warmth.constraints
        cost += warmth.cost + disinfection.price(window) * share
        powers = powers + part_kw
    limits.append(equal(f"{name}.power_is_chosen", power_kw, powers))
    return _Warmth(constraints=limits, cost=cost)


def _warmth(
    name: str, zone: Zone, power_kw: cp.Variable, share: Affine, context: Context, hot: Window | None = None
) -> _Warmth:
    """The zone as often as `share` says; `hot` throughout a window where one is given."""
    n = context.steps
    temperature = cp.Variable(n + 1, name=f"{name}.temperature_c")
    cold_k = cp.Variable(n, name=f"{name}.cold_k", nonneg=True)
    hot_k = cp.Variable(n, name=f"{name}.hot_k", nonneg=True)
    worth, limits = _heat_left(name, zone, temperature, power_kw, share)
    limits += [
        at_least(f"{name}.comfort_min", temperature[1:] + cold_k, np.array(zone.min_c[1:]) * share),
        at_most(f"{name}.comfort_max", temperature[1:] - hot_k, np.array(zone.highest_fine_c[1:]) * share),
    ]
    if hot is not None and zone.disinfection is not None and hot.last > 0:
        hot_c = (zone.disinfection.cycle.temperature_c + SURE_K) * share
        limits.append(at_least(f"{name}.legionella", temperature[max(1, hot.first) : hot.last + 1], hot_c))
    short, reserve = _reserve(name, zone, temperature, share, context)
    cost = zone.price_per_kh * (context.h @ (cold_k + hot_k)) - worth + short
    return _Warmth(constraints=limits + reserve, cost=cost)


def _heat_left(
    name: str, zone: Zone, temperature: cp.Variable, power_kw: cp.Variable, share: Affine
) -> tuple[Affine, list[cp.Constraint]]:
    """The worth of the warmth at the end beyond the warmth at the start, and the heat balance."""
    n = len(zone.steps)
    mass = cp.Variable(n + 1, name=f"{name}.mass_c") if zone.has_mass else None
    rows = [step.zone for step in zone.steps]
    limits = [
        equal(f"{name}.start", temperature[0], zone.start.zone_c * share),
        equal(f"{name}.heat_balance", temperature[1:], _next_c(rows, zone, temperature, mass, power_kw, share)),
    ]
    kept_k, more = _kept(name, zone, temperature[n], zone.start.zone_c, share)
    worth = zone.worth_per_k * kept_k
    if mass is not None:
        mass_rows = [step.mass for step in zone.steps if step.mass is not None]
        limits += [
            equal(f"{name}.mass_start", mass[0], zone.start.mass_c * share),
            equal(f"{name}.mass_balance", mass[1:], _next_c(mass_rows, zone, temperature, mass, power_kw, share)),
        ]
        stored_k, still_more = _kept(f"{name}.mass", zone, mass[n], zone.start.mass_c, share)
        worth = worth + zone.mass_worth_per_k * stored_k
        more += still_more
    return worth, limits + more


def _kept(name: str, zone: Zone, end_c: Affine, start_c: float, share: Affine) -> tuple[Affine, list[cp.Constraint]]:
    """Kelvins gained, each counted by its share: the first count most, so they fill first."""
    tops_c = np.array([kept.up_to_c for kept in zone.kept])
    shares = np.array([kept.share for kept in zone.kept])
    # The lowest is counted down from its top, as cold as it may be.
    kept_k = cp.Variable(len(tops_c), name=f"{name}.kept_k")
    limits = [
        at_most(f"{name}.kept", total(kept_k), end_c - tops_c[0] * share),
        at_most(f"{name}.kept_in_band", kept_k, np.array([0.0, *np.diff(tops_c)]) * share),
    ]
    if len(tops_c) > 1:
        limits.append(at_least(f"{name}.kept_above", kept_k[1:], 0.0))
    return shares @ kept_k + (shares[0] * tops_c[0] - zone.counted_c(start_c)) * share, limits


def _reserve(
    name: str, zone: Zone, temperature: cp.Variable, share: Affine, context: Context
) -> tuple[Affine, list[cp.Constraint]]:
    """What is short of the heat that large draws would need."""
    cost: Affine = 0.0
    limits: list[cp.Constraint] = []
    for number, reserve in enumerate(zone.reserves):
        short_k = cp.Variable(context.steps, name=f"{name}.short_{number}_k", nonneg=True)
        limits.append(at_least(f"{name}.reserve", temperature[1:] + short_k, np.array(reserve.ready_c) * share))
        cost = cost + (np.array(reserve.price_per_kh) * context.h) @ short_k
    return cost, limits


def _next_c(  # one equation
    rows: list[ThermalRow],
    zone: Zone,
    temperature: cp.Variable,
    mass: cp.Variable | None,
    power_kw: cp.Variable,
    share: Affine,
) -> Affine:
    gain = np.array([row.gain_k_per_kw for row in rows])
    unheated = np.array([row.from_around for row in rows]) * np.array(zone.around_c) + gain * np.array(zone.other_kw)
    kept = times(np.array([row.from_zone for row in rows]), temperature[:-1])
    if mass is not None:
        kept = kept + times(np.array([row.from_mass for row in rows]), mass[:-1])
    return kept + times(gain * np.array(zone.cop), power_kw) + unheated * share
