"""What a device may take although nobody wants it to."""

from ..model import Appliance, ApplianceState, Asset, FlexibleLoad, HeatPump, HotWater, PlanRequest


def must_kw(asset: Asset, request: PlanRequest) -> float:
    """Most power that a device may take although nobody wants it to."""
    match asset:
        case HeatPump() | HotWater():
            return asset.max_electric_kw
        case FlexibleLoad():
            return asset.power_kw
        case Appliance():
            return max(asset.profile_kw) * len(request.state_of(asset, ApplianceState).runs)
        case _:
            return 0.0
