"""Who may feed whom: batteries that must not drain into a car. What must not be sold is in `selling`."""

from collections.abc import Sequence

import cvxpy as cp
import numpy as np

from .block import Block
from .constraints import at_most, times


def feeding_rules(blocks: Sequence[Block]) -> list[cp.Constraint]:
    """No car charges while a battery discharges that must not drain; one binary a step decides for all of them."""
    kept = [(block.asset, block.not_for_cars) for block in blocks if block.not_for_cars is not None]
    cars = [(block.asset, block.car) for block in blocks if block.car is not None]
    if not kept or not cars:
        return []
    gives = np.any([flow.most_kw > 0.0 for _, flow in kept], axis=0)
    takes = np.any([flow.most_kw > 0.0 for _, flow in cars], axis=0)
    steps = np.flatnonzero(gives & takes)
    if not len(steps):
        return []
    drains = cp.Variable(len(steps), boolean=True, name="grid.drains")
    limits = [
        at_most(f"{name}.may_charge_ev", flow.kw[steps], times(flow.most_kw[steps], drains)) for name, flow in kept
    ]
    limits += [
        at_most(f"{name}.not_from_battery", flow.kw[steps], times(flow.most_kw[steps], 1.0 - drains))
        for name, flow in cars
    ]
    return limits
