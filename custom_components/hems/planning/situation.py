"""What a request is made from, and what is found to be poor on the way."""

from dataclasses import dataclass, field

from ..core.demand_response import Ledger, Reach
from ..core.model import HealthStatus, Horizon, InputHealth, Plan, Series
from ..devices import Outlook
from ..home import Home
from ..runtime import Live
from ..settings import Wishes
from .series import completed

NO_EVENTS = Ledger()
NO_REACH = Reach(home="", max_import_kw=0.0, max_export_kw=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The home at one moment."""

    home: Home
    latitude: float
    longitude: float
    wishes: Wishes
    """With settings for each asset of the home."""
    live: Live
    outlook: Outlook
    horizon: Horizon
    """Starts at the home's now."""
    previous: Plan | None = None
    """The one that is being carried out."""
    events: Ledger = NO_EVENTS
    """What the grid asks."""
    reach: Reach = NO_REACH
    """What it can ask."""

    def constant(self, value: float) -> Series:
        """The same over the whole horizon."""
        return Series.constant(value, self.horizon.start, self.horizon.end)


@dataclass(slots=True)
class Findings:
    """Collects the health of the inputs."""

    horizon: Horizon
    health: list[InputHealth] = field(default_factory=list)

    def used(self, source: str, reason: str) -> None:
        """What it was made from, where that is not plain; nothing is wrong with it."""
        self.health.append(InputHealth(source=source, status=HealthStatus.OK, reason=reason))

    def degraded(self, source: str, reason: str) -> None:
        """It is used all the same."""
        self.health.append(InputHealth(source=source, status=HealthStatus.DEGRADED, reason=reason))

    def error(self, source: str, reason: str) -> None:
        """It is not used."""
        self.health.append(InputHealth(source=source, status=HealthStatus.ERROR, reason=reason))

    def take[T](self, found: tuple[T, tuple[InputHealth, ...]]) -> T:
        """A value that comes with its own health."""
        value, health = found
        self.health += health
        return value

    def completed(self, source: str, series: Series | None, spare: Series, otherwise: str) -> Series:
        """The series over the whole horizon; what had to be filled in is named."""
        full, missing = completed(series, spare, self.horizon.start, self.horizon.end)
        if missing:
            self.degraded(source, otherwise if missing > 0.999 else f"{missing:.0%} is missing; there, {otherwise}")
        return full
