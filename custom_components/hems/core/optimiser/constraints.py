"""Constraints with names that a user could read."""

from typing import Any

import cvxpy as cp

type Affine = Any
"""A cvxpy expression, an array or a number: cvxpy publishes no types that would tell them apart."""


def equal(name: str, left: Affine, right: Affine) -> cp.Constraint:
    """`left == right`, under a name."""
    return cp.Zero(left - right).set_label(name)


def at_most(name: str, left: Affine, right: Affine) -> cp.Constraint:
    """`left <= right`, under a name."""
    return cp.NonNeg(right - left).set_label(name)


def at_least(name: str, left: Affine, right: Affine) -> cp.Constraint:
    """`left >= right`, under a name."""
    return cp.NonNeg(left - right).set_label(name)


def either_or(
    name: str, first: tuple[Affine, Affine], second: tuple[Affine, Affine], whole: Affine
) -> tuple[cp.Constraint, ...]:
    """Never both flows at once, each given with its largest values per step.

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
            at_most(f"{name}.first", one[deciding], cp.multiply(one_max[deciding], chosen)),
            at_most(f"{name}.second", other[deciding], cp.multiply(other_max[deciding], 1 - chosen)),
        ]
    sharing = [index for index in sharing if one_max[index] > 0.0 and other_max[index] > 0.0]
    if sharing:
        shares = cp.multiply(1.0 / one_max[sharing], one[sharing]) + cp.multiply(
            1.0 / other_max[sharing], other[sharing]
        )
        constraints.append(at_most(f"{name}.shared", shares, 1.0))
    return tuple(constraints)
