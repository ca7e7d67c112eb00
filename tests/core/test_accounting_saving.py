"""What a saving is: the cost that was spared, and what the home holds more for it."""

from datetime import date, timedelta
import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.accounting import AssetSample, DayAccount, Flows, Ledger, Sample, Shadow
from custom_components.hems.core.model import Asset, Battery, EvCharger, HeatPump, HotWater
from custom_components.hems.core.simulation import World, example_site
from tests.builders import a_site
from tests.core.test_accounting import MIDNIGHT, a_sample, sample_of

DT_H = 1.0 / 60.0
BATTERY = Battery(
    name="battery",
    capacity_kwh=10.0,
    max_charge_kw=5.0,
    max_discharge_kw=5.0,
    charge_efficiency=0.8,
    discharge_efficiency=0.9,
)
CAR = EvCharger(name="car", max_current_a=16.0, phases=(3,), efficiency=0.9)
(HEAT_PUMP,) = (asset for asset in example_site().assets if isinstance(asset, HeatPump))
(TANK,) = (asset for asset in example_site().assets if isinstance(asset, HotWater))


def held(ledger: Ledger) -> DayAccount:
    assert ledger.today is not None
    return ledger.today


def live_through(asset: Asset, minutes: list[AssetSample], **changes: object) -> Ledger:
    """A home with nothing else, minute after minute."""
    ledger = Ledger(a_site(asset))
    for i, minute in enumerate(minutes):
        end = MIDNIGHT + timedelta(minutes=i + 1)
        ledger.record(a_sample(end, load_kw=0.0, assets={asset.name: minute}, **{"outdoor_c": 7.0} | changes))
    return ledger


def battery_minutes(power_kw: float, start_kwh: float, minutes: int = 60) -> list[AssetSample]:
    into_kw = power_kw * 0.8 if power_kw > 0.0 else power_kw / 0.9
    energies = [start_kwh + into_kw * DT_H * (i + 1) for i in range(minutes)]
    return [AssetSample(power_kw=power_kw, energy_kwh=energy_kwh) for energy_kwh in energies]


def a_parked_car(minutes: int = 240) -> list[AssetSample]:
    """It came home with 30 kWh, wants 48, and is left uncharged for now."""
    return [AssetSample(power_kw=0.0, energy_kwh=30.0, connected=True, target_kwh=48.0)] * minutes


COLD_ROOM = AssetSample(power_kw=0.0, temperature_c=HEAT_PUMP.comfort.min_c)
COLD_TANK = AssetSample(power_kw=0.0, temperature_c=TANK.comfort.min_c)


@pytest.mark.parametrize(
    ("description", "asset", "minutes", "expected_kwh"),
    [
        ("a battery ahead gives what its discharge leaves", BATTERY, battery_minutes(5.0, 2.0), 4.0 * 0.9),
        ("a battery behind takes what its charge needs", BATTERY, battery_minutes(-4.5, 8.0), -5.0 / 0.8),
        ("a car behind takes what its charge needs", CAR, a_parked_car(), -18.0 / 0.9),
        # The shadow heats for one minute; what the heat lost meanwhile is far below a thousandth.
        ("a room behind is heated", HEAT_PUMP, [COLD_ROOM], -HEAT_PUMP.max_electric_kw * DT_H),
        ("a tank behind is heated", TANK, [COLD_TANK], -TANK.max_electric_kw * DT_H),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_home_holds_more_is_energy_at_the_bus(
    description: str, asset: Asset, minutes: list[AssetSample], expected_kwh: float
) -> None:
    account = held(live_through(asset, minutes))
    assert account.stored_kwh == pytest.approx(expected_kwh, rel=1e-3), description
    assert account.stored_worth == pytest.approx(0.3 * expected_kwh, rel=1e-3)


def test_car_of_the_shadow_takes_what_its_target_still_needs_and_no_more() -> None:
    """A kWh into the car, in an hour that would bring ten."""
    parked = AssetSample(power_kw=0.0, energy_kwh=19.0, connected=True, target_kwh=20.0)
    shadow = Shadow(a_site(CAR))
    assert shadow.grid_kw({"car": parked}, 0.5, None, 1.0) == pytest.approx(0.5 + 1.0 / 0.9)
    assert shadow.grid_kw({"car": parked}, 0.5, None, 1.0) == pytest.approx(0.5)


def test_car_that_will_be_charged_tonight_has_saved_nothing_yet() -> None:
    account = held(live_through(CAR, a_parked_car()))
    assert account.counterfactual_cost - account.cost == pytest.approx(20.0 * 0.3)
    assert account.saving == pytest.approx(0.0, abs=1e-9)


def test_battery_filled_for_the_evening_has_lost_only_its_losses() -> None:
    account = held(live_through(BATTERY, battery_minutes(5.0, 2.0)))
    assert account.cost - account.counterfactual_cost == pytest.approx(5.0 * 0.3)
    assert account.saving == pytest.approx(-(1.0 - 0.8 * 0.9) * 5.0 * 0.3)


def test_each_hour_of_the_day_counts_alike_in_its_mean_price() -> None:
    ledger = Ledger(a_site())
    ledger.record(a_sample(MIDNIGHT + timedelta(hours=3), 3 * 3600.0, load_kw=9.0, import_price_per_kwh=0.1))
    ledger.record(a_sample(MIDNIGHT + timedelta(hours=4), 3600.0, load_kw=1.0, import_price_per_kwh=0.5))
    ledger.record(a_sample(MIDNIGHT + timedelta(hours=5), 3600.0, load_kw=1.0, import_price_per_kwh=None))
    assert held(ledger).mean_price_per_kwh == pytest.approx(0.2)
    assert DayAccount(day=date(2026, 4, 16)).mean_price_per_kwh is None


def test_what_came_about_without_a_price_is_named_and_not_valued() -> None:
    account = held(live_through(BATTERY, battery_minutes(5.0, 2.0), import_price_per_kwh=None))
    assert (account.stored_kwh, account.saving) == (0.0, 0.0)
    assert account.unvalued_kwh == pytest.approx(4.0 * 0.9)
    assert account.unpriced_kwh == pytest.approx(5.0)


def test_what_yesterday_stored_is_no_saving_of_today() -> None:
    site = a_site(BATTERY)
    ledger = Ledger(site)
    evening = MIDNIGHT - timedelta(hours=1)
    for i, minute in enumerate(battery_minutes(5.0, 2.0)):
        ledger.record(a_sample(evening + timedelta(minutes=i + 1), load_kw=0.0, assets={"battery": minute}))
    full = AssetSample(power_kw=0.0, energy_kwh=6.0)
    for i in range(60):
        ledger.record(a_sample(MIDNIGHT + timedelta(minutes=i + 1), load_kw=0.0, assets={"battery": full}))
    assert ledger.yesterday is not None
    assert ledger.yesterday.stored_kwh == pytest.approx(4.0 * 0.9)
    assert held(ledger).stored_kwh == pytest.approx(0.0, abs=1e-9)


def days_of(ledger: Ledger, samples: list[Sample]) -> list[DayAccount]:
    """Each day as it ended."""
    accounts: dict[date, DayAccount] = {}
    for sample in samples:
        ledger.record(sample)
        if ledger.yesterday is not None:
            accounts[ledger.yesterday.day] = ledger.yesterday
        accounts[held(ledger).day] = held(ledger)
    return list(accounts.values())


def a_life(days: int, *, spread: float) -> list[Sample]:
    """Everything in the cheap five hours after midnight; they and the others are `spread` apart."""
    world = World(site=example_site(), seed=3, start=MIDNIGHT)
    samples = []
    for slot in range(days * 288):
        cheap = slot % 288 < 60
        commands = {"battery": 3.0 if cheap else None, "ev": 11.0 if cheap else 0.0, "heat_pump": 2.0 if cheap else 0.0}
        price = 0.3 - spread if cheap else 0.3
        samples.append(sample_of(world.step(300.0, commands), target_kwh=48.0, import_price_per_kwh=price))
    return samples


def test_savings_of_all_days_are_the_cost_spared_and_what_is_held_in_the_end() -> None:
    ledger = Ledger(example_site())
    days = days_of(ledger, a_life(4, spread=0.0))
    spared = sum(day.counterfactual_cost - day.cost for day in days)
    leads_kwh = ledger.shadow.leads_kwh(a_life(4, spread=0.0)[-1].outdoor_c)
    assert len(days) == 4
    assert max(abs(day.stored_worth) for day in days) > 1.0
    assert sum(day.saving for day in days) == pytest.approx(spared + 0.3 * sum(leads_kwh.values()))


def test_changing_prices_leave_only_their_valuation_between_the_days() -> None:
    ledger = Ledger(example_site())
    samples = a_life(4, spread=0.2)
    days = days_of(ledger, samples)
    final_kwh = sum(ledger.shadow.leads_kwh(samples[-1].outdoor_c).values())
    means = [day.mean_price_per_kwh or 0.0 for day in days]
    spared = sum(day.counterfactual_cost - day.cost for day in days)
    # Each kWh held over a midnight is valued at both days' means: as far as they differ, so do the sums.
    slack = (max(means) - min(means)) * sum(abs(day.stored_kwh) for day in days)
    assert sum(day.saving for day in days) == pytest.approx(spared + means[-1] * final_kwh, abs=slack + 1e-9)


@given(power_kw=st.floats(-5.0, 5.0), start_kwh=st.floats(5.0, 6.0))
def test_moving_energy_through_a_battery_at_one_price_never_saves(power_kw: float, start_kwh: float) -> None:
    minutes = battery_minutes(power_kw, start_kwh, 50)
    assert held(live_through(BATTERY, minutes, export_price_per_kwh=0.3)).saving <= 1e-9


def test_what_a_battery_did_in_a_silence_is_no_saving() -> None:
    ledger = live_through(BATTERY, battery_minutes(5.0, 2.0, 30))
    before = held(ledger)
    later = MIDNIGHT + timedelta(hours=5)
    for energy_kwh in (1.0, 1.0):
        later += timedelta(minutes=1)
        ledger.record(
            a_sample(later, load_kw=0.0, assets={"battery": AssetSample(power_kw=0.0, energy_kwh=energy_kwh)})
        )
    assert held(ledger).saving == pytest.approx(before.saving)
    assert ledger.shadow.stored_kwh("battery") == pytest.approx(0.0, abs=1e-9)


def test_device_that_is_no_longer_there_takes_its_lead_with_it() -> None:
    first = live_through(BATTERY, battery_minutes(5.0, 2.0))
    second = Ledger.restore(json.loads(json.dumps(first.state())), a_site())
    second.record(a_sample(MIDNIGHT + timedelta(minutes=61), load_kw=0.0))
    assert held(second).stored_kwh == held(first).stored_kwh


FLOWS = dict.fromkeys(Flows.__slots__, 1.5)
VERSION_1 = {
    "version": 1,
    "totals": {"grid": [12.5, 3.25], "load": [20.0, 0.0], "battery": [4.0, 3.0]},
    "today": {"day": "2026-04-16", "cost": 2.0, "counterfactual_cost": 5.0, "unpriced_kwh": 0.5, "flows": FLOWS},
    "yesterday": {"day": "2026-04-15", "cost": 3.0, "counterfactual_cost": 4.0, "unpriced_kwh": 0.0, "flows": FLOWS},
    "shadow": {"batteries": {"battery": 2.5}, "differences": {"car": {"ahead": 9.0, "heating": False}}},
}
"""As the first version wrote it."""


def test_books_of_version_1_are_read_and_nothing_is_lost() -> None:
    ledger = Ledger.restore(json.loads(json.dumps(VERSION_1)), a_site(BATTERY, CAR))
    assert (ledger.energy_kwh("grid", "in"), ledger.energy_kwh("grid", "out")) == (12.5, 3.25)
    today, yesterday = held(ledger), ledger.yesterday
    assert (today.cost, today.counterfactual_cost, today.unpriced_kwh, today.flows.pv_to_load) == (2.0, 5.0, 0.5, 1.5)
    assert yesterday is not None
    assert (yesterday.saving, yesterday.flows.pv_to_load) == (1.0, 1.5)
    assert ledger.shadow.stored_kwh("battery") == 2.5
    again = Ledger.restore(json.loads(json.dumps(ledger.state())), a_site(BATTERY, CAR))
    assert again.state() == ledger.state()


def test_lead_that_version_1_kept_back_is_counted_once() -> None:
    ledger = Ledger.restore(VERSION_1, a_site(BATTERY, CAR))
    assets = {
        "battery": AssetSample(power_kw=0.0, energy_kwh=4.5),
        "car": AssetSample(power_kw=0.0, energy_kwh=39.0, connected=True, target_kwh=48.0),
    }
    for minute in (1, 2):
        ledger.record(a_sample(MIDNIGHT + timedelta(minutes=minute), load_kw=0.0, assets=assets))
        assert held(ledger).stored_kwh == pytest.approx(2.0 * 0.9 - 9.0 / 0.9)
    assert held(ledger).saving == pytest.approx(3.0 + 0.3 * (2.0 * 0.9 - 9.0 / 0.9))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"version": None}, "version"),
        ({"leads_kwh": 1}, "leads_kwh"),
        ({"leads_kwh": {"battery": "much"}}, "battery"),
        ({"counted_until": "2026-04-15T10:00:00"}, "time zone"),
        ({"counted_until": "yesterday"}, "yesterday"),
        ({"shadow": {"batteries": {"battery": {"real_kwh": 1.0}}, "differences": {}}}, "shadow_kwh"),
    ],
)
def test_damaged_leads_are_refused_by_name(damage: dict[str, object], message: str) -> None:
    site = a_site(BATTERY)
    with pytest.raises(ValueError, match=message):
        Ledger.restore(Ledger(site).state() | damage, site)
