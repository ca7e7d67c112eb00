"""A controller in charge of a simulated home for some days, and what that costs.

Every controller is measured by the same money::

    total = bill + wear + comfort + end
    comfort  = K h outside the bands, kWh missing in leaving cars, missed runs, each at its own price
    end      = what the home holds less at the end than at the beginning, at the mean import price
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf

from ..model import (
    DEFAULT_TIERS,
    Appliance,
    Asset,
    Battery,
    ComfortBand,
    EvCharger,
    HeatPump,
    Horizon,
    HotWater,
    Plan,
    PlanRequest,
    Pv,
    Tariff,
)
from .device import Measurement
from .ev import SimulatedEvCharger
from .reading import Reading
from .world import Commands, World

type Controller = Callable[[World, Reading | None], Commands]
"""Asked before each step; the reading is that of the step before, None before the first."""
type Planner = Callable[[PlanRequest], Plan]
type Dispatcher = Callable[[Plan, PlanRequest, Reading | None], Commands]
type TariffAt = Callable[[Horizon], Tariff]
"""The prices as they are known, or assumed, at the beginning of a horizon."""

USUAL_K = 1.0
"""Above the lower end of the band a heated building is kept."""
OUTDOOR_C = 7.0
"""Heat left at the end is worth what the heat pump would take for it at this temperature."""


@dataclass(slots=True, kw_only=True)
class Score:
    """What a run has cost so far, in currency where no other unit is named."""

    import_kwh: float = 0.0
    export_kwh: float = 0.0
    bill: float = 0.0
    wear: float = 0.0
    comfort_kh: float = 0.0
    """K h outside the comfort bands."""
    missing_kwh: float = 0.0
    """In cars that left."""
    missed_runs: float = 0.0
    comfort: float = 0.0
    end: float = 0.0
    overload_kwh: float = 0.0
    """Imported above the fuse's rating; 0 as it should be."""
    plans: int = 0

    @property
    def total(self) -> float:
        """What controllers are compared by."""
        return self.bill + self.wear + self.comfort + self.end


@dataclass(slots=True, kw_only=True)
class Planned:
    """A controller that plans every `replan_s` and hands the plan to a dispatcher in between.

    The dispatcher sees the meters of the moment (`World.meters`), as one that is asked every few seconds does.
    """

    planner: Planner
    dispatcher: Dispatcher
    tariff_at: TariffAt
    replan_s: float = 900.0
    tiers: Sequence[tuple[int, int]] = DEFAULT_TIERS
    perfect: bool = False
    """Plans with perfect foresight of weather, people and cars."""
    on_plan: Callable[[PlanRequest, Plan], None] | None = None
    _plan: Plan | None = field(default=None, init=False)
    _request: PlanRequest | None = field(default=None, init=False)
    _due_s: float = field(default=0.0, init=False)

    def __call__(self, world: World, reading: Reading | None) -> Commands:
        """Plan if it is time, then dispatch."""
        now_s = world.now.timestamp()
        if self._plan is None or self._request is None or now_s >= self._due_s:
            horizon = Horizon.tiered(world.now, self.tiers)
            self._request = world.request(horizon, self.tariff_at(horizon), perfect=self.perfect)
            self._plan = self.planner(self._request)
            self._due_s = now_s + self.replan_s
            if self.on_plan is not None:
                self.on_plan(self._request, self._plan)
        return self.dispatcher(self._plan, self._request, None if reading is None else world.meters(reading))


def first_slot(plan: Plan, request: PlanRequest, reading: Reading | None) -> Commands:
    """The plainest dispatcher: what the plan says for now; batteries that only serve the home follow the load."""
    at = request.now if reading is None else reading.at
    index = plan.horizon.index_at(at)
    if index is None:
        return {}
    commands: dict[str, float | None] = {asset.asset: asset.power_kw[index] for asset in plan.assets}
    quiet = max(plan.import_kw[index], plan.export_kw[index]) < 0.05
    for asset in request.site.assets:
        planned_kw = commands.get(asset.name)
        if isinstance(asset, Pv) or (
            isinstance(asset, Battery) and quiet and planned_kw is not None and planned_kw != 0.0
        ):
            commands[asset.name] = None
    return commands


def run(world: World, controller: Controller, tariff: Tariff, days: float, *, dt_s: float = 60.0) -> Score:
    """Let a controller live in a home; `tariff` holds the prices that are billed and covers the whole time."""
    meter = _Meter(world, tariff)
    reading: Reading | None = None
    for _ in range(round(days * 86400.0 / dt_s)):
        reading = world.step(dt_s, controller(world, reading))
        meter.count(reading)
    return meter.finish(reading)


class _Meter:
    """Adds up the score of a run."""

    def __init__(self, world: World, tariff: Tariff) -> None:
        self._world = world
        self._tariff = tariff
        self._score = Score()
        self._held_kwh = stored_kwh(world)
        self._missed = _missed(world)
        self._price_h = 0.0
        self._hours = 0.0

    def count(self, reading: Reading) -> None:
        dt_h = reading.dt_s / 3600.0
        middle = reading.at - timedelta(seconds=reading.dt_s / 2.0)
        import_price, export_price = self._tariff.import_price.at(middle), self._tariff.export_price.at(middle)
        if import_price is None or export_price is None:
            raise ValueError(f"closed loop: no price at {middle.isoformat()}")
        score = self._score
        imported_kwh, exported_kwh = max(0.0, reading.grid_kw) * dt_h, max(0.0, -reading.grid_kw) * dt_h
        score.import_kwh += imported_kwh
        score.export_kwh += exported_kwh
        score.bill += imported_kwh * import_price - exported_kwh * export_price
        score.overload_kwh += reading.overload_kw * dt_h
        self._price_h += import_price * dt_h
        self._hours += dt_h
        for asset in self._world.site.assets:
            measured = reading.assets[asset.name]
            if isinstance(asset, Battery):
                score.wear += max(0.0, -measured.power_kw) / asset.discharge_efficiency * dt_h * asset.wear_per_kwh
            elif isinstance(asset, HeatPump | HotWater):
                outside_kh = _outside_k(asset.comfort, measured) * dt_h
                score.comfort_kh += outside_kh
                score.comfort += outside_kh * asset.comfort.price_per_kh

    def finish(self, reading: Reading | None) -> Score:
        score = self._score
        for asset in self._world.site.assets:
            missed = 0.0 if reading is None else reading.assets[asset.name].missed - self._missed[asset.name]
            if isinstance(asset, EvCharger):
                score.missing_kwh += missed
                score.comfort += missed * asset.late_price_per_kwh
            elif isinstance(asset, Appliance):
                score.missed_runs += missed
                score.comfort += missed * asset.skip_price
        mean_price = self._price_h / self._hours if self._hours else 0.0
        score.end = (self._held_kwh - stored_kwh(self._world)) * mean_price
        return score


def stored_kwh(world: World) -> float:
    """What the home holds, as the electricity that it replaces or took: batteries, cars, tanks, buildings.

    More than `worth_up_to` counts for nothing: no controller is to win by overheating on its last evening.
    """
    total = 0.0
    snapshot = world.snapshot()["devices"]
    for asset in world.site.assets:
        state = snapshot[asset.name]
        match asset:
            case Battery():
                total += state["energy_kwh"] * asset.discharge_efficiency
            case EvCharger():
                total += min(state["energy_kwh"], worth_up_to(world, asset)) / asset.efficiency
            case HeatPump():
                heat_k = min(state["indoor_c"], worth_up_to(world, asset))
                total += heat_k * asset.building.heat_capacity_kwh_per_k / asset.cop_at(OUTDOOR_C)
            case HotWater():
                total += min(state["tank_c"], worth_up_to(world, asset)) * asset.heat_capacity_kwh_per_k / asset.cop
            case _:
                pass
    return total


def worth_up_to(world: World, asset: Asset) -> float:
    """The driver's target in kWh, the usual indoor temperature, the middle of a tank's band in degC."""
    device = world.devices[asset.name]
    if isinstance(device, SimulatedEvCharger):
        return device.target_kwh
    if isinstance(asset, HeatPump):
        return asset.comfort.min_c + USUAL_K
    if isinstance(asset, HotWater):
        return (asset.comfort.min_c + asset.comfort.max_c) / 2.0
    return inf


def _missed(world: World) -> dict[str, float]:
    snapshot = world.snapshot()["devices"]
    return {
        name: float(
            state["missing_kwh"]
            if isinstance(world.devices[name], SimulatedEvCharger)
            else state.get("missed_runs", 0.0)
        )
        for name, state in snapshot.items()
    }


def _outside_k(band: ComfortBand, measured: Measurement) -> float:
    if measured.temperature_c is None:
        return 0.0
    return max(band.min_c - measured.temperature_c, measured.temperature_c - band.max_c, 0.0)
