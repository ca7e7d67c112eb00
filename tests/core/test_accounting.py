"""Energy, money and the shadow home."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.accounting import AssetSample, Ledger, Sample, split
from custom_components.hems.core.model import Battery, Pv, Site
from custom_components.hems.core.simulation import Reading, World, example_site
from tests.builders import a_site

MIDNIGHT = datetime(2026, 4, 15, 22, tzinfo=UTC)
"""In Berlin."""
powers = st.floats(0.0, 50.0)


def a_sample(end: datetime, dt_s: float = 60.0, load_kw: float = 1.0, **changes: object) -> Sample:
    assets = {name: AssetSample(power_kw=power) for name, power in changes.pop("powers", {}).items()}
    fields = {"assets": assets, "import_price_per_kwh": 0.3, "export_price_per_kwh": 0.08}
    return Sample(end=end, dt_s=dt_s, load_kw=load_kw, **fields | changes)


def sample_of(reading: Reading, target_kwh: float = 48.0, **changes: object) -> Sample:
    assets = {
        name: AssetSample(
            power_kw=measured.power_kw,
            energy_kwh=measured.energy_kwh,
            temperature_c=measured.temperature_c,
            connected=measured.connected,
            target_kwh=target_kwh if measured.connected else None,
        )
        for name, measured in reading.assets.items()
    }
    return a_sample(reading.at, reading.dt_s, reading.load_kw, assets=assets, outdoor_c=reading.outdoor_c, **changes)


@given(pv=powers, battery=st.floats(-20.0, 20.0), load=powers)
def test_what_the_sources_give_is_what_the_sinks_take(pv: float, battery: float, load: float) -> None:
    flows = split(pv, battery, load)
    assert all(getattr(flows, name) >= 0.0 for name in flows.__slots__)
    assert flows.pv == pytest.approx(pv)
    assert flows.load == pytest.approx(load)
    assert flows.charged - flows.discharged == pytest.approx(battery, abs=1e-9)
    assert flows.imported - flows.exported == pytest.approx(load + battery - pv, abs=1e-9)
    sources = flows.pv + flows.imported + flows.discharged
    sinks = flows.load + flows.exported + flows.charged
    assert sources == pytest.approx(sinks)


@pytest.mark.parametrize(
    ("description", "pv", "battery", "load", "expected"),
    [
        ("sun for everybody", 5.0, 2.0, 1.0, {"pv_to_load": 1.0, "pv_to_battery": 2.0, "pv_to_grid": 2.0}),
        ("grid charging at night", 0.0, 3.0, 1.0, {"grid_to_load": 1.0, "grid_to_battery": 3.0}),
        ("battery covers the evening", 0.0, -2.0, 2.0, {"battery_to_load": 2.0}),
        ("battery sells", 1.0, -4.0, 2.0, {"pv_to_load": 1.0, "battery_to_load": 1.0, "battery_to_grid": 3.0}),
        ("nothing at all", 0.0, 0.0, 0.0, {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_flows_by_hand(description: str, pv: float, battery: float, load: float, expected: dict[str, float]) -> None:
    flows = split(pv, battery, load)
    assert {name: getattr(flows, name) for name in flows.__slots__ if getattr(flows, name)} == expected, description


def test_ratios_are_unknown_where_there_is_nothing_to_divide_by() -> None:
    assert split(0.0, 0.0, 1.0).self_consumption is None
    assert split(1.0, 0.0, 0.0).self_sufficiency is None
    assert split(4.0, 1.0, 1.0).self_consumption == 0.5
    assert split(1.0, 0.0, 4.0).self_sufficiency == 0.25


def test_integrated_energy_is_the_analytic_one() -> None:
    ledger = Ledger(a_site(Pv(name="pv", peak_kw=5.0)))
    for i in range(3600):
        share = i / 3600.0
        ledger.record(a_sample(MIDNIGHT + timedelta(seconds=i + 1), 1.0, powers={"pv": -4.0 * share}))
    # The integral of 4 kW rising from 0 over an hour is 2 kWh.
    assert ledger.energy_kwh("pv", "out") == pytest.approx(2.0, rel=0.005)
    assert ledger.energy_kwh("pv", "in") == 0.0
    assert ledger.energy_kwh("load", "in") == pytest.approx(1.0)
    assert ledger.energy_kwh("grid", "in") - ledger.energy_kwh("grid", "out") == pytest.approx(-1.0, rel=0.005)


def test_battery_counts_both_ways() -> None:
    ledger = Ledger(a_site(Battery(name="b", capacity_kwh=10.0, max_charge_kw=5.0, max_discharge_kw=5.0)))
    ledger.record(a_sample(MIDNIGHT + timedelta(hours=1), 3600.0, powers={"b": 3.0}))
    ledger.record(a_sample(MIDNIGHT + timedelta(hours=2), 3600.0, powers={"b": -2.0}))
    assert (ledger.energy_kwh("b", "in"), ledger.energy_kwh("b", "out")) == (3.0, 2.0)


def test_import_and_export_of_one_long_sample_are_both_counted() -> None:
    ledger = Ledger(a_site(Pv(name="pv", peak_kw=5.0)))
    ledger.record(a_sample(MIDNIGHT + timedelta(hours=1), 3600.0, load_kw=2.0, powers={"pv": -1.5}, exported_kw=0.25))
    assert (ledger.energy_kwh("grid", "in"), ledger.energy_kwh("grid", "out")) == (0.75, 0.25)


def test_cost_is_imports_minus_earnings() -> None:
    ledger = Ledger(a_site(Pv(name="pv", peak_kw=5.0)))
    ledger.record(a_sample(MIDNIGHT + timedelta(hours=1), 3600.0, load_kw=2.0))
    ledger.record(a_sample(MIDNIGHT + timedelta(hours=2), 3600.0, load_kw=0.0, powers={"pv": -3.0}))
    assert ledger.today is not None
    assert ledger.today.cost == pytest.approx(2.0 * 0.3 - 3.0 * 0.08)
    assert ledger.today.saving == pytest.approx(0.0)


def test_energy_without_a_price_is_named_and_costs_nothing() -> None:
    ledger = Ledger(a_site())
    ledger.record(a_sample(MIDNIGHT + timedelta(hours=1), 3600.0, load_kw=2.0, import_price_per_kwh=None))
    assert ledger.today is not None
    assert (ledger.today.cost, ledger.today.unpriced_kwh) == (0.0, 2.0)


def test_home_that_exchanges_nothing_needs_no_price_for_it() -> None:
    """It lives on its battery, whose shadow is at its reserve; only the price of export is unknown."""
    ledger = Ledger(a_site(Battery(name="b", capacity_kwh=10.0, max_charge_kw=5.0, max_discharge_kw=5.0, min_soc=0.5)))
    sample = a_sample(MIDNIGHT + timedelta(hours=1), 3600.0, assets={"b": AssetSample(power_kw=-1.0, energy_kwh=3.0)})
    ledger.record(replace(sample, export_price_per_kwh=None))
    assert ledger.today is not None
    assert (ledger.today.cost, ledger.today.counterfactual_cost) == (0.0, pytest.approx(0.3))


def test_sample_over_midnight_is_split_between_the_days() -> None:
    ledger = Ledger(a_site())
    ledger.record(a_sample(MIDNIGHT + timedelta(minutes=15), 3600.0, load_kw=4.0))
    assert ledger.today is not None
    assert ledger.yesterday is not None
    assert (ledger.yesterday.day, ledger.today.day) == (date(2026, 4, 15), date(2026, 4, 16))
    assert ledger.yesterday.flows.load == pytest.approx(3.0)
    assert ledger.today.flows.load == pytest.approx(1.0)
    assert ledger.energy_kwh("load", "in") == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("day", "length_h"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
)
def test_day_is_as_long_as_the_clock_makes_it(day: date, length_h: int) -> None:
    ledger = Ledger(a_site())
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=6)
    for i in range(48 * 4):
        ledger.record(a_sample(start + timedelta(minutes=15 * (i + 1)), 900.0, load_kw=1.0))
        if ledger.yesterday is not None and ledger.yesterday.day == day:
            break
    assert ledger.yesterday is not None
    assert ledger.yesterday.flows.load == pytest.approx(length_h)


def test_home_without_hems_saves_nothing() -> None:
    world = World(site=example_site(), seed=3, start=MIDNIGHT)
    ledger = Ledger(world.site)
    cost = saving = 0.0
    for _ in range(3):
        for _ in range(1440):
            ledger.record(sample_of(world.step(60.0)))
        assert ledger.today is not None
        cost += ledger.today.cost
        saving += ledger.today.saving
    # Standby losses of the battery and thermostats a step apart are all that is left.
    assert abs(saving) < 0.03 * cost


def test_shadow_gives_the_credit_for_cheap_hours() -> None:
    world = World(site=example_site(), seed=3, start=MIDNIGHT)
    ledger = Ledger(world.site)
    saving = 0.0
    for minute in range(3 * 1440):
        cheap = minute % 1440 < 300
        price = 0.15 if cheap else 0.40
        commands = {"battery": 3.0 if cheap else None, "ev": 11.0 if cheap else 0.0}
        before = 0.0 if ledger.today is None else ledger.today.saving
        turned = ledger.today
        ledger.record(sample_of(world.step(60.0, commands), target_kwh=60.0, import_price_per_kwh=price))
        assert ledger.today is not None
        saving += ledger.today.saving - (before if turned is not None and turned.day == ledger.today.day else 0.0)
    assert saving > 2.0


def test_books_go_on_after_a_restart() -> None:
    world = World(site=example_site(), seed=5, start=MIDNIGHT - timedelta(hours=3))
    readings = [world.step(300.0, {"heat_pump": 0.0}) for _ in range(600)]
    whole, first = Ledger(world.site), Ledger(world.site)
    for reading in readings[:300]:
        whole.record(sample_of(reading))
        first.record(sample_of(reading))
    second = Ledger.restore(json.loads(json.dumps(first.state())), world.site)
    for reading in readings[300:]:
        whole.record(sample_of(reading))
        second.record(sample_of(reading))
    assert second.state() == whole.state()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"version": 99}, "version"),
        ({"totals": {"grid": [1.0]}}, "grid"),
        ({"totals": {"grid": [1.0, float("nan")]}}, "grid"),
        ({"today": {"day": "2026-04-16"}}, "flows"),
        ({"shadow": {}}, "shadow"),
    ],
)
def test_damaged_books_are_refused_by_name(damage: dict[str, object], message: str) -> None:
    site: Site = a_site()
    with pytest.raises(ValueError, match=message):
        Ledger.restore(Ledger(site).state() | damage, site)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dt_s": 0.0}, "dt_s"),
        ({"load_kw": float("nan")}, "load_kw"),
        ({"end": datetime(2026, 4, 15)}, "time zone"),  # noqa: DTZ001
        ({"powers": {"pv": float("inf")}}, "pv.power_kw"),
        ({"assets": {"b": AssetSample(energy_kwh=float("nan"))}}, "b.energy_kwh"),
        ({"assets": {"tank": AssetSample(temperature_c=float("nan"))}}, "tank.temperature_c"),
        ({"assets": {"car": AssetSample(target_kwh=float("inf"))}}, "car.target_kwh"),
    ],
)
def test_impossible_sample_is_refused_by_name(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        a_sample(**{"end": MIDNIGHT} | changes)  # type: ignore[arg-type]


def test_unknown_power_is_not_counted() -> None:
    ledger = Ledger(a_site(Pv(name="pv", peak_kw=5.0)))
    ledger.record(a_sample(MIDNIGHT + timedelta(hours=1), 3600.0, powers={"pv": None}))
    assert ledger.energy_kwh("pv", "out") == 0.0
