"""Energy wanted by a time: soft, each missing kWh at its price."""

from collections.abc import Sequence

import cvxpy as cp
import numpy as np

from ..model.due import Due
from .constraints import Affine, at_least, times


def dues_cost(name: str, dues: Sequence[Due], energy_kwh: Affine) -> tuple[Affine, tuple[cp.Constraint, ...]]:
    """The price of what is missing when it is due; `energy_kwh` has a value per edge."""
    if not dues:
        return 0.0, ()
    steps, part = np.array([due.step for due in dues]), np.array([due.part for due in dues])
    missing_kwh = cp.Variable(len(dues), name=f"{name}.missing_kwh", nonneg=True)
    reached_kwh = times(1.0 - part, energy_kwh[steps]) + times(part, energy_kwh[steps + 1])
    needed_kwh = np.array([due.needed_kwh for due in dues])
    return (
        np.array([due.price_per_kwh for due in dues]) @ missing_kwh,
        (at_least(name, missing_kwh + reached_kwh, needed_kwh),),
    )
