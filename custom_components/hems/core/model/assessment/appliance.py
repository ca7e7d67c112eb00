"""The judgement of an appliance."""

from ..appliance import Appliance, ApplianceState
from ..plan import AssetPlan, Violation
from ..runs import runs_of
from ..terms import Terms
from .judgement import Judgement


def judge_appliance(asset: Appliance, plan: AssetPlan, terms: Terms) -> Judgement:
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
