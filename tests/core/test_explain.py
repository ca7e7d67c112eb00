from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.hems.core.explain import Action, Why, next_action
from custom_components.hems.core.explain.stretches import stretches
from custom_components.hems.core.model import AssetPlan, CostSplit, Horizon, Optimal, Override, Plan, Violation
from tests.builders import START, a_battery, a_heat_pump, a_horizon, a_hot_water, hours


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
DEAR_AT_4 = (0.3, 0.3, 0.3, 0.3, 0.6, 0.3)
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


DIPPED, PEAKED, FLATTENED = [1, 1, 1, 0.4, 1, 1], [1, 1, 1, 3, 1, 1], [1] * 6
EVEN = [
    ("a peak is shaved", FLATTENED, -1.5, True, Why.EVEN_EXCHANGE),
    ("a dip is filled", FLATTENED, 1.5, True, Why.EVEN_EXCHANGE),
    ("nobody pays for it", FLATTENED, -1.5, False, Why.SAVING),
    ("it makes a dip", DIPPED, -0.6, True, Why.SAVING),
    ("it makes a peak", PEAKED, 2.0, True, Why.SAVING),
]


@pytest.mark.parametrize(
    ("grid_kw", "power_kw", "even", "reason"), [row[1:] for row in EVEN], ids=[row[0] for row in EVEN]
)
def test_evenness_is_the_reason_where_prices_are_none_and_the_exchange_changes_less(grid_kw, power_kw, even, reason):
    plan = replace(a_plan(grid_kw, battery=times(power_kw)), keeps_exchange=even)
    assert next_action(plan, START).reason is reason


def test_evenness_is_not_said_where_the_price_is_reason_enough():
    plan = replace(a_plan(FLATTENED, DEAR_AT_3, battery=times(-1.5)), keeps_exchange=True)
    assert next_action(plan, START).reason is Why.EXPENSIVE_ENERGY


FLAT, RISING, FALLING = (0.3,) * 6, (0.1, 0.1, 0.3, 0.3, 0.3, 0.3), (0.6, 0.6, 0.3, 0.3, 0.3, 0.3)
UPS_AND_DOWNS = (0.3, 0.3, 0.3, 0.3, 0.1, 0.3)
BATTERY = a_battery(capacity_kwh=10.0, min_soc=0.1, max_soc=0.9)
AT_FIRST = [3, 3, 0, 0, 0, 0]
WITH_A_PAUSE = [3, 3, 0, 0, 3, 0]
GIVING = [-1, -1, 0, 0, 0, 0]
GIVING_LATER = [-1, -1, 0, 0, -1, 0]

STOPS = [
    # description, prices, exchange, powers, trajectory of the first asset, reason
    ("battery is full", RISING, 4, {"battery": AT_FIRST}, (3, 6, 9, 9, 9, 9, 9), Why.FULL),
    ("energy gets dearer", RISING, 4, {"battery": AT_FIRST}, (1, 4, 7, 7, 7, 7, 7), Why.PRICE_RISES),
    ("battery charges no more", FLAT, 4, {"battery": AT_FIRST}, (1, 4, 7, 7, 7, 7, 7), None),
    ("battery is empty", FALLING, 0, {"battery": GIVING}, (3, 2, 1, 1, 1, 1, 1), Why.EMPTY),
    ("energy gets cheaper", FALLING, 0, {"battery": GIVING}, (9, 8, 7, 7, 7, 7, 7), Why.PRICE_FALLS),
    ("sun rises", FLAT, 0, {"battery": GIVING, "pv": [0, 0, -2, -2, -2, 0]}, (9, 8, 7, 7, 7, 7, 7), Why.COVERED),
    ("dearer hours come", DEAR_AT_4, 1, {"battery": GIVING_LATER}, (9, 8, 7, 7, 7, 6, 6), Why.DEARER_LATER),
    ("battery rests", FLAT, 1, {"battery": GIVING}, (9, 8, 7, 7, 7, 7, 7), None),
    ("car is charged", FLAT, 4, {"ev_charger": AT_FIRST}, None, Why.DONE),
    ("cheaper hours come", UPS_AND_DOWNS, 4, {"ev_charger": WITH_A_PAUSE}, None, Why.CHEAPER_LATER),
    ("nobody knows", FLAT, 4, {"ev_charger": WITH_A_PAUSE}, None, None),
    ("sun sets", FLAT, 0, {"ev_charger": WITH_A_PAUSE, "pv": [-4, -4, -1, 0, 0, 0]}, None, Why.SURPLUS_ENDS),
    ("house is warm", FLAT, 1, {"heat_pump": WITH_A_PAUSE}, (19, 20, 21, 21, 20, 21, 21), Why.WARM),
    ("house is cold", FLAT, 1, {"heat_pump": WITH_A_PAUSE}, (15, 16, 17, 17, 16, 17, 17), None),
    ("tank is hot", FLAT, 1, {"hot_water": WITH_A_PAUSE}, (40, 50, 60, 59, 58, 60, 59), Why.WARM),
    ("programme ends", FLAT, 1, {"appliance": [1, 0, 0, 0, 0, 0]}, None, Why.DONE),
    ("load is wanted no more", FLAT, 1, {"flexible_load": [1, 1, 0, 0, 0, 0]}, (1, 1, 0, 0, 0, 0), Why.DONE),
    ("load is not worth it", RISING, 1, {"flexible_load": [1, 1, 0, 0, 0, 0]}, (1,) * 6, Why.PRICE_RISES),
]
TRAJECTORY = {"heat_pump": "indoor_c", "hot_water": "tank_c", "flexible_load": "wanted_kw"}


@pytest.mark.parametrize(
    ("prices", "grid_kw", "powers", "course", "reason"), [row[1:] for row in STOPS], ids=[row[0] for row in STOPS]
)
def test_a_stop_has_a_reason_of_its_own_or_none(prices, grid_kw, powers, course, reason):
    plan = a_plan([grid_kw] * 6, prices, **powers)
    if course is not None:
        first = plan.assets[0]
        told = replace(first, trajectories={TRAJECTORY.get(first.kind, "energy_kwh"): tuple(map(float, course))})
        plan = replace(plan, assets=(told, *plan.assets[1:]))
    step = next_action(plan, START, assets=(BATTERY, a_heat_pump(), a_hot_water()))
    assert (step.action, step.power_kw, step.reason) == (Action.STOP, 0.0, reason)


def test_a_car_that_leaves_too_early_is_not_done():
    late = Violation(
        limit="ev_charger.target", asset="ev_charger", amount=5.0, unit="kWh", start=START, end=hours(2), reason="late"
    )
    plan = replace(a_plan([4] * 6, ev_charger=AT_FIRST), violations=(late,))
    assert next_action(plan, START).reason is None


def test_without_its_asset_nothing_is_said_of_how_full_a_battery_is():
    plan = a_plan([0] * 6, FALLING, battery=GIVING)
    assert next_action(plan, START).reason is Why.PRICE_FALLS


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


def test_what_an_inverter_loses_is_no_action():
    assert next_action(a_plan([1] * 6, inverter=times(3)), START) is None


@pytest.mark.parametrize(("rest_s", "last"), [(180, 2), (300, 0)], ids=["over at once", "a rest"])
def test_what_is_over_at_once_interrupts_nothing(rest_s, last):
    horizon = Horizon(start=START, steps_s=(1200, rest_s, 1800, 600, 600, 600))
    plan = replace(a_plan([4, 1, 4, 1, 1, 1], battery=[3, 0, 3, 0, 0, 0]), horizon=horizon)
    first, second, *_ = stretches(plan, plan.assets[0])
    assert (first.action, first.first, first.last) == (Action.CHARGE, 0, last)
    assert (second.action, second.first) == (Action.STOP, last + 1)
    assert first.mean_kw == pytest.approx(3.0 if last == 0 else 3.0 * 3000 / 3180)


def test_what_somebody_asked_for_says_so():
    plan = a_plan([1, 1, 1, 4, 1, 1], CHEAP_AT_3, battery=times(3))
    asked = Override(asset="battery", power_kw=3.0, until=START + timedelta(hours=5))
    assert next_action(plan, START, [asked]).reason is Why.OVERRIDE
    later = replace(asked, start=hours(4))
    assert next_action(plan, START, [later]).reason is Why.CHEAP_ENERGY
    assert next_action(plan, START, [later, replace(asked, start=hours(3), until=hours(4))]).reason is Why.OVERRIDE
