"""The runner of real homes: its energy closes, its controllers are what they are called, and nobody sees the future."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
import json
from math import cos, pi

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from bench.homes import command, run
from bench.homes.command import broken_bars
from bench.homes.data import ausgrid, citylearn, german
from bench.homes.foresight import bound, rolling
from bench.homes.hems import Hems, Style
from bench.homes.peers import predictive
from bench.homes.plant import Command, Controller, Home, advance, live
from bench.homes.rules import RULES, greedy, no_control
from bench.homes.run import BOUND, GREEDY, HEMS, OFFERED, SCENARIOS, Stretch, shares
from bench.homes.scores import beside, grid_scores, score_of
from bench.homes.styles import GRID_FRIENDLY
from bench.homes.view import View
from custom_components.hems.core.model import Battery

DAYS = 6


def a_home(**changes: object) -> Home:
    """Six days in steps of 3 hours, one of them dull; cheap until 6 h."""
    steps = DAYS * 8
    shape = [max(0.0, -cos(2 * pi * (i % 8 + 0.5) / 8)) * (0.3 if i // 8 == 4 else 3.0) for i in range(steps)]
    home = Home(
        name="made up",
        currency="EUR",
        time_zone="UTC",
        start=datetime(2026, 5, 4, tzinfo=UTC),
        step=timedelta(hours=3),
        load_kw=tuple(0.5 + 0.1 * (i % 8) for i in range(steps)),
        sun_kw=tuple(shape),
        import_price=tuple(0.1 if i % 8 < 2 else 0.3 for i in range(steps)),
        export_price=(0.05,) * steps,
        co2_kg_per_kwh=(0.4,) * steps,
        battery=Battery(
            name="battery",
            capacity_kwh=6.0,
            max_charge_kw=2.0,
            max_discharge_kw=1.5,
            charge_efficiency=0.9,
            discharge_efficiency=0.9,
            wear_per_kwh=0.0,
        ),
        start_kwh=1.0,
        max_import_kw=2.0,
        max_export_kw=1.0,
        curtailable=True,
        present_known=False,
    )
    return replace(home, **changes)  # type: ignore[arg-type]  # fields by name


def cost(home: Home, controller: Controller, first: int = 0, steps: int | None = None) -> float:
    """Of a life under a controller."""
    return score_of(home, live(home, controller, first, steps or len(home.load_kw) - first)).cost


@settings(deadline=None, max_examples=60)
@given(
    wanted_kw=st.lists(st.floats(-5.0, 5.0), min_size=48, max_size=48),
    max_sun_kw=st.floats(0.0, 4.0),
    curtailable=st.booleans(),
)
def test_energy_closes_whatever_a_controller_wants(
    wanted_kw: list[float], max_sun_kw: float, *, curtailable: bool
) -> None:
    home = a_home(curtailable=curtailable)
    lived = live(home, lambda view: Command(battery_kw=wanted_kw[view.step], max_sun_kw=max_sun_kw), 0, 48)
    battery = home.battery
    for i, (before, after) in enumerate(pairwise(lived.energy_kwh)):
        power_kw = lived.battery_kw[i]
        used_kw = home.sun_kw[i] - lived.curtailed_kw[i]
        fed_kw = lived.import_kw[i] + used_kw + lived.unserved_kw[i]
        assert fed_kw == pytest.approx(home.load_kw[i] + power_kw + lived.export_kw[i], abs=1e-9)
        stored_kw = power_kw * battery.charge_efficiency if power_kw > 0 else power_kw / battery.discharge_efficiency
        assert after - before == pytest.approx(3.0 * stored_kw, abs=1e-9)
        assert -1e-9 <= after <= battery.capacity_kwh + 1e-9
        assert -battery.max_discharge_kw - 1e-9 <= power_kw <= battery.max_charge_kw + 1e-9
        assert lived.import_kw[i] <= home.max_import_kw + 1e-9
        assert min(lived.import_kw[i], lived.export_kw[i]) == 0.0
        assert not curtailable or lived.export_kw[i] <= home.max_export_kw + 1e-9


def test_greedy_self_consumption_of_two_days_is_what_a_pencil_finds() -> None:
    home = a_home(
        step=timedelta(hours=12),
        load_kw=(0.5, 0.5, 0.5, 0.5),
        sun_kw=(0.0, 1.5, 0.0, 0.7),
        import_price=(0.2, 0.3, 0.2, 0.3),
        export_price=(0.0, 0.05, 0.0, 0.05),
        co2_kg_per_kwh=(0.0,) * 4,
    )
    lived = live(home, greedy, 0, 4)
    # 1 kWh in the cells gives 0.9; 12 kWh of surplus meet room for 6 / 0.9; 5.4 of the night's 6 kWh come out again.
    assert lived.import_kw == pytest.approx((5.1 / 12, 0.0, 0.6 / 12, 0.0))
    assert lived.export_kw == pytest.approx((0.0, (12.0 - 6.0 / 0.9) / 12, 0.0, 0.0))
    assert lived.energy_kwh == pytest.approx((1.0, 0.0, 6.0, 0.0, 2.4 * 0.9))
    assert score_of(home, lived).cost == pytest.approx(5.1 * 0.2 + 0.6 * 0.2 - (12.0 - 6.0 / 0.9) * 0.05)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"max_export_kw": 0.0},
        {"curtailable": False, "max_export_kw": 20.0},
        {"import_price": tuple(-0.1 if i % 8 == 4 else 0.3 for i in range(48))},
    ],
    ids=["as it is", "no feed-in", "cannot be held back", "paid for taking it at noon"],
)
def test_nobody_beats_perfect_foresight(changes: dict[str, object]) -> None:
    home = a_home(**changes)
    best = bound(home, 0, 48).cost
    for controller in (*RULES.values(), rolling(24), Hems(home=home)):
        assert cost(home, controller) >= best - 1e-6


def test_foresight_over_the_whole_window_is_reached_by_doing_as_it_says() -> None:
    home = a_home()
    course = bound(home, 0, 48)

    def follow(view: View) -> Command:
        return Command(battery_kw=course.battery_kw[view.step], max_sun_kw=course.sun_kw[view.step])

    assert cost(home, follow) == pytest.approx(course.cost, abs=1e-6)


@pytest.mark.parametrize("name", ["hems", "hems with scenarios", "7-day mean", "time of use"])
def test_no_controller_sees_the_future(name: str) -> None:
    home = replace(citylearn(1), published_at_h=13)
    now = 30 * 24 + 7
    others = {
        field: tuple(value if i <= now else value * 3.0 + 0.1 for i, value in enumerate(getattr(home, field)))
        for field in ("load_kw", "sun_kw", "co2_kg_per_kwh")
    }
    # Prices are out until midnight, 17 hours from 6 h on.
    prices = tuple(price if i < now + 18 else price + 1.0 for i, price in enumerate(home.import_price))
    changed = replace(home, **others, import_price=prices)
    made = {
        "hems": lambda at: Hems(home=replace(at, sun_kw=(5.0,))),
        "hems with scenarios": lambda at: Hems(home=replace(at, sun_kw=(5.0,)), style=Style(scenarios=3)),
        "7-day mean": lambda _: predictive(7, follows=True),
        "time of use": lambda _: RULES["time of use"],
    }[name]
    told = [made(at)(View(home=at, step=now, energy_kwh=2.0)) for at in (home, changed)]
    assert told[0].battery_kw == pytest.approx(told[1].battery_kw, abs=1e-6)


def test_scores_are_those_of_citylearn() -> None:
    scores = grid_scores([1.0, 3.0, -1.0, 1.0] * 6, 1.0)
    assert scores["ramping"] == pytest.approx(6 * (2.0 + 4.0 + 2.0))
    assert scores["load_factor"] == pytest.approx(1.0 - 1.0 / 3.0)
    assert scores["daily_peak"] == pytest.approx(3.0)


def test_a_home_beside_itself_scores_one() -> None:
    score = score_of(a_home(), live(a_home(), no_control, 0, 48))
    assert set(beside(score, score).values()) == {1.0}


def test_homes_are_as_their_benchmarks_define_them() -> None:
    sydney, fontana = ausgrid(), citylearn(2)
    assert (len(sydney.load_kw), sydney.start.hour, sydney.steps_a_day) == (151 * 48, 0, 48)
    assert sydney.import_price[:48] == (0.1,) * 12 + (0.2,) * 36
    assert max(sydney.load_kw) < sydney.battery.max_discharge_kw
    assert (fontana.battery.capacity_kwh, fontana.battery.max_charge_kw) == (6.4, 5.0)
    assert fontana.battery.charge_efficiency**2 == pytest.approx(0.9)
    # The dear hours of the contract end at 16 to 20 h.
    assert [i % 24 for i in range(24 * 9, 24 * 10) if fontana.import_price[i] > 0.3] == [16, 17, 18, 19, 20]


def test_german_prices_fall_below_nothing_in_spring() -> None:
    home, first = german(1, "spring", paid=False)
    assert min(home.import_price[first : first + 14 * 24]) < 0.0
    assert set(home.export_price) == {0.0}


@pytest.mark.parametrize(
    ("description", "costs", "broken"),
    [
        ("all kept", {}, []),
        ("too small a share", {HEMS: 9.0}, ["hems saves 20.0%"]),
        ("dearer than greedy", {SCENARIOS: 10.1}, ["hems-scenarios costs 10.10"]),
        ("dearer with a forecast", {OFFERED: 10.1}, ["hems-as-offered costs 10.10"]),
        ("scenarios worse", {HEMS: 7.0, SCENARIOS: 8.0}, ["scenarios cost 8.00"]),
    ],
)
def test_a_broken_bar_is_named(description: str, costs: dict[str, float], broken: list[str]) -> None:
    del description
    kept = {GREEDY: 10.0, BOUND: 5.0, HEMS: 8.0, SCENARIOS: 7.9, OFFERED: 7.0}
    found = list(broken_bars("ausgrid", {"ausgrid": kept | costs}))
    assert all(any(part in bar for bar in found) for part in broken)
    assert bool(found) == bool(broken)


def test_the_share_of_a_saving_is_nought_for_greedy_and_one_for_foresight() -> None:
    found = shares({GREEDY: 10.0, BOUND: 5.0, HEMS: 8.0})
    assert (found[GREEDY], found[HEMS], found[BOUND]) == pytest.approx((0.0, 0.4, 1.0))


def test_the_fuse_is_kept_by_charging_less() -> None:
    home = a_home()
    flow = advance(home, 0, 0.0, Command(battery_kw=2.0))
    assert flow.import_kw == pytest.approx(2.0)
    assert flow.battery_kw == pytest.approx(2.0 - home.load_kw[0] + home.sun_kw[0])


def test_rows_have_one_metric_each_and_name_every_controller(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = a_home()
    monkeypatch.setattr(command, "stretches", lambda kind, *, quick: [Stretch(home=home, first=24, days=3)])
    monkeypatch.setattr(run, "PEERS", {})
    command.main("ausgrid", quick=True, as_json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(set(row) == {"bench", "case", "metric", "value"} for row in rows)
    costs = {row["case"]: row["value"] for row in rows if row["metric"] == "cost"}
    names = ("none", "greedy", "time of use", HEMS, SCENARIOS, OFFERED, BOUND)
    assert list(costs) == [f"made up/{name}" for name in names]
    assert costs[f"made up/{BOUND}"] == min(costs.values())
    shared = {row["case"]: row["value"] for row in rows if row["metric"] == "saving_share"}
    assert (shared["made up/greedy"], shared[f"made up/{BOUND}"]) == (0.0, 1.0)


def test_price_on_changes_spares_the_grid_changes_in_a_real_home() -> None:
    home, first, steps = citylearn(2), 28 * 24 + 1, 3 * 24
    money, even = (
        score_of(home, live(home, Hems(home=home, style=replace(style, hours=24)), first, steps))
        for style in (Style(), GRID_FRIENDLY)
    )
    greedily = score_of(home, live(home, greedy, first, steps))
    assert even.ramping < 0.97 * min(money.ramping, greedily.ramping)
