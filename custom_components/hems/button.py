"""Buttons: do it now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .abilities import DEFAULT_READY_BY
from .const import DOMAIN, SUBENTRY_APPLIANCE, SUBENTRY_EV_CHARGER
from .core.model import Appliance, EvChargerState
from .entity import HemsDescription, HemsEntity, async_add_asset_rows, async_add_site_rows, refusals_shown
from .runs import next_ready_by
from .runtime import HemsConfigEntry
from .views import AssetView, SiteView

PARALLEL_UPDATES = 1

START_SLACK = timedelta(minutes=15)
"""Beyond its programme, so that a run wanted now still finds whole slots of the plan."""

CHARGE_AT_MOST = timedelta(hours=12)
"""How long a car without a known departure is charged at most."""


@dataclass(frozen=True, kw_only=True)
class HemsButtonDescription[V: SiteView | AssetView](HemsDescription[V], ButtonEntityDescription):
    """Something that can be done at once."""

    value_fn: Callable[[V], object] = lambda _: None
    press_fn: Callable[[V], Awaitable[object]]


async def _run_now(view: AssetView) -> None:
    now, asset = view.site.now, view.asset
    assert isinstance(asset, Appliance)  # noqa: S101  # the row is for appliances only
    await view.runtime.dispatcher.async_request_run(view.name, now, now + asset.duration + START_SLACK)


async def _run_by(view: AssetView) -> None:
    now, asset, zone = view.site.now, view.asset, view.runtime.home.site.time_zone
    assert isinstance(asset, Appliance)  # noqa: S101  # the row is for appliances only
    latest = next_ready_by(now, view.settings.ready_by or DEFAULT_READY_BY, zone, asset.duration)
    await view.runtime.dispatcher.async_request_run(view.name, now, latest)


async def _charge_now(view: AssetView) -> None:
    if view.reading is None or not view.reading.connected:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="not_connected", translation_placeholders={"asset": view.title}
        )
    await view.runtime.dispatcher.async_set_override(view.name, "charge", departure_of(view, view.site.now))


async def _back_to_plan(view: AssetView) -> None:
    """What begins later is another wish, and stays."""
    running = view.runtime.dispatcher.overrides.get(view.name)
    if running is not None:
        await view.runtime.dispatcher.async_clear_override(view.name, running)


def departure_of(view: AssetView, now: datetime) -> datetime:
    """When the car that is plugged in leaves, as far as the last planning knew."""
    request = view.runtime.coordinator.data.request
    states = request.states if request else ()
    sessions = [
        s for state in states if isinstance(state, EvChargerState) and state.asset == view.name for s in state.sessions
    ]
    return next((s.departure for s in sessions if s.arrival <= now < s.departure), now + CHARGE_AT_MOST)


PLAN_NOW = HemsButtonDescription[SiteView](
    key="plan_now",
    translation_key="plan_now",
    entity_category=EntityCategory.DIAGNOSTIC,
    press_fn=lambda view: view.runtime.coordinator.async_plan_now(),
)
ASSET_ROWS: tuple[HemsButtonDescription[AssetView], ...] = (
    HemsButtonDescription(key="run_now", translation_key="run_now", kinds=(SUBENTRY_APPLIANCE,), press_fn=_run_now),
    HemsButtonDescription(key="run_by", translation_key="run_by", kinds=(SUBENTRY_APPLIANCE,), press_fn=_run_by),
    HemsButtonDescription(
        key="cancel_run",
        translation_key="cancel_run",
        kinds=(SUBENTRY_APPLIANCE,),
        available_fn=lambda view: view.run is not None and view.run.started is None,
        press_fn=lambda view: view.runtime.dispatcher.async_cancel_run(view.name),
    ),
    HemsButtonDescription(
        key="charge_now", translation_key="charge_now", kinds=(SUBENTRY_EV_CHARGER,), press_fn=_charge_now
    ),
    HemsButtonDescription(
        key="back_to_plan",
        translation_key="back_to_plan",
        available_fn=lambda view: view.name in view.runtime.dispatcher.overrides,
        press_fn=_back_to_plan,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HemsConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the buttons of the home and of its assets."""
    async_add_site_rows(hass, entry, async_add_entities, (PLAN_NOW,), HemsButton)
    async_add_asset_rows(hass, entry, async_add_entities, ASSET_ROWS, HemsButton)


class HemsButton[V: SiteView | AssetView](HemsEntity[V], ButtonEntity):
    """A row as a button."""

    entity_description: HemsButtonDescription[V]

    @override
    async def async_press(self) -> None:
        """Do it."""
        with refusals_shown():
            await self.entity_description.press_fn(self.view)
