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
from .core.model import Asset, Horizon
from .devices import Change, CommandResult, Outlook
from .home import EntityTariff, Home
from .observe.absences import AbsenceLog, Absences
from .observe.arrays import ArrayOutlook, SunMemory
from .observe.charged import ChargeCounter
from .observe.days import DaysOutlook
from .observe.load import LoadEngine, LoadOutlook
from .observe.outlook import OutlookReader, Sources
from .observe.phases import PhaseWatch
from .observe.published import PriceMemory, PublishedPrices
from .observe.readings import read_home
from .observe.visits import VisitLog, Visits
from .observe.weather import WeatherOutlook
from .runtime import AssetReading, Live, Part
from .settings import ABSENCES, CHARGED, PUBLISHED, SUN, VISITS, Kept


class EntityDevices:
    """Reads the bound entities and calls the actions of those that control."""

    def __init__(
        self,
        hass: HomeAssistant,
        home: Home,
        entry_id: str,
        engine: LoadEngine | None = None,
        wanted: Callable[[str], Asset] | None = None,
    ) -> None:
        """What outlives a restart is kept for that entry; `engine` learns the load.

        `wanted` gives an asset as the household wishes it; without it, it is as it is configured.
        """
        self._hass = hass
        self._home = home
        self._arrays = ArrayOutlook(hass, home, Kept(hass, entry_id, SUN, SunMemory))
        self._prices = PriceMemory(Kept(hass, entry_id, PUBLISHED, PublishedPrices))
        self._visits = VisitLog(home, Kept(hass, entry_id, VISITS, Visits))
        self._absences = AbsenceLog(hass, Kept(hass, entry_id, ABSENCES, Absences))
        self._load = LoadOutlook(hass, home, entry_id, engine, DaysOutlook(hass, home, self._absences))
        self._outlook = OutlookReader(
            hass,
            home,
            Sources(
                arrays=self._arrays,
                prices=self._prices,
                visits=self._visits,
                load=self._load,
                weather=WeatherOutlook(hass, home.grid_bindings.weather_entity),
            ),
        )
        self._writer = Writer(hass, home, wanted or home.asset)
        self._phases = PhaseWatch(home)
        self._charged = ChargeCounter(home, Kept[dict[str, Any]](hass, entry_id, CHARGED, dict))
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
        self._arrays.told(setpoint)
        return await self._writer.async_apply(setpoint, self.now())

    @callback
    def async_add_listener(self, listener: Callable[[Change], None]) -> CALLBACK_TYPE:
        """Be told about changes of bound entities."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def async_start(self) -> None:
        """Begin to listen."""
        for part in self._remembering:
            await part.async_start()
        self._unsubs = [
            async_track_state_change_event(self._hass, self._measuring(), self._on_measurement),
            async_track_state_change_event(self._hass, self._foretelling(), self._on_outlook),
            async_track_state_change_event(self._hass, self._living(), self._on_living),
        ]

    async def async_stop(self) -> None:
        """Listen no more."""
        while self._unsubs:
            self._unsubs.pop()()
        for part in self._remembering:
            await part.async_stop()

    @property
    def _remembering(self) -> tuple[Part, ...]:
        """What goes on after a restart."""
        return (self._charged, self._arrays, self._prices, self._visits, self._absences, self._load)

    def _understood(self, name: str, reading: AssetReading, now: datetime) -> AssetReading:
        """With what only follows from measurements before."""
        self._arrays.seen(name, reading, now)
        understood = self._charged.seen(name, self._phases.seen(name, reading, now), now)
        self._visits.seen(name, understood, now)
        return understood

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

    def _living(self) -> set[str]:
        bound = self._home.grid_bindings
        return {entity_id for entity_id in (bound.away_entity, bound.holiday_entity) if entity_id}

    def _foretelling(self) -> set[str]:
        wanted: set[str | None] = {
            entity_id for binding in self._home.bindings.values() for entity_id in binding.forecast_entities
        }
        if isinstance(self._home.tariff, EntityTariff):
            wanted |= {self._home.tariff.import_price_entity, self._home.tariff.export_price_entity}
        return {entity_id for entity_id in wanted if entity_id}

    @callback
    def _on_measurement(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if old is None or new is None or old.state != new.state:
            self._tell(Change.MEASUREMENT)

    @callback
    def _on_living(self, event: Event[EventStateChangedData]) -> None:
        """Somebody left or came back; a phone that only moved is no news."""
        old, new = event.data["old_state"], event.data["new_state"]
        if old is None or new is None or old.state != new.state:
            self._tell(Change.OUTLOOK)

    @callback
    def _on_outlook(self, _event: Event[EventStateChangedData]) -> None:
        """New attributes are new prices as well."""
        self._tell(Change.OUTLOOK)

    def _tell(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            listener(change)
