"""Single devices of the simulated home."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.hems.core.model import (
    Appliance,
    Battery,
    Building,
    ComfortBand,
    EvCharger,
    HeatPump,
    HotWater,
    ThermalMass,
)
from custom_components.hems.core.simulation import Physics, World, example_site
from tests.builders import a_site

WINTER = datetime(2026, 1, 14, 23, tzinfo=UTC)
"""Midnight in Berlin."""


def a_world(*assets: object, start: datetime = WINTER, seed: int = 1, **physics: object) -> World:
    site = a_site(*assets) if assets else example_site()  # type: ignore[arg-type]
    return World(site=site, seed=seed, start=start, physics=Physics(**physics))  # type: ignore[arg-type]


def test_battery_left_alone_takes_the_surplus_and_covers_the_deficit() -> None:
    world = a_world(start=datetime(2026, 6, 14, 22, tzinfo=UTC))
    idle = {"ev": 0.0, "heat_pump": 0.0, "hot_water": 0.0, "dishwasher": 0.0}
    for _ in range(1440):
        reading = world.step(60.0, idle)
        battery = reading.assets["battery"]
        free = 0.06 < battery.soc < 0.99 and abs(battery.power_kw) < 4.99
        assert not free or reading.grid_kw == pytest.approx(0.0, abs=1e-9)


def test_battery_loses_its_standby_power_and_nothing_else_when_idle() -> None:
    battery = Battery(name="battery", capacity_kwh=10.0, max_charge_kw=5.0, max_discharge_kw=5.0)
    world = a_world(battery, battery_standby_kw=0.02)
    for _ in range(288):
        reading = world.step(300.0, {"battery": 0.0})
    assert reading.assets["battery"].energy_kwh == pytest.approx(5.0 - 24.0 * 0.02)


@pytest.mark.parametrize(
    ("commanded_kw", "power_kw"),
    [
        (0.0, 0.0),
        (1.0, 0.0),
        (1.38, 1.38),
        (2.0, 2.0),
        (3.9, 3.68),
        (4.14, 4.14),
        (8.0, 8.0),
        (50.0, 11.04),
        (-3.0, 0.0),
    ],
)
def test_charger_gives_the_most_that_its_phases_can_of_what_is_wanted(commanded_kw: float, power_kw: float) -> None:
    world = a_world(EvCharger(name="ev", phases=(1, 3)))
    assert world.step(5.0, {"ev": commanded_kw}).assets["ev"].power_kw == pytest.approx(power_kw)


def test_car_leaves_comes_back_emptier_and_is_charged_again() -> None:
    world = a_world()
    socs = [world.step(300.0).assets["ev"].soc for _ in range(7 * 288)]
    returns = [i for i in range(1, len(socs)) if socs[i - 1] is None and socs[i] is not None]
    leaves = [i for i in range(1, len(socs)) if socs[i] is None and socs[i - 1] is not None]
    assert 3 <= len(returns) <= 7
    assert all(socs[i - 1] == pytest.approx(0.8) for i in leaves)
    assert all(socs[i] < 0.75 for i in returns)
    assert world.step(5.0).assets["ev"].missed == 0.0


def test_car_that_was_not_charged_leaves_with_a_named_shortfall() -> None:
    world = a_world()
    for _ in range(288):
        reading = world.step(300.0, {"ev": 0.0})
    assert reading.assets["ev"].missed == pytest.approx((0.8 - 0.55) * 60.0)


def test_dishwasher_runs_through_once_started() -> None:
    washer = Appliance(name="washer", profile_kw=(0.2, 2.0, 0.1), profile_step_s=900)
    world = a_world(washer)
    world.step(60.0, {"washer": 1.0})
    powers = [world.step(60.0, {"washer": 0.0}).assets["washer"].power_kw for _ in range(60)]
    assert powers[:14] == [0.2] * 14
    assert powers[14:29] == [2.0] * 15
    assert powers[29:44] == [0.1] * 15
    assert powers[44:] == [0.0] * 16


def test_command_that_outlasts_the_programme_does_not_start_it_again() -> None:
    washer = Appliance(name="washer", profile_kw=(1.0,), profile_step_s=600)
    world = a_world(washer)
    running = [world.step(60.0, {"washer": 1.0}).assets["washer"].running for _ in range(30)]
    assert sum(running) == 10
    world.step(60.0, {"washer": 0.0})
    assert world.step(60.0, {"washer": 1.0}).assets["washer"].running


def test_dishwasher_left_alone_starts_when_it_is_loaded() -> None:
    world = a_world()
    starts = []
    before = False
    for _ in range(7 * 288):
        reading = world.step(300.0)
        running = bool(reading.assets["dishwasher"].running)
        if running and not before:
            starts.append(reading.at)
        before = running
    assert 3 <= len(starts) <= 7
    assert all(18 <= start.hour <= 20 for start in starts)


def test_dishwasher_that_is_held_back_all_night_is_a_missed_run() -> None:
    world = a_world()
    for _ in range(4 * 288):
        reading = world.step(300.0, {"dishwasher": 0.0})
    assert reading.assets["dishwasher"].missed >= 2.0


def test_run_that_somebody_asks_for_is_known_and_carried_out() -> None:
    world = a_world(Appliance(name="washer", profile_kw=(1.0,)))
    world.ask_run("washer", WINTER + timedelta(hours=1), WINTER + timedelta(hours=3))
    powers = [world.step(300.0).assets["washer"].power_kw for _ in range(24)]
    assert powers[:12] == [0.0] * 12
    assert powers[12:15] == [1.0] * 3
    with pytest.raises(ValueError, match="heater"):
        world.ask_run("heater", WINTER, WINTER + timedelta(hours=1))


def test_thermostat_keeps_the_building_in_its_band_in_winter() -> None:
    world = a_world()
    indoor = [world.step(60.0).assets["heat_pump"].temperature_c for _ in range(3 * 1440)]
    assert 20.0 <= min(indoor) <= max(indoor) <= 22.0


def test_building_with_mass_is_slower_to_cool_and_remembers_its_walls() -> None:
    light = Building(heat_loss_kw_per_k=0.2, heat_capacity_kwh_per_k=1.0)
    heavy = replace(light, mass=ThermalMass(heat_capacity_kwh_per_k=12.0, coupling_kw_per_k=2.0))
    comfort = ComfortBand(min_c=20.0, max_c=24.0)
    indoor = {}
    for name, building in (("light", light), ("heavy", heavy)):
        world = a_world(HeatPump(name="pump", max_electric_kw=3.0, building=building, comfort=comfort))
        for _ in range(12):
            reading = world.step(300.0, {"pump": 0.0})
        indoor[name] = reading.assets["pump"].temperature_c
        site = a_site(HeatPump(name="pump", max_electric_kw=3.0, building=building, comfort=comfort))
        again = World.restore(world.snapshot(), site)
        assert again.step(300.0, {"pump": 0.0}) == world.step(300.0, {"pump": 0.0})
    assert indoor["light"] < indoor["heavy"] < 21.0


def test_heat_pump_refuses_to_overheat_the_building() -> None:
    world = a_world()
    for _ in range(3 * 288):
        reading = world.step(300.0, {"heat_pump": 3.0})
    assert reading.assets["heat_pump"].temperature_c < 24.0 + 3.0 + 0.2


def test_less_than_the_least_power_means_off() -> None:
    world = a_world()
    assert world.step(5.0, {"heat_pump": 0.3}).assets["heat_pump"].power_kw == 0.0
    assert world.step(5.0, {"heat_pump": 0.6}).assets["heat_pump"].power_kw == 0.6


def test_safety_thermostat_cuts_the_heater_off() -> None:
    tank = HotWater(name="tank", volume_l=100.0, max_electric_kw=3.0)
    world = a_world(tank)
    for _ in range(288):
        reading = world.step(300.0, {"tank": 3.0})
        assert reading.assets["tank"].temperature_c <= 65.0 + 1e-9
    assert reading.assets["tank"].temperature_c > 60.0


def test_tank_that_is_never_heated_cools_to_mains_water_at_worst() -> None:
    world = a_world(HotWater(name="tank", volume_l=50.0, max_electric_kw=2.0))
    for _ in range(7 * 288):
        reading = world.step(300.0, {"tank": 0.0})
        assert reading.assets["tank"].temperature_c >= 10.0 - 1e-9


def test_truth_may_differ_from_what_the_plan_believes() -> None:
    building = Building(heat_loss_kw_per_k=0.2, heat_capacity_kwh_per_k=8.0)
    pump = HeatPump(name="pump", max_electric_kw=3.0, building=building, comfort=ComfortBand(min_c=20.0, max_c=24.0))
    energy = [
        sum(world.step(300.0).assets["pump"].power_kw for _ in range(3 * 288))
        for world in (a_world(pump), a_world(pump, heat_loss_factor=1.3, cop_factor=0.9))
    ]
    assert energy[1] > 1.2 * energy[0]


def test_curtailed_pv_gives_at_most_what_it_may() -> None:
    world = a_world(start=datetime(2026, 6, 21, 10, tzinfo=UTC), clouds=False)
    for command in (1.5, -1.5):
        reading = world.step(60.0, {"pv": command})
        assert reading.assets["pv"].power_kw == -1.5
        assert reading.assets["pv"].available_kw > 3.0
