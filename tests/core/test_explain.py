from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.hems.core.explain import Action, Why, next_action
from custom_components.hems.core.model import AssetPlan, CostSplit, Optimal, Override, Plan
from tests.builders import START, a_horizon, hours


def a_plan(grid_kw, import_price=(0.3,) * 6, export_price=(0.08,) * 6, curtailed_kw=None, **power_kw) -> Plan:
    """Six hours; assets by kind."""
    n = 6
    assets = []
    for kind, values in power_kw.items():
        trajectories = {"curtailed_kw": tuple(curtailed_kw)} if kind == "pv" and curtailed_kw else {}
        assets.append(AssetPlan(asset=kind, kind=kind, power_kw=tuple(values), trajectories=trajectories))
    return Plan(
        made_at=START,
        expires_at=hours(1),
        horizon=a_horizon(n),
        outcome=Optimal(),
        assets=tuple(assets),
        load_kw=(1.0,) * n,
        unserved_kw=(0.0,) * n,
        import_kw=tuple(max(0.0, kw) for kw in grid_kw),
        export_kw=tuple(max(0.0, -kw) for kw in grid_kw),
        import_price_per_kwh=tuple(import_price),
        export_price_per_kwh=tuple(export_price),
        currency="EUR",
        cost=CostSplit(),
    )


CHEAP_AT_3 = (0.3, 0.3, 0.3, 0.1, 0.3, 0.3)
DEAR_AT_3 = (0.3, 0.3, 0.3, 0.6, 0.3, 0.3)
NEGATIVE_AT_3 = (0.3, 0.3, 0.3, -0.1, 0.3, 0.3)
AT_3 = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def times(power_kw: float) -> list[float]:
    return [power_kw * there for there in AT_3]


@pytest.mark.parametrize(
    ("plan", "action", "reason"),
    [
        (a_plan([1, 1, 1, 4, 1, 1], CHEAP_AT_3, battery=times(3)), Action.CHARGE, Why.CHEAP_ENERGY),
        (a_plan([1, 1, 1, 4, 1, 1], NEGATIVE_AT_3, battery=times(3)), Action.CHARGE, Why.NEGATIVE_PRICE),
        (a_plan([1, 1, 1, 0, 1, 1], pv=times(-4), battery=times(3)), Action.CHARGE, Why.SOLAR_SURPLUS),
        (a_plan([1, 1, 1, 0, 1, 1], DEAR_AT_3, battery=times(-1)), Action.DISCHARGE, Why.EXPENSIVE_ENERGY),
        (a_plan([1, 1, 1, 0, 1, 1], battery=times(-1)), Action.DISCHARGE, Why.OWN_ENERGY),
        (a_plan([1, 1, 1, 4, 1, 1], ev_charger=times(3)), Action.CHARGE, Why.DEADLINE),
        (a_plan([1, 1, 1, 3, 1, 1], heat_pump=times(2)), Action.HEAT, Why.COMFORT),
        (a_plan([1, 1, 1, 3, 1, 1], appliance=times(2)), Action.RUN, Why.DEADLINE),
        (a_plan([1] * 6, NEGATIVE_AT_3, NEGATIVE_AT_3, AT_3, pv=[-1] * 6), Action.CURTAIL, Why.NEGATIVE_PRICE),
        (a_plan([-5] * 6, curtailed_kw=AT_3, pv=[-6] * 6), Action.CURTAIL, Why.LIMIT),
    ],
    ids=lambda value: value.value if isinstance(value, Action | Why) else "",
)
def test_the_next_change_comes_with_its_true_reason(plan, action, reason):
    step = next_action(plan, START)
    assert (step.action, step.reason, step.at) == (action, reason, hours(3))


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (a_plan([4, 4, 1, 1, 1, 1], (0.1, 0.1, 0.3, 0.3, 0.3, 0.3), battery=[3, 3, 0, 0, 0, 0]), Why.EXPENSIVE_ENERGY),
        (a_plan([4, 4, 1, 1, 1, 1], ev_charger=[3, 3, 0, 0, 0, 0]), Why.DONE),
        (a_plan([0, 0, 1, 1, 1, 1], (0.6, 0.6, 0.3, 0.3, 0.3, 0.3), battery=[-1, -1, 0, 0, 0, 0]), Why.CHEAP_ENERGY),
        (a_plan([4, 4, 1, 1, 4, 1], ev_charger=[3, 3, 0, 0, 3, 0]), Why.SAVING),
    ],
    ids=lambda value: value.value if isinstance(value, Why) else "",
)
def test_a_stop_has_its_reason_too(plan, reason):
    step = next_action(plan, START)
    assert (step.action, step.power_kw, step.reason) == (Action.STOP, 0.0, reason)


def test_what_is_past_is_not_next():
    plan = a_plan([1, 4, 1, 1, 4, 1], battery=[0, 3, 0, 0, 3, 0])
    assert next_action(plan, hours(2.5)).at == hours(4)


def test_the_greater_of_two_that_begin_together_is_named():
    step = next_action(a_plan([1, 1, 1, 5, 1, 1], CHEAP_AT_3, battery=times(3), heat_pump=times(1)), START)
    assert step.asset == "battery"


def test_a_beginning_counts_more_than_an_end_at_the_same_time():
    plan = a_plan([4, 2, 1, 1, 1, 1], battery=[3, 0, 0, 0, 0, 0], appliance=[0, 1, 0, 0, 0, 0])
    assert next_action(plan, START).asset == "appliance"


def test_a_plan_in_which_nothing_changes_has_no_next_action():
    assert next_action(a_plan([1] * 6, battery=[0] * 6, pv=[-1] * 6), START) is None


def test_what_somebody_asked_for_says_so():
    plan = a_plan([1, 1, 1, 4, 1, 1], CHEAP_AT_3, battery=times(3))
    asked = Override(asset="battery", power_kw=3.0, until=START + timedelta(hours=5))
    assert next_action(plan, START, [asked]).reason is Why.OVERRIDE
    later = replace(asked, start=hours(4))
    assert next_action(plan, START, [later]).reason is Why.CHEAP_ENERGY
    assert next_action(plan, START, [later, replace(asked, start=hours(3), until=hours(4))]).reason is Why.OVERRIDE
