"""The judgement of a charging point."""

from collections.abc import Sequence
from datetime import datetime

from ..due import Due
from ..ev import EvCharger, EvChargerState
from ..plan import AssetPlan, Violation
from ..terms import Terms
from ..visits import Visit, visits_of
from .judgement import NOTICED, REPORTED, Judgement, broken_spans


def judge_charger(asset: EvCharger, plan: AssetPlan, terms: Terms) -> Judgement:
    """Each kWh missing when it is due has its price; a car that stays is worth something fuller."""
    comfort = end_value = 0.0
    violations: list[Violation] = []
    for visit in visits_of(asset, terms.request.state_of(asset, EvChargerState), terms.horizon):
        energy_kwh = visit.energy_kwh(asset, plan.power_kw, terms.horizon)
        comfort += sum(due.price_per_kwh * due.missing_kwh(energy_kwh) for due in visit.dues)
        behind_kwh = _behind_kwh(visit, energy_kwh, terms)
        comfort += asset.at_once_price_per_kwh_h * sum(
            kwh * h for kwh, h in zip(behind_kwh, terms.steps_h, strict=True)
        )
        end_value += _drained(asset, visit, energy_kwh[-1], terms)
        violations += [
            *broken_spans(
                f"{asset.name}.at_once",
                asset.name,
                behind_kwh,
                "kWh",
                "another limit, or a word of the user, keeps the car from full power",
                terms.horizon,
            ),
            *_late(asset, visit, energy_kwh, terms),
        ]
    out_kwh = sum(max(0.0, -kw) * h for kw, h in zip(plan.power_kw, terms.steps_h, strict=True))
    return Judgement(
        wear=asset.wear_per_kwh * out_kwh / asset.discharge_efficiency,
        comfort=comfort,
        end_value=end_value,
        violations=tuple(violations),
    )


def ev_end_price(asset: EvCharger, visit: Visit, terms: Terms) -> float:
    """What a kWh in a car that stays beyond the horizon saves later; a little less than charging later costs."""
    return 0.95 * max(0.0, terms.later_import_worth) / asset.efficiency if visit.stays else 0.0


def ev_refill_price(asset: EvCharger, terms: Terms) -> float:
    """What it costs to charge a kWh again that was taken out of a car, at this place or another."""
    return max(0.0, terms.later_import_worth) / asset.efficiency


def _drained(asset: EvCharger, visit: Visit, end_kwh: float, terms: Terms) -> float:
    """Minus the worth of what a car that stays has gained, or what it costs to refill what a car has lost."""
    start_kwh = visit.session.energy_kwh
    gained_kwh = max(0.0, min(end_kwh, visit.session.target_kwh) - start_kwh)
    lost_kwh = max(0.0, start_kwh - end_kwh)
    return ev_refill_price(asset, terms) * lost_kwh - ev_end_price(asset, visit, terms) * gained_kwh


def _behind_kwh(visit: Visit, energy_kwh: Sequence[float], terms: Terms) -> list[float]:
    """By how much the car's minimum is behind what full power would have brought, per step of the horizon."""
    behind_kwh = [0.0] * terms.horizon.steps
    for offset, soonest_kwh in enumerate(visit.at_once_kwh):
        behind_kwh[visit.first + offset] = max(0.0, soonest_kwh - energy_kwh[offset + 1])
    return behind_kwh


def _late(asset: EvCharger, visit: Visit, energy_kwh: Sequence[float], terms: Terms) -> list[Violation]:
    """One violation for a target that is missed, wherever it is due: from the visit's beginning until it is met."""
    late = [due for due in visit.dues if due.missing_kwh(energy_kwh) > REPORTED["kWh"]]
    target_kwh = visit.session.target_kwh
    was_missing_kwh = target_kwh - visit.session.energy_kwh if visit.overdue else 0.0
    if not late and was_missing_kwh <= REPORTED["kWh"]:
        return []
    first = terms.horizon.edges[visit.first]
    return [
        Violation(
            limit=f"{asset.name}.target",
            asset=asset.name,
            amount=round(max(was_missing_kwh, *(due.missing_kwh(energy_kwh) for due in late), 0.0), 4),
            unit="kWh",
            start=first,
            end=max(first, _met_at(visit, energy_kwh, terms)),
            reason=_reason(visit, late),
        )
    ]


def _met_at(visit: Visit, energy_kwh: Sequence[float], terms: Terms) -> datetime:
    """The edge at which the target is reached, or the end of the visit."""
    for edge in range(visit.first, visit.end + 1):
        if energy_kwh[edge - visit.first] >= visit.session.target_kwh - REPORTED["kWh"]:
            return terms.horizon.edges[edge]
    return visit.session.departure


def _reason(visit: Visit, late: Sequence[Due]) -> str:
    if visit.overdue:
        return "it was due before; the car is charged as soon as its energy is not dearer than being late"
    if any(due.missing_kwh(visit.fastest_kwh) > NOTICED for due in late):
        return "there is not enough time to charge it, even at full power"
    return "other limits or the price of energy outweigh the price of being late"
