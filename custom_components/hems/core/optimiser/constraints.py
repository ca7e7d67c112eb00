"""Constraints with names that a user could read."""

from typing import Any, NamedTuple

import cvxpy as cp
from cvxpy.atoms.affine.binary_operators import multiply
from cvxpy.atoms.affine.sum import Sum
import numpy as np

type Affine = Any
"""A cvxpy expression, an array or a number: cvxpy publishes no types that would tell them apart."""
type Values = np.ndarray[tuple[int], np.dtype[np.float64]]
type Steps = np.ndarray[tuple[int], np.dtype[np.intp]]
type Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


def times(factor: Affine, expression: Affine) -> Affine:
    """Element by element."""
    return multiply(factor, expression)


def total(expression: Affine) -> Affine:
    """Sum of all elements."""
    return Sum(expression)


def solved(expression: Affine) -> Values:
    """The values of an expression whose problem has been solved."""
    return np.asarray(getattr(expression, "value", expression), dtype=float)


def equal(name: str, left: Affine, right: Affine) -> cp.Constraint:
    """`left == right`, under a name."""
    return cp.Zero(_expression(left - right)).set_label(name)


def at_most(name: str, left: Affine, right: Affine) -> cp.Constraint:
    """`left <= right`, under a name."""
    return cp.NonNeg(_expression(right - left)).set_label(name)


def at_least(name: str, left: Affine, right: Affine) -> cp.Constraint:
    """`left >= right`, under a name."""
    return cp.NonNeg(_expression(left - right)).set_label(name)


def _expression(value: Affine) -> cp.Expression:
    """A limit on what is fixed already is a limit all the same."""
    return value if isinstance(value, cp.Expression) else cp.Constant(value)


class Flow(NamedTuple):
    """A power per step with the largest it can be."""

    kw: Affine
    most_kw: Values


def either_or(name: str, first: Flow, second: Flow, whole: Mask) -> tuple[cp.Constraint, ...]:
    """Never both flows at once.

    Where `whole` is true a binary decides between them; elsewhere the cut through the hull,
    first / its maximum + second / its maximum <= 1, lets them share the step.
    """
    (one, one_max), (other, other_max) = first, second
    deciding = [index for index, wanted in enumerate(whole) if wanted]
    sharing = [index for index, wanted in enumerate(whole) if not wanted]
    constraints: list[cp.Constraint] = []
    if deciding:
        chosen = cp.Variable(len(deciding), boolean=True, name=f"{name}.which")
        constraints += [
            at_most(f"{name}.first", one[deciding], times(one_max[deciding], chosen)),
            at_most(f"{name}.second", other[deciding], times(other_max[deciding], 1 - chosen)),
        ]
    sharing = [index for index in sharing if one_max[index] > 0.0 and other_max[index] > 0.0]
    if sharing:
        shares = times(1.0 / one_max[sharing], one[sharing]) + times(1.0 / other_max[sharing], other[sharing])
        constraints.append(at_most(f"{name}.shared", shares, 1.0))
    return tuple(constraints)
