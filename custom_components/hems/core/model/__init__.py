"""Frozen values: assets and their states, horizon, tariff, site, request, plan, proposal.

Parsed at the edge, trusted inside: a value that exists is valid. Units are in the names, times carry
a zone, and positive power draws from the site's bus.
"""

from .appliance import Appliance, ApplianceRun, ApplianceState
from .asset import Asset, AssetState, Phase
from .battery import Battery, BatteryState, SocTarget
from .comfort import ComfortBand, ComfortPeriod
from .curve import PowerPoint
from .ev import EvCharger, EvChargerState, EvSession
from .flexible_load import FlexibleLoad, FlexibleLoadState
from .health import HealthStatus, InputHealth, worst
from .heat_pump import Building, CopPoint, HeatPump, HeatPumpState, ThermalMass
from .horizon import DEFAULT_TIERS, Horizon
from .hot_water import HotWater, HotWaterState
from .inverter import HybridInverter, HybridInverterState
from .legionella import LegionellaCycle
from .plan import (
    AssetPlan,
    Baseline,
    CostSplit,
    Fallback,
    Feasible,
    Infeasible,
    Marginals,
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
from .scenario import Scenario
from .series import Quantile, Series
from .signals import PreviousPlan, PriceSignal
from .site import Site
from .tariff import CapacityCharge, CapacityTier, Tariff

__all__ = [
    "DEFAULT_TIERS",
    "Appliance",
    "ApplianceRun",
    "ApplianceState",
    "Asset",
    "AssetPlan",
    "AssetState",
    "Baseline",
    "Battery",
    "BatteryState",
    "Bounds",
    "Building",
    "CapacityCharge",
    "CapacityTier",
    "ComfortBand",
    "ComfortPeriod",
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
    "HybridInverter",
    "HybridInverterState",
    "Infeasible",
    "InputHealth",
    "LegionellaCycle",
    "Marginals",
    "Optimal",
    "Outcome",
    "Override",
    "Phase",
    "Plan",
    "PlanRequest",
    "PowerPoint",
    "PreviousPlan",
    "PriceSignal",
    "Priority",
    "Proposal",
    "Pv",
    "PvState",
    "Quantile",
    "Scenario",
    "Series",
    "Site",
    "SocTarget",
    "SolveStats",
    "SolverOptions",
    "Source",
    "Tariff",
    "ThermalMass",
    "TimedOut",
    "Violation",
    "Weights",
    "kind_of",
    "worst",
]
