"""The devices of a real home: whatever Home Assistant has entities for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util

from .actuate import Writer
from .core.dispatch import Setpoint
from .core.model import Horizon
from .devices import Change, CommandResult, Outlook
from .home import EntityTariff, Home
from .observe.charged import ChargeCounter
from .observe.outlook import OutlookReader
from .observe.phases import PhaseWatch
from .observe.readings import read_home
from .runtime import AssetReading, Live
from .settings import Kept


class EntityDevices:
    """Reads the bound entities and calls the actions of those that control."""

    def __init__(self, hass: HomeAssistant, home: Home, charged: Kept[dict[str, Any]]) -> None:
        self._hass = hass
        self._home = home
        self._outlook = OutlookReader(hass, home)
        self._writer = Writer(hass, home)
        self._phases = PhaseWatch(home)
        self._charged = ChargeCounter(home, charged)
        self._listeners: list[Callable[[Change], None]] = []
        self._unsubs: list[CALLBACK_TYPE] = []

    @property
    def speed(self) -> float:
        """Real time."""
        return 1.0

    def now(self) -> datetime:
        """Wall time."""
        return dt_util.utcnow()

    def read(self) -> Live:
        """The latest states of all bound entities."""
        live = read_home(self._hass, self._home, self.now())
        return replace(
            live, assets={name: self._understood(name, reading, live.at) for name, reading in live.assets.items()}
        )

    async def async_outlook(self, horizon: Horizon) -> Outlook:
        """Prices and forecasts of entities, and what follows from the past."""
        return await self._outlook.async_read(horizon, self.read())

    async def async_apply(self, setpoint: Setpoint) -> CommandResult:
        """Call the action that brings the device there."""
        self._phases.told(setpoint)
        return await self._writer.async_apply(setpoint, self.now())

    @callback
    def async_add_listener(self, listener: Callable[[Change], None]) -> CALLBACK_TYPE:
        """Be told about changes of bound entities."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def async_start(self) -> None:
        """Begin to listen."""
        await self._charged.async_start()
        self._unsubs = [
            async_track_state_change_event(self._hass, self._measuring(), self._on_measurement),
            async_track_state_change_event(self._hass, self._foretelling(), self._on_outlook),
        ]

    async def async_stop(self) -> None:
        """Listen no more."""
        while self._unsubs:
            self._unsubs.pop()()
        await self._charged.async_stop()

    def _understood(self, name: str, reading: AssetReading, now: datetime) -> AssetReading:
        """With what only follows from measurements before."""
        return self._charged.seen(name, self._phases.seen(name, reading, now), now)

    def _measuring(self) -> set[str]:
        bound = self._home.grid_bindings
        wanted = {bound.grid_power_entity, bound.load_power_entity, bound.outdoor_temperature_entity}
        for binding in self._home.bindings.values():
            wanted |= {
                binding.power_entity,
                binding.soc_entity,
                binding.temperature_entity,
                binding.connected_entity,
            }
        return {entity_id for entity_id in wanted if entity_id}

    def _foretelling(self) -> set[str]:
        wanted = {binding.forecast_entity for binding in self._home.bindings.values()}
        if isinstance(self._home.tariff, EntityTariff):
            wanted |= {self._home.tariff.import_price_entity, self._home.tariff.export_price_entity}
        return {entity_id for entity_id in wanted if entity_id}

    @callback
    def _on_measurement(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if old is None or new is None or old.state != new.state:
            self._tell(Change.MEASUREMENT)

    @callback
    def _on_outlook(self, _event: Event[EventStateChangedData]) -> None:
        """New attributes are new prices as well."""
        self._tell(Change.OUTLOOK)

    def _tell(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            listener(change)
