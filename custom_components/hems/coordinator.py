"""The slow rhythm: every five minutes of home time and on events, observe, ask the engine, publish the plan."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
import logging
from typing import override

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from . import repairs
from .const import DOMAIN
from .core.explain import Reason, WhatIf, asked_with, can_be_compared, compared, next_action, reasons
from .core.fallback import fallback_plan
from .core.model import Horizon, Override, Plan, PlanRequest
from .core.model.load_learning import LoadForecast
from .devices import Change, HomeDevices
from .engine import Engine
from .engine_client import EngineError, EngineUnauthorized
from .grid_events import GridEvents
from .home import Home
from .household import Household
from .plan_kept import plan_to_follow
from .planning import Situation, build_request
from .runtime import HemsConfigEntry, NextAction, PlanView
from .settings import Kept, MadePlan

_LOGGER = logging.getLogger(__name__)

RHYTHM_S = 300
"""Home time between plans, aligned to the clock."""
NEAREST_S = 10
"""An edge of the rhythm that is nearer than this is already behind us."""
APART_S = 2.0
"""Least wall time between the beginnings of two plannings."""
GATHER_S = 0.1
"""Events that come together are planned together."""
SAVE_WITHIN_S = 240.0
"""A plan is a tenth of a megabyte, and an SD card has only so many writes; Home Assistant's stop writes it too."""


class HemsCoordinator(DataUpdateCoordinator[PlanView]):
    """Makes the plans. Its data are never None: before the first plan they hold an empty view."""

    config_entry: HemsConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: HemsConfigEntry,
        *,
        home: Home,
        devices: HomeDevices,
        household: Household,
        events: GridEvents,
        engine: Engine,
        kept: Kept[MadePlan],
    ) -> None:
        super().__init__(hass, _LOGGER, config_entry=entry, name=f"{DOMAIN} {entry.title}")
        self.data = PlanView(plan=None, request=None)
        self.load_forecast: LoadForecast | None = None
        """The engine's, where the last plan is made from it."""
        self._home = home
        self._devices = devices
        self._household = household
        self._events = events
        self._engine = engine
        self._kept = kept
        self._planning = asyncio.Lock()
        self._wanted = True
        self._began_s: float | None = None
        self._timer: CALLBACK_TYPE | None = None
        self._unsubs: list[Callable[[], None]] = []
        self._trouble: repairs.Trouble | None = None
        self._noticed = False
        """Whether it is known since the entry was loaded if there is trouble."""
        self._made: MadePlan | None = None
        self._comparing = False
        """Whether a what-if is being answered."""
        self._task: asyncio.Task[None] | None = None

    async def async_start(self) -> None:
        """Go on with the plan that was made before a restart, if it still holds, and begin to make the next."""
        made = await self._kept.async_load()
        if made is not None and made.plan.expires_at > self._devices.now():
            self.data = await self._async_view(made)
        self._engine.on_ready = self._on_engine
        self._unsubs = [
            self._household.async_add_listener(self.async_request_plan),
            self._events.async_add_listener(self.async_request_plan),
            self._devices.async_add_listener(self._on_change),
        ]
        self._schedule()

    async def async_stop(self) -> None:
        """Make no more plans; the last one is kept."""
        while self._unsubs:
            self._unsubs.pop()()
        self._cancel()
        await self.async_shutdown()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._kept.async_flush()

    @callback
    def async_request_plan(self) -> None:
        """Plan as soon as possible: something has happened that makes the last plan old."""
        self._wanted = True
        self._schedule()

    async def async_plan_now(self) -> Plan:
        """Plan and wait for it.

        Raises:
            HomeAssistantError: there is no plan, not even a safe one.
        """
        await self._async_run()
        if self.data.plan is None or not self.last_update_success:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="no_plan_made",
                translation_placeholders={"reason": str(self.last_exception)},
            ) from self.last_exception
        return self.data.plan

    async def async_what_if(self, word: Override) -> WhatIf:
        """What it would cost to give that word, beside the plan in force; nothing is changed by asking.

        Raises:
            HomeAssistantError: another question is being answered, there is no optimised plan to compare with, the
                asset is not in it, or the engine has no optimised answer.
        """
        if self._comparing:
            # The engine computes one thing at a time, and the next plan must not wait behind a row of questions.
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="busy_comparing")
        self._comparing = True
        try:
            return await self._async_compared(word)
        finally:
            self._comparing = False

    async def _async_compared(self, word: Override) -> WhatIf:
        plan, request = self.data.plan, self.data.request
        if plan is None or request is None or not can_be_compared(plan):
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="nothing_to_compare")
        if request.site.asset(word.asset) is None:
            # Its measurement is missing, so it was left out of the plan.
            title = self._home.titles.get(word.asset, word.asset)
            raise HomeAssistantError(
                translation_domain=DOMAIN, translation_key="not_planned", translation_placeholders={"asset": title}
            )
        try:
            other = await self._engine.async_plan(asked_with(request, word))
        except EngineError as error:
            raise _no_answer(str(error)) from error
        if not can_be_compared(other):
            raise _no_answer("it found no optimised plan in time")
        return compared(plan, other, request)

    @property
    def engine_works(self) -> bool:
        """Whether the last plan came from the engine."""
        return self._trouble is None

    @override
    async def _async_update_data(self) -> PlanView:
        request = await self._async_request()
        plan = await self._async_solved(request)
        if not self._unsubs:
            raise UpdateFailed(translation_domain=DOMAIN, translation_key="stopped")
        before = self.data
        last = MadePlan(plan=before.plan, request=before.request) if before.plan and before.request else None
        self._made = plan_to_follow(MadePlan(plan=plan, request=request), last, self._devices.now())
        self._kept.save_within(SAVE_WITHIN_S, self._last_made)
        return await self._async_view(self._made)

    async def _async_request(self) -> PlanRequest:
        """Everything that is known, as a question."""
        horizon = Horizon.tiered(self._devices.now())
        outlook = await self._devices.async_outlook(horizon)
        self.load_forecast = outlook.learned_load
        repairs.async_notice_weather(
            self.hass, self.config_entry, self._home, outlook.weather_silent_since, horizon.start
        )
        situation = Situation(
            home=self._home,
            latitude=self.hass.config.latitude,
            longitude=self.hass.config.longitude,
            wishes=self._household.wishes,
            live=self._devices.read(),
            outlook=outlook,
            horizon=horizon,
            previous=self.data.plan,
            events=self._events.ledger,
            reach=self._events.reach,
        )
        try:
            # Estimating prices from a month of quarter-hours takes longer than the event loop may stall.
            return await self.hass.async_add_executor_job(build_request, situation)
        except ValueError as error:
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="no_request",
                translation_placeholders={"reason": self._home.in_words(str(error))},
            ) from error

    async def _async_solved(self, request: PlanRequest) -> Plan:
        """The engine's plan, or a safe one made here when the engine has none; then a repair issue says why."""
        try:
            plan = await self._engine.async_plan(request)
        except EngineError as error:
            self._notice(repairs.trouble_of(error, self._home))
            if isinstance(error, EngineUnauthorized):
                self.config_entry.async_start_reauth(self.hass)
            return await self.hass.async_add_executor_job(fallback_plan, request, str(error))
        self._notice(None)
        return plan

    async def _async_view(self, made: MadePlan) -> PlanView:
        """The plan with what can be said about it; the reasons take longer than the event loop may stall."""
        told = await self.hass.async_add_executor_job(reasons, made.plan, made.request)
        return self._view(made, told)

    def _view(self, made: MadePlan, told: tuple[Reason, ...]) -> PlanView:
        step = next_action(made.plan, self._devices.now(), made.request.overrides, made.request.site.assets)
        action = None
        if step is not None:
            action = NextAction(
                asset=step.asset, action=step.action, at=step.at, power_kw=step.power_kw, reason=step.reason
            )
            behind = next((why for why in told if (why.asset, why.start) == (step.asset, step.at)), None)
            if behind is not None:
                action = replace(action, gain=behind.gain, co2_kg=behind.co2_kg, comfort=behind.comfort)
        return PlanView(plan=made.plan, request=made.request, next_action=action, reasons=told)

    def _last_made(self) -> MadePlan:
        assert self._made is not None  # noqa: S101  # asked for only after a plan was made
        return self._made

    def _notice(self, trouble: repairs.Trouble | None) -> None:
        """Say once that the engine is in trouble, and once that it is not any more."""
        before, self._trouble = self._trouble, trouble
        if self._noticed and (trouble and trouble.key) == (before and before.key):
            return
        self._noticed = True
        repairs.async_notice_engine(self.hass, self.config_entry, trouble)
        if trouble is not None:
            _LOGGER.warning("%s plans without its engine: %s", self.config_entry.title, trouble.reason)
        elif before is not None:
            _LOGGER.info("%s plans with its engine again", self.config_entry.title)

    @callback
    def _on_engine(self) -> None:
        """The engine answers (again): a plan made without it is not kept for longer than needed."""
        if self._trouble is not None:
            self.async_request_plan()

    @callback
    def _on_change(self, change: Change) -> None:
        if change is Change.OUTLOOK:
            self.async_request_plan()

    @callback
    def _schedule(self) -> None:
        """Set the timer for the next planning, unless one is under way, which then does it at its end."""
        if not self._unsubs or self._planning.locked():
            return
        self._cancel()
        wait_s = GATHER_S if self._wanted else self._until_rhythm_s()
        if self._began_s is not None:
            wait_s = max(wait_s, self._began_s + APART_S - self.hass.loop.time())
        self._timer = async_call_later(
            self.hass, wait_s, HassJob(self._begin, f"{self.name} rhythm", cancel_on_shutdown=True)
        )

    def _until_rhythm_s(self) -> float:
        """Wall seconds until the next edge of the rhythm in home time."""
        left_s = RHYTHM_S - self._devices.now().timestamp() % RHYTHM_S
        return (left_s if left_s >= NEAREST_S else left_s + RHYTHM_S) / self._devices.speed

    @callback
    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer()
            self._timer = None

    @callback
    def _begin(self, _now: datetime) -> None:
        self._timer = None
        self._task = self.config_entry.async_create_background_task(
            self.hass, self._async_run(), f"{self.name} planning"
        )

    async def _async_run(self) -> None:
        try:
            async with self._planning:
                self._wanted = False
                self._began_s = self.hass.loop.time()
                await self.async_refresh()
        finally:
            self._schedule()


def _no_answer(reason: str) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN, translation_key="no_answer", translation_placeholders={"reason": reason}
    )
