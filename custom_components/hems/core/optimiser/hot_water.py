"""A hot-water tank: C dT/dt = cop p - draw - heat_loss (T - ambient)."""

from ..model import HotWater, HotWaterState
from ..model.schedules import hot_water_plan
from ..model.zones import heater_duty, tank_zone
from .block import Block, Context
from .zone import zone_block


def hot_water_block(hot_water: HotWater, state: HotWaterState, context: Context) -> Block:
    """The well-mixed tank is the zone; what is drawn leaves it as heat."""
    zone = tank_zone(hot_water, state, context.terms)
    return zone_block(
        heater_duty(hot_water, state), zone, context, lambda power_kw: hot_water_plan(hot_water, zone, power_kw)
    )
