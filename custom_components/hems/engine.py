"""Where plans are made for one home: over the network, or by a process of Home Assistant's own."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.storage import STORAGE_DIR

from . import engine_process
from .const import ENGINE_EMBEDDED
from .core.model import Plan, PlanRequest
from .core.model.load_learning import LearnedLoad, LearnLoadRequest, LoadForecast, LoadForecastRequest
from .engine_client import EngineClient, EngineError, EngineTimeout, EngineUnreachable
from .home import EngineConfig
from .observe.load_questions import learned_name

_LEARNED = "hems.learned"
"""Directory of what the embedded engine learns; it can be deleted at any time."""
LOOK_EVERY_S = 10.0
"""At an engine that somebody else starts again."""


class Engine(Protocol):
    """Makes plans."""

    on_ready: Callable[[], None]
    """Called when it begins to answer."""

    async def async_start(self) -> None:
        """Never waits for the engine."""

    async def async_plan(self, request: PlanRequest) -> Plan:
        """The plan.

        Raises:
            EngineError: there is none; the subclass says why.
        """

    async def async_learn_load(self, request: LearnLoadRequest) -> LearnedLoad:
        """Learn how a home uses energy; takes up to minutes.

        Raises:
            EngineError: it learned nothing; the subclass says why.
        """

    async def async_forecast_load(self, request: LoadForecastRequest) -> LoadForecast:
        """The load to come.

        Raises:
            EngineError: there is none; the subclass says why.
        """

    async def async_stop(self) -> None:
        """Nothing is left running."""


def make_engine(hass: HomeAssistant, config: EngineConfig) -> Engine:
    """The engine that was configured."""
    if config.kind == ENGINE_EMBEDDED or config.url is None:
        return EmbeddedEngine(hass)
    return RemoteEngine(hass, EngineClient(async_get_clientsession(hass), config.url, config.token))


def forget_learned(hass: HomeAssistant, entry_id: str) -> None:
    """Delete what the embedded engine learned of a home; in a worker thread."""
    Path(hass.config.path(STORAGE_DIR, _LEARNED), f"{learned_name(entry_id)}.load").unlink(missing_ok=True)


class RemoteEngine:
    """The app's or a container's engine: somebody else starts and stops it.

    One that did not answer is looked at until it is back, so that nobody waits for the next plan of the rhythm.
    """

    def __init__(self, hass: HomeAssistant, client: EngineClient) -> None:
        self._hass, self._client = hass, client
        self._timer: CALLBACK_TYPE | None = None
        self._was_away = False
        self.on_ready: Callable[[], None] = lambda: None

    async def async_start(self) -> None:
        """Nothing to start."""

    async def async_plan(self, request: PlanRequest) -> Plan:
        """See `Engine`."""
        try:
            plan = await self._client.plan(request)
        except (EngineUnreachable, EngineTimeout) as error:
            self._was_away |= isinstance(error, EngineUnreachable)
            self._look_later()
            raise
        self._look_no_more()
        return plan

    async def async_learn_load(self, request: LearnLoadRequest) -> LearnedLoad:
        """See `Engine`."""
        return await self._client.learn_load(request)

    async def async_forecast_load(self, request: LoadForecastRequest) -> LoadForecast:
        """See `Engine`."""
        return await self._client.forecast_load(request)

    async def async_stop(self) -> None:
        """Look no more."""
        self._look_no_more()

    def _look_later(self) -> None:
        if self._timer is None:
            job = HassJob(self._async_look, "HEMS engine back", cancel_on_shutdown=True)
            self._timer = async_call_later(self._hass, LOOK_EVERY_S, job)

    def _look_no_more(self) -> None:
        self._was_away = False
        if self._timer is not None:
            self._timer()
            self._timer = None

    async def _async_look(self, _: datetime) -> None:
        """Again and again until it is well. One that was only slow is left to the rhythm: asking would not help it."""
        timer = self._timer
        try:
            is_well = (await self._client.health()).status == "ok"
        except EngineError:
            is_well = False
        if self._timer is not timer:
            return
        self._timer = None
        if not is_well:
            self._was_away = True
            self._look_later()
        elif self._was_away:
            self._was_away = False
            self.on_ready()


class EmbeddedEngine:
    """A child process; a plan that is asked for while it starts or starts again waits for it."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        data = Path(hass.config.path(STORAGE_DIR, _LEARNED))
        self._process = engine_process.EmbeddedEngine(on_change=self._on_change, data=data)
        self._starting: asyncio.Task[None] | None = None
        self.on_ready: Callable[[], None] = lambda: None

    async def async_start(self) -> None:
        """Start the process beside everything else."""
        self._begin()

    async def async_plan(self, request: PlanRequest) -> Plan:
        """See `Engine`; one that dies in the middle is asked once more when it is back."""
        await self._async_started()
        return await self._process.client.plan(request)

    async def async_learn_load(self, request: LearnLoadRequest) -> LearnedLoad:
        """See `Engine`."""
        await self._async_started()
        return await self._process.client.learn_load(request)

    async def async_forecast_load(self, request: LoadForecastRequest) -> LoadForecast:
        """See `Engine`."""
        await self._async_started()
        return await self._process.client.forecast_load(request)

    async def async_stop(self) -> None:
        """End the process."""
        if self._starting is not None:
            self._starting.cancel()
            with suppress(asyncio.CancelledError, EngineError):
                await self._starting
        await self._process.stop()

    def _begin(self) -> None:
        self._starting = self._hass.async_create_background_task(self._async_begin(), "HEMS engine start")

    async def _async_begin(self) -> None:
        if not await self._hass.async_add_executor_job(engine_process.available):
            raise EngineUnreachable("the solver (cvxpy) is not installed beside this Home Assistant")
        await self._process.start()

    async def _async_started(self) -> None:
        """Wait for the start under way; one that failed is tried anew for each plan."""
        if self._starting is None or (self._starting.done() and self._starting.exception() is not None):
            self._begin()
        assert self._starting is not None  # noqa: S101  # _begin has just made it
        await asyncio.shield(self._starting)

    def _on_change(self, answers: bool) -> None:
        if answers:
            self.on_ready()
