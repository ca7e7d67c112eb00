"""Frozen values: assets and their states, horizon, tariff, site, request, plan, proposal.

Parsed at the edge, trusted inside: a value that exists is valid. Units are in the names, times carry
a zone, and positive power draws from the site's bus.
"""

from .appliance import Appliance, ApplianceRun, ApplianceState
from .asset import Asset, AssetState
from .battery import Battery, BatteryState
from .ev import EvCharger, EvChargerState, EvSession
from .flexible_load import FlexibleLoad, FlexibleLoadState
from .health import HealthStatus, InputHealth, worst
from .heat_pump import Building, ComfortBand, CopPoint, HeatPump, HeatPumpState
from .horizon import DEFAULT_TIERS, Horizon
from .hot_water import HotWater, HotWaterState
from .plan import (
    AssetPlan,
    CostSplit,
    Fallback,
    Feasible,
    Infeasible,
    Optimal,
    Outcome,
    Plan,
    SolveStats,
    TimedOut,
    Violation,
)
from .proposal import Bounds, Priority, Proposal, Source
from .pv import Pv, PvState
from .request import GridLimit, Override, PlanRequest, SolverOptions, Weights, kind_of
from .series import Quantile, Series
from .site import Site
from .tariff import CapacityCharge, Tariff

__all__ = [
    "DEFAULT_TIERS",
    "Appliance",
    "ApplianceRun",
    "ApplianceState",
    "Asset",
    "AssetPlan",
    "AssetState",
    "Battery",
    "BatteryState",
    "Bounds",
    "Building",
    "CapacityCharge",
    "ComfortBand",
    "CopPoint",
    "CostSplit",
    "EvCharger",
    "EvChargerState",
    "EvSession",
    "Fallback",
    "Feasible",
    "FlexibleLoad",
    "FlexibleLoadState",
    "GridLimit",
    "HealthStatus",
    "HeatPump",
    "HeatPumpState",
    "Horizon",
    "HotWater",
    "HotWaterState",
    "Infeasible",
    "InputHealth",
    "Optimal",
    "Outcome",
    "Override",
    "Plan",
    "PlanRequest",
    "Priority",
    "Proposal",
    "Pv",
    "PvState",
    "Quantile",
    "Series",
    "Site",
    "SolveStats",
    "SolverOptions",
    "Source",
    "Tariff",
    "TimedOut",
    "Violation",
    "Weights",
    "kind_of",
    "worst",
]
