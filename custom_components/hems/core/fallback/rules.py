"""One rule per kind of consumer: what it takes in a step, given the room that the connection leaves."""

from collections.abc import Callable
from typing import Any, Protocol

from ..model import (
    Appliance,
    ApplianceState,
    Asset,
    AssetPlan,
    AssetState,
    EvCharger,
    EvChargerState,
    FlexibleLoad,
    FlexibleLoadState,
    HeatPump,
    HeatPumpState,
    HotWater,
    HotWaterState,
    kind_of,
)
from ..model.assessment.overrides import overridden_steps
from ..model.runs import PlannedRun, Start, runs_of
from ..model.schedules import appliance_plan, charging_plan, heat_pump_plan, hot_water_plan
from ..model.terms import Terms
from ..model.thermal import Zone
from ..model.visits import Visit, visits_of
from ..model.zones import building_zone, tank_zone

DUST_KW = 1e-9
"""Rounding may not keep a device from the last watt of its room."""


class Planned(Protocol):
    """What has a schedule once the last step is decided."""

    def plan(self) -> AssetPlan:
        """The schedule, with what else develops."""


class Rule(Planned, Protocol):
    """A consumer that decides step by step."""

    def decide(self, index: int, room_kw: float, told_kw: float | None) -> float:
        """Its power in step `index`, at most `room_kw` where it has a choice; `told_kw` is the user's word."""


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


class ChargerRule:
    """Each car is charged evenly over the time it stays, at no less than the least current."""

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
        if told_kw is None:
            wanted_kw = max(0.0, visit.session.target_kwh - energy_kwh) / (eta * self._time_left_h(visit, left_h))
        else:
            wanted_kw = told_kw
        empty_kw = (visit.session.capacity_kwh - energy_kwh) / (eta * share * steps_h[index])
        most_kw = min(room_kw / share, empty_kw)
        modes = [mode for mode in visit.modes if mode.min_kw <= most_kw]
        options = [min(max(wanted_kw, mode.min_kw), mode.max_kw, most_kw) for mode in modes] if wanted_kw > 0.0 else []
        enough = [kw for kw in options if kw >= wanted_kw - DUST_KW]
        power_kw = share * (min(enough) if enough else max(options, default=0.0))
        self._energy_kwh[visit.first] += eta * power_kw * steps_h[index]
        return power_kw

    def _time_left_h(self, visit: Visit, left_h: float) -> float:
        """Until the car leaves, also where that is after the horizon."""
        return left_h + max(0.0, (visit.session.departure - self._horizon.end).total_seconds() / 3600.0)

    def plan(self) -> AssetPlan:
        """With the energy in the car."""
        return charging_plan(self._charger, self._visits, self._power_kw, self._horizon)


class ProgrammeRule:
    """Programmes that run go on; the others start at the first time at which the whole of them fits."""

    def __init__(self, appliance: Appliance, state: ApplianceState, terms: Terms, free_kw: list[float]) -> None:
        """`free_kw` is what the connection leaves in each step; the programmes taken here are deducted from it."""
        self._appliance, self._horizon = appliance, terms.horizon
        self._forbidden = _switched_off(appliance, terms)
        self._under_way: list[Start] = []
        self._taken: list[Start] = []
        for run in runs_of(appliance, state, terms.horizon):
            self._place(run, free_kw)

    def _place(self, run: PlannedRun, free_kw: list[float]) -> None:
        start = run.starts[0] if run.is_under_way else next((s for s in run.starts if self._fits(s, free_kw)), None)
        if start is not None:
            (self._under_way if run.is_under_way else self._taken).append(start)
            for index, kw in enumerate(start.power_kw):
                free_kw[index] -= kw

    def _fits(self, start: Start, free_kw: list[float]) -> bool:
        others = (*self._under_way, *self._taken)
        return (
            start.index not in self._forbidden
            and all(kw <= free + DUST_KW for kw, free in zip(start.power_kw, free_kw, strict=True) if kw > 0.0)
            and all(start.at >= other.until or start.until <= other.at for other in others)
        )

    def decide(self, index: int, room_kw: float, told_kw: float | None) -> float:  # noqa: ARG002  # decided before
        """What its programmes take."""
        return sum(start.power_kw[index] for start in (*self._under_way, *self._taken))

    def plan(self) -> AssetPlan:
        """With the starts."""
        return appliance_plan(self._appliance, self._under_way, self._taken, self._horizon)


class SwitchRule:
    """On when wanted, if there is room."""

    def __init__(self, load: FlexibleLoad, state: FlexibleLoadState, terms: Terms) -> None:
        self._load = load
        self._wanted_kw = [kw * load.power_kw for kw in terms.horizon.known(f"{load.name}.wanted", state.wanted)]
        self._power_kw: list[float] = []

    def decide(self, index: int, room_kw: float, told_kw: float | None) -> float:
        """All or nothing."""
        wanted_kw = self._wanted_kw[index]
        refused = told_kw is not None and told_kw < wanted_kw / 2.0
        power_kw = wanted_kw if wanted_kw <= room_kw + DUST_KW and not refused else 0.0
        self._power_kw.append(power_kw)
        return power_kw

    def plan(self) -> AssetPlan:
        """With what was wanted."""
        return AssetPlan(
            asset=self._load.name,
            kind=self._load.kind,
            power_kw=tuple(self._power_kw),
            trajectories={"wanted_kw": tuple(self._wanted_kw)},
        )


def _off_or_between(wanted_kw: float, min_kw: float, max_kw: float, *, always_on: bool) -> float:
    """The executable power for a wish: a thermostat rounds a small wish up, a user's word goes to the nearer."""
    if wanted_kw <= 0.0 or max_kw < min_kw or (not always_on and wanted_kw < min_kw / 2.0):
        return 0.0
    return min(max(wanted_kw, min_kw), max_kw)


def _switched_off(asset: Asset, terms: Terms) -> set[int]:
    """Steps in which the user has told an asset to stay off."""
    return {
        index
        for override in terms.request.overrides
        if override.asset == asset.name and override.power_kw <= 0.0
        for index in overridden_steps(override, terms.horizon)
    }


def _heat_pump(heat_pump: HeatPump, state: HeatPumpState, terms: Terms, _free_kw: list[float]) -> Rule:
    zone = building_zone(heat_pump, state, terms)
    return HeaterRule(
        zone,
        heat_pump.min_electric_kw,
        heat_pump.max_electric_kw,
        lambda power_kw: heat_pump_plan(heat_pump, zone, power_kw),
    )


def _hot_water(hot_water: HotWater, state: HotWaterState, terms: Terms, _free_kw: list[float]) -> Rule:
    zone = tank_zone(hot_water, state, terms)
    return HeaterRule(
        zone,
        hot_water.least_electric_kw,
        hot_water.max_electric_kw,
        lambda power_kw: hot_water_plan(hot_water, zone, power_kw),
    )


RULES: dict[str, Callable[[Any, Any, Terms, list[float]], Rule]] = {
    "appliance": ProgrammeRule,
    "heat_pump": _heat_pump,
    "hot_water": _hot_water,
    "ev_charger": lambda charger, state, terms, _free_kw: ChargerRule(charger, state, terms),
    "flexible_load": lambda load, state, terms, _free_kw: SwitchRule(load, state, terms),
}
"""In the order in which they are given room: what has begun and what keeps people warm comes first."""


def rules_of(terms: Terms, free_kw: list[float]) -> dict[str, Rule]:
    """A rule for every consumer of the home by name, the most important first."""
    order = list(RULES)
    consumers = [asset for asset in terms.request.site.assets if kind_of(asset) in RULES]
    return {
        asset.name: RULES[kind_of(asset)](asset, terms.request.state_of(asset, AssetState), terms, free_kw)
        for asset in sorted(consumers, key=lambda asset: order.index(kind_of(asset)))
    }
