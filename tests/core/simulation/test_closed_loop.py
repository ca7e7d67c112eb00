"""Controllers in charge of the simulated home."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.hems.core.model import (
    DEFAULT_TIERS,
    AssetPlan,
    CostSplit,
    Horizon,
    Optimal,
    Plan,
    PlanRequest,
    Series,
    Tariff,
    kind_of,
)
from custom_components.hems.core.simulation import World, example_site
from custom_components.hems.core.simulation.closed_loop import Planned, first_slot, run, stored_kwh
from custom_components.hems.core.simulation.rule_based import CheapHours, decide, self_consumption

MONDAY = datetime(2026, 4, 12, 22, tzinfo=UTC)
"""Midnight in Berlin."""


def a_world(seed: int = 1) -> World:
    return World(site=example_site(), seed=seed, start=MONDAY)


def a_tariff(night: float = 0.15, day: float = 0.40) -> Tariff:
    """Cheap from midnight to five."""
    hours = [night if hour % 24 < 5 else day for hour in range(24 * 12)]
    prices = Series.regular(MONDAY, timedelta(hours=1), hours)
    return Tariff(currency="EUR", import_price=prices, export_price=Series.constant(0.08, prices.start, prices.end))


def a_lazy_plan(request: PlanRequest) -> Plan:
    """Everything off, the battery at 1 kW."""
    n = request.horizon.steps
    power = {"battery": 1.0}
    return Plan(
        made_at=request.now,
        expires_at=request.now + timedelta(hours=1),
        horizon=request.horizon,
        outcome=Optimal(),
        assets=tuple(
            AssetPlan(
                asset=asset.name, kind=kind_of(asset), power_kw=(power.get(asset.name, 0.0),) * n, trajectories={}
            )
            for asset in request.site.assets
        ),
        load_kw=(0.5,) * n,
        unserved_kw=(0.0,) * n,
        import_kw=(1.5,) * n,
        export_kw=(0.0,) * n,
        import_price_per_kwh=(0.3,) * n,
        export_price_per_kwh=(0.08,) * n,
        currency="EUR",
        cost=CostSplit(),
    )


def test_bill_is_what_crossed_the_meter() -> None:
    score = run(a_world(), self_consumption, a_tariff(0.3, 0.3), 1, dt_s=300.0)
    assert score.bill == pytest.approx(0.3 * score.import_kwh - 0.08 * score.export_kwh)
    assert score.total == pytest.approx(score.bill + score.wear + score.comfort + score.end)
    assert score.overload_kwh == 0.0


def test_what_is_stored_at_the_end_is_credited() -> None:
    world = a_world()
    held = stored_kwh(world)
    score = run(world, lambda _world, _reading: {"battery": 5.0}, a_tariff(0.3, 0.3), 0.25, dt_s=300.0)
    assert stored_kwh(world) > held
    assert score.end == pytest.approx((held - stored_kwh(world)) * 0.3)


def test_discomfort_and_missing_energy_have_their_price() -> None:
    off = {"heat_pump": 0.0, "hot_water": 0.0, "ev": 0.0, "dishwasher": 0.0}
    score = run(a_world(), lambda _world, _reading: off, a_tariff(), 3, dt_s=300.0)
    assert score.comfort_kh > 10.0
    assert score.missing_kwh > 10.0
    assert score.missed_runs >= 1.0
    assert score.comfort > score.missing_kwh * 1.0 + score.missed_runs * 5.0


def test_cheap_hours_beat_plain_self_consumption_where_prices_vary() -> None:
    tariff = a_tariff()
    plain = run(a_world(), self_consumption, tariff, 5, dt_s=300.0)
    keen = run(a_world(), CheapHours(tariff_at=lambda _: tariff), tariff, 5, dt_s=300.0)
    assert keen.total < plain.total
    assert keen.missing_kwh == pytest.approx(0.0, abs=0.5)


def test_cheap_hours_leave_the_battery_alone_where_the_spread_does_not_pay() -> None:
    world = a_world()
    horizon = Horizon.even(world.now, timedelta(minutes=15), 96)
    assert decide(world.request(horizon, a_tariff(0.30, 0.305))).get("battery") in (None, 0.0)


def test_planner_is_asked_in_its_rhythm_and_its_plan_is_carried_out() -> None:
    asked: list[datetime] = []
    tariff = a_tariff()
    planned = Planned(
        planner=a_lazy_plan,
        dispatcher=first_slot,
        tariff_at=lambda _: tariff,
        replan_s=1800.0,
        on_plan=lambda request, _: asked.append(request.now),
    )
    world = a_world()
    score = run(world, planned, tariff, 0.25, dt_s=60.0)
    assert asked == [MONDAY + timedelta(minutes=30 * i) for i in range(12)]
    assert score.import_kwh > 5.0
    assert world.step(60.0).assets["battery"].soc == pytest.approx(0.5 + 6.0 * 0.95 / 10.0 - 0.006, abs=0.1)


def test_planner_sees_the_horizon_it_was_asked_for() -> None:
    requests: list[PlanRequest] = []
    tariff = a_tariff()
    planned = Planned(
        planner=a_lazy_plan,
        dispatcher=first_slot,
        tariff_at=lambda _: tariff,
        perfect=True,
        on_plan=lambda request, _: requests.append(request),
    )
    run(a_world(), planned, tariff, 0.02, dt_s=300.0)
    assert requests[0].horizon == Horizon.tiered(MONDAY, DEFAULT_TIERS)


def test_time_without_a_price_is_refused() -> None:
    with pytest.raises(ValueError, match="no price"):
        run(a_world(), self_consumption, a_tariff(), 13, dt_s=300.0)


def test_meters_of_the_moment_show_what_people_and_sun_do_next() -> None:
    world = a_world()
    world.live(11.0 * 3600.0, step_s=300.0)
    commands = {"battery": 1.0, "ev": 0.0, "heat_pump": 0.6, "hot_water": 0.0}
    reading = world.step(300.0, commands)
    shown = world.meters(reading)
    then = world.step(300.0, commands)
    assert then.load_kw != pytest.approx(reading.load_kw, abs=0.01)
    assert shown.at == reading.at
    assert shown.load_kw == pytest.approx(then.load_kw)
    assert shown.grid_kw == pytest.approx(then.grid_kw)
    assert shown.assets["pv"] == then.assets["pv"]
    assert shown.assets["battery"] == reading.assets["battery"]


def test_meters_of_the_moment_leave_a_limited_array_limited() -> None:
    world = a_world()
    world.live(12.0 * 3600.0, step_s=300.0)
    shown = world.meters(world.step(300.0, {"pv": 0.5}))
    assert shown.assets["pv"].power_kw == pytest.approx(-0.5)
