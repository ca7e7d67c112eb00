"""A charging point without a solver."""

from ..model import AssetPlan, EvCharger, EvChargerState
from ..model.schedules import charging_plan
from ..model.terms import Terms
from ..model.visits import Visit, visits_of
from .rule import DUST_KW


class ChargerRule:
    """Each car is charged evenly until its target is due, at no less than the least current; it never discharges."""

    def __init__(self, charger: EvCharger, state: EvChargerState, terms: Terms) -> None:
        self._charger, self._horizon = charger, terms.horizon
        self._visits = visits_of(charger, state, terms.horizon)
        self._energy_kwh = {visit.first: visit.session.energy_kwh for visit in self._visits}
        self._power_kw: list[float] = []

    def decide(self, index: int, room_kw: float, told_kw: float | None) -> float:
        """The lowest power of any mode that is still in time."""
        visit = next((visit for visit in self._visits if visit.first <= index < visit.end), None)
        power_kw = 0.0 if visit is None else self._charge(visit, index, room_kw, told_kw)
        self._power_kw.append(power_kw)
        return power_kw

    def _charge(self, visit: Visit, index: int, room_kw: float, told_kw: float | None) -> float:
        eta, steps_h = self._charger.efficiency, self._horizon.steps_h
        energy_kwh, share = self._energy_kwh[visit.first], visit.shares[index - visit.first]
        left_h = sum(visit.shares[i - visit.first] * steps_h[i] for i in range(index, visit.end))
        wanted_kw = self._wanted_kw(visit, energy_kwh, index, left_h) if told_kw is None else told_kw
        empty_kw = (visit.session.capacity_kwh - energy_kwh) / (eta * share * steps_h[index])
        most_kw = min(room_kw / share, empty_kw)
        modes = [mode for mode in visit.modes if mode.min_kw <= most_kw]
        options = [min(max(wanted_kw, mode.min_kw), mode.max_kw, most_kw) for mode in modes] if wanted_kw > 0.0 else []
        enough = [kw for kw in options if kw >= wanted_kw - DUST_KW]
        power_kw = share * (min(enough) if enough else max(options, default=0.0))
        self._energy_kwh[visit.first] += eta * power_kw * steps_h[index]
        return power_kw

    def _wanted_kw(self, visit: Visit, energy_kwh: float, index: int, left_h: float) -> float:
        """Full power below the minimum and after the target was due; else what is in time."""
        session, here_h = visit.session, visit.shares[index - visit.first] * self._horizon.steps_h[index]
        due = session.departure if session.ready_by is None else min(session.ready_by, session.departure)
        now = max(session.arrival, self._horizon.edges[index])
        if due <= now:
            left_h = here_h
        elif due < session.departure:
            left_h = max(here_h, (due - now).total_seconds() / 3600.0)
        else:
            # Until the car leaves, also where that is after the horizon.
            left_h += max(0.0, (due - self._horizon.end).total_seconds() / 3600.0)
        in_time_kw = (session.target_kwh - energy_kwh) / (self._charger.efficiency * left_h)
        at_once_kw = (session.at_once_kwh - energy_kwh) / (self._charger.efficiency * here_h)
        return max(0.0, in_time_kw, at_once_kw)

    def plan(self) -> AssetPlan:
        """With the energy in the car."""
        return charging_plan(self._charger, self._visits, self._power_kw, self._horizon)
