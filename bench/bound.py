"""What the best of all controllers could not beat: the whole time as one problem, with perfect foresight.

The relaxation makes it a lower bound, up to its quarter-hour steps: devices take any power between 0
and their most, a run may be spread over several starts, batteries have no standby losses. Only where
prices would reward importing and exporting at once, that is forbidden by binaries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from math import exp

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
from custom_components.hems.core.simulation.closed_loop import OUTDOOR_C, stored_kwh, worth_up_to

STEP_H = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one asset adds to the problem."""

    power_kw: cp.Expression
    constraints: tuple[cp.Constraint, ...]
    cost: cp.Expression | float = 0.0
    stored_kwh: cp.Expression | float = 0.0
    """At the end, as `stored_kwh` counts it."""


def lower_bound(world: World, tariff: Tariff, days: int) -> float:
    """Least possible total (see `closed_loop`) of the coming `days`."""
    horizon = Horizon.even(world.now, timedelta(hours=STEP_H), days * 96)
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
        constraints += [
            imported[tempting] <= world.site.max_import_kw * importing,
            exported[tempting] <= world.site.max_export_kw * (1 - importing),
        ]
    bill = STEP_H * (problem.import_price @ imported - problem.export_price @ exported)
    held = sum(part.stored_kwh for part in parts)
    end = (stored_kwh(world) - held) * float(problem.import_price.mean())
    question = cp.Problem(cp.Minimize(bill + sum(part.cost for part in parts) + end), constraints)
    question.solve(solver=cp.HIGHS, mip_rel_gap=1e-4, time_limit=120.0)  # type: ignore[no-untyped-call]
    return float(question.value)


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
        return Part(power_kw=-fed, constraints=(fed <= np.array(self._horizon.known("pv", state.available_kw)),))

    def _battery(self, asset: Asset) -> Part:
        assert isinstance(asset, Battery)  # noqa: S101 - told apart by the caller
        n = self._horizon.steps
        charge, discharge = cp.Variable(n, nonneg=True), cp.Variable(n, nonneg=True)
        energy = cp.Variable(n + 1)
        gained = charge * asset.charge_efficiency - discharge / asset.discharge_efficiency
        constraints = [
            energy[0] == self._devices[asset.name]["energy_kwh"],
            energy[1:] == energy[:-1] + STEP_H * gained,
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
        capacity_kwh = max((visit.capacity_kwh for visit in state.sessions), default=0.0)
        return Part(
            power_kw=power,
            constraints=(
                energy[0] == self._devices[asset.name]["energy_kwh"],
                energy[1:] == energy[:-1] + STEP_H * asset.efficiency * power - used,
                energy <= max(capacity_kwh, self._devices[asset.name]["energy_kwh"]),
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
        n = self._horizon.steps
        appliances = [other for other in self._world.site.assets if isinstance(other, Appliance)]
        days, index = self._world.days, appliances.index(asset)
        first_s, last_s = self._horizon.start.timestamp(), self._horizon.end.timestamp()
        day = days.date_at(first_s)
        power: cp.Expression = cp.Constant(np.zeros(n))
        constraints: list[cp.Constraint] = []
        cost: cp.Expression | float = 0.0
        while days.midnight_s(day) < last_s:
            wish = days.wish(index, day)
            day += timedelta(days=1)
            if wish is None or wish.earliest_s <= first_s or wish.latest_s > last_s:
                continue
            profiles = self._profiles(asset, wish.earliest_s - first_s, wish.latest_s - first_s)
            starts = cp.Variable(len(profiles), nonneg=True)
            power = power + np.array(profiles).T @ starts
            begun = starts @ np.ones(len(profiles))
            constraints.append(begun <= 1.0)
            cost = cost + asset.skip_price * (1.0 - begun)
        return Part(power_kw=power, constraints=tuple(constraints), cost=cost)

    def _profiles(self, asset: Appliance, earliest_s: float, latest_s: float) -> list[np.ndarray]:
        """Mean power per slot of a run for each start, five minutes apart, in its window."""
        profiles = []
        start_s = earliest_s
        slot_s = 3600.0 * STEP_H
        while start_s + asset.duration.total_seconds() <= latest_s:
            profile = np.zeros(self._horizon.steps)
            for step, power_kw in enumerate(asset.profile_kw):
                for second in range(0, asset.profile_step_s, 60):
                    slot = int((start_s + step * asset.profile_step_s + second) // slot_s)
                    profile[slot] += power_kw * 60.0 / slot_s
            profiles.append(profile)
            start_s += 300.0
        return profiles


def _outside(band: ComfortBand, temperature: cp.Variable) -> tuple[cp.Variable, tuple[cp.Constraint, ...]]:
    """Kelvin outside a band at the end of each step; the optimum makes them as small as they can be."""
    outside = cp.Variable(temperature.size - 1, nonneg=True)
    return outside, (temperature[1:] + outside >= band.min_c, temperature[1:] - outside <= band.max_c)
