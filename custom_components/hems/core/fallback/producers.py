"""The sides of the home that answer the meter: the sun, and batteries that follow what is left."""

from ..model import AssetPlan, Battery, BatteryState, Pv, PvState
from ..model.schedules import battery_plan, stored_kw
from ..model.terms import Terms


class SunRule:
    """Everything the sun offers, held back only for the export limit (or the user)."""

    def __init__(self, pv: Pv, state: PvState, terms: Terms) -> None:
        self._pv = pv
        known_kw = terms.horizon.known(f"{pv.name}.available_kw", state.available_kw)
        self.available_kw = tuple(min(kw, pv.peak_kw) for kw in known_kw)
        self._used_kw = list(self.available_kw)

    def offer(self, index: int, told_kw: float | None) -> float:
        """What it feeds in step `index`."""
        if told_kw is not None and self._pv.curtailable:
            self._used_kw[index] = min(max(0.0, -told_kw), self.available_kw[index])
        return self._used_kw[index]

    def hold_back(self, index: int, excess_kw: float) -> float:
        """Curtail by up to `excess_kw`; what remains of it."""
        if not self._pv.curtailable:
            return excess_kw
        held_kw = min(excess_kw, self._used_kw[index])
        self._used_kw[index] -= held_kw
        return excess_kw - held_kw

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
    """Self-consumption: charges from surplus, discharges into deficit."""

    def __init__(self, battery: Battery, state: BatteryState, terms: Terms) -> None:
        self._battery, self._terms = battery, terms
        self._start_kwh = self._energy_kwh = min(state.energy_kwh, battery.capacity_kwh)
        self._floor_kwh = min(battery.min_kwh, self._start_kwh)
        self._power_kw: list[float] = []

    def follow(self, index: int, net_kw: float, told_kw: float | None, *, a_car_charges: bool) -> float:
        """Its power for what the rest of the home draws (negative: surplus)."""
        battery, h = self._battery, self._terms.steps_h[index]
        most_kw = max(0.0, battery.max_kwh - self._energy_kwh) / (battery.charge_efficiency * h)
        least_kw = -max(0.0, self._energy_kwh - self._floor_kwh) * battery.discharge_efficiency / h
        high_kw, low_kw = min(battery.max_charge_kw, most_kw), max(-battery.max_discharge_kw, least_kw)
        if a_car_charges and not battery.may_charge_ev:
            low_kw = 0.0
        if told_kw is not None:
            low_kw, high_kw = self._told_bounds(index, net_kw, low_kw, high_kw)
        power_kw = min(max(-net_kw if told_kw is None else told_kw, low_kw), high_kw) + 0.0
        self._energy_kwh += stored_kw(battery, power_kw) * h
        self._power_kw.append(power_kw)
        return power_kw

    def _told_bounds(self, index: int, net_kw: float, low_kw: float, high_kw: float) -> tuple[float, float]:
        """A user's word ends at the limits of the connection, and at what may be sold."""
        sellable_kw = self._terms.max_export_kw[index] if self._battery.may_export else 0.0
        room_kw = max(0.0, self._terms.max_import_kw[index] - net_kw)
        return max(low_kw, min(0.0, -sellable_kw - net_kw)), min(high_kw, room_kw)

    def plan(self) -> AssetPlan:
        """With its energy."""
        return battery_plan(self._battery, self._start_kwh, self._power_kw, self._terms.horizon)
