"""How good the data behind a decision are."""

from dataclasses import dataclass
from enum import StrEnum

from .checks import named
from .value import Value


class HealthStatus(StrEnum):
    """OK; Degraded: act and warn; Error: hold safe."""

    OK = "ok"
    DEGRADED = "degraded"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputHealth(Value):
    """The state of one input, e.g. `tariff.import_price` or `home_battery.energy_kwh`."""

    source: str
    status: HealthStatus
    reason: str = ""
    """What is wrong and what was used instead; when OK what it was made from, or empty."""

    def __post_init__(self) -> None:
        named("health", self.source)


def worst(inputs: tuple[InputHealth, ...]) -> HealthStatus:
    """The status of the whole from that of its parts."""
    order = list(HealthStatus)
    return max((entry.status for entry in inputs), key=order.index, default=HealthStatus.OK)
