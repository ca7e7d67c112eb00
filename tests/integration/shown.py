"""A home whose measurements and plan a test dictates: the real household and entities, without devices or engine."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, patch

from homeassistant.const import Platform
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hems.const import DOMAIN
from custom_components.hems.core.accounting import DayAccount, Flows, Outturn
from custom_components.hems.core.explain import WhatIf
from custom_components.hems.core.model import (
    AssetPlan,
    CostSplit,
    HealthStatus,
    InputHealth,
    Optimal,
    Override,
    Plan,
    SolveStats,
)
from custom_components.hems.grid_events import GridEvents
from custom_components.hems.home import parse_home
from custom_components.hems.household import Household
from custom_components.hems.runtime import AssetReading, Live, NextAction, PlanView
from tests.builders import (
    START,
    a_battery,
    a_horizon,
    a_request,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)
from tests.integration.entries import asset_data, home_data

NOW = START + timedelta(minutes=10)
PLATFORMS = (
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TIME,
)
TITLES = {
    "pv": "Roof",
    "battery": "Home battery",
    "ev_charger": "Wallbox",
    "heat_pump": "Heat pump",
    "hot_water": "Tank",
    "appliance": "Dishwasher",
    "flexible_load": "Terrace heater",
}
POWERS = {
    "pv": -1.5,
    "battery": 2.0,
    "ev_charger": 0.0,
    "heat_pump": 0.8,
    "hot_water": 0.0,
    "appliance": 0.0,
    "flexible_load": 0.0,
}


def a_reading(kind: str, **changes: Any) -> AssetReading:
    ordinary = {
        "battery": {"soc": 0.57, "energy_kwh": 5.7, "setpoint_kw": 2.0},
        "ev_charger": {"soc": 0.4, "energy_kwh": 24.0, "connected": True},
        "heat_pump": {"temperature_c": 21.234},
        "hot_water": {"temperature_c": 51.0},
        "appliance": {"running": False},
    }
    return AssetReading(**{"power_kw": POWERS[kind], **ordinary.get(kind, {}), **changes})


def a_live(**changes: Any) -> Live:
    fields = {"at": NOW, "grid_kw": 1.7, "load_kw": 0.4, "assets": {kind: a_reading(kind) for kind in TITLES}}
    return Live(**fields | changes)


def a_plan(**changes: Any) -> Plan:
    """A day of hours: the battery charges from 0 to 2 and discharges from 18 to 20, the car charges from 3 to 5."""
    horizon = a_horizon()
    n = horizon.steps
    powers = dict.fromkeys(TITLES, (0.0,) * n) | {
        "pv": (0.0,) * 7 + (-2.0,) * 10 + (0.0,) * 7,
        "battery": (2.0, 2.0) + (0.0,) * 16 + (-3.0, -3.0) + (0.0,) * 4,
        "ev_charger": (0.0,) * 3 + (7.0, 7.0) + (0.0,) * 19,
        "heat_pump": (0.8,) * n,
        "appliance": (0.0,) * 12 + (0.6, 0.6) + (0.0,) * 10,
    }
    trajectories = {"battery": {"energy_kwh": tuple(5.0 + 0.1 * edge for edge in range(n + 1))}}
    fields = {
        "made_at": START,
        "expires_at": hours(1),
        "horizon": horizon,
        "outcome": Optimal(),
        "assets": tuple(
            AssetPlan(asset=kind, kind=kind, power_kw=powers[kind], trajectories=trajectories.get(kind, {}))
            for kind in TITLES
        ),
        "load_kw": (0.4,) * n,
        "unserved_kw": (0.0,) * n,
        "import_kw": (3.0,) + (1.0,) * (n - 1),
        "export_kw": (0.0,) * n,
        "import_price_per_kwh": (0.3,) * n,
        "export_price_per_kwh": (0.08,) * n,
        "currency": "EUR",
        "cost": CostSplit(energy=7.8),
        "stats": SolveStats(solve_s=0.25),
    }
    return Plan(**fields | changes)


def a_next_action(**changes: Any) -> NextAction:
    fields = {"asset": "ev_charger", "action": "charge", "at": hours(3), "power_kw": 7.0, "reason": "cheap_energy"}
    return NextAction(**fields | changes)


def a_view(plan: Plan | None = None, **changes: Any) -> PlanView:
    leaves_at_7 = an_ev_charger_state(an_ev_session(departure=7.0))
    request = a_request(a_battery(), an_ev_charger(), leaves_at_7, site={"name": "Our house"})
    return PlanView(**{"plan": plan or a_plan(), "request": request, "next_action": a_next_action(), **changes})


class FakeCoordinator:
    """Publishes what a test says."""

    def __init__(self) -> None:
        self.data = a_view()
        self.planned = 0
        self.fails: Exception | None = None
        self.asked: list[Override] = []
        self.answer = WhatIf(extra_cost=0.84, extra_bill=0.9, currency="EUR")
        self._listeners: list[Any] = []

    async def async_what_if(self, word: Override) -> WhatIf:
        self.asked.append(word)
        return self.answer

    def async_add_listener(self, listener: Any) -> Any:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def publish(self, view: PlanView) -> None:
        self.data = view
        for listener in tuple(self._listeners):
            listener()

    async def async_plan_now(self) -> Plan:
        if self.fails:
            raise self.fails
        self.planned += 1
        return self.data.plan


class FakeDispatcher:
    """The real household's wishes, and whatever measurements a test wants."""

    def __init__(self, household: Household) -> None:
        self._household = household
        self._listeners: list[Any] = []
        self.live: Live | None = a_live()
        household.async_add_listener(self.tick)

    @property
    def _now(self):
        return self.live.at if self.live else NOW

    @property
    def settings(self):
        return self._household.settings

    @property
    def overrides(self):
        return self._household.overrides_at(self._now)

    @property
    def scheduled(self):
        return self._household.scheduled_at(self._now)

    @property
    def runs(self):
        return self._household.runs

    @property
    def household(self):
        return self._household

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def async_add_listener(self, listener: Any) -> Any:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tick(self, live: Live | None = None) -> None:
        self.live = live or self.live
        for listener in tuple(self._listeners):
            listener()

    async def async_update_settings(self, **changes: Any) -> None:
        self._household.update_settings(**changes)

    async def async_update_asset(self, asset: str, **changes: Any) -> None:
        self._household.update_asset(asset, **changes)

    async def async_set_override(self, asset: str, power_kw: float | str, until: Any, start: Any = None) -> Any:
        return self._household.set_override(asset, power_kw, until, now=self._now, start=start)

    async def async_clear_override(self, asset: str, only: Any = None) -> None:
        self._household.clear_override(asset, only)

    async def async_request_run(self, asset: str, earliest: Any, latest: Any) -> None:
        self._household.request_run(asset, earliest, latest)

    async def async_cancel_run(self, asset: str) -> bool:
        return self._household.cancel_run(asset)


class FakeAccounts:
    """Meters that stand still."""

    def __init__(self) -> None:
        self.today = DayAccount(
            day=NOW.date(), cost=1.5, counterfactual_cost=2.0, flows=Flows(pv_to_battery=4.0, pv_to_grid=1.0)
        )

        self.outturns: tuple[Outturn, ...] = ()

    def energy_kwh(self, asset: str, direction: str) -> float:
        return 12.3456 if asset == "load" else {"in": 100.5, "out": 50.25}[direction]


def a_shown_entry(**changes: Any) -> MockConfigEntry:
    """A home with one asset of each kind, named like its kind."""
    return MockConfigEntry(
        domain=DOMAIN,
        title="My home",
        data=home_data(**changes),
        subentries_data=[
            {"data": asset_data(kind), "subentry_type": kind, "title": title, "unique_id": None, "subentry_id": kind}
            for kind, title in TITLES.items()
        ],
    )


@contextmanager
def dictated():
    """While it lasts, entries of HEMS are set up with dictated measurements and plan."""

    async def async_setup_entry(hass, entry):
        home = parse_home(entry, "Europe/Berlin")
        household = Household(home, MagicMock())
        entry.runtime_data = SimpleNamespace(
            home=home,
            coordinator=FakeCoordinator(),
            dispatcher=FakeDispatcher(household),
            accounts=FakeAccounts(),
            events=GridEvents(hass, home, MagicMock(now=lambda: START), MagicMock()),
        )
        await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
        return True

    async def async_unload_entry(hass, entry):
        return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)

    with (
        patch("custom_components.hems.async_setup_entry", async_setup_entry),
        patch("custom_components.hems.async_unload_entry", async_unload_entry),
    ):
        yield


async def show(hass, entry: MockConfigEntry | None = None) -> MockConfigEntry:
    """Load an entry with dictated measurements and plan."""
    entry = entry or a_shown_entry()
    entry.add_to_hass(hass)
    with dictated():
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
    return entry


def degraded(source: str, reason: str) -> InputHealth:
    return InputHealth(source=source, status=HealthStatus.DEGRADED, reason=reason)


def replaced(live: Live, kind: str, **changes: Any) -> Live:
    """The same moment with another reading of one asset."""
    return replace(live, assets={**live.assets, kind: replace(live.assets[kind], **changes)})
