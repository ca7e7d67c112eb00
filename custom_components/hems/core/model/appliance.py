"""An appliance that runs a fixed programme once within a window."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from .asset import Asset, AssetState
from .checks import as_utc, at_least
from .value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Appliance(Asset):
    """A dishwasher, washing machine or dryer with the power profile of its programme."""

    kind: Literal["appliance"] = "appliance"
    profile_kw: tuple[float, ...]
    """Power in each step of the programme, >= 0."""
    profile_step_s: int = 900
    skip_price: float = 5.0
    """Currency for a run that finds no place in its window."""

    def __post_init__(self) -> None:
        Asset.__post_init__(self)
        if not self.profile_kw:
            raise ValueError(f"{self.name}: profile_kw must not be empty")
        for power_kw in self.profile_kw:
            at_least(self.name, "profile_kw", power_kw, 0.0)
        if self.profile_step_s <= 0:
            raise ValueError(f"{self.name}: profile_step_s must be positive, got {self.profile_step_s}")
        at_least(self.name, "skip_price", self.skip_price, 0.0)

    @property
    def duration(self) -> timedelta:
        """How long the programme runs."""
        return timedelta(seconds=len(self.profile_kw) * self.profile_step_s)

    @property
    def energy_kwh(self) -> float:
        """What one run takes."""
        return sum(self.profile_kw) * self.profile_step_s / 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplianceRun(Value):
    """A wish: one run that starts no earlier and ends no later than this."""

    earliest_start: datetime
    latest_end: datetime
    started: datetime | None = None
    """When it began; a run that has begun is finished and never moved."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "earliest_start", as_utc("run", "earliest_start", self.earliest_start))
        object.__setattr__(self, "latest_end", as_utc("run", "latest_end", self.latest_end))
        if self.started is not None:
            object.__setattr__(self, "started", as_utc("run", "started", self.started))
        if self.latest_end <= self.earliest_start:
            raise ValueError(
                f"run: latest_end ({self.latest_end.isoformat()}) must be after "
                f"earliest_start ({self.earliest_start.isoformat()})"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplianceState(AssetState):
    """The runs that are wanted or under way."""

    kind: Literal["appliance"] = "appliance"
    runs: tuple[ApplianceRun, ...] = ()
