"""How the coordinator and the dispatcher see the devices of a home, simulated or real.

```
entities of Home Assistant ─┐                    ┌─ coordinator (every 5 minutes: outlook)
                            ├─ HomeDevices ──────┤
the simulated home ─────────┘                    └─ dispatcher (every few seconds: read, apply)
```

Everything a `HomeDevices` says is in the home's own time: wall time in a real home, simulated time
in a simulated one, where `speed` home seconds pass in each second of the wall clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from .core.dispatch import Setpoint
from .core.forecast import ExpectedVisit
from .core.model import ApplianceRun, EvSession, Horizon, InputHealth, Series
from .core.model.load_learning import LoadForecast
from .runtime import Live


class Change(StrEnum):
    """What a listener is told about."""

    MEASUREMENT = "measurement"
    """A measurement moved: dispatch again."""
    OUTLOOK = "outlook"
    """A price list or a forecast was published: plan again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the home's own sources say about the time ahead.

    A series that is missing or too short is completed by the coordinator with the forecast methods of
    the core, and the input is then named as degraded. A series given here need not start or end at the
    horizon's edges, but must cover what it is used for.
    """

    import_price: Series | None = None
    """From price entities; None where the tariff is fixed or by time of use, or the list is missing."""
    export_price: Series | None = None
    load_kw: Series | None = None
    """Of everything that is not an asset."""
    learned_load: LoadForecast | None = None
    """The engine's forecast, where that is what `load_kw` is made from."""
    load_memory: timedelta | None = None
    """How long the load's errors last; None: nobody asked, or too little is known."""
    outdoor_c: Series | None = None
    weather_silent_since: datetime | None = None
    """Since when the weather entity has given no forecast; None: it does, or there is none."""
    co2_kg_per_kwh: Series | None = None
    """What a kWh from the grid emits; None: nobody tells."""
    pv_kw: Mapping[str, Series] = field(default_factory=dict)
    """By PV array: AC power before curtailment."""
    draw_kw: Mapping[str, Series] = field(default_factory=dict)
    """By tank: thermal power drawn."""
    wanted: Mapping[str, Series] = field(default_factory=dict)
    """By flexible load: 0 to 1."""
    sessions: Mapping[str, tuple[EvSession, ...]] = field(default_factory=dict)
    """By charger: visits to come that a source of its own knows (a calendar, the car). The visit of the
    car that is plugged in follows from its reading and the household's settings."""
    expected: Mapping[str, tuple[ExpectedVisit, ...]] = field(default_factory=dict)
    """By charger: visits as past ones suggest them, planned for where `sessions` knows none."""
    runs: Mapping[str, tuple[ApplianceRun, ...]] = field(default_factory=dict)
    """By appliance: runs that a source of its own knows, beside those asked for through HEMS."""
    health: tuple[InputHealth, ...] = ()
    """What is poor about the parts above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The device took the command."""

    setpoint: Setpoint
    at: datetime
    verified: bool = True
    """False where the device's entity does not show it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The device did not take the command; the dispatcher tries again and tells the household."""

    setpoint: Setpoint
    at: datetime
    reason: str


type CommandResult = Applied | Refused


class HomeDevices(Protocol):
    """All devices of one home."""

    @property
    def speed(self) -> float:
        """Home seconds per second of the wall clock; 1 in a real home."""

    def now(self) -> datetime:
        """The home's time, in UTC."""

    def read(self) -> Live:
        """The latest measurements, without I/O; whatever is missing is None and named in the health."""

    async def async_outlook(self, horizon: Horizon) -> Outlook:
        """Prices and forecasts of the home's own sources over the horizon."""

    async def async_apply(self, setpoint: Setpoint) -> CommandResult:
        """Make an asset draw (positive) or feed (negative) a power; None releases it to its own control.

        Never raises for what a device or its integration does: that is `Refused`.
        """

    def async_add_listener(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Be told about changes until the returned function is called."""

    async def async_start(self) -> None:
        """Begin to observe; called once, before anything else."""

    async def async_stop(self) -> None:
        """Stop observing; afterwards no listener is called and no task or timer is left."""
