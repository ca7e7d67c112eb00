"""What entities, actions and cards read from a loaded entry, seen from the site or from one asset."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.util import dt as dt_util

from .core.accounting import Outturn
from .core.explain import Reason
from .core.model import (
    Appliance,
    ApplianceRun,
    Asset,
    AssetPlan,
    HealthStatus,
    InputHealth,
    Override,
    Plan,
    Violation,
    kind_of,
)
from .runs import PlannedRun, planned_run
from .runtime import AssetReading, AssetSettings, HemsConfigEntry, HemsRuntimeData, Live, NextAction
from .windows import Window, next_window


class SiteView:
    """The home as a whole."""

    def __init__(self, entry: HemsConfigEntry) -> None:
        """The entry must be loaded."""
        self.entry = entry
        self.runtime: HemsRuntimeData = entry.runtime_data

    @property
    def live(self) -> Live | None:
        """The latest measurements."""
        return self.runtime.dispatcher.live

    @property
    def now(self) -> datetime:
        """The home's own time, which is simulated time in a simulated home, as of the last tick."""
        return self.live.at if self.live else dt_util.utcnow()

    @property
    def last_plan(self) -> Plan | None:
        """The plan that was made last, however old it is."""
        return self.runtime.coordinator.data.plan

    @property
    def plan(self) -> Plan | None:
        """The plan that still holds: an expired one is none."""
        plan = self.last_plan
        return plan if plan and self.now < plan.expires_at else None

    @property
    def next_action(self) -> NextAction | None:
        """What changes next, as long as the plan behind it holds."""
        return self.runtime.coordinator.data.next_action if self.plan else None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why each asset does what it does, of the plan that was made last."""
        return self.runtime.coordinator.data.reasons

    @property
    def outturns(self) -> tuple[Outturn, ...]:
        """What was expected of each of the last 24 hours, and what became of it."""
        return self.runtime.accounts.outturns

    @property
    def health(self) -> tuple[InputHealth, ...]:
        """What is known about the quality of the data, of measurements and of the plan's inputs."""
        live, plan = self.live, self.last_plan
        readings = live.assets.values() if live else ()
        entries = (
            *(live.health if live else ()),
            *(e for r in readings for e in r.health),
            *(plan.health if plan else ()),
        )
        return tuple(dict.fromkeys(entries))

    @property
    def poor_inputs(self) -> list[dict[str, str]]:
        """Which inputs are not as they should be, and why, for people."""
        in_words = self.runtime.home.in_words
        return [
            {"source": in_words(entry.source), "status": str(entry.status), "reason": in_words(entry.reason)}
            for entry in self.health
            if entry.status is not HealthStatus.OK
        ]

    @property
    def made_from(self) -> list[dict[str, str]]:
        """What forecasts are made from and by which method, for people."""
        in_words = self.runtime.home.in_words
        return [
            {"source": in_words(entry.source), "reason": in_words(entry.reason)}
            for entry in self.health
            if entry.status is HealthStatus.OK and entry.reason
        ]

    @property
    def violations(self) -> list[dict[str, Any]]:
        """What the plan that holds cannot keep, for people."""
        return self.told(self.plan.violations if self.plan else ())

    def told(self, violations: Iterable[Violation]) -> list[dict[str, Any]]:
        """Limits that are missed, for people."""
        in_words = self.runtime.home.in_words
        return [
            {
                "limit": in_words(entry.limit),
                "amount": round(entry.amount, 3),
                "unit": entry.unit,
                "reason": in_words(entry.reason),
            }
            for entry in violations
        ]

    def in_slot(self, values: Sequence[float]) -> float | None:
        """The value of a series of the plan that holds now."""
        plan = self.plan
        slot = plan.horizon.index_at(self.now) if plan else None
        return None if slot is None else values[slot]

    def upcoming(self, asset: str) -> Window | None:
        """What an asset begins next."""
        plan = self.plan
        return next_window(plan, asset, self.now) if plan else None

    @property
    def midnight(self) -> datetime:
        """When the running local day of the home began."""
        local = self.now.astimezone(ZoneInfo(self.runtime.home.site.time_zone))
        return local.replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def planned_cost_today(self) -> float | None:
        """The bill of the running day: what was paid, and what the plan pays until midnight."""
        plan, so_far = self.plan, self.runtime.accounts.today.cost
        if plan is None or so_far is None:
            return None
        shares = plan.horizon.overlap(self.now, self.midnight + timedelta(days=1))
        bills = (
            plan.import_kw[slot] * plan.import_price_per_kwh[slot]
            - plan.export_kw[slot] * plan.export_price_per_kwh[slot]
            for slot in range(plan.horizon.steps)
        )
        return so_far + sum(
            share * step_h * per_h for share, step_h, per_h in zip(shares, plan.horizon.steps_h, bills, strict=True)
        )


@dataclass(frozen=True)
class AssetView:
    """One asset of the home."""

    site: SiteView
    name: str
    """In the core; the id of its subentry."""

    @property
    def runtime(self) -> HemsRuntimeData:
        """Everything the entry holds."""
        return self.site.runtime

    @cached_property
    def asset(self) -> Asset:
        """What stays the same about it."""
        return self.runtime.home.asset(self.name)

    @property
    def kind(self) -> str:
        """Battery, ev_charger, ..."""
        return kind_of(self.asset)

    @property
    def overrides(self) -> tuple[Override, ...]:
        """The one that holds, and those that begin later."""
        dispatcher = self.runtime.dispatcher
        running = dispatcher.overrides.get(self.name)
        return (*((running,) if running else ()), *dispatcher.scheduled.get(self.name, ()))

    @property
    def title(self) -> str:
        """What the household calls it."""
        return self.runtime.home.titles[self.name]

    @property
    def reading(self) -> AssetReading | None:
        """Its latest measurements."""
        live = self.site.live
        return live.assets.get(self.name) if live else None

    @property
    def settings(self) -> AssetSettings:
        """What the household wants of it."""
        return self.runtime.dispatcher.settings.assets.get(self.name) or AssetSettings()

    @property
    def run(self) -> ApplianceRun | None:
        """The run of an appliance that waits or is under way."""
        return self.runtime.dispatcher.runs.get(self.name)

    @property
    def planned_run(self) -> PlannedRun | None:
        """When that run begins and ends, as far as the plan that holds knows."""
        run, plan, asset = self.run, self.site.plan, self.asset
        if run is None or plan is None or not isinstance(asset, Appliance):
            return None
        return planned_run(plan, self.name, asset, run)

    @property
    def plan(self) -> AssetPlan | None:
        """Its part of the plan that holds."""
        return self.site.plan.asset(self.name) if self.site.plan else None

    @property
    def planned_kw(self) -> float | None:
        """What the plan has for it now."""
        return self.site.in_slot(self.plan.power_kw) if self.plan else None
