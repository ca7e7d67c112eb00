"""Homes that really run: with an engine that a test holds in its hands, and devices that it dictates."""

from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.hems.const import DOMAIN
from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import Optimal, PlanRequest
from custom_components.hems.core.model.load_learning import LearnedLoad, LearnLoadRequest, LoadForecastRequest
from custom_components.hems.core.wire import FieldError, Problem, decode, encode
from custom_components.hems.devices import Applied, Outlook, Refused
from custom_components.hems.flows.example import EXAMPLE_ASSETS, EXAMPLE_HOME
from custom_components.hems.runtime import AssetReading, Live

TOKEN = "secret"
NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there."""


class FakeEngine:
    """An engine at the other end of real HTTP; its plans are made by rule and called optimal."""

    def __init__(self):
        self.requests = []
        self.problem = None
        """Answered instead of a plan."""
        self.solve = lambda wanted: replace(fallback_plan(wanted, "test"), outcome=Optimal())
        """Makes the plans."""
        self.load_forecast = None
        """Answers a LoadForecastRequest; None: an engine of before, which knows no such question."""
        self.learned = []
        """The LearnLoadRequests."""
        app = web.Application(client_max_size=10_000_000)
        app.router.add_post("/v1/plan", self._plan)
        app.router.add_post("/v1/{task}/load", self._load)
        self._server = TestServer(app)

    async def start(self):
        await self._server.start_server(access_log=None)

    async def stop(self):
        await self._server.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.port}"

    def refuse(self, status, detail, *errors):
        """From now on, answer with a problem document; errors are (field, message)."""
        self.problem = Problem(
            type="about:blank",
            title="Refused",
            status=status,
            detail=detail,
            errors=tuple(FieldError(field=field, message=message) for field, message in errors),
        )

    def mend(self):
        self.problem = None

    async def _load(self, request):
        if self.load_forecast is None:
            return web.Response(status=404)
        if request.match_info["task"] == "forecast":
            wanted = decode(LoadForecastRequest, await request.read())
            return web.Response(body=encode(self.load_forecast(wanted)), content_type="application/json")
        self.learned.append(decode(LearnLoadRequest, await request.read()))
        told = self.learned[-1]
        learned = LearnedLoad(home=told.home, until=told.history.end, rows=1, cpu_s=0.1, made_with="a test")
        return web.Response(body=encode(learned), content_type="application/json")

    async def _plan(self, request):
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        if self.problem is not None:
            return web.Response(
                status=self.problem.status, body=encode(self.problem), content_type="application/problem+json"
            )
        wanted = decode(PlanRequest, await request.read())
        self.requests.append(wanted)
        return web.Response(body=encode(self.solve(wanted)), content_type="application/json")


class FakeDevices:
    """A home whose measurements a test dictates; time is Home Assistant's own."""

    speed = 1.0

    def __init__(self, live=None, outlook=None):
        self.live = live
        self.outlook = outlook or Outlook()
        self.applied = []
        """(asset, kW) in order."""
        self.refuses = {}
        """By asset: the reason."""
        self.listeners = []

    def now(self):
        return dt_util.utcnow()

    def read(self):
        return replace(self.live, at=self.now())

    async def async_outlook(self, horizon):
        return self.outlook

    async def async_apply(self, setpoint):
        self.applied.append((setpoint.asset, setpoint.power_kw))
        if setpoint.asset in self.refuses:
            return Refused(setpoint=setpoint, at=self.now(), reason=self.refuses[setpoint.asset])
        return Applied(setpoint=setpoint, at=self.now())

    def async_add_listener(self, listener):
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def tell(self, change):
        for listener in tuple(self.listeners):
            listener(change)

    async def async_start(self):
        pass

    async def async_stop(self):
        pass

    def measure(self, asset, **changes):
        """Another reading of one asset."""
        self.live = replace(self.live, assets={**self.live.assets, asset: replace(self.live.assets[asset], **changes)})

    def last(self, asset):
        """The last command to an asset."""
        return next(power_kw for name, power_kw in reversed(self.applied) if name == asset)


READINGS = {
    "pv": AssetReading(power_kw=-2.0),
    "battery": AssetReading(power_kw=0.0, energy_kwh=5.0, soc=0.5),
    "ev_charger": AssetReading(power_kw=0.0, energy_kwh=30.0, soc=0.5, connected=True, capacity_kwh=60.0),
    "heat_pump": AssetReading(power_kw=0.0, temperature_c=21.0),
    "hot_water": AssetReading(power_kw=0.0, temperature_c=50.0),
    "appliance": AssetReading(power_kw=0.0, running=False),
}


def a_running_entry(*kinds, engine=None, speed=1.0, seed=1, **changes):
    """The simulated example home, or only these kinds of its assets; an asset is called like its kind."""
    kinds = kinds or tuple(EXAMPLE_ASSETS)
    data = deepcopy(dict(EXAMPLE_HOME)) | {
        "name": "Simulated home",
        "currency": "EUR",
        "engine": _engine(engine),
        "simulation_seed": seed,
        "simulation_speed": speed,
    }
    return MockConfigEntry(
        domain=DOMAIN,
        title="Simulated home",
        data=data | changes,
        subentries_data=[
            {
                "data": EXAMPLE_ASSETS[kind],
                "subentry_type": kind,
                "title": kind.replace("_", " "),
                "unique_id": None,
                "subentry_id": kind,
            }
            for kind in kinds
        ],
    )


def _engine(engine):
    """Of an entry: embedded, at a URL, or as a test says."""
    if isinstance(engine, str):
        return {"kind": "url", "url": engine, "token": TOKEN}
    return engine or {"kind": "embedded"}


def a_live(*kinds, **changes):
    """An ordinary moment of a home with these assets."""
    assets = {kind: READINGS[kind] for kind in kinds or EXAMPLE_ASSETS}
    fields = {"at": datetime.now(UTC), "grid_kw": -1.5, "load_kw": 0.5, "outdoor_c": 10.0, "assets": assets}
    return Live(**fields | changes)


async def load(hass, entry):
    """Set the entry up; the first plan is made a moment later."""
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry.runtime_data if entry.state.recoverable and hasattr(entry, "runtime_data") else None


@asynccontextmanager
async def dictated(hass, entry, devices):
    """The entry, loaded with dictated devices, unloaded at the end."""
    with patch("custom_components.hems.make_devices", return_value=devices):
        runtime = await load(hass, entry)
        yield runtime
        await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()


async def pass_time(hass, freezer, seconds):
    """Let that much time pass, and whatever it brings about end."""
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
