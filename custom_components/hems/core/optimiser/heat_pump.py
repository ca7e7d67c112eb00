"""A heat pump and its building: C dT/dt = cop(outdoor) p + gains - heat_loss (T - outdoor)."""

from ..model import HeatPump, HeatPumpState
from ..model.schedules import heat_pump_plan
from ..model.zones import building_zone, heater_duty
from .block import Block, Context
from .zone import zone_block


def heat_pump_block(heat_pump: HeatPump, state: HeatPumpState, context: Context) -> Block:
    """The building is the zone; the COP of each step follows from its outdoor temperature, so all stays linear."""
    zone = building_zone(heat_pump, state, context.terms)
    return zone_block(
        heater_duty(heat_pump, state), zone, context, lambda power_kw: heat_pump_plan(heat_pump, zone, power_kw)
    )
