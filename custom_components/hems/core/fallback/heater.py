"""A thermostat."""

from collections.abc import Callable

from ..model import AssetPlan, HeatPump, HeatPumpState, HotWater, HotWaterState
from ..model.schedules import heat_pump_plan, hot_water_plan
from ..model.terms import Terms
from ..model.thermal import Zone
from ..model.zones import building_zone, tank_zone
from .rule import Rule


class HeaterRule:
    """A thermostat: just enough heat to end the step at the band's lower end."""

    def __init__(
        self, zone: Zone, min_kw: float, max_kw: float, plan_of: Callable[[tuple[float, ...]], AssetPlan]
    ) -> None:
        """`min_kw` is the least power when on."""
        self._zone, self._min_kw, self._max_kw, self._plan_of = zone, min_kw, max_kw, plan_of
        self._now_c = zone.start_c
        self._power_kw: list[float] = []

    def decide(self, index: int, room_kw: float, told_kw: float | None) -> float:
        """Off, or between its least and most power."""
        zone, step = self._zone, self._zone.steps[index]
        heat_kw = step.heat_for(self._now_c, zone.around_c[index], zone.min_c) - zone.other_kw[index]
        wanted_kw = heat_kw / zone.cop[index] if told_kw is None else told_kw
        power_kw = _off_or_between(wanted_kw, self._min_kw, min(self._max_kw, room_kw), always_on=told_kw is None)
        self._now_c = step.after(self._now_c, zone.around_c[index], zone.other_kw[index] + zone.cop[index] * power_kw)
        self._power_kw.append(power_kw)
        return power_kw

    def plan(self) -> AssetPlan:
        """With its temperatures."""
        return self._plan_of(tuple(self._power_kw))


def heat_pump_rule(heat_pump: HeatPump, state: HeatPumpState, terms: Terms, _free_kw: list[float]) -> Rule:
    """Of a building."""
    zone = building_zone(heat_pump, state, terms)
    return HeaterRule(
        zone,
        heat_pump.min_electric_kw,
        heat_pump.max_electric_kw,
        lambda power_kw: heat_pump_plan(heat_pump, zone, power_kw),
    )


def hot_water_rule(hot_water: HotWater, state: HotWaterState, terms: Terms, _free_kw: list[float]) -> Rule:
    """Of a tank."""
    zone = tank_zone(hot_water, state, terms)
    return HeaterRule(
        zone,
        hot_water.least_electric_kw,
        hot_water.max_electric_kw,
        lambda power_kw: hot_water_plan(hot_water, zone, power_kw),
    )


def _off_or_between(wanted_kw: float, min_kw: float, max_kw: float, *, always_on: bool) -> float:
    """The executable power for a wish: a thermostat rounds a small wish up, a user's word goes to the nearer."""
    if wanted_kw <= 0.0 or max_kw < min_kw or (not always_on and wanted_kw < min_kw / 2.0):
        return 0.0
    return min(max(wanted_kw, min_kw), max_kw)
