"""A heater that stays on or off for a while once it has been switched.

u is on, v starts and w stops it:

    u[t] - u[t-1] = v[t] - w[t],   sum of v that bind t <= u[t],   sum of w that bind t <= 1 - u[t]

Tight: with whole u nothing else needs to be whole (Rajan and Takriti, IBM RC23628, 2005).
"""

from dataclasses import dataclass

import cvxpy as cp
from cvxpy.atoms.affine.hstack import hstack
import numpy as np

from ..model.assessment.duty import stopped_price
from ..model.duty import Duty, whole_steps
from .block import Context
from .constraints import Affine, Values, at_least, at_most, equal, solved, total
from .switching import starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The limits of the power that follow, and what they cost."""

    constraints: tuple[cp.Constraint, ...]
    cost: Affine = 0.0
    preference: Affine = 0.0


def running(duty: Duty, power_kw: cp.Variable, context: Context) -> Running:
    """Off or at least the least power near now; any share of it later, where only what was begun goes on."""
    name, horizon = duty.name, context.terms.horizon
    most = at_most(f"{name}.max_power", power_kw, duty.most_kw)
    whole = whole_steps(horizon, context.terms.request.options.integer_h)
    if duty.least_kw <= 0.0 or not whole:
        return Running(constraints=(most,))
    on: Affine = cp.Variable(whole, boolean=True, name=f"{name}.on")
    switching, switching_limits = starts(f"{name}.starts", on)
    cost: Affine = 0.0
    held_limits: list[cp.Constraint] = []
    if not duty.is_free:
        bound = max(whole, *(duty.free_from(horizon, whole - 1, on=on) for on in (True, False)))
        if bound > whole:
            # What is switched in the last whole step goes on beyond it.
            on = hstack([on, cp.Variable(bound - whole, nonneg=True, name=f"{name}.on_later")])
            held_limits.append(at_most(f"{name}.on_later", on[whole:], 1.0))
        cost, limits = _switched(duty, on, whole, context)
        held_limits += limits
    steps = on.shape[0]
    return Running(
        constraints=(
            most,
            at_least(f"{name}.min_power", power_kw[:steps], duty.least_kw * on),
            at_most(f"{name}.on_power", power_kw[:steps], duty.most_kw * on),
            *switching_limits,
            *held_limits,
        ),
        cost=cost,
        preference=switching,
    )


def _switched(duty: Duty, on: Affine, whole: int, context: Context) -> tuple[Affine, list[cp.Constraint]]:
    """Least times on and off after each switching, and after the last one before the plan."""
    name, horizon, steps = duty.name, context.terms.horizon, on.shape[0]
    start = cp.Variable(steps, nonneg=True, name=f"{name}.start")
    stop = cp.Variable(steps, nonneg=True, name=f"{name}.stop")
    limits = [equal(f"{name}.switched", on[1:] - on[:-1], start[1:] - stop[1:])] if steps > 1 else []
    cost = duty.start_price * total(start[1:whole]) if whole > 1 else 0.0
    if duty.on is None:
        # Nobody knows: whatever it does first counts as begun now.
        limits += [equal(f"{name}.start_now", start[0], on[0]), equal(f"{name}.stop_now", stop[0], 1.0 - on[0])]
    else:
        limits.append(equal(f"{name}.switched_now", on[0] - float(duty.on), start[0] - stop[0]))
        cost += duty.start_price * start[0]
    limits += [
        at_least(f"{name}.min_on", on, _binding(duty, steps, context, on=True) @ start),
        at_most(f"{name}.min_off", on, 1.0 - _binding(duty, steps, context, on=False) @ stop),
    ]
    held = min(duty.held(horizon), steps)
    if held and not duty.on:
        limits.append(equal(f"{name}.min_off", on[:held], 0.0))
    elif held:
        prices = np.array([stopped_price(duty, context.terms, step) for step in range(min(held, whole))])
        cost += prices @ (1.0 - on[: len(prices)])
    return cost, limits


def _binding(duty: Duty, steps: int, context: Context, *, on: bool) -> Affine:
    """Row t, column s: whether switching in s still decides t."""
    binding = np.zeros((steps, steps))
    for step in range(steps):
        binding[step : duty.free_from(context.terms.horizon, step, on=on), step] = 1.0
    return binding


def executable(power_kw: Affine, duty: Duty, context: Context) -> Values:
    """Off or within its range where that is whole: the solver's dust is pushed to the nearer."""
    kw = solved(power_kw)
    off = context.near & (kw < duty.least_kw / 2.0)
    on = context.near & ~off
    return np.where(off, 0.0, np.where(on, np.maximum(kw, duty.least_kw), kw))
