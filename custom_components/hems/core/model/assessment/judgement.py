"""The judgement of one asset's schedule, and how limits that are broken over time become violations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..health import InputHealth
from ..horizon import Horizon
from ..plan import Violation

NOTICED = 1e-3
"""Smaller amounts, in kW, kWh or K, are the solver's and the rounding's."""
REPORTED: Mapping[str, float] = {"K": 0.05, "kWh": 0.05, "kW": 0.01}
"""By unit: a limit missed by no more is not called broken. People are shown tenths of K and kWh, so that less would
read as 0.0; and no device keeps to a power more exactly than to 10 W. The cost counts every bit all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One asset's part of the cost, in currency, and the limits it breaks."""

    wear: float = 0.0
    comfort: float = 0.0
    end_value: float = 0.0
    violations: tuple[Violation, ...] = ()
    health: tuple[InputHealth, ...] = ()
    """What had to be assumed about it."""


def broken_spans(
    limit: str, asset: str | None, amounts: Sequence[float], unit: str, reason: str, horizon: Horizon
) -> tuple[Violation, ...]:
    """One violation for each run of steps in which the amount is worth a word, with the largest amount of the run."""
    edges = horizon.edges
    violations: list[Violation] = []
    first: int | None = None
    for index in range(horizon.steps + 1):
        broken = index < horizon.steps and amounts[index] > REPORTED[unit]
        if broken and first is None:
            first = index
        elif not broken and first is not None:
            violations.append(
                Violation(
                    limit=limit,
                    asset=asset,
                    amount=round(max(amounts[first:index]), 4),
                    unit=unit,
                    start=edges[first],
                    end=edges[index],
                    reason=reason,
                )
            )
            first = None
    return tuple(violations)
