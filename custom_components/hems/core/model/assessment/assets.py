"""The judgement of each kind of asset."""

from collections.abc import Sequence
from functools import singledispatch

from ..appliance import Appliance, ApplianceState
from ..asset import Asset
from ..battery import Battery, BatteryState
from ..ev import EvCharger, EvChargerState
from ..flexible_load import FlexibleLoad
from ..heat_pump import HeatPump, HeatPumpState
from ..hot_water import HotWater, HotWaterState
from ..plan import AssetPlan, Violation
from ..pv import Pv
from ..runs import runs_of
from ..storage import StoredWorth
from ..terms import Terms
from ..thermal import Zone
from ..visits import Visit, visits_of
from ..zones import building_zone, tank_zone
from .judgement import NOTICED, REPORTED, Judgement, broken_spans
from .overrides import overridden_steps


@singledispatch
def assess(asset: Asset, plan: AssetPlan, terms: Terms) -> Judgement:  # noqa: ARG001  # the kinds below need them
    """Wear, comfort and end value of one asset's schedule, and the soft limits that it breaks."""
    raise TypeError(f"{asset.name}: nobody can judge a {type(asset).__name__}, planned as {plan.kind}")


@assess.register
def _(_asset: Pv, _plan: AssetPlan, _terms: Terms) -> Judgement:
    """The sun costs nothing, and what is held back costs what it would have earned."""
    return Judgement()


@assess.register
def _(asset: Battery, plan: AssetPlan, terms: Terms) -> Judgement:
    """Wear is paid for what leaves the cells; what is left at the end counts against what was there."""
    out_kwh = sum(max(0.0, -kw) * h for kw, h in zip(plan.power_kw, terms.steps_h, strict=True))
    worth = StoredWorth.of(asset, terms)
    start_kwh = min(terms.request.state_of(asset, BatteryState).energy_kwh, asset.capacity_kwh)
    end_kwh = plan.trajectories["energy_kwh"][-1]
    return Judgement(
        wear=asset.wear_per_kwh * out_kwh / asset.discharge_efficiency,
        end_value=worth.worth(start_kwh - asset.min_kwh) - worth.worth(end_kwh - asset.min_kwh),
    )


@assess.register
def _(asset: EvCharger, plan: AssetPlan, terms: Terms) -> Judgement:
    """Each kWh missing at departure has its price; a car that stays is worth something fuller."""
    comfort = end_value = 0.0
    violations: list[Violation] = []
    for visit in visits_of(asset, terms.request.state_of(asset, EvChargerState), terms.horizon):
        charged_kwh = asset.efficiency * sum(
            plan.power_kw[index] * terms.steps_h[index] for index in range(visit.first, visit.end)
        )
        energy_kwh = visit.session.energy_kwh + charged_kwh
        missing_kwh = max(0.0, visit.needed_kwh - energy_kwh)
        comfort += asset.late_price_per_kwh * missing_kwh
        end_value -= ev_end_price(asset, visit, terms) * max(
            0.0, min(energy_kwh, visit.session.target_kwh) - visit.session.energy_kwh
        )
        if missing_kwh > REPORTED["kWh"]:
            violations.append(_late(asset, visit, missing_kwh, terms))
    return Judgement(comfort=comfort, end_value=end_value, violations=tuple(violations))


def ev_end_price(asset: EvCharger, visit: Visit, terms: Terms) -> float:
    """What a kWh in a car that stays beyond the horizon saves later; a little less than charging later costs."""
    return 0.95 * max(0.0, terms.later_import_worth) / asset.efficiency if visit.stays else 0.0


def _late(asset: EvCharger, visit: Visit, missing_kwh: float, terms: Terms) -> Violation:
    if visit.reachable_kwh(asset, terms.horizon) < visit.needed_kwh - NOTICED:
        reason = "there is not enough time to charge it, even at full power"
    else:
        reason = "other limits or the price of energy outweigh the price of being late"
    return Violation(
        limit=f"{asset.name}.target",
        asset=asset.name,
        amount=round(missing_kwh, 4),
        unit="kWh",
        start=terms.horizon.edges[visit.first],
        end=max(visit.session.departure, terms.horizon.edges[visit.first]),
        reason=reason,
    )


@assess.register
def _(asset: HeatPump, plan: AssetPlan, terms: Terms) -> Judgement:
    zone = building_zone(asset, terms.request.state_of(asset, HeatPumpState), terms)
    return _comfort(asset, zone, plan.trajectories["indoor_c"], terms)


@assess.register
def _(asset: HotWater, plan: AssetPlan, terms: Terms) -> Judgement:
    zone = tank_zone(asset, terms.request.state_of(asset, HotWaterState), terms)
    return _comfort(asset, zone, plan.trajectories["tank_c"], terms)


def _comfort(asset: Asset, zone: Zone, temperatures: tuple[float, ...], terms: Terms) -> Judgement:
    """Kelvin-hours outside the band at the end of each step, at their price; heat left at the end at its worth."""
    cold_k = [max(0.0, zone.min_c - temperature) for temperature in temperatures[1:]]
    hot_k = [
        max(0.0, temperature - highest)
        for temperature, highest in zip(temperatures[1:], zone.highest_fine_c[1:], strict=True)
    ]
    kelvin_h = sum((cold + hot) * h for cold, hot, h in zip(cold_k, hot_k, terms.steps_h, strict=True))
    gained_k = min(temperatures[-1], zone.max_c) - min(zone.start_c, zone.max_c)
    return Judgement(
        comfort=zone.price_per_kh * kelvin_h,
        end_value=-zone.worth_per_k * gained_k,
        violations=(
            *broken_spans(f"{asset.name}.comfort_min", asset.name, cold_k, "K", "colder than wanted", terms.horizon),
            *broken_spans(
                f"{asset.name}.comfort_max", asset.name, hot_k, "K", "heated beyond what is wanted", terms.horizon
            ),
        ),
    )


@assess.register
def _(asset: Appliance, plan: AssetPlan, terms: Terms) -> Judgement:
    """A run without a place costs its skip price; one that may still come later costs its energy later."""
    comfort = end_value = 0.0
    violations: list[Violation] = []
    free = [index for index, count in enumerate(plan.trajectories["starts"]) if count > 0.5]
    for run in runs_of(asset, terms.request.state_of(asset, ApplianceState), terms.horizon):
        if run.is_under_way:
            continue
        start = next((index for index in free if run.may_start_in(index)), None)
        if start is not None:
            free.remove(start)
        elif run.may_wait:
            end_value += max(0.0, terms.later_import_worth) * asset.energy_kwh
        else:
            comfort += asset.skip_price
            violations.append(
                Violation(
                    limit=f"{asset.name}.run",
                    asset=asset.name,
                    amount=round(asset.energy_kwh, 4),
                    unit="kWh",
                    start=min(run.wish.earliest_start, run.wish.latest_end),
                    end=run.wish.latest_end,
                    reason="no place in its window" if run.starts else "its window is too short for the programme",
                )
            )
    return Judgement(comfort=comfort, end_value=end_value, violations=tuple(violations))


@assess.register
def _(asset: FlexibleLoad, plan: AssetPlan, terms: Terms) -> Judgement:
    """Each kWh withheld costs comfort; to withhold it where its energy is dearer is what the household asked for."""
    worth = terms.request.weights.comfort * asset.comfort_price_per_kwh
    withheld_kw = [
        max(0.0, wanted - given) for wanted, given in zip(plan.trajectories["wanted_kw"], plan.power_kw, strict=True)
    ]
    withheld_kwh = sum(kw * h for kw, h in zip(withheld_kw, terms.steps_h, strict=True))
    return Judgement(
        comfort=worth * withheld_kwh,
        violations=broken_spans(
            f"{asset.name}.wanted",
            asset.name,
            _against_its_worth(asset, worth, withheld_kw, terms),
            "kW",
            "off although it is worth its energy: a limit or the charge for a peak leaves no room",
            terms.horizon,
        ),
    )


def _against_its_worth(
    load: FlexibleLoad, worth: float, withheld_kw: Sequence[float], terms: Terms
) -> tuple[float, ...]:
    """What is withheld where neither the price of energy nor a person is the reason."""
    told = {
        step
        for override in terms.request.overrides
        if override.asset == load.name
        for step in overridden_steps(override, terms.horizon)
    }
    return tuple(
        0.0 if index in told or terms.import_worth[index] >= worth else kw for index, kw in enumerate(withheld_kw)
    )
