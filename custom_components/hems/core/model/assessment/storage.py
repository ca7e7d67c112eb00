"""The judgement of what stores and makes energy: batteries and PV arrays."""

from ..battery import Battery, BatteryState
from ..plan import AssetPlan
from ..pv import Pv
from ..storage import StoredWorth
from ..terms import Terms
from .judgement import Judgement


def judge_pv(_asset: Pv, _plan: AssetPlan, _terms: Terms) -> Judgement:
    """The sun costs nothing, and what is held back costs what it would have earned."""
    return Judgement()


def judge_battery(asset: Battery, plan: AssetPlan, terms: Terms) -> Judgement:
    """Wear is paid for what leaves the cells; what is left at the end counts against what was there."""
    out_kwh = sum(max(0.0, -kw) * h for kw, h in zip(plan.power_kw, terms.steps_h, strict=True))
    worth = StoredWorth.of(asset, terms)
    start_kwh = min(terms.request.state_of(asset, BatteryState).energy_kwh, asset.capacity_kwh)
    end_kwh = plan.trajectories["energy_kwh"][-1]
    return Judgement(
        wear=asset.wear_per_kwh * out_kwh / asset.discharge_efficiency,
        end_value=worth.worth(start_kwh - asset.min_kwh) - worth.worth(end_kwh - asset.min_kwh),
    )
