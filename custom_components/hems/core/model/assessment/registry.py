"""Who judges which kind of asset: a new asset is a new file and a line here."""

from collections.abc import Callable
from typing import Any

from ..asset import Asset
from ..plan import AssetPlan
from ..request import kind_of
from ..terms import Terms
from .appliance import judge_appliance
from .ev import judge_charger
from .flexible_load import judge_flexible_load
from .heating import judge_heat_pump, judge_hot_water
from .judgement import Judgement
from .storage import judge_battery, judge_inverter, judge_pv

JUDGES: dict[str, Callable[[Any, AssetPlan, Terms], Judgement]] = {
    "pv": judge_pv,
    "battery": judge_battery,
    "inverter": judge_inverter,
    "ev_charger": judge_charger,
    "heat_pump": judge_heat_pump,
    "hot_water": judge_hot_water,
    "appliance": judge_appliance,
    "flexible_load": judge_flexible_load,
}


def judge(asset: Asset, plan: AssetPlan, terms: Terms) -> Judgement:
    """Wear, comfort and end value of one asset's schedule, and the soft limits that it breaks.

    Raises:
        TypeError: nobody can judge that kind.
    """
    judged_by = JUDGES.get(kind_of(asset))
    if judged_by is None:
        raise TypeError(f"{asset.name}: nobody can judge a {kind_of(asset)}")
    return judged_by(asset, plan, terms)
