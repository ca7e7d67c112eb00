"""A building, perhaps with a slow mass, and the heat pump that keeps it warm."""

from collections.abc import Mapping
from dataclasses import replace

from ..model import HeatPump
from ..model.thermal import Temperatures
from ..model.zones import building_steps
from .device import Measurement, Moment, State, flag, number, stepless

OVERHEATED_K = 3.0
"""Above the comfort band the heat pump refuses to heat, whatever it is told."""


class SimulatedHeatPump:
    """The equations of `docs/model/heat_pump.md`, solved exactly over each step.

    Left to itself a thermostat switches it at full power just above the lower end of the comfort band.
    """

    def __init__(self, pump: HeatPump, *, heat_loss_factor: float, cop_factor: float) -> None:
        """The factors make the truth differ from what the plan believes."""
        self._pump = pump
        loss_kw_per_k = pump.building.heat_loss_kw_per_k * heat_loss_factor
        self._building = replace(pump.building, heat_loss_kw_per_k=loss_kw_per_k)
        self._cop_factor = cop_factor
        self._heating = False
        self.indoor_c = pump.comfort.min_c + min(1.0, (pump.comfort.max_c - pump.comfort.min_c) / 2.0)
        self.mass_c: float | None = None if pump.building.mass is None else self.indoor_c

    def step(self, command_kw: float | None, moment: Moment) -> Measurement:
        """See `Device`."""
        pump = self._pump
        self._turn_thermostat()
        wanted_kw = (pump.max_electric_kw if self._heating else 0.0) if command_kw is None else command_kw
        if self.indoor_c > pump.comfort.max_c + OVERHEATED_K:
            wanted_kw = 0.0
        power_kw = stepless(wanted_kw, pump.min_electric_kw, pump.max_electric_kw)
        heat_kw = power_kw * pump.cop_at(moment.outdoor_c) * self._cop_factor + pump.building.gains_kw
        (step,) = building_steps(self._building, (moment.dt_h,))
        now = Temperatures(self.indoor_c, self.indoor_c if self.mass_c is None else self.mass_c)
        after = step.after(now, moment.outdoor_c, heat_kw)
        self.indoor_c = after.zone_c
        self.mass_c = None if self.mass_c is None else after.mass_c
        return Measurement(power_kw=power_kw, temperature_c=self.indoor_c, running=power_kw > 0.0)

    def _turn_thermostat(self) -> None:
        band = self._pump.comfort
        swing_k = min(0.3, (band.max_c - band.min_c) / 4.0)
        if self.indoor_c < band.min_c + swing_k:
            self._heating = True
        elif self.indoor_c > band.min_c + 3.0 * swing_k:
            self._heating = False

    def state(self) -> State:
        """See `Device`."""
        state: State = {"indoor_c": self.indoor_c, "heating": self._heating}
        return state if self.mass_c is None else state | {"mass_c": self.mass_c}

    def restore(self, state: Mapping[str, object]) -> None:
        """See `Device`."""
        self.indoor_c = number(state, "indoor_c")
        if self.mass_c is not None:
            # A building that has been given a mass since then is as warm throughout as its rooms.
            self.mass_c = number(state, "mass_c") if "mass_c" in state else self.indoor_c
        self._heating = flag(state, "heating")
