"""An appliance from the starts of its programmes."""

from collections.abc import Sequence

from ..appliance import Appliance
from ..horizon import Horizon
from ..plan import AssetPlan
from ..runs import Start
from .digits import rounded


def appliance_plan(
    appliance: Appliance, under_way: Sequence[Start], taken: Sequence[Start], horizon: Horizon
) -> AssetPlan:
    """`starts`: how many programmes begin in each step."""
    power_kw = [0.0] * horizon.steps
    starts = [0.0] * horizon.steps
    for start in (*under_way, *taken):
        power_kw = [before + more for before, more in zip(power_kw, start.power_kw, strict=True)]
    for start in taken:
        starts[start.index] += 1.0
    return AssetPlan(
        asset=appliance.name,
        kind=appliance.kind,
        power_kw=rounded(power_kw),
        trajectories={"starts": tuple(starts)},
    )
