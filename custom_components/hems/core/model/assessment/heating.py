"""The judgement of what is kept warm: a building and a tank."""

from ..asset import Asset
from ..heat_pump import HeatPump, HeatPumpState
from ..hot_water import HotWater, HotWaterState
from ..plan import AssetPlan
from ..terms import Terms
from ..thermal import Zone
from ..zones import building_zone, tank_zone
from .judgement import Judgement, broken_spans


def judge_heat_pump(asset: HeatPump, plan: AssetPlan, terms: Terms) -> Judgement:
    """Kelvin-hours outside the band of the building."""
    zone = building_zone(asset, terms.request.state_of(asset, HeatPumpState), terms)
    return _comfort(asset, zone, plan.trajectories["indoor_c"], terms)


def judge_hot_water(asset: HotWater, plan: AssetPlan, terms: Terms) -> Judgement:
    """Kelvin-hours outside the band of the tank."""
    zone = tank_zone(asset, terms.request.state_of(asset, HotWaterState), terms)
    return _comfort(asset, zone, plan.trajectories["tank_c"], terms)


def _comfort(asset: Asset, zone: Zone, temperatures: tuple[float, ...], terms: Terms) -> Judgement:
    """Kelvin-hours outside the band at the end of each step, at their price; heat left at the end at its worth."""
    cold_k = [max(0.0, zone.min_c - temperature) for temperature in temperatures[1:]]
    hot_k = [
        max(0.0, temperature - highest)
        for temperature, highest in zip(temperatures[1:], zone.highest_fine_c[1:], strict=True)
    ]
    kelvin_h = sum((cold + hot) * h for cold, hot, h in zip(cold_k, hot_k, terms.steps_h, strict=True))
    gained_k = min(temperatures[-1], zone.max_c) - min(zone.start_c, zone.max_c)
    return Judgement(
        comfort=zone.price_per_kh * kelvin_h,
        end_value=-zone.worth_per_k * gained_k,
        violations=(
            *broken_spans(f"{asset.name}.comfort_min", asset.name, cold_k, "K", "colder than wanted", terms.horizon),
            *broken_spans(
                f"{asset.name}.comfort_max", asset.name, hot_k, "K", "heated beyond what is wanted", terms.horizon
            ),
        ),
    )
