"""A thermostat."""

from collections.abc import Callable

from ..model import AssetPlan, HeatPump, HeatPumpState, HotWater, HotWaterState
from ..model.duty import Duty
from ..model.schedules import heat_pump_plan, hot_water_plan
from ..model.terms import Terms
from ..model.thermal import Zone
from ..model.zones import building_zone, heater_duty, tank_zone
from .disinfection import DisinfectionRule
from .rule import DUST_KW, Rule


class HeaterRule:
    """A thermostat: just enough heat to end the step at the band's lower end, or as hot as a legionella cycle needs.

    Once switched it stays on or off for its least time, and it is only switched on where there is room for that long.
    """

    def __init__(
        self,
        duty: Duty,
        zone: Zone,
        terms: Terms,
        free_kw: list[float],
        plan_of: Callable[[tuple[float, ...]], AssetPlan],
    ) -> None:
        """`free_kw` is what the connection leaves in each step."""
        self._duty, self._zone, self._horizon, self._plan_of = duty, zone, terms.horizon, plan_of
        self._free_kw = free_kw
        self._now = zone.start
        self._on, self._held = duty.on, duty.held(terms.horizon)
        self._disinfection = DisinfectionRule(zone, duty.most_kw)
        self._power_kw: list[float] = []

    def decide(self, index: int, room_kw: float, told_kw: float | None) -> float:
        """Off, or between its least and most power."""
        zone, step = self._zone, self._zone.steps[index]
        wanted_c = max(zone.min_c[index + 1], self._disinfection.least_c(index))
        heat_kw = step.heat_for(self._now, zone.around_c[index], wanted_c) - zone.other_kw[index]
        wanted_kw = heat_kw / zone.cop[index] if told_kw is None else told_kw
        power_kw = self._possible_kw(index, wanted_kw, room_kw, always_on=told_kw is None)
        self._now = step.after(self._now, zone.around_c[index], zone.other_kw[index] + zone.cop[index] * power_kw)
        self._disinfection.reached(index + 1, self._now.zone_c)
        self._power_kw.append(power_kw)
        return power_kw

    def _possible_kw(self, index: int, wanted_kw: float, room_kw: float, *, always_on: bool) -> float:
        """The executable power for a wish: a thermostat rounds a small wish up, a user's word goes to the nearer."""
        duty = self._duty
        on = wanted_kw > 0.0 and (always_on or wanted_kw >= duty.least_kw / 2.0)
        if index < self._held and self._on is not None:
            on = self._on
        elif on and self._on is not True:
            on = self._has_room(index)
        # No device is worth more than a limit of the grid.
        on = on and min(duty.most_kw, room_kw) >= duty.least_kw - DUST_KW
        if on is not self._on:
            self._held = duty.free_from(self._horizon, index, on=on)
            self._on = on
        return min(max(wanted_kw, duty.least_kw), max(duty.least_kw, min(duty.most_kw, room_kw))) if on else 0.0

    def _has_room(self, index: int) -> bool:
        """For its least power, as long as it would have to stay on."""
        until = self._duty.free_from(self._horizon, index, on=True)
        return self._duty.min_on_s == 0 or min(self._free_kw[index:until]) >= self._duty.least_kw - DUST_KW

    def plan(self) -> AssetPlan:
        """With its temperatures."""
        return self._plan_of(tuple(self._power_kw))


def heat_pump_rule(heat_pump: HeatPump, state: HeatPumpState, terms: Terms, free_kw: list[float]) -> Rule:
    """Of a building."""
    zone = building_zone(heat_pump, state, terms)
    duty = heater_duty(heat_pump, state)
    return HeaterRule(duty, zone, terms, free_kw, lambda power_kw: heat_pump_plan(heat_pump, zone, power_kw))


def hot_water_rule(hot_water: HotWater, state: HotWaterState, terms: Terms, free_kw: list[float]) -> Rule:
    """Of a tank."""
    zone = tank_zone(hot_water, state, terms)
    duty = heater_duty(hot_water, state)
    return HeaterRule(duty, zone, terms, free_kw, lambda power_kw: hot_water_plan(hot_water, zone, power_kw))
