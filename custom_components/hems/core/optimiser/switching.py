"""The taste for few starts."""

import cvxpy as cp

from .constraints import Affine, at_least, total
from .preferences import SWITCHED


def starts(name: str, on: Affine) -> tuple[Affine, tuple[cp.Constraint, ...]]:
    """A small weight on every step that is on after one that is off; the first step is not counted."""
    count = on.shape[0]
    if count < 2:
        return 0.0, ()
    started = cp.Variable(count - 1, name=name, nonneg=True)
    return SWITCHED * total(started), (at_least(name, started, on[1:] - on[:-1]),)
