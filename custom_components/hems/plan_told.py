"""A plan as the answers of actions: plain rows, local times, rounded numbers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from .core.accounting import Outturn, Tally, total_of
from .core.explain import Comfort, Reason
from .core.model import AssetPlan, Battery, Plan
from .rounding import rounded
from .views import AssetView, SiteView


def plan_summary(site: SiteView, plan: Plan) -> dict[str, Any]:
    """How a plan ended, what it costs and what it saves."""
    cost = plan.cost
    return {
        "status": getattr(plan.outcome, "kind", "none"),
        "cost": cost.bill,
        "currency": plan.currency,
        "made_at": local_time(site, plan.made_at),
        "expires_at": local_time(site, plan.expires_at),
        "cost_split": {field: getattr(cost, field) for field in cost.__dataclass_fields__},
        "saves": {baseline.kind: _known(plan.saving_beside(baseline.kind)) for baseline in plan.baselines},
    }


def site_rows(site: SiteView, plan: Plan) -> list[dict[str, Any]]:
    """Prices, load and exchange of each slot."""
    return _rows(
        site,
        plan,
        {
            "import_price": plan.import_price_per_kwh,
            "export_price": plan.export_price_per_kwh,
            "load_kw": plan.load_kw,
            "import_kw": plan.import_kw,
            "export_kw": plan.export_kw,
        },
    )


def asset_rows(view: AssetView, plan: Plan, part: AssetPlan) -> list[dict[str, Any]]:
    """Its power, and what develops with it; energies and temperatures as they are at the end of each row."""
    n = plan.horizon.steps
    developing = {name: values[-n:] for name, values in part.trajectories.items() if len(values) >= n}
    asset = view.asset
    if isinstance(asset, Battery) and "energy_kwh" in developing:
        developing["soc"] = tuple(energy_kwh / asset.capacity_kwh for energy_kwh in developing["energy_kwh"])
    return _rows(view.site, plan, {"power_kw": part.power_kw, **developing})


def _rows(site: SiteView, plan: Plan, columns: dict[str, Sequence[float]]) -> list[dict[str, Any]]:
    edges = plan.horizon.edges
    return [
        {
            "start": local_time(site, edges[slot]),
            "end": local_time(site, edges[slot + 1]),
            **{name: rounded(values[slot], 5) for name, values in columns.items()},
        }
        for slot in range(plan.horizon.steps)
    ]


def reason_told(site: SiteView, reason: Reason) -> dict[str, Any]:
    """Why a stretch of the plan is as it is: the word for it, and the money."""
    return {
        "asset": reason.asset,
        "title": site.runtime.home.titles.get(reason.asset, reason.asset),
        "action": str(reason.action),
        "start": local_time(site, reason.start),
        "end": local_time(site, reason.end),
        "energy_kwh": round(reason.energy_kwh, 3),
        "reason": None if reason.why is None else str(reason.why),
        "price_per_kwh": _known(reason.price_per_kwh),
        "worth_per_kwh": _known(reason.worth_per_kwh),
        "gain": _known(reason.gain),
        "next_best_start": local_time(site, reason.alternative.start) if reason.alternative else None,
        "next_best_costs": _known(reason.alternative_cost),
        "co2_kg": _known(reason.co2_kg),
        "comfort": _comfort(reason.comfort),
    }


def _comfort(comfort: Comfort | None) -> dict[str, Any] | None:
    if comfort is None:
        return None
    return {
        "unit": comfort.unit,
        "planned": round(comfort.planned, 2),
        "without": round(comfort.without, 2),
        "worth": _known(comfort.worth),
    }


def outturn_told(site: SiteView, asset: str | None) -> dict[str, Any] | None:
    """What became of the plans of the last 24 hours, of all assets or of one; None before the first hour is over."""
    total = total_of(site.outturns)
    if total is None:
        return None
    return _hour(site, total, asset) | {"hours": [_hour(site, hour, asset) for hour in site.outturns]}


def _hour(site: SiteView, hour: Outturn, asset: str | None) -> dict[str, Any]:
    return {
        "start": local_time(site, hour.start),
        "end": local_time(site, hour.end),
        "counted_h": round(hour.counted_h, 3),
        "expected": _tally(hour.expected, asset),
        "realised": _tally(hour.realised, asset),
    }


def _tally(tally: Tally, asset: str | None) -> dict[str, Any]:
    numbers = {name: rounded(number, 4) for name, number in tally.plain().items() if name != "asset_kwh"}
    energies = {name: rounded(kwh, 3) for name, kwh in tally.asset_kwh.items() if asset in {None, name}}
    return numbers | {"asset_kwh": energies}


def _known(value: float | None) -> float | None:
    return None if value is None else rounded(value, 5)


def local_time(site: SiteView, time: datetime) -> str:
    """In the home's own zone, ISO 8601."""
    return time.astimezone(ZoneInfo(site.runtime.home.site.time_zone)).isoformat()
