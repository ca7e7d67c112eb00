"""An appliance: p[t] = sum over runs and their starts s of x[s] profile[s, t], one x per run."""

from collections.abc import Callable, Sequence

import cvxpy as cp
import numpy as np

from ..model import Appliance, ApplianceState, AssetPlan
from ..model.runs import PlannedRun, Start, runs_of
from ..model.schedules import appliance_plan
from .block import Block, Context
from .constraints import Affine, at_most, solved, total
from .preferences import EARLY


def appliance_block(appliance: Appliance, state: ApplianceState, context: Context) -> Block:
    """Each run takes one of its starts, or none and pays; a run under way is only counted; no two at once."""
    runs = runs_of(appliance, state, context.terms.horizon)
    under_way = [run.starts[0] for run in runs if run.is_under_way]
    waiting = [run for run in runs if not run.is_under_way and run.starts]
    hopeless = [run for run in runs if not run.starts]
    chosen = [
        cp.Variable(len(run.starts), boolean=True, name=f"{appliance.name}.start_of_run_{number}")
        for number, run in enumerate(waiting)
    ]
    power_kw: Affine = _columns(under_way, context, lambda start: start.running_kw).sum(axis=1)
    cost: Affine = float(sum(price_of_none(appliance, run, context) for run in hopeless))
    preference: Affine = 0.0
    for run, start in zip(waiting, chosen, strict=True):
        power_kw = power_kw + _columns(run.starts, context, lambda option: option.running_kw) @ start
        cost += price_of_none(appliance, run, context) * (1.0 - total(start))
        preference += np.array([EARLY * (1.0 + context.earliness[option.index]) for option in run.starts]) @ start

    def plan() -> AssetPlan:
        taken = [
            option
            for run, start in zip(waiting, chosen, strict=True)
            for option, value in zip(run.starts, solved(start), strict=True)
            if value > 0.5
        ]
        return appliance_plan(appliance, under_way, taken, context.terms.horizon)

    return Block(
        asset=appliance.name,
        power_kw=power_kw,
        constraints=(
            *(at_most(f"{appliance.name}.once", total(start), 1.0) for start in chosen),
            *_one_at_a_time(appliance, under_way, waiting, chosen, context),
        ),
        cost=cost,
        preference=preference,
        plan=plan,
    )


def price_of_none(appliance: Appliance, run: PlannedRun, context: Context) -> float:
    """A run that may still come after the horizon costs its energy then; any other is skipped."""
    later = max(0.0, context.terms.later_import_worth) * appliance.energy_kwh
    return later if run.may_wait else appliance.skip_price


def _one_at_a_time(
    appliance: Appliance, under_way: list[Start], waiting: list[PlannedRun], chosen: list[cp.Variable], context: Context
) -> list[cp.Constraint]:
    """The machine runs one programme after the other: in no step are two of its starts under way."""
    if not waiting or len(under_way) + len(waiting) < 2:
        return []
    fixed = _columns(under_way, context, lambda start: start.shares).sum(axis=1)
    busy: Affine = fixed
    for run, start in zip(waiting, chosen, strict=True):
        busy = busy + _columns(run.starts, context, lambda option: option.shares) @ start
    # Two runs under way at once are a fact, not a choice.
    return [at_most(f"{appliance.name}.one_at_a_time", busy, np.maximum(1.0, fixed))]


def _columns(
    starts: Sequence[Start], context: Context, of: Callable[[Start], tuple[float, ...]]
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """What each start means for each step: a row a step, a column a start."""
    matrix = np.zeros((context.steps, len(starts)))
    for column, start in enumerate(starts):
        matrix[start.running, column] = of(start)
    return matrix
