"""The judgement of what is kept warm: a building and a tank."""

from ..asset import Asset
from ..duty import Duty
from ..health import InputHealth
from ..heat_pump import HeatPump, HeatPumpState
from ..hot_water import HotWater, HotWaterState
from ..legionella import Disinfection
from ..plan import AssetPlan, Violation
from ..terms import Terms
from ..thermal import Zone
from ..zones import building_health, building_zone, heater_duty, tank_zone
from .duty import judge_duty
from .judgement import Judgement, broken_spans

LATE_H = 0.05
"""A cycle that is no later than this many hours is in time."""


def judge_heat_pump(asset: HeatPump, plan: AssetPlan, terms: Terms) -> Judgement:
    """Kelvin-hours outside the band of the building, and how it is switched."""
    state = terms.request.state_of(asset, HeatPumpState)
    return _joined(
        asset,
        building_zone(asset, state, terms),
        heater_duty(asset, state),
        plan,
        terms,
        building_health(asset, state),
    )


def judge_hot_water(asset: HotWater, plan: AssetPlan, terms: Terms) -> Judgement:
    """Kelvin-hours outside the band of the tank, how its heater is switched, and its legionella cycle."""
    state = terms.request.state_of(asset, HotWaterState)
    return _joined(asset, tank_zone(asset, state, terms), heater_duty(asset, state), plan, terms)


def _joined(
    asset: Asset, zone: Zone, duty: Duty, plan: AssetPlan, terms: Terms, health: tuple[InputHealth, ...] = ()
) -> Judgement:
    switching, comfort = judge_duty(duty, plan.power_kw, terms), judge_warmth(asset, zone, plan.power_kw, terms)
    cycle = _cycle(asset, zone, plan.power_kw)
    return Judgement(
        wear=switching.wear,
        comfort=switching.comfort + comfort.comfort + cycle.comfort,
        end_value=comfort.end_value,
        violations=comfort.violations + switching.violations + cycle.violations,
        health=health,
    )


def judge_warmth(asset: Asset, zone: Zone, power_kw: tuple[float, ...], terms: Terms) -> Judgement:
    """Kelvin-hours outside the band at the end of each step, at their price; heat left at the end at its worth.

    Heat that a large draw may lack costs what that would, times its chance, but breaks no limit.
    """
    states = zone.states(power_kw)
    temperatures = [state.zone_c for state in states]
    cold_k = [
        max(0.0, least - temperature) for temperature, least in zip(temperatures[1:], zone.min_c[1:], strict=True)
    ]
    hot_k = [
        max(0.0, temperature - highest)
        for temperature, highest in zip(temperatures[1:], zone.highest_fine_c[1:], strict=True)
    ]
    kelvin_h = sum((cold + hot) * h for cold, hot, h in zip(cold_k, hot_k, terms.steps_h, strict=True))
    short = sum(reserve.cost(tuple(temperatures), terms.steps_h) for reserve in zone.reserves)
    return Judgement(
        comfort=zone.price_per_kh * kelvin_h + short,
        end_value=-zone.end_worth(states[-1]),
        violations=(
            *broken_spans(f"{asset.name}.comfort_min", asset.name, cold_k, "K", "colder than wanted", terms.horizon),
            *broken_spans(
                f"{asset.name}.comfort_max", asset.name, hot_k, "K", "heated beyond what is wanted", terms.horizon
            ),
        ),
    )


def _cycle(asset: Asset, zone: Zone, power_kw: tuple[float, ...]) -> Judgement:
    """Each day that the legionella cycle is late has its price."""
    disinfection = zone.disinfection
    if disinfection is None:
        return Judgement()
    window = disinfection.done_in(zone.run(power_kw))
    end = disinfection.horizon.end if window is None else disinfection.horizon.edges[window.last]
    late_h = max(0.0, (end - disinfection.due).total_seconds() / 3600.0)
    violations = (
        Violation(
            limit=f"{asset.name}.legionella",
            asset=asset.name,
            amount=round(late_h, 4),
            unit="h",
            start=min(disinfection.due, end),
            end=end,
            reason=_why_late(disinfection, is_done=window is not None),
        ),
    )
    return Judgement(
        comfort=disinfection.price(window), violations=violations if window is None or late_h > LATE_H else ()
    )


def _why_late(disinfection: Disinfection, *, is_done: bool) -> str:
    if not is_done:
        return "it finds no place in the plan: the heater or a limit does not let the tank become hot enough"
    if not disinfection.is_known:
        return "nobody knows when the tank was last hot enough, so it is due now"
    return "later than it is due"
