"""A battery behind its inverter."""

from collections.abc import Mapping

from ..model import Battery
from .device import Measurement, Moment, State, number


class SimulatedBattery:
    """Charges and discharges inside its limits; standby losses drain the cells down to the reserve.

    de/dt = charge_efficiency * c - d / discharge_efficiency - standby
    """

    def __init__(self, battery: Battery, *, soc: float, standby_kw: float) -> None:
        """Starts at `soc`, moved inside its limits."""
        self._battery = battery
        self._standby_kw = standby_kw
        self.energy_kwh = min(max(soc * battery.capacity_kwh, battery.min_kwh), battery.max_kwh)
        self.lost_kwh = 0.0
        """Turned into heat since it began: conversion and standby."""

    def settle(self, command_kw: float | None, net_kw: float, max_export_kw: float, dt_h: float) -> float:
        """The power of this step, given what everything else takes: `net_kw` with PV, exporting at most that.

        Uncommanded it takes the surplus and covers the deficit.
        """
        battery = self._battery
        wanted_kw = -net_kw if command_kw is None else command_kw
        wanted_kw = max(wanted_kw, min(0.0, -max_export_kw - net_kw))
        room_kwh = battery.max_kwh - self.energy_kwh
        stock_kwh = self.energy_kwh - battery.min_kwh
        most_kw = min(battery.max_charge_kw, max(0.0, room_kwh) / battery.charge_efficiency / dt_h)
        least_kw = -min(battery.max_discharge_kw, max(0.0, stock_kwh) * battery.discharge_efficiency / dt_h)
        return min(max(wanted_kw, least_kw), most_kw)

    def step(self, command_kw: float | None, moment: Moment) -> Measurement:
        """Carry out a power that `settle` has found."""
        battery = self._battery
        power_kw = 0.0 if command_kw is None else command_kw
        before_kwh = self.energy_kwh
        if power_kw >= 0.0:
            energy_kwh = before_kwh + power_kw * battery.charge_efficiency * moment.dt_h
        else:
            energy_kwh = before_kwh + power_kw / battery.discharge_efficiency * moment.dt_h
        standby_kwh = min(self._standby_kw * moment.dt_h, max(0.0, energy_kwh - battery.min_kwh))
        self.energy_kwh = energy_kwh - standby_kwh
        self.lost_kwh += power_kw * moment.dt_h - (self.energy_kwh - before_kwh)
        return Measurement(power_kw=power_kw, energy_kwh=self.energy_kwh, soc=self.energy_kwh / battery.capacity_kwh)

    def state(self) -> State:
        """See `Device`."""
        return {"energy_kwh": self.energy_kwh, "lost_kwh": self.lost_kwh}

    def restore(self, state: Mapping[str, object]) -> None:
        """See `Device`."""
        self.energy_kwh = min(max(number(state, "energy_kwh"), 0.0), self._battery.capacity_kwh)
        self.lost_kwh = number(state, "lost_kwh")
