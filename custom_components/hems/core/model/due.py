"""Energy that is wanted somewhere by a time, laid onto a horizon."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .horizon import Horizon


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """So much wanted when `part` of a step has passed; each kWh that is missing then has a price."""

    step: int
    part: float
    needed_kwh: float
    price_per_kwh: float

    def missing_kwh(self, energy_kwh: Sequence[float]) -> float:
        """What is missing, if the energy at each edge is this."""
        before, after = energy_kwh[self.step], energy_kwh[self.step + 1]
        return max(0.0, self.needed_kwh - before - self.part * (after - before))


def step_and_part(time: datetime, horizon: Horizon) -> tuple[int, float]:
    """The step that ends at or after a time within the horizon, and the part of it that has passed by then."""
    edges = horizon.edges
    index = next(i for i in range(horizon.steps) if time <= edges[i + 1])
    return index, (time - edges[index]).total_seconds() / horizon.steps_s[index]
