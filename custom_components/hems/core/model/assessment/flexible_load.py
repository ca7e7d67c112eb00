"""The judgement of a flexible load."""

from collections.abc import Sequence

from ..daily import daily_dues
from ..flexible_load import FlexibleLoad, FlexibleLoadState
from ..plan import AssetPlan, Violation
from ..terms import Terms
from .judgement import Judgement, broken_spans
from .overrides import overridden_steps

SHORT_H = 0.05
"""Less is not called missing."""


def judge_flexible_load(asset: FlexibleLoad, plan: AssetPlan, terms: Terms) -> Judgement:
    """Each kWh withheld costs comfort; to withhold it where its energy is dearer is what the household asked for."""
    worth = terms.request.weights.comfort * asset.comfort_price_per_kwh
    withheld_kw = [
        max(0.0, wanted - given) for wanted, given in zip(plan.trajectories["wanted_kw"], plan.power_kw, strict=True)
    ]
    withheld_kwh = sum(kw * h for kw, h in zip(withheld_kw, terms.steps_h, strict=True))
    short_cost, short = _short(asset, plan, terms)
    return Judgement(
        comfort=worth * withheld_kwh + short_cost,
        violations=short
        + broken_spans(
            f"{asset.name}.wanted",
            asset.name,
            _against_its_worth(asset, worth, withheld_kw, terms),
            "kW",
            "off although it is worth its energy: a limit or the charge for a peak leaves no room",
            terms.horizon,
        ),
    )


def _short(load: FlexibleLoad, plan: AssetPlan, terms: Terms) -> tuple[float, tuple[Violation, ...]]:
    """The hours of each day that are missing, at their price."""
    dues = daily_dues(load, terms.request.state_of(load, FlexibleLoadState), terms)
    missing = [(due, due.short_h(plan.power_kw)) for due in dues]
    return terms.request.weights.comfort * load.short_price_per_h * sum(hours for _, hours in missing), tuple(
        Violation(
            limit=f"{load.name}.min_on_h_per_day",
            asset=load.name,
            amount=round(hours, 4),
            unit="h",
            start=due.start,
            end=due.end,
            reason="not wanted for long enough"
            if due.short_h(plan.trajectories["wanted_kw"]) > SHORT_H
            else "a limit, or dearer energy than it is worth, leaves no room",
        )
        for due, hours in missing
        if hours > SHORT_H
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
