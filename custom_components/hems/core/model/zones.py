"""The thermal zones of a heat pump's building and of a tank."""

from .heat_pump import HeatPump, HeatPumpState
from .hot_water import HotWater, HotWaterState
from .terms import Terms
from .thermal import ThermalStep, Zone

KEPT = 0.9
"""Of the heat left at the horizon's end, this part is counted: the rest leaks before it is used."""


def building_zone(heat_pump: HeatPump, state: HeatPumpState, terms: Terms) -> Zone:
    """The building; its heat is worth something later only if it will be needed."""
    building, comfort = heat_pump.building, heat_pump.comfort
    needed_kw = building.heat_loss_kw_per_k * (comfort.min_c - terms.later_outdoor_c) - building.gains_kw
    price = max(0.0, terms.later_import_worth) / heat_pump.cop_at(terms.later_outdoor_c)
    return Zone(
        steps=tuple(
            ThermalStep.of(building.heat_loss_kw_per_k, building.heat_capacity_kwh_per_k, h) for h in terms.steps_h
        ),
        start_c=state.indoor_c,
        around_c=terms.outdoor_c,
        other_kw=(building.gains_kw,) * len(terms.steps_h),
        cop=tuple(heat_pump.cop_at(outdoor_c) for outdoor_c in terms.outdoor_c),
        min_c=comfort.min_c,
        max_c=comfort.max_c,
        price_per_kh=comfort.price_per_kh * terms.request.weights.comfort,
        worth_per_k=KEPT * price * building.heat_capacity_kwh_per_k if needed_kw > 0.0 else 0.0,
    )


def tank_zone(hot_water: HotWater, state: HotWaterState, terms: Terms) -> Zone:
    """The water in the tank."""
    price = max(0.0, terms.later_import_worth) / hot_water.cop
    draw_kw = terms.horizon.known(f"{hot_water.name}.draw_kw", state.draw_kw)
    return Zone(
        steps=tuple(
            ThermalStep.of(hot_water.heat_loss_kw_per_k, hot_water.heat_capacity_kwh_per_k, h) for h in terms.steps_h
        ),
        start_c=state.tank_c,
        around_c=(hot_water.ambient_c,) * len(terms.steps_h),
        other_kw=tuple(-kw for kw in draw_kw),
        cop=(hot_water.cop,) * len(terms.steps_h),
        min_c=hot_water.comfort.min_c,
        max_c=hot_water.comfort.max_c,
        price_per_kh=hot_water.comfort.price_per_kh * terms.request.weights.comfort,
        worth_per_k=KEPT * price * hot_water.heat_capacity_kwh_per_k,
    )
