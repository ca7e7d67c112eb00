"""The simulated home as a whole."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
import json
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.model import Battery, EvCharger, FlexibleLoad, HeatPump, Horizon, HotWater, Pv, Site
from custom_components.hems.core.simulation import Car, Physics, World, example_site, simulated_home

SPRING = datetime(2026, 4, 15, 22, 0, tzinfo=UTC)
"""Midnight in Berlin."""


def a_world(seed: int = 1, start: datetime = SPRING, site: Site | None = None, **physics: object) -> World:
    return World(site=site or example_site(), seed=seed, start=start, physics=Physics(**physics))  # type: ignore[arg-type]


def a_whim(rng: Random) -> float | None:
    return rng.choice((None, 0.0, rng.uniform(-20.0, 20.0)))


def test_balance_closes_in_every_step() -> None:
    world, rng = a_world(), Random(3)
    for _ in range(500):
        reading = world.step(60.0, {name: a_whim(rng) for name in world.devices})
        assets_kw = sum(measurement.power_kw for measurement in reading.assets.values())
        assert reading.grid_kw == pytest.approx(reading.load_kw + assets_kw, abs=1e-9)


def test_battery_keeps_its_energy_within_a_thousandth_over_a_day() -> None:
    world, rng = a_world(), Random(5)
    battery = next(asset for asset in world.site.assets if isinstance(asset, Battery))
    before = 0.5 * battery.capacity_kwh
    charged = discharged = command = 0.0
    for i in range(17280):
        command = rng.uniform(-6.0, 6.0) if i % 60 == 0 else command
        reading = world.step(5.0, {"battery": command})
        power = reading.assets["battery"].power_kw
        charged += max(0.0, power) * 5.0 / 3600.0
        discharged += max(0.0, -power) * 5.0 / 3600.0
    stored = charged * battery.charge_efficiency - discharged / battery.discharge_efficiency
    standby = 24.0 * world.physics.battery_standby_kw
    after = reading.assets["battery"].energy_kwh
    assert after is not None
    # The battery rests at its reserve for a part of the day, where nothing drains any more.
    assert -1e-9 <= before + stored - after <= standby + 1e-9
    lost = world.snapshot()["devices"]["battery"]["lost_kwh"]
    assert charged == pytest.approx(discharged + after - before + lost, rel=1e-3)


def test_building_keeps_its_energy_within_a_thousandth_over_a_day() -> None:
    world = a_world(start=datetime(2026, 1, 15, 23, tzinfo=UTC))
    pump = next(asset for asset in world.site.assets if isinstance(asset, HeatPump))
    indoor = before = pump.comfort.min_c + 1.0
    heat = lost = 0.0
    for _ in range(17280):
        reading = world.step(5.0)
        warmer = reading.assets["heat_pump"].temperature_c
        assert warmer is not None
        heat += (reading.assets["heat_pump"].power_kw * pump.cop_at(reading.outdoor_c) + pump.building.gains_kw) / 720.0
        lost += pump.building.heat_loss_kw_per_k * ((indoor + warmer) / 2.0 - reading.outdoor_c) / 720.0
        indoor = warmer
    stored = pump.building.heat_capacity_kwh_per_k * (indoor - before)
    assert heat == pytest.approx(lost + stored, rel=1e-3)


def test_tank_keeps_its_energy_within_a_thousandth_over_a_day() -> None:
    world = a_world()
    tank = next(asset for asset in world.site.assets if isinstance(asset, HotWater))
    hot = before = (tank.comfort.min_c + tank.comfort.max_c) / 2.0
    heat = lost = 0.0
    for _ in range(17280):
        reading = world.step(5.0)
        hotter = reading.assets["hot_water"].temperature_c
        assert hotter is not None
        heat += reading.assets["hot_water"].power_kw * tank.cop / 720.0
        lost += tank.heat_loss_kw_per_k * ((hot + hotter) / 2.0 - tank.ambient_c) / 720.0
        hot = hotter
    drawn = world.snapshot()["devices"]["hot_water"]["drawn_kwh"]
    assert drawn > 2.0
    assert heat == pytest.approx(drawn + lost + tank.heat_capacity_kwh_per_k * (hot - before), rel=1e-3)


def test_step_length_does_not_change_the_energy_of_a_day() -> None:
    totals = []
    for dt_s in (5, 60, 300):
        world = a_world()
        readings = [world.step(float(dt_s)) for _ in range(86400 // dt_s)]
        totals.append(
            [
                sum(value(reading) for reading in readings) * dt_s / 3600.0
                for value in (lambda r: r.load_kw, lambda r: r.assets["pv"].power_kw, lambda r: r.outdoor_c)
            ]
        )
    assert totals[1] == pytest.approx(totals[0], rel=1e-9)
    assert totals[2] == pytest.approx(totals[0], rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    start_h=st.integers(0, 8760),
    dt_s=st.sampled_from((1.0, 5.0, 60.0, 300.0)),
    whims=st.integers(0, 10_000),
)
def test_limits_are_never_exceeded_whatever_is_commanded(seed: int, start_h: int, dt_s: float, whims: int) -> None:
    world = a_world(seed, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=start_h))
    rng = Random(whims)
    for _ in range(60):
        reading = world.step(dt_s, {name: a_whim(rng) for name in world.devices})
        assert reading.grid_kw >= -world.site.max_export_kw - 1e-9
        for asset in world.site.assets:
            measured = reading.assets[asset.name]
            match asset:
                case Battery():
                    assert -asset.max_discharge_kw - 1e-9 <= measured.power_kw <= asset.max_charge_kw + 1e-9
                    assert asset.min_soc - 1e-9 <= measured.soc <= asset.max_soc + 1e-9
                case Pv():
                    assert -asset.peak_kw <= measured.power_kw <= 0.0
                case EvCharger():
                    assert 0.0 <= measured.power_kw <= asset.max_kw(3) + 1e-9
                    assert measured.connected or measured.power_kw == 0.0
                    assert measured.soc is None or 0.0 <= measured.soc <= 1.0 + 1e-9
                case HeatPump():
                    on_kw = pytest.approx(measured.power_kw) if measured.power_kw else 0.0
                    assert measured.power_kw == on_kw
                    assert (
                        measured.power_kw == 0.0 or asset.min_electric_kw <= measured.power_kw <= asset.max_electric_kw
                    )
                case HotWater():
                    assert 0.0 <= measured.power_kw <= asset.max_electric_kw
                    assert 10.0 - 1e-6 <= measured.temperature_c <= asset.comfort.max_c + 5.0 + 1e-6


def test_same_seed_lives_the_same_life() -> None:
    first, second, other = a_world(7), a_world(7), a_world(8)
    traces = [[asdict(world.step(5.0)) for _ in range(2000)] for world in (first, second, other)]
    assert traces[0] == traces[1]
    assert traces[0] != traces[2]


def test_names_of_the_assets_do_not_change_the_life() -> None:
    _, plain = simulated_home(seed=4, start=SPRING)
    _, renamed = simulated_home(seed=4, start=SPRING, names={"ev": "01J8CAR", "battery": "01J8BAT"})
    for _ in range(300):
        left, right = plain.step(60.0), renamed.step(60.0)
        assert left.grid_kw == right.grid_kw
        assert left.assets["ev"] == right.assets["01J8CAR"]


def test_heat_pump_changes_what_the_home_draws_in_the_same_tick() -> None:
    world = a_world(start=datetime(2026, 1, 15, 23, tzinfo=UTC))
    off = world.step(1.0, {"heat_pump": 0.0, "battery": 0.0})
    on = world.step(1.0, {"heat_pump": 2.5, "battery": 0.0})
    rest = [reading.grid_kw - reading.assets["heat_pump"].power_kw for reading in (off, on)]
    assert on.assets["heat_pump"].power_kw == 2.5
    assert on.grid_kw - off.grid_kw == pytest.approx(2.5 + rest[1] - rest[0])
    assert abs(rest[1] - rest[0]) < 0.1


def test_no_tick_is_missed_in_an_hour_of_seconds() -> None:
    world = a_world()
    times = [world.step(1.0).at for _ in range(3600)]
    assert times == [SPRING + timedelta(seconds=i + 1) for i in range(3600)]


@pytest.mark.parametrize("steps", [1, 777, 4000])
def test_snapshot_goes_on_exactly_where_it_was_taken(steps: int) -> None:
    world = a_world(11)
    for _ in range(steps):
        world.step(30.0, {"ev": 7.0})
    again = World.restore(json.loads(json.dumps(world.snapshot())), world.site)
    for _ in range(2000):
        assert again.step(30.0, {"dishwasher": 0.0}) == world.step(30.0, {"dishwasher": 0.0})


def test_asset_added_after_the_snapshot_starts_afresh() -> None:
    world = a_world()
    smaller = Site(
        name="home", time_zone="Europe/Berlin", max_import_kw=17.0, max_export_kw=10.0, assets=world.site.assets[:1]
    )
    young = World(site=smaller, seed=1, start=SPRING)
    grown = World.restore(young.snapshot(), world.site)
    assert grown.step(5.0).assets["battery"].soc == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"version": 0}, "version"),
        ({"devices": None}, "version"),
        ({"seed": "x"}, "seed"),
        ({"time_s": float("nan")}, "time_s"),
        ({"devices": {"battery": {"kind": "battery", "energy_kwh": None}}}, "energy_kwh"),
    ],
)
def test_damaged_snapshot_is_refused_by_name(damage: dict[str, object], message: str) -> None:
    world = a_world()
    with pytest.raises(ValueError, match=message):
        World.restore(world.snapshot() | damage, world.site)


@pytest.mark.parametrize(
    ("dt_s", "commands", "message"),
    [
        (0.0, {}, "dt_s"),
        (301.0, {}, "dt_s"),
        (5.0, {"toaster": 1.0}, "toaster"),
        (5.0, {"battery": float("nan")}, "battery"),
    ],
)
def test_impossible_step_is_refused_by_name(dt_s: float, commands: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        a_world().step(dt_s, commands)


def test_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        a_world(start=datetime(2026, 4, 15))  # noqa: DTZ001


def test_export_limit_is_kept_by_the_inverter_itself() -> None:
    site = Site(
        name="home",
        time_zone="Europe/Berlin",
        max_import_kw=17.0,
        max_export_kw=1.0,
        assets=(Pv(name="pv", peak_kw=8.0),),
    )
    world = a_world(start=datetime(2026, 6, 21, 9, tzinfo=UTC), site=site, clouds=False)
    reading = world.step(60.0)
    assert reading.grid_kw == pytest.approx(-1.0)
    assert reading.assets["pv"].available_kw > -reading.assets["pv"].power_kw > 1.0


def test_flexible_load_is_on_only_where_it_is_wanted() -> None:
    lights = FlexibleLoad(name="lights", power_kw=0.3, comfort_price_per_kwh=1.0)
    world = a_world(site=Site(name="h", time_zone="UTC", max_import_kw=9.0, max_export_kw=9.0, assets=(lights,)))
    on_h = sum(world.step(300.0, {"lights": 1.0}).assets["lights"].running for _ in range(288)) / 12.0
    assert 3.0 < on_h < 7.0
    assert world.step(300.0, {"lights": 0.0}).assets["lights"].power_kw == 0.0


@pytest.mark.parametrize("day", [datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)])
def test_day_of_a_clock_change_is_lived_through_without_a_gap(day: datetime) -> None:
    world = a_world(start=day)
    readings = [world.step(300.0) for _ in range(26 * 12)]
    assert all(reading.load_kw > 0.0 for reading in readings)


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"),
    [
        (-37.8, 145.0, "Australia/Melbourne"),
        (78.2, 15.6, "Arctic/Longyearbyen"),
        (21.3, -157.9, "Pacific/Honolulu"),
        (0.0, 179.9, "Pacific/Auckland"),
    ],
)
def test_home_may_stand_anywhere(latitude: float, longitude: float, zone: str) -> None:
    world = World(site=example_site(zone), seed=1, start=SPRING, latitude=latitude, longitude=longitude)
    for _ in range(288):
        world.step(300.0)
    horizon = Horizon.tiered(world.now)
    horizon.known("load", world.states(horizon).load_kw)


def test_car_wants_its_own_target() -> None:
    world = a_world(car=Car(capacity_kwh=40.0, target_soc=0.9, start_soc=0.2))
    reading = world.step(300.0)
    assert reading.assets["ev"].power_kw == pytest.approx(11.04)
    session = next(state for state in world.states(Horizon.tiered(world.now)).states if state.asset == "ev").sessions[0]
    assert session.target_kwh == 36.0


def test_living_faster_than_the_meters_are_read_loses_no_energy() -> None:
    fast, slow = a_world(9, SPRING + timedelta(hours=6)), a_world(9, SPRING + timedelta(hours=6))
    for _ in range(20):
        merged = fast.live(301.0, {"ev": 5.0}, step_s=20.0)
        single = [slow.step(301.0 / 16, {"ev": 5.0}) for _ in range(16)]
        assert merged.dt_s == pytest.approx(301.0)
        assert merged.at == single[-1].at
        assert merged.grid_kw == pytest.approx(sum(reading.grid_kw for reading in single) / 16)
        assert sum(merged.spikes.values()) <= merged.load_kw
        for name, measured in merged.assets.items():
            powers = [reading.assets[name].power_kw for reading in single]
            assert measured.power_kw == pytest.approx(sum(powers) / 16)
            assert measured.soc == single[-1].assets[name].soc
