"""The thermal zones of a heat pump's building and of a tank."""

from .duty import Duty
from .health import HealthStatus, InputHealth
from .heat_pump import Building, HeatPump, HeatPumpState
from .hot_water import HotWater, HotWaterState
from .legionella import disinfection_of
from .reserve import Tank, reserves_of
from .terms import Terms
from .thermal import KeptWarmth, MassRates, Temperatures, ThermalStep, Zone, fading_warmth

KEPT = 0.9
"""Of the heat left at the horizon's end, at most this part is counted: some leaks, and it may never be needed."""
OVER_CYCLE_K = 5.0
"""A tank may be this much hotter than its legionella cycle needs while one is due: a heater that is only on or off
cannot end a step where it is wanted."""


def building_zone(heat_pump: HeatPump, state: HeatPumpState, terms: Terms) -> Zone:
    """The building; its heat is worth something later only if it will be needed."""
    building, comfort = heat_pump.building, heat_pump.comfort
    needed_kw = building.heat_loss_kw_per_k * (comfort.min_c - terms.later_outdoor_c) - building.gains_kw
    price = max(0.0, terms.later_import_worth) / heat_pump.cop_at(terms.later_outdoor_c)
    worth_per_kwh = KEPT * price if needed_kw > 0.0 else 0.0
    min_c, max_c = comfort.over(terms.horizon, terms.request.site.time_zone)
    return Zone(
        steps=building_steps(building, terms.steps_h),
        start=Temperatures(state.indoor_c, state.indoor_c if state.mass_c is None else state.mass_c),
        around_c=terms.outdoor_c,
        other_kw=(building.gains_kw,) * len(terms.steps_h),
        cop=tuple(heat_pump.cop_at(outdoor_c) for outdoor_c in terms.outdoor_c),
        min_c=min_c,
        max_c=max_c,
        price_per_kh=comfort.price_per_kh * terms.request.weights.comfort,
        kept=fading_warmth(comfort.min_c, comfort.max_c, building.heat_loss_kw_per_k, needed_kw)
        if needed_kw > 0.0
        else (KeptWarmth(comfort.max_c, 1.0),),
        worth_per_k=worth_per_kwh * building.heat_capacity_kwh_per_k,
        mass_worth_per_k=0.0 if building.mass is None else worth_per_kwh * building.mass.heat_capacity_kwh_per_k,
    )


def building_steps(building: Building, steps_h: tuple[float, ...]) -> tuple[ThermalStep, ...]:
    """A horizon has few lengths of steps, and each is worked out once."""
    loss, capacity, mass = building.heat_loss_kw_per_k, building.heat_capacity_kwh_per_k, building.mass
    if mass is None:
        steps = {h: ThermalStep.of(loss, capacity, h) for h in set(steps_h)}
    else:
        rates = MassRates(
            loss_per_h=loss / capacity,
            coupling_per_h=mass.coupling_kw_per_k / capacity,
            back_per_h=mass.coupling_kw_per_k / mass.heat_capacity_kwh_per_k,
            heating_k_per_kwh=1.0 / capacity,
        )
        steps = {h: ThermalStep.with_mass(rates, h) for h in set(steps_h)}
    return tuple(steps[h] for h in steps_h)


def tank_zone(hot_water: HotWater, state: HotWaterState, terms: Terms) -> Zone:
    """The water in the tank; while a legionella cycle is due, what that needs is not too hot."""
    price = max(0.0, terms.later_import_worth) / hot_water.cop
    draw_kw = terms.horizon.known(f"{hot_water.name}.draw_kw", state.draw_kw)
    loss, capacity = hot_water.heat_loss_kw_per_k, hot_water.heat_capacity_kwh_per_k
    steps = {h: ThermalStep.of(loss, capacity, h) for h in set(terms.steps_h)}
    price_per_kh = hot_water.comfort.price_per_kh * terms.request.weights.comfort
    min_c, max_c = hot_water.comfort.over(terms.horizon, terms.request.site.time_zone)
    disinfection = disinfection_of(hot_water.legionella, state.last_disinfected, state.hot_since, terms.horizon)
    if disinfection is not None:
        max_c = tuple(max(most_c, disinfection.cycle.temperature_c + OVER_CYCLE_K) for most_c in max_c)
    tank = Tank(
        min_c=min_c,
        max_c=max_c,
        capacity_kwh_per_k=capacity,
        heating_kw=hot_water.cop * hot_water.max_electric_kw,
        price_per_kh=price_per_kh,
    )
    return Zone(
        steps=tuple(steps[h] for h in terms.steps_h),
        start=Temperatures(state.tank_c, state.tank_c),
        around_c=(hot_water.ambient_c,) * len(terms.steps_h),
        other_kw=tuple(-kw for kw in draw_kw),
        cop=(hot_water.cop,) * len(terms.steps_h),
        min_c=min_c,
        max_c=max_c,
        price_per_kh=price_per_kh,
        kept=(KeptWarmth(hot_water.comfort.max_c, 1.0),),
        worth_per_k=KEPT * price * capacity,
        disinfection=disinfection,
        reserves=reserves_of(state.draw_kw, terms.horizon, tank),
    )


def building_health(heat_pump: HeatPump, state: HeatPumpState) -> tuple[InputHealth, ...]:
    """What has to be assumed about the building."""
    if heat_pump.building.mass is None or state.mass_c is not None:
        return ()
    reason = f"not known; the building's mass is taken to be as warm as its rooms, {state.indoor_c:.1f} °C"
    return (InputHealth(source=f"{heat_pump.name}.mass_c", status=HealthStatus.DEGRADED, reason=reason),)


def heater_duty(heater: HeatPump | HotWater, state: HeatPumpState | HotWaterState) -> Duty:
    """How a heat pump or the heater of a tank may be switched."""
    return Duty(
        name=heater.name,
        least_kw=heater.least_electric_kw if isinstance(heater, HotWater) else heater.min_electric_kw,
        most_kw=heater.max_electric_kw,
        min_on_s=heater.min_on_s,
        min_off_s=heater.min_off_s,
        start_price=heater.start_price,
        on=state.on,
        since=state.since,
    )
