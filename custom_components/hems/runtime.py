"""What lives as long as a loaded entry: the values that coordinator, dispatcher and entities share."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import TYPE_CHECKING, Protocol

from homeassistant.config_entries import ConfigEntry

from .const import MODE_COST
from .core.explain import Comfort, Reason
from .core.model import InputHealth, Plan, PlanRequest

if TYPE_CHECKING:
    from .accounts import Accounts
    from .coordinator import HemsCoordinator
    from .devices import HomeDevices
    from .dispatcher import HemsDispatcher
    from .engine import Engine
    from .grid_events import GridEvents
    from .home import Home
    from .household import Household
    from .mqtt_link import MqttLink

type HemsConfigEntry = ConfigEntry[HemsRuntimeData]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What only follows from all measurements before, over restarts too; None is unknown."""

    connected_since: datetime | None = None
    """When the car that is plugged in came, or was first seen."""
    on: bool | None = None
    """Whether a heater or a flexible load is on."""
    since: datetime | None = None
    """When it was switched to that; None: before anybody looked."""
    given_h_today: float | None = None
    """Hours that a flexible load has been on since the last local midnight."""
    hot_since: datetime | None = None
    """Since when a tank has been as hot as its legionella cycle needs, while that lasts."""
    last_disinfected: datetime | None = None
    mass_c: float | None = None
    """Of a building's walls and floors, as it follows from that of its rooms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetReading:
    """The latest measurements of one asset; None is unknown."""

    power_kw: float | None = None
    """Positive draws from the bus, negative feeds it."""
    energy_kwh: float | None = None
    """Stored in a battery or in the plugged-in car."""
    soc: float | None = None
    """0 to 1."""
    temperature_c: float | None = None
    """Indoor temperature of a heat pump's building, or of a tank."""
    connected: bool | None = None
    """Whether a car is plugged in."""
    capacity_kwh: float | None = None
    """Of the plugged-in car, where it or the configuration says so."""
    phases: int | None = None
    """That a charger is seen to use whatever it is told; None: as it is told."""
    charged_kwh: float | None = None
    """What the charger gave to the plugged-in car since it came; less of it arrived in the car."""
    max_charge_kw: float | None = None
    """What the plugged-in car takes from the bus; None: as much as its charger gives."""
    running: bool | None = None
    """Whether an appliance is in its programme."""
    setpoint_kw: float | None = None
    """The last power that was commanded."""
    recorded: Mapping[str, float] = field(default_factory=dict)
    """By quantity (`core.exchange`): what no plan needs; what is not known is not in it."""
    past: Past = Past()
    health: tuple[InputHealth, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """One moment of the home, in the home's own time (simulated time in a simulated home)."""

    at: datetime
    grid_kw: float | None
    """Positive imports."""
    load_kw: float | None
    """Everything that is not an asset."""
    grid_at: datetime | None = None
    """When the meter said `grid_kw`; None: at `at`."""
    exported_kw: float | None = None
    """Fed in, as a mean since the last moment, where `grid_kw` is a mean in which both directions met."""
    outdoor_c: float | None = None
    peak_import_kw: float | None = None
    """Highest mean of a quarter of an hour in the running local month, or in the day where the contract counts by
    days, as far as it was seen."""
    assets: Mapping[str, AssetReading] = field(default_factory=dict)
    grid_recorded: Mapping[str, float] = field(default_factory=dict)
    """As of an asset, at the connection."""
    health: tuple[InputHealth, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetSettings:
    """The household's wishes for one asset; None where a kind has no such wish."""

    automatic: bool = True
    target_soc: float | None = None
    """EV: fraction wanted at departure."""
    departure: time | None = None
    """EV: local time of the next departure."""
    at_once_soc: float | None = None
    """EV: fraction below which it is charged at once with full power."""
    reserve_soc: float | None = None
    """Battery: fraction never planned to be used."""
    comfort_min_c: float | None = None
    comfort_max_c: float | None = None
    ready_by: time | None = None
    """Appliance: local time by which a run that is asked for has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HemsSettings:
    """The household's wishes, kept in storage over restarts."""

    automatic: bool = True
    mode: str = MODE_COST
    assets: Mapping[str, AssetSettings] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """What the coordinator publishes after each planning."""

    plan: Plan | None
    request: PlanRequest | None
    """What `plan` was made from."""
    next_action: NextAction | None = None
    reasons: tuple[Reason, ...] = ()
    """Why each asset does what it does, in the order of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextAction:
    """The next thing that changes, for people: the words come from translations."""

    asset: str
    action: str
    """Translation key: charge, discharge, stop, start, heat, curtail, ..."""
    at: datetime
    power_kw: float
    reason: str | None
    """Translation key: cheap_energy, solar_surplus, expensive_energy, comfort, deadline, ...; None: none of them."""
    gain: float | None = None
    """What it earns or spares in currency; None of a stop, and where that is no money."""
    co2_kg: float | None = None
    """Emitted more (negative: less) for what is imported meanwhile; None of a stop, and where nobody knows."""
    comfort: Comfort | None = None
    """None of a stop, and where it makes no difference to comfort."""


@dataclass(slots=True, kw_only=True)
class HemsRuntimeData:
    """Everything a loaded entry holds; gone when it is unloaded."""

    home: Home
    devices: HomeDevices
    household: Household
    events: GridEvents
    engine: Engine
    coordinator: HemsCoordinator
    dispatcher: HemsDispatcher
    accounts: Accounts
    link: MqttLink | None = None
    """None: nothing is said over MQTT."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything that runs, in the order in which it starts."""
        running: tuple[Part, ...] = (
            self.engine,
            self.devices,
            self.household,
            self.events,
            self.coordinator,
            self.dispatcher,
            self.accounts,
        )
        return running if self.link is None else (*running, self.link)

    async def async_start(self) -> None:
        """Begin; when a part cannot, those before it are stopped again."""
        async with AsyncExitStack() as started:
            for part in self.parts:
                started.push_async_callback(part.async_stop)
                await part.async_start()
            started.pop_all()

    async def async_stop(self) -> None:
        """Devices released, everything kept, nothing left running; doing so twice does no harm.

        A part that fails to stop leaves no other running.
        """
        async with AsyncExitStack() as stopping:
            for part in self.parts:
                stopping.push_async_callback(part.async_stop)


class Part(Protocol):
    """Something that runs as long as its entry is loaded."""

    async def async_start(self) -> None:
        """Begin."""

    async def async_stop(self) -> None:
        """End without a trace."""


__all__ = [
    "AssetReading",
    "AssetSettings",
    "HemsConfigEntry",
    "HemsRuntimeData",
    "HemsSettings",
    "Live",
    "NextAction",
    "Past",
    "PlanView",
]
