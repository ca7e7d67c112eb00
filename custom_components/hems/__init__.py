"""HEMS: plans PV, battery, car, heat pump, hot water and appliances of a home together, and carries the plan out."""

from contextlib import AsyncExitStack
from typing import Any

from homeassistant.const import Platform
from homeassistant.core import HassJob, HomeAssistant
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from . import repairs, websocket
from .accounts import Accounts
from .const import CONF_ENGINE, CONF_ENGINE_URL, DOMAIN
from .coordinator import HemsCoordinator
from .core.demand_response import Ledger
from .core.model.load_learning import LoadForecast, LoadForecastRequest
from .core.wire import adapter_of
from .dashboard import async_remove_dashboard, async_setup_dashboard
from .devices import HomeDevices
from .dispatcher import HemsDispatcher
from .engine import Engine, forget_learned, make_engine
from .entity_devices import EntityDevices
from .flows.exchange import async_stack_engine
from .grid_events import GridEvents
from .home import Home, HomeError, parse_home
from .household import Household
from .mqtt_link import MqttLink
from .observe.arrays import SunMemory
from .remembering import Memory, RememberingDevices
from .runtime import HemsConfigEntry, HemsRuntimeData
from .services import async_setup_services
from .settings import ACCOUNTS, EVENTS, MEMORY, PLAN, WISHES, WORLD, Kept, MadePlan, Wishes, async_remove_stores
from .simulated_home import SimulatedDevices

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TIME,
]


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Set up what exists once, however many homes there are."""
    async_setup_services(hass)
    websocket.async_setup(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: HemsConfigEntry) -> bool:
    """Begin to run one home.

    An engine that does not answer is no reason to wait: the home runs on safe plans until it does.
    """
    await _async_follow_stack(hass, entry)
    home = _home(hass, entry)
    await async_setup_dashboard(hass)
    # Building the readers of plans and requests takes a tenth of a second that the event loop does not have.
    for message in (MadePlan, Memory, SunMemory, Ledger, LoadForecastRequest, LoadForecast):
        await hass.async_add_executor_job(adapter_of, message)
    repairs.async_notice_orphans(hass, entry, home)
    if home.exchange is None:
        repairs.async_notice_mqtt(hass, entry, missing=False)
    runtime = entry.runtime_data = _runtime(hass, entry, home)
    await runtime.async_start()
    async with AsyncExitStack() as on_failure:
        on_failure.push_async_callback(runtime.async_stop)
        await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
        on_failure.pop_all()
    entry.async_on_unload(entry.add_update_listener(_async_reload))
    # Not when Home Assistant says that it stops: with that word integrations close the connections to their devices.
    entry.async_on_unload(hass.async_add_shutdown_job(HassJob(runtime.async_stop, f"HEMS leaves {entry.title}")))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: HemsConfigEntry) -> bool:
    """Leave one home to its own devices."""
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        return False
    await entry.runtime_data.async_stop()
    return True


async def async_remove_entry(hass: HomeAssistant, entry: HemsConfigEntry) -> None:
    """Forget all that was kept for a home."""
    repairs.async_resolve_all(hass, entry)
    await async_remove_stores(hass, entry.entry_id)
    await hass.async_add_executor_job(forget_learned, hass, entry.entry_id)
    if not hass.config_entries.async_entries(DOMAIN):
        await async_remove_dashboard(hass)


async def _async_reload(hass: HomeAssistant, entry: HemsConfigEntry) -> None:
    """The home was reconfigured, or an asset was added, changed or removed."""
    hass.config_entries.async_schedule_reload(entry.entry_id)


async def _async_follow_stack(hass: HomeAssistant, entry: HemsConfigEntry) -> None:
    """The stack may have given its engine another token since."""
    engine, stack = entry.data.get(CONF_ENGINE), await async_stack_engine(hass)
    if engine and stack and stack != engine and stack[CONF_ENGINE_URL] == engine.get(CONF_ENGINE_URL):
        hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_ENGINE: stack})


def _home(hass: HomeAssistant, entry: HemsConfigEntry) -> Home:
    try:
        return parse_home(entry, hass.config.time_zone)
    except HomeError as error:
        _reload_when_mended(entry)
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="broken_configuration",
            translation_placeholders={"owner": error.owner, "field": error.field, "reason": error.reason},
        ) from error


def _reload_when_mended(entry: HemsConfigEntry) -> None:
    """Home Assistant does not load an entry again by itself that could not be set up as it is configured."""
    if entry.update_listeners:
        return

    async def mended(hass: HomeAssistant, entry: HemsConfigEntry) -> None:
        forget()
        await _async_reload(hass, entry)

    forget = entry.add_update_listener(mended)


def _runtime(hass: HomeAssistant, entry: HemsConfigEntry, home: Home) -> HemsRuntimeData:
    """Everything that runs a home, wired up and standing still."""
    engine = make_engine(hass, home.engine)
    household = Household(home, Kept(hass, entry.entry_id, WISHES, Wishes))
    remembered = Kept(hass, entry.entry_id, MEMORY, Memory)
    devices = RememberingDevices(make_devices(hass, entry, household, engine), home, remembered)
    events = GridEvents(hass, home, devices, Kept(hass, entry.entry_id, EVENTS, Ledger))
    coordinator = HemsCoordinator(
        hass,
        entry,
        home=home,
        devices=devices,
        household=household,
        events=events,
        engine=engine,
        kept=Kept(hass, entry.entry_id, PLAN, MadePlan),
    )
    dispatcher = HemsDispatcher(
        hass, entry, home=home, devices=devices, household=household, events=events, coordinator=coordinator
    )
    accounts = Accounts(
        home=home,
        devices=devices,
        dispatcher=dispatcher,
        coordinator=coordinator,
        kept=Kept[dict[str, Any]](hass, entry.entry_id, ACCOUNTS, dict),
    )
    runtime = HemsRuntimeData(
        home=home,
        devices=devices,
        household=household,
        events=events,
        engine=engine,
        coordinator=coordinator,
        dispatcher=dispatcher,
        accounts=accounts,
    )
    if home.exchange is not None:
        runtime.link = MqttLink(hass, entry, home.exchange, runtime)
    return runtime


def make_devices(hass: HomeAssistant, entry: HemsConfigEntry, household: Household, engine: Engine) -> HomeDevices:
    """The devices that the home is made of."""
    home = household.home
    if home.simulated is not None:
        return SimulatedDevices(hass, entry, home, Kept[dict[str, Any]](hass, entry.entry_id, WORLD, dict))
    return EntityDevices(hass, home, entry.entry_id, engine, household.wanted)
