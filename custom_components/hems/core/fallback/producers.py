"""The sides of the home that answer the meter: the sun, and batteries that follow what is left."""

from ..model import AssetPlan, Battery, BatteryState, Pv, PvState
from ..model.dc_bus import clippable_kw, sun_kw
from ..model.schedules import battery_plan, stored_kw
from ..model.storage import dues_of
from ..model.terms import Terms
from .bus import Bus


class SunRule:
    """Everything the sun offers, held back only for the export limit, its inverter, or the user."""

    def __init__(self, pv: Pv, _state: PvState, terms: Terms) -> None:
        self._pv = pv
        self.available_kw = sun_kw(terms.request, pv)
        self._clippable_kw = clippable_kw(terms.request, pv)
        self._used_kw = list(self.available_kw)

    def offer(self, index: int, told_kw: float | None) -> float:
        """What it feeds in step `index`."""
        if told_kw is not None and self._pv.curtailable:
            self._used_kw[index] = min(max(0.0, -told_kw), self.available_kw[index])
        return self._used_kw[index]

    def hold_back(self, index: int, excess_kw: float, *, clipped: bool = False) -> float:
        """Feed up to `excess_kw` less; by how much. What an inverter clips nobody needs to be able to hold back."""
        most_kw = self._used_kw[index] if self._pv.curtailable else self._clippable_kw[index] if clipped else 0.0
        held_kw = min(excess_kw, most_kw, self._used_kw[index])
        self._used_kw[index] -= held_kw
        return held_kw

    def plan(self) -> AssetPlan:
        """With what was offered and held back."""
        return AssetPlan(
            asset=self._pv.name,
            kind=self._pv.kind,
            power_kw=tuple(0.0 - kw for kw in self._used_kw),
            trajectories={
                "available_kw": self.available_kw,
                "curtailed_kw": tuple(a - u for a, u in zip(self.available_kw, self._used_kw, strict=True)),
            },
        )


class BatteryRule:
    """Self-consumption above its reserves; from the grid only up to the hard reserve, and evenly to a target."""

    def __init__(self, battery: Battery, state: BatteryState, terms: Terms) -> None:
        self._battery, self._terms = battery, terms
        self._start_kwh = self._energy_kwh = min(state.energy_kwh, battery.capacity_kwh)
        self._dues = dues_of(battery, state, terms)
        self._power_kw: list[float] = []

    def follow(
        self, index: int, bus: Bus, net_kw: float, told_kw: float | None, phase_room_kw: float, *, a_car_charges: bool
    ) -> float:
        """Take its power in step `index` from its bus, where everything on other buses draws `net_kw`."""
        low_kw, high_kw = self._possible_kw(index, told=told_kw is not None)
        high_kw = min(high_kw, phase_room_kw)
        if a_car_charges and not self._battery.may_charge_ev:
            low_kw = 0.0
        least_kw, most_kw = bus.range_kw
        if told_kw is not None:
            # The sun that does not fit through the inverter is clipped rather than stored against the user's word.
            least_kw = min(0.0, least_kw)
        low_kw, high_kw = min(max(low_kw, least_kw), high_kw), max(low_kw, min(high_kw, most_kw))
        sellable_kw = self._terms.max_export_kw[index] if self._battery.may_export else 0.0
        room_kw = max(0.0, bus.to_reach(self._terms.max_import_kw[index] - net_kw))
        if told_kw is None:
            wanted_kw, needed_kw = bus.to_reach(-net_kw), self._needed_kw(index)
            if needed_kw > 0.0:
                wanted_kw = max(wanted_kw, min(needed_kw, room_kw))
        else:
            # A user's word ends at the limits of the connection, and at what may be sold.
            wanted_kw = min(max(told_kw, min(0.0, bus.to_reach(-sellable_kw - net_kw))), room_kw)
        power_kw = min(max(wanted_kw, low_kw), high_kw) + 0.0
        self._energy_kwh += stored_kw(self._battery, power_kw) * self._terms.steps_h[index]
        self._power_kw.append(power_kw)
        bus.add(power_kw)
        return power_kw

    def _possible_kw(self, index: int, *, told: bool) -> tuple[float, float]:
        """Least and most power of the device; the soft reserve is left alone unless the user says so."""
        battery, h, energy_kwh = self._battery, self._terms.steps_h[index], self._energy_kwh
        floor_kwh = battery.min_kwh if told else battery.reserve_kwh
        most_kw = max(0.0, battery.max_kwh - energy_kwh) / (battery.charge_efficiency * h)
        least_kw = max(0.0, energy_kwh - floor_kwh) * battery.discharge_efficiency / h
        return -min(battery.discharge_limit_kw(energy_kwh, h), least_kw), min(
            battery.charge_limit_kw(energy_kwh, h), most_kw
        )

    def _needed_kw(self, index: int) -> float:
        """What refills it to the hard reserve in this step, or evenly to a target that is ahead."""
        steps_h, eta = self._terms.steps_h, self._battery.charge_efficiency
        needed_kw = (self._battery.min_kwh - self._energy_kwh) / (eta * steps_h[index])
        for due in self._dues:
            if due.step >= index:
                left_h = sum(steps_h[index : due.step]) + due.part * steps_h[due.step]
                needed_kw = max(needed_kw, (due.needed_kwh - self._energy_kwh) / (eta * left_h))
        return needed_kw

    def plan(self) -> AssetPlan:
        """With its energy."""
        return battery_plan(self._battery, self._start_kwh, self._power_kw, self._terms.horizon)
