"""A hot-water tank, its heater and the people who draw from it."""

from collections.abc import Mapping
from math import exp

from ..model import HotWater
from .days import Days
from .device import Measurement, Moment, State, flag, number, stepless

CUT_OFF_ABOVE_K = 5.0
"""Above the comfort band the safety thermostat cuts the heater off ..."""
CUT_OFF_C = 85.0
"""... and always at this temperature."""
COLD_C = 10.0
"""Mains water; what is as cold as this has no heat left to draw."""


class SimulatedHotWater:
    """C dT/dt = COP * electric - draw - heat_loss (T - ambient), solved exactly over each step.

    Left to itself a thermostat heats at full power from a little above the lower end of the band up
    to 6 K more.
    """

    def __init__(self, tank: HotWater, days: Days, *, index: int) -> None:
        """`index` tells several tanks' draws apart."""
        self._tank = tank
        self._days = days
        self.index = index
        self._heating = False
        self.tank_c = (tank.comfort.min_c + tank.comfort.max_c) / 2.0
        self.drawn_kwh = 0.0
        """Heat taken since it began."""

    def draw_kw(self, start_s: float, end_s: float) -> float:
        """Mean thermal power that is asked for between two instants."""
        heat = 0.0
        for day, from_s, until_s in self._days.between(start_s, end_s):
            draws = self._days.draws(self.index, day.date)
            heat += draws.integral(until_s) - draws.integral(from_s)
        return heat / (end_s - start_s)

    def step(self, command_kw: float | None, moment: Moment) -> Measurement:
        """See `Device`."""
        tank = self._tank
        self._turn_thermostat()
        wanted_kw = (tank.max_electric_kw if self._heating else 0.0) if command_kw is None else command_kw
        cut_off_c = min(tank.comfort.max_c + CUT_OFF_ABOVE_K, CUT_OFF_C)
        power_kw = stepless(wanted_kw, tank.least_electric_kw, tank.max_electric_kw)
        room_kw = max(0.0, cut_off_c - self.tank_c) * tank.heat_capacity_kwh_per_k / tank.cop / moment.dt_h
        power_kw = min(power_kw, room_kw)
        left_kw = max(0.0, self.tank_c - COLD_C) * tank.heat_capacity_kwh_per_k / moment.dt_h
        draw_kw = min(self.draw_kw(moment.start_s, moment.end_s), left_kw + power_kw * tank.cop)
        self.drawn_kwh += draw_kw * moment.dt_h
        self.tank_c = self._after(power_kw * tank.cop - draw_kw, moment.dt_h)
        return Measurement(power_kw=power_kw, temperature_c=self.tank_c, running=power_kw > 0.0)

    def _after(self, heat_kw: float, dt_h: float) -> float:
        tank = self._tank
        if tank.heat_loss_kw_per_k <= 0.0:
            return self.tank_c + heat_kw * dt_h / tank.heat_capacity_kwh_per_k
        settled_c = tank.ambient_c + heat_kw / tank.heat_loss_kw_per_k
        return settled_c + (self.tank_c - settled_c) * exp(
            -dt_h * tank.heat_loss_kw_per_k / tank.heat_capacity_kwh_per_k
        )

    def _turn_thermostat(self) -> None:
        band = self._tank.comfort
        margin_k = min(2.0, (band.max_c - band.min_c) / 5.0)
        if self.tank_c < band.min_c + margin_k:
            self._heating = True
        elif self.tank_c > min(band.min_c + margin_k + 6.0, band.max_c):
            self._heating = False

    def state(self) -> State:
        """See `Device`."""
        return {"tank_c": self.tank_c, "heating": self._heating, "drawn_kwh": self.drawn_kwh}

    def restore(self, state: Mapping[str, object]) -> None:
        """See `Device`."""
        self.tank_c = number(state, "tank_c")
        self._heating = flag(state, "heating")
        self.drawn_kwh = number(state, "drawn_kwh")
