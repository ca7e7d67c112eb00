"""What the best of all controllers could not beat: the whole time as one problem, with perfect foresight.

The relaxation makes it a lower bound, up to its quarter-hour steps (steps of 5 minutes move it by less than
0.05 EUR a week): devices take any power between 0 and their most, a run may be spread over several starts, and
a battery's standby losses shrink as it empties. Only where prices would reward importing and exporting at once,
or burning energy in a battery, that is forbidden by binaries.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from math import exp
from typing import Any
from warnings import catch_warnings, simplefilter

import cvxpy as cp
import numpy as np
from scipy.sparse import diags_array

from custom_components.hems.core.model import (
    Appliance,
    Asset,
    Battery,
    ComfortBand,
    EvCharger,
    EvChargerState,
    HeatPump,
    Horizon,
    HotWater,
    HotWaterState,
    Pv,
    PvState,
    Tariff,
)
from custom_components.hems.core.simulation import World
from custom_components.hems.core.simulation.appliance import SimulatedAppliance
from custom_components.hems.core.simulation.closed_loop import OUTDOOR_C, worth_up_to

STEP_H = 0.25
SEARCH_S = 20.0
"""After this long the bound is what has been proved by then; it matters only in weeks with negative prices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one asset adds to the problem."""

    power_kw: cp.Expression
    constraints: tuple[cp.Constraint, ...]
    cost: cp.Expression | float = 0.0
    stored_kwh: cp.Expression | float = 0.0
    """At the end, as `stored_kwh` counts it."""
    most_given_kw: np.ndarray | float = 0.0
    """Per slot, the most that it can feed the bus with."""


def least_cost(world: World, tariff: Tariff, days: int, end_price: float) -> float:
    """Least possible bill, wear and comfort of the coming `days`, less what the home then holds.

    `end_price` is what a kWh counts that is held at the end (see `stored_kwh`). Runs whose window ends later are
    left out.
    """
    horizon = Horizon.even(world.now, timedelta(hours=STEP_H), days * round(24.0 / STEP_H))
    problem = _Problem(world, horizon, tariff)
    parts = [problem.part(asset) for asset in world.site.assets]
    n = horizon.steps
    imported, exported = cp.Variable(n, nonneg=True), cp.Variable(n, nonneg=True)
    load = np.array(horizon.known("load", world.states(horizon, perfect=True).load_kw))
    constraints = [
        imported - exported == load + sum(part.power_kw for part in parts),
        imported <= world.site.max_import_kw,
        exported <= world.site.max_export_kw,
        *(constraint for part in parts for constraint in part.constraints),
    ]
    tempting = np.flatnonzero(problem.export_price >= problem.import_price)
    if tempting.size:
        importing = cp.Variable(tempting.size, boolean=True)
        given = sum(part.most_given_kw for part in parts) * np.ones(n)
        most_exported = np.minimum(given, world.site.max_export_kw)
        constraints += [
            imported[tempting] <= world.site.max_import_kw * importing,
            exported[tempting] <= diags_array(most_exported[tempting]) @ (1 - importing),
        ]
    bill = STEP_H * (problem.import_price @ imported - problem.export_price @ exported)
    held = end_price * sum(part.stored_kwh for part in parts)
    question = cp.Problem(cp.Minimize(bill + sum(part.cost for part in parts) - held), constraints)
    with catch_warnings():
        simplefilter("ignore")  # A search that ran out of time is as good here as one that did not.
        question.solve(solver=cp.HIGHS, mip_rel_gap=5e-4, mip_abs_gap=0.02, time_limit=SEARCH_S)  # type: ignore[no-untyped-call]
    info: Any = question.solver_stats.extra_stats
    # Where the search has stopped at its gap, what it has proved is the bound, not what it has found.
    proved = info.mip_dual_bound - info.objective_function_value if question.is_mixed_integer() else 0.0
    return float(question.value) + min(0.0, proved)


class _Problem:
    """The parts of one home over one horizon."""

    def __init__(self, world: World, horizon: Horizon, tariff: Tariff) -> None:
        self._world = world
        self._horizon = horizon
        view = world.states(horizon, perfect=True)
        self._states = {state.asset: state for state in view.states}
        self._devices = world.snapshot()["devices"]
        self._outdoor_c = np.array(horizon.known("outdoor", view.outdoor_c))
        self.import_price = np.array(horizon.known("import", tariff.import_price))
        self.export_price = np.array(horizon.known("export", tariff.export_price))

    def part(self, asset: Asset) -> Part:
        builders: dict[type[Asset], Callable[[Asset], Part]] = {
            Pv: self._pv,
            Battery: self._battery,
            EvCharger: self._car,
            HeatPump: self._heat_pump,
            HotWater: self._hot_water,
            Appliance: self._appliance,
        }
        return builders[type(asset)](asset)

    def _pv(self, asset: Asset) -> Part:
        state = self._states[asset.name]
        assert isinstance(state, PvState)  # noqa: S101 - told apart by the caller
        fed = cp.Variable(self._horizon.steps, nonneg=True)
        offered = np.array(self._horizon.known("pv", state.available_kw))
        return Part(power_kw=-fed, constraints=(fed <= offered,), most_given_kw=offered)

    def _battery(self, asset: Asset) -> Part:
        assert isinstance(asset, Battery)  # noqa: S101 - told apart by the caller
        n = self._horizon.steps
        charge, discharge = cp.Variable(n, nonneg=True), cp.Variable(n, nonneg=True)
        energy = cp.Variable(n + 1)
        gained = charge * asset.charge_efficiency - discharge / asset.discharge_efficiency
        # In truth it is lost whole down to the reserve: this is the line below that step.
        lost = self._world.physics.battery_standby_kw / (asset.max_kwh - asset.min_kwh) * (energy[1:] - asset.min_kwh)
        constraints = [
            energy[0] == self._devices[asset.name]["energy_kwh"],
            energy[1:] == energy[:-1] + STEP_H * (gained - lost),
            energy >= asset.min_kwh,
            energy <= asset.max_kwh,
            charge <= asset.max_charge_kw,
            discharge <= asset.max_discharge_kw,
        ]
        negative = np.flatnonzero(self.import_price < 0.0)
        if negative.size:
            charging = cp.Variable(negative.size, boolean=True)
            constraints += [
                charge[negative] <= asset.max_charge_kw * charging,
                discharge[negative] <= asset.max_discharge_kw * (1 - charging),
            ]
        return Part(
            power_kw=charge - discharge,
            constraints=tuple(constraints),
            cost=STEP_H * asset.wear_per_kwh / asset.discharge_efficiency * (discharge @ np.ones(n)),
            stored_kwh=energy[n] * asset.discharge_efficiency,
            most_given_kw=asset.max_discharge_kw,
        )

    def _car(self, asset: Asset) -> Part:
        assert isinstance(asset, EvCharger)  # noqa: S101 - told apart by the caller
        state = self._states[asset.name]
        assert isinstance(state, EvChargerState)  # noqa: S101 - told apart by the caller
        n = self._horizon.steps
        here = np.zeros(n)
        used = np.zeros(n)
        energy = cp.Variable(n + 1, nonneg=True)
        missing = cp.Variable(len(state.sessions), nonneg=True)
        targets: list[cp.Constraint] = []
        for index, visit in enumerate(state.sessions):
            here += np.array(self._horizon.overlap(visit.arrival, visit.departure))
            leaves = self._horizon.index_at(visit.departure)
            if leaves is not None:
                targets.append(energy[leaves + 1] + missing[index] >= visit.target_kwh)
        for returned, energy_kwh in self._trip_kwh(asset).items():
            used[returned] = energy_kwh
        power, kept = cp.Variable(n, nonneg=True), cp.Variable()
        # The driver's target is where the car stops; no controller here goes beyond it, so the bound may not either.
        target_kwh = max((visit.target_kwh for visit in state.sessions), default=0.0)
        return Part(
            power_kw=power,
            constraints=(
                energy[0] == self._devices[asset.name]["energy_kwh"],
                energy[1:] == energy[:-1] + STEP_H * asset.efficiency * power - used,
                energy <= max(target_kwh, self._devices[asset.name]["energy_kwh"]),
                power <= asset.max_kw(max(asset.phases)) * here,
                *targets,
                kept <= energy[n],
                kept <= worth_up_to(self._world, asset),
            ),
            cost=asset.late_price_per_kwh * (missing @ np.ones(len(state.sessions))),
            stored_kwh=kept / asset.efficiency,
        )

    def _trip_kwh(self, asset: EvCharger) -> dict[int, float]:
        """What each trip takes, by the slot of its return."""
        chargers = [other for other in self._world.site.assets if isinstance(other, EvCharger)]
        index = chargers.index(asset)
        days = self._world.days
        day = days.date_at(self._horizon.start.timestamp())
        first_s, last_s = self._horizon.start.timestamp(), self._horizon.end.timestamp()
        trips: dict[int, float] = {}
        while days.midnight_s(day) < last_s:
            trip = days.trip(index, day)
            if trip is not None and first_s <= trip.return_s < last_s:
                trips[int((trip.return_s - first_s) // (3600.0 * STEP_H))] = trip.energy_kwh
            day += timedelta(days=1)
        return trips

    def _heat_pump(self, asset: Asset) -> Part:
        assert isinstance(asset, HeatPump)  # noqa: S101 - told apart by the caller
        n, building = self._horizon.steps, asset.building
        power, indoor, kept = cp.Variable(n, nonneg=True), cp.Variable(n + 1), cp.Variable()
        cop = np.array([asset.cop_at(outdoor_c) for outdoor_c in self._outdoor_c])
        fade = exp(-STEP_H * building.heat_loss_kw_per_k / building.heat_capacity_kwh_per_k)
        settled = self._outdoor_c + (diags_array(cop) @ power + building.gains_kw) / building.heat_loss_kw_per_k
        outside, limits = _outside(asset.comfort, indoor)
        return Part(
            power_kw=power,
            constraints=(
                indoor[0] == self._devices[asset.name]["indoor_c"],
                indoor[1:] == fade * indoor[:-1] + (1.0 - fade) * settled,
                power <= asset.max_electric_kw,
                *limits,
                kept <= indoor[n],
                kept <= worth_up_to(self._world, asset),
            ),
            cost=STEP_H * asset.comfort.price_per_kh * (outside @ np.ones(n)),
            stored_kwh=kept * building.heat_capacity_kwh_per_k / asset.cop_at(OUTDOOR_C),
        )

    def _hot_water(self, asset: Asset) -> Part:
        assert isinstance(asset, HotWater)  # noqa: S101 - told apart by the caller
        state = self._states[asset.name]
        assert isinstance(state, HotWaterState)  # noqa: S101 - told apart by the caller
        n, capacity = self._horizon.steps, asset.heat_capacity_kwh_per_k
        power, tank, kept = cp.Variable(n, nonneg=True), cp.Variable(n + 1), cp.Variable()
        drawn = np.array(self._horizon.known("draw", state.draw_kw))
        fade = exp(-STEP_H * asset.heat_loss_kw_per_k / capacity)
        settled = asset.ambient_c + (asset.cop * power - drawn) / asset.heat_loss_kw_per_k
        outside, limits = _outside(asset.comfort, tank)
        return Part(
            power_kw=power,
            constraints=(
                tank[0] == self._devices[asset.name]["tank_c"],
                tank[1:] == fade * tank[:-1] + (1.0 - fade) * settled,
                power <= asset.max_electric_kw,
                *limits,
                kept <= tank[n],
                kept <= worth_up_to(self._world, asset),
            ),
            cost=STEP_H * asset.comfort.price_per_kh * (outside @ np.ones(n)),
            stored_kwh=kept * capacity / asset.cop,
        )

    def _appliance(self, asset: Asset) -> Part:
        assert isinstance(asset, Appliance)  # noqa: S101 - told apart by the caller
        device = self._world.devices[asset.name]
        assert isinstance(device, SimulatedAppliance)  # noqa: S101 - the device of an appliance
        power: cp.Expression = cp.Constant(self._under_way(asset, device))
        constraints: list[cp.Constraint] = []
        cost: cp.Expression | float = 0.0
        for earliest_s, latest_s in self._windows(device):
            profiles = self._profiles(asset, earliest_s, latest_s)
            if not profiles:
                cost = cost + asset.skip_price
                continue
            starts = cp.Variable(len(profiles), nonneg=True)
            power = power + np.array(profiles).T @ starts
            begun = starts @ np.ones(len(profiles))
            constraints.append(begun <= 1.0)
            cost = cost + asset.skip_price * (1.0 - begun)
        return Part(power_kw=power, constraints=tuple(constraints), cost=cost)

    def _windows(self, device: SimulatedAppliance) -> Iterator[tuple[float, float]]:
        """Of each run that waits or will, in seconds after the start."""
        first_s, last_s = self._horizon.start.timestamp(), self._horizon.end.timestamp()
        waiting = device.waiting(first_s)
        if waiting is not None and device.started_s is None:
            yield 0.0, waiting.latest_s - first_s
        days = self._world.days
        day = days.date_at(first_s)
        while days.midnight_s(day) < last_s:
            wish = days.wish(device.index, day)
            day += timedelta(days=1)
            if wish is not None and first_s < wish.earliest_s and wish.latest_s <= last_s:
                yield wish.earliest_s - first_s, wish.latest_s - first_s

    def _under_way(self, asset: Appliance, device: SimulatedAppliance) -> np.ndarray:
        """Power per slot of the programme that runs at the start."""
        if device.started_s is None:
            return np.zeros(self._horizon.steps)
        return self._profile(asset, device.started_s - self._horizon.start.timestamp())

    def _profiles(self, asset: Appliance, earliest_s: float, latest_s: float) -> list[np.ndarray]:
        """Mean power per slot of a run for each start, five minutes apart, in its window."""
        last_s = latest_s - asset.duration.total_seconds()
        count = int((last_s - earliest_s) // 300.0) + 1
        return [self._profile(asset, earliest_s + 300.0 * number) for number in range(count)]

    def _profile(self, asset: Appliance, start_s: float) -> np.ndarray:
        """Mean power per slot of a run that begins then; what lies before the horizon is over."""
        profile = np.zeros(self._horizon.steps)
        slot_s = 3600.0 * STEP_H
        for step, power_kw in enumerate(asset.profile_kw):
            for second in range(0, asset.profile_step_s, 60):
                slot = int((start_s + step * asset.profile_step_s + second) // slot_s)
                if slot >= 0:
                    profile[slot] += power_kw * 60.0 / slot_s
        return profile


def _outside(band: ComfortBand, temperature: cp.Variable) -> tuple[cp.Variable, tuple[cp.Constraint, ...]]:
    """Kelvin outside a band at the end of each step; the optimum makes them as small as they can be."""
    outside = cp.Variable(temperature.size - 1, nonneg=True)
    return outside, (temperature[1:] + outside >= band.min_c, temperature[1:] - outside <= band.max_c)
