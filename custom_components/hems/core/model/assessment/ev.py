"""The judgement of a charging point."""

from ..ev import EvCharger, EvChargerState
from ..plan import AssetPlan, Violation
from ..terms import Terms
from ..visits import Visit, visits_of
from .judgement import NOTICED, REPORTED, Judgement


def judge_charger(asset: EvCharger, plan: AssetPlan, terms: Terms) -> Judgement:
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
