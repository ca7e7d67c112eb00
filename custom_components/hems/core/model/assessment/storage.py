"""The judgement of what stores and makes energy: batteries, PV arrays and the inverters before them."""

from collections.abc import Sequence
from itertools import pairwise

from ..battery import Battery, BatteryState
from ..inverter import HybridInverter
from ..plan import AssetPlan, Violation
from ..pv import Pv
from ..storage import StoredWorth, dues_of
from ..terms import Terms
from .judgement import REPORTED, Judgement, broken_spans


def judge_pv(_asset: Pv, _plan: AssetPlan, _terms: Terms) -> Judgement:
    """The sun costs nothing, and what is held back costs what it would have earned."""
    return Judgement()


def judge_inverter(_asset: HybridInverter, _plan: AssetPlan, _terms: Terms) -> Judgement:
    """Its loss is paid for as energy."""
    return Judgement()


def judge_battery(asset: Battery, plan: AssetPlan, terms: Terms) -> Judgement:
    """Wear is paid for what leaves the cells; what is left at the end counts against what was there."""
    out_kwh = sum(max(0.0, -kw) * h for kw, h in zip(plan.power_kw, terms.steps_h, strict=True))
    worth = StoredWorth.of(asset, terms)
    energy_kwh = plan.trajectories["energy_kwh"]
    start_kwh = min(terms.request.state_of(asset, BatteryState).energy_kwh, asset.capacity_kwh)
    empty_kwh, short_kwh = _below(asset.min_kwh, energy_kwh), _below(asset.reserve_kwh, energy_kwh)
    dues = dues_of(asset, terms.request.state_of(asset, BatteryState), terms)
    return Judgement(
        wear=asset.wear_per_kwh * out_kwh / asset.discharge_efficiency,
        comfort=asset.refill_price_per_kwh_h * _held(empty_kwh, terms)
        + (asset.reserve_price_per_kwh_h * _held(short_kwh, terms) if asset.reserve_soc is not None else 0.0)
        + sum(due.price_per_kwh * due.missing_kwh(energy_kwh) for due in dues),
        end_value=worth.worth(start_kwh - asset.min_kwh) - worth.worth(energy_kwh[-1] - asset.min_kwh),
        violations=(*_reserves_missed(asset, empty_kwh, short_kwh, terms), *_targets_missed(asset, energy_kwh, terms)),
    )


def _below(level_kwh: float, energy_kwh: Sequence[float]) -> list[float]:
    """What is missing to a level at each edge."""
    return [max(0.0, level_kwh - kwh) for kwh in energy_kwh]


def _held(missing_kwh: Sequence[float], terms: Terms) -> float:
    """KWh h, of what is missing at the end of each step."""
    return sum(kwh * h for kwh, h in zip(missing_kwh[1:], terms.steps_h, strict=True))


def _reserves_missed(
    asset: Battery, empty_kwh: Sequence[float], short_kwh: Sequence[float], terms: Terms
) -> tuple[Violation, ...]:
    """The hard reserve where it began below it, the soft one where the plan dips into it."""
    hard = broken_spans(
        f"{asset.name}.min_soc",
        asset.name,
        empty_kwh[:-1],
        "kWh",
        "it is below its reserve now, and refilled as fast as device and limits allow",
        terms.horizon,
    )
    if asset.reserve_soc is None:
        return hard
    worst_kwh = [max(before, after) for before, after in pairwise(short_kwh)]
    soft = broken_spans(
        f"{asset.name}.reserve",
        asset.name,
        worst_kwh,
        "kWh",
        "it is below already, or the energy is worth more than the price of this reserve",
        terms.horizon,
    )
    return (*hard, *soft)


def _targets_missed(asset: Battery, energy_kwh: Sequence[float], terms: Terms) -> list[Violation]:
    state = terms.request.state_of(asset, BatteryState)
    ahead = [target for target in state.targets if target.by > terms.horizon.start]
    missed = zip(ahead, dues_of(asset, state, terms), strict=True)
    return [
        Violation(
            limit=f"{asset.name}.target",
            asset=asset.name,
            amount=round(due.missing_kwh(energy_kwh), 4),
            unit="kWh",
            start=terms.horizon.start,
            end=target.by,
            reason="device or limits do not let it, or energy is dearer than the price of this target",
        )
        for target, due in missed
        if due.missing_kwh(energy_kwh) > REPORTED["kWh"]
    ]
