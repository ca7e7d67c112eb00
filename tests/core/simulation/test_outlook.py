"""What a planner is told about the simulated home."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.hems.core.model import Horizon, Series
from custom_components.hems.core.simulation import World, example_site
from tests.builders import a_tariff

NOW = datetime(2026, 5, 4, 10, 7, 30, tzinfo=UTC)


def a_world(seed: int = 1, start: datetime = NOW) -> World:
    return World(site=example_site(), seed=seed, start=start)


def state(world: World, horizon: Horizon, asset: str, **options: bool) -> object:
    return next(state for state in world.states(horizon, **options).states if state.asset == asset)


def test_perfect_foresight_is_exact() -> None:
    world = a_world()
    horizon = Horizon.even(NOW, timedelta(minutes=15), 96)
    view = world.states(horizon, perfect=True)
    foreseen = {
        "load": horizon.known("load", view.load_kw),
        "pv": horizon.known("pv", state(world, horizon, "pv", perfect=True).available_kw),
        "outdoor": horizon.known("outdoor", view.outdoor_c),
    }
    for step in range(96):
        readings = [world.step(30.0) for _ in range(30)]
        lived = {
            "load": sum(reading.load_kw for reading in readings) / 30,
            "pv": sum(reading.assets["pv"].available_kw for reading in readings) / 30,
            "outdoor": sum(reading.outdoor_c for reading in readings) / 30,
        }
        for name, value in lived.items():
            assert foreseen[name][step] == pytest.approx(value, abs=1e-6), name


def test_looking_ahead_changes_nothing() -> None:
    curious, incurious = a_world(), a_world()
    for _ in range(100):
        curious.states(Horizon.tiered(curious.now))
        curious.states(Horizon.tiered(curious.now), perfect=True)
        assert curious.step(300.0) == incurious.step(300.0)


def test_request_of_the_example_home_is_complete() -> None:
    world = a_world()
    horizon = Horizon.tiered(world.now)
    times = (horizon.start, horizon.end)
    tariff = a_tariff().__class__(
        currency="EUR",
        import_price=Series(times=times, values=(0.3,)),
        export_price=Series(times=times, values=(0.08,)),
    )
    request = world.request(horizon, tariff)
    assert {state.asset for state in request.states} == {asset.name for asset in world.site.assets}


def test_quantiles_of_pv_enclose_its_median() -> None:
    world = a_world()
    series = state(world, Horizon.tiered(world.now), "pv").available_kw
    for low, middle, high in zip(series.quantile(0.1).values, series.values, series.quantile(0.9).values, strict=True):
        assert 0.0 <= low <= middle <= high <= 5.0


def test_a_shower_is_told_where_it_is_usual_and_not_at_night() -> None:
    world = a_world()
    draws = state(world, Horizon.tiered(world.now), "hot_water").draw_kw
    high = draws.quantile(0.95)
    assert high is not None
    zone = world.days.zone
    quarters = [(time.astimezone(zone).hour, kw * 0.25) for time, kw in zip(high.times, high.values, strict=False)]
    assert max(kwh for hour, kwh in quarters if hour == 7) > 0.8
    assert max(kwh for hour, kwh in quarters if 1 <= hour < 5) == 0.0


def test_forecast_is_wrong_but_not_biased() -> None:
    errors = {"load": [], "pv": []}
    for seed in range(25):
        world = a_world(seed, NOW - timedelta(hours=12, minutes=7, seconds=30))
        horizon = Horizon.even(world.now, timedelta(hours=1), 24)
        totals = []
        for perfect in (False, True):
            load = sum(horizon.known("load", world.states(horizon, perfect=perfect).load_kw))
            pv = sum(horizon.known("pv", state(world, horizon, "pv", perfect=perfect).available_kw))
            totals.append((load, pv))
        errors["load"].append(totals[0][0] - totals[1][0])
        errors["pv"].append(totals[0][1] - totals[1][1])
    for name, bias in (("load", 0.8), ("pv", 1.5)):
        mean = sum(errors[name]) / 25
        assert abs(mean) < bias, name
        assert max(map(abs, errors[name])) > 0.5, name


def test_sessions_tell_when_the_car_is_here() -> None:
    world = a_world(start=datetime(2026, 5, 3, 22, tzinfo=UTC))
    horizon = Horizon.tiered(world.now)
    sessions = state(world, horizon, "ev").sessions
    for _ in range(48 * 12):
        now = world.now
        reading = world.step(300.0)
        promised = any(session.arrival <= now < session.departure for session in sessions)
        assert reading.assets["ev"].connected == promised


def test_running_programme_is_told_as_started() -> None:
    world = a_world()
    world.step(60.0, {"dishwasher": 1.0})
    run = state(world, Horizon.tiered(world.now), "dishwasher").runs[0]
    assert run.started == run.earliest_start == NOW
    assert run.latest_end == NOW + timedelta(hours=2)


def test_waiting_run_is_told_until_it_is_late() -> None:
    world = a_world(start=datetime(2026, 5, 4, 22, tzinfo=UTC))
    loaded = next(
        wish for shift in range(1, 7) if (wish := world.days.wish(0, NOW.date() + timedelta(days=shift))) is not None
    )
    while world.now.timestamp() < loaded.earliest_s:
        world.step(300.0, {"dishwasher": 0.0})
    runs = state(world, Horizon.tiered(world.now), "dishwasher").runs
    assert runs[0].latest_end.timestamp() == loaded.latest_s
    assert runs[0].started is None
