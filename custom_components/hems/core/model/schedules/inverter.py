"""A hybrid inverter from the power of its DC bus."""

from collections.abc import Sequence

from ..inverter import HybridInverter
from ..plan import AssetPlan
from .digits import rounded


def inverter_plan(inverter: HybridInverter, dc_kw: Sequence[float]) -> AssetPlan:
    """`ac_kw`: what the home's bus sees of the inverter and all that is behind it; its own power is the loss."""
    return AssetPlan(
        asset=inverter.name,
        kind=inverter.kind,
        power_kw=rounded([inverter.loss_kw(kw) for kw in dc_kw]),
        trajectories={"ac_kw": rounded([inverter.ac_kw(kw) for kw in dc_kw])},
    )
