"""A calendar of the home: what the plan has for each asset and what people have scheduled, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import override

from homeassistant.components.calendar import CalendarEntity, CalendarEntityDescription, CalendarEvent
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .entity import HemsDescription, HemsEntity, asset_views, async_add_site_rows
from .runtime import HemsConfigEntry
from .views import SiteView
from .windows import Activity, Window, asked_window, windows
from .words import Words, async_words

PARALLEL_UPDATES = 0

NOT_SHOWN = (Activity.IDLE, Activity.PRODUCE)
"""What nobody decides is no appointment."""


@dataclass(frozen=True, kw_only=True)
class HemsCalendarDescription(HemsDescription[SiteView], CalendarEntityDescription):
    """The calendar's row."""


SCHEDULE = HemsCalendarDescription(
    key="schedule",
    translation_key="schedule",
    value_fn=lambda view: (appointments(view)[:1], view.last_plan.made_at if view.last_plan else None),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HemsConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the calendar of the home."""
    words = await async_words(hass, entry.runtime_data.home.site.time_zone)
    async_add_site_rows(hass, entry, async_add_entities, (SCHEDULE,), lambda *what: HemsCalendar(*what, words=words))


def appointments(view: SiteView) -> tuple[Window, ...]:
    """Everything that is scheduled and that the plan has from now on, the earliest first."""
    plan, now = view.plan, view.now
    asked = [
        window
        for asset in asset_views(view.entry)
        for override in asset.overrides
        if (window := asked_window(override, asset.kind)) is not None
    ]
    planned = [window for asset in plan.assets for window in windows(plan, asset.asset)] if plan else []
    shown = (
        window
        for window in planned
        if window.activity not in NOT_SHOWN and window.end > now and not any(_within(window, word) for word in asked)
    )
    return tuple(sorted((*asked, *shown), key=lambda window: (window.start, window.end, window.asset)))


def _within(planned: Window, asked: Window) -> bool:
    """Whether the plan says nothing else with it than what was asked for."""
    return planned.asset == asked.asset and asked.start <= planned.start and planned.end <= asked.end


class HemsCalendar(HemsEntity[SiteView], CalendarEntity):
    """Planned charging, heating and running; the list is in the home's time, the state says what is so now."""

    entity_description: HemsCalendarDescription

    def __init__(
        self, view: SiteView, description: HemsCalendarDescription, device: DeviceInfo, *, words: Words
    ) -> None:
        super().__init__(view, description, device)
        self._words = words

    @property
    @override
    def event(self) -> CalendarEvent | None:
        """What happens now, or next; on the wall clock, against which Home Assistant compares it."""
        window = next(iter(appointments(self.view)), None)
        if window is None:
            return None
        simulated, home_now, wall_now = self.view.runtime.home.simulated, self.view.now, dt_util.utcnow()

        def on_the_wall(at: datetime) -> datetime:
            return wall_now + (at - home_now) / simulated.speed if simulated else at

        return self._event(window, on_the_wall(window.start), on_the_wall(window.end))

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        """What is scheduled and planned between two times of the home."""
        return [
            self._event(window, window.start, window.end)
            for window in appointments(self.view)
            if window.start < end_date and window.end > start_date
        ]

    def _event(self, window: Window, start: datetime, end: datetime) -> CalendarEvent:
        title = self.view.runtime.home.titles.get(window.asset, window.asset)
        return CalendarEvent(
            start=dt_util.as_local(start),
            end=dt_util.as_local(max(end, start + timedelta(seconds=1))),
            summary=self._words.window(window, title),
            description=f"{abs(window.energy_kwh):.1f} kWh",
            uid=f"{window.asset}_{window.start.isoformat()}",
        )
