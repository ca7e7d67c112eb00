"""What homes do without a plan: the controllers that HEMS is measured against."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..model import (
    Appliance,
    ApplianceState,
    Battery,
    EvCharger,
    EvChargerState,
    HeatPump,
    HeatPumpState,
    Horizon,
    HotWater,
    HotWaterState,
    PlanRequest,
    Pv,
    PvState,
)
from .closed_loop import TariffAt
from .reading import Reading
from .world import Commands, World

CHEAP_SHARE = 0.25
"""The cheapest quarter of the coming day counts as cheap."""
PREHEAT_K = 1.5
"""How far a cheap hour may warm the building above the lower end of its band."""
SUNNY_KWH_PER_KWH = 0.8
"""A battery is not filled from the grid when the sun will give this much per kWh of its capacity."""


def self_consumption(_world: World, _reading: Reading | None) -> Commands:
    """Every device by its own rule.

    The battery takes the surplus and covers the deficit, the car charges at full power as soon as it is
    plugged in, thermostats heat when it is cold, and the dishwasher starts when it is loaded.
    """
    return {}


@dataclass(slots=True, kw_only=True)
class CheapHours:
    """The rule a keen owner would automate by hand: the same, with what can wait moved to cheap hours.

    Once a quarter of an hour it looks at the prices of the coming day. The car charges in the cheapest
    hours before it leaves; the battery is filled from the grid in cheap hours of dull days where the
    spread pays for losses and wear, and held then on others; building and tank are heated ahead; the
    dishwasher waits for the cheapest start.
    """

    tariff_at: TariffAt
    every_s: float = 900.0
    _commands: Commands = field(default_factory=dict, init=False)
    _due_s: float = field(default=0.0, init=False)

    def __call__(self, world: World, _reading: Reading | None) -> Commands:
        """Look again if it is time."""
        now_s = world.now.timestamp()
        if now_s >= self._due_s:
            horizon = Horizon.even(world.now, timedelta(minutes=15), 96)
            self._commands = decide(world.request(horizon, self.tariff_at(horizon)))
            self._due_s = now_s + self.every_s
        return self._commands


def decide(request: PlanRequest) -> Commands:
    """What the rule does in the first slot of a horizon."""
    prices = request.horizon.known("tariff.import_price", request.tariff.import_price)
    cheap = prices[0] <= sorted(prices)[int(CHEAP_SHARE * len(prices))]
    commands: dict[str, float | None] = {}
    for asset in request.site.assets:
        match asset:
            case EvCharger():
                state = request.state_of(asset, EvChargerState)
                commands[asset.name] = _charge_kw(asset, state, request, prices)
            case Battery() if cheap:
                commands[asset.name] = _fill_kw(asset, request, prices)
            case HeatPump() if cheap:
                warm = request.state_of(asset, HeatPumpState).indoor_c > asset.comfort.min_c + PREHEAT_K
                commands[asset.name] = None if warm else asset.max_electric_kw
            case HotWater() if cheap:
                hot = request.state_of(asset, HotWaterState).tank_c > asset.comfort.max_c - 2.0
                commands[asset.name] = None if hot else asset.max_electric_kw
            case Appliance():
                commands[asset.name] = _start_kw(asset, request.state_of(asset, ApplianceState), request, prices)
            case _:
                pass
    return commands


def _charge_kw(charger: EvCharger, state: EvChargerState, request: PlanRequest, prices: Sequence[float]) -> float:
    """Full power in the cheapest slots that suffice before the departure."""
    visit = next((visit for visit in state.sessions if visit.arrival <= request.now < visit.departure), None)
    if visit is None or visit.energy_kwh >= visit.target_kwh:
        return 0.0
    most_kw = charger.max_kw(max(charger.phases))
    slots_needed = int((visit.target_kwh - visit.energy_kwh) / charger.efficiency / most_kw * 4.0) + 1
    until = _slots_until(request, visit.departure)
    dear = sorted(prices[:until])[min(slots_needed, until) - 1] if until else prices[0]
    return most_kw if prices[0] <= dear else 0.0


def _fill_kw(battery: Battery, request: PlanRequest, prices: Sequence[float]) -> float | None:
    """Fill it where the spread pays and the sun will not; else keep what is in it for dearer hours."""
    sun_kwh = sum(
        power_kw * step_h
        for asset in request.site.assets
        if isinstance(asset, Pv)
        for power_kw, step_h in zip(
            request.horizon.known(asset.name, request.state_of(asset, PvState).available_kw),
            request.horizon.steps_h,
            strict=True,
        )
    )
    if sun_kwh > SUNNY_KWH_PER_KWH * battery.capacity_kwh:
        return None
    dear = sorted(prices)[int(0.75 * len(prices))]
    worth = dear * battery.charge_efficiency * battery.discharge_efficiency - battery.wear_per_kwh
    return battery.max_charge_kw if worth > prices[0] else 0.0


def _start_kw(
    appliance: Appliance, state: ApplianceState, request: PlanRequest, prices: Sequence[float]
) -> float | None:
    """Start when no later start in the window is cheaper; None leaves a running machine alone."""
    waiting = next((run for run in state.runs if run.started is None and run.earliest_start <= request.now), None)
    if waiting is None:
        return 0.0
    slots = max(1, round(appliance.duration.total_seconds() / 900.0))
    latest = _slots_until(request, waiting.latest_end) - slots
    costs = [_run_cost(appliance, prices[start : start + slots]) for start in range(max(1, latest))]
    return appliance.profile_kw[0] if costs[0] <= min(costs) + 1e-9 else 0.0


def _run_cost(appliance: Appliance, prices: Sequence[float]) -> float:
    """Of a run that begins in the first of these quarter-hours."""
    slots = (int(index * appliance.profile_step_s / 900.0) for index in range(len(appliance.profile_kw)))
    return sum(
        power * prices[slot] for power, slot in zip(appliance.profile_kw, slots, strict=True) if slot < len(prices)
    )


def _slots_until(request: PlanRequest, time: datetime) -> int:
    """How many whole quarter-hours of the horizon end before a time."""
    return max(0, min(request.horizon.steps, int((time - request.now).total_seconds() // 900)))
