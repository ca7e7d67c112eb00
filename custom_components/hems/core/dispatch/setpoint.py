"""What one device is told."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from ..model import InputHealth, Source


class Reason(StrEnum):
    """Why a setpoint is what it is; a proposal's own words stand in their place where it gave some."""

    PLAN = "plan"
    BALANCE = "balance"
    """The battery takes up what load and PV do differently from the plan."""
    SELF_CONSUMPTION = "self_consumption"
    """No valid plan: the battery balances the home."""
    DEADLINE = "deadline"
    """No valid plan: the car would leave too empty otherwise."""
    IMPORT_LIMIT = "import_limit"
    EXPORT_LIMIT = "export_limit"
    LEVEL_DOWN = "level_down"
    """An event asks for less consumption."""
    LEVEL_UP = "level_up"
    """An event asks for more consumption."""
    OPERATOR_POWER = "operator_power"
    """An event asks for this power, of the asset or of the home."""
    DEVICE_LIMIT = "device_limit"
    RESERVE = "reserve"
    FULL = "full"
    TOO_HOT = "too_hot"
    NOT_CONNECTED = "not_connected"
    RUNNING = "running"
    """A programme that has begun is left alone."""
    UNKNOWN = "unknown_measurement"
    """Held safe, because a measurement is missing."""
    NO_PLAN = "no_plan"
    MANUAL = "manual"
    """The household runs it by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setpoint:
    """The power of one asset until the next setpoint."""

    asset: str
    power_kw: float | None
    """Positive draws from the bus; None releases the device to its own control. For PV it is the most it may
    feed (negative); for an appliance anything above 0 means start."""
    phases: int | None = None
    """EV: phases to charge on; None where it does not charge."""
    source: Source
    reason: str
    health: tuple[InputHealth, ...] = ()
    """Measurements that were missing and what was done about it."""

    def __post_init__(self) -> None:
        if self.power_kw is not None and not isfinite(self.power_kw):
            raise ValueError(f"{self.asset}: power_kw must be a finite number, got {self.power_kw}")
