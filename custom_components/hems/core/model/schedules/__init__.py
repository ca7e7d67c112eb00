"""The plan of an asset from its powers alone: what else develops follows from the model of the device.

Optimiser and fallback both end here, so a trajectory is never what a solver hoped for.
"""

from .appliance import appliance_plan
from .ev import charging_plan
from .heating import heat_pump_plan, hot_water_plan
from .inverter import inverter_plan
from .storage import battery_plan, stored_kw

__all__ = [
    "appliance_plan",
    "battery_plan",
    "charging_plan",
    "heat_pump_plan",
    "hot_water_plan",
    "inverter_plan",
    "stored_kw",
]
