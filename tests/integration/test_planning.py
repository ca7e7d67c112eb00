"""The request that follows from measurements, outlook and wishes, and what it says about their quality."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import ApplianceRun, Asset, Horizon, Override, PlanRequest, Series
from custom_components.hems.core.wire import decode, encode
from custom_components.hems.devices import Outlook
from custom_components.hems.home import parse_home
from custom_components.hems.household import Household
from custom_components.hems.planning import Situation, build_request
from custom_components.hems.planning.asked import next_time_of_day
from custom_components.hems.planning.series import completed, raised
from custom_components.hems.runtime import AssetReading, AssetSettings, Past
from tests.integration.entries import a_subentry, an_entry
from tests.integration.running import a_live, a_running_entry

NOW = datetime(2026, 6, 20, 10, 1, tzinfo=UTC)
HORIZON = Horizon.tiered(NOW)


def a_situation(*kinds, live=None, outlook=None, entry=None, time_zone="Europe/Berlin", **settings):
    """Settings are (asset=changes); `site=` changes those of the home."""
    home = parse_home(entry or a_running_entry(*kinds), time_zone)
    wishes = Household(home, None).wishes
    site = settings.pop("site", {})
    assets = {name: replace(value, **settings.get(name, {})) for name, value in wishes.settings.assets.items()}
    return Situation(
        home=home,
        latitude=52.5,
        longitude=13.4,
        wishes=replace(wishes, settings=replace(wishes.settings, assets=assets, **site)),
        live=replace(live or a_live(*kinds), at=NOW),
        outlook=outlook or Outlook(),
        horizon=HORIZON,
    )


def reading(kind, **changes):
    live = a_live(kind)
    return replace(live, assets={kind: replace(live.assets[kind], **changes)})


def health_of(request):
    return {entry.source: entry.status.value for entry in request.health}


def state_of(request, asset):
    return next((state for state in request.states if state.asset == asset), None)


def constant(value):
    return Series.constant(value, HORIZON.start, HORIZON.end)


LEFT_OUT = [
    ("battery", {"energy_kwh": None, "soc": None}, "battery.energy_kwh"),
    ("battery", {"energy_kwh": -3.0}, "battery"),
    ("battery", {"energy_kwh": float("nan")}, "battery"),
    ("ev_charger", {"connected": None}, "ev_charger.connected"),
    ("heat_pump", {"temperature_c": None}, "heat_pump.temperature_c"),
    ("hot_water", {"temperature_c": None}, "hot_water.temperature_c"),
    ("hot_water", {"temperature_c": 400.0}, "hot_water"),
]


@pytest.mark.parametrize(("kind", "changes", "source"), LEFT_OUT)
def test_asset_without_what_a_plan_needs_is_left_out_and_named(kind, changes, source):
    request = build_request(a_situation(kind, live=reading(kind, **changes)))
    assert request.site.asset(kind) is None
    assert health_of(request)[source] == "error"


def test_heat_pump_without_any_outdoor_temperature_is_left_out():
    live = replace(a_live("heat_pump", "battery"), outdoor_c=None)
    request = build_request(a_situation("heat_pump", "battery", live=live))
    assert [asset.name for asset in request.site.assets] == ["battery"]
    assert health_of(request)["outdoor_c"] == "error"


def test_battery_that_says_only_its_soc_is_known():
    request = build_request(a_situation("battery", live=reading("battery", energy_kwh=None, soc=0.7)))
    assert state_of(request, "battery").energy_kwh == pytest.approx(7.0)


def test_battery_that_reports_more_than_its_capacity_is_full():
    request = build_request(a_situation("battery", live=reading("battery", energy_kwh=10.4)))
    assert state_of(request, "battery").energy_kwh == 10.0


def test_car_that_does_not_say_how_full_it_is_gets_enough_and_is_named():
    request = build_request(a_situation("ev_charger", live=reading("ev_charger", energy_kwh=None, soc=None)))
    assert state_of(request, "ev_charger").sessions[0].energy_kwh == pytest.approx(12.0)
    assert health_of(request)["ev_charger.soc"] == "degraded"


def test_charger_that_charges_has_a_car():
    request = build_request(a_situation("ev_charger", live=reading("ev_charger", connected=None, power_kw=7.0)))
    assert len(state_of(request, "ev_charger").sessions) == 1


def test_charger_without_a_car_expects_nobody():
    request = build_request(a_situation("ev_charger", live=reading("ev_charger", connected=False)))
    assert state_of(request, "ev_charger").sessions == ()


def test_unknown_kind_is_left_out_and_named():
    situation = a_situation("battery")
    sauna = Asset(name="sauna")
    home = replace(situation.home, site=replace(situation.home.site, assets=(sauna,)))
    settings = replace(situation.wishes.settings, assets={"sauna": AssetSettings()})
    request = build_request(replace(situation, home=home, wishes=replace(situation.wishes, settings=settings)))
    assert health_of(request)["sauna"] == "error"


def test_car_without_a_known_capacity_follows_the_configuration():
    request = build_request(a_situation("ev_charger", live=reading("ev_charger", capacity_kwh=None, energy_kwh=None)))
    assert state_of(request, "ev_charger").sessions[0].capacity_kwh == 60.0


def test_car_that_never_says_how_full_it_is_becomes_fuller_by_what_was_charged():
    live = reading("ev_charger", energy_kwh=None, soc=None, charged_kwh=10.0)
    request = build_request(a_situation("ev_charger", live=live))
    (session,) = state_of(request, "ev_charger").sessions
    assert session.energy_kwh == pytest.approx(0.2 * 60.0 + 0.9 * 10.0)
    (health,) = (entry for entry in request.health if entry.source == "ev_charger.soc")
    assert health.status.value == "degraded"
    assert health.reason == "unknown: 20% when it came is assumed, and 10.0 kWh were charged since"


def test_no_car_is_fuller_than_full():
    live = reading("ev_charger", energy_kwh=None, soc=None, charged_kwh=80.0)
    (session,) = state_of(build_request(a_situation("ev_charger", live=live)), "ev_charger").sessions
    assert session.energy_kwh == 60.0


def test_what_a_car_says_itself_counts_more_than_what_was_charged():
    live = reading("ev_charger", energy_kwh=None, soc=0.5, charged_kwh=10.0)
    (session,) = state_of(build_request(a_situation("ev_charger", live=live)), "ev_charger").sessions
    assert session.energy_kwh == 30.0


def test_visits_to_come_follow_the_one_that_is():
    arrival = NOW + timedelta(hours=30)
    later = replace(
        state_of(build_request(a_situation("ev_charger")), "ev_charger").sessions[0],
        arrival=arrival,
        departure=arrival + timedelta(hours=8),
        target_kwh=20.0,
    )
    meanwhile = replace(later, arrival=NOW + timedelta(hours=1), departure=NOW + timedelta(hours=2))
    outlook = Outlook(sessions={"ev_charger": (meanwhile, later)})
    request = build_request(a_situation("ev_charger", outlook=outlook, ev_charger={"target_soc": 0.9}))
    here, there = state_of(request, "ev_charger").sessions
    assert here.arrival == NOW
    assert (there.arrival, there.target_kwh) == (arrival, pytest.approx(54.0))


OVERDUE = [
    # description, plugged in so long ago, energy in the car, hours since when it has been overdue
    ("came after the last departure", timedelta(hours=4), 30.0, None),
    ("was there when it should have left", timedelta(hours=14), 30.0, timedelta(hours=4, minutes=31)),
    ("has what was wanted", timedelta(hours=14), 47.5, None),
    ("nobody knows since when", None, 30.0, None),
]


@pytest.mark.parametrize(("ago", "energy_kwh", "late"), [row[1:] for row in OVERDUE], ids=[r[0] for r in OVERDUE])
def test_a_car_that_should_have_left_by_now_is_overdue_until_it_has_what_was_wanted(ago, energy_kwh, late):
    past = Past(connected_since=None if ago is None else NOW - ago)
    live = reading("ev_charger", energy_kwh=energy_kwh, soc=None, past=past)
    request = build_request(a_situation("ev_charger", live=live))
    (session,) = state_of(request, "ev_charger").sessions
    assert session.ready_by == (None if late is None else NOW - late)
    assert session.departure == NOW + timedelta(hours=19, minutes=29)


def test_a_car_is_charged_at_once_up_to_what_the_household_says():
    request = build_request(a_situation("ev_charger", ev_charger={"at_once_soc": 0.4}))
    (session,) = state_of(request, "ev_charger").sessions
    assert (session.at_once_kwh, session.min_kwh) == (pytest.approx(24.0), pytest.approx(18.0))
    assert session.max_discharge_kw is None


def test_a_charge_that_is_only_assumed_is_not_given_away():
    live = reading("ev_charger", energy_kwh=None, soc=None)
    (session,) = state_of(build_request(a_situation("ev_charger", live=live)), "ev_charger").sessions
    assert session.max_discharge_kw == 0.0


def test_heat_and_loads_come_with_their_past():
    past = Past(on=True, since=NOW - timedelta(minutes=5), last_disinfected=NOW - timedelta(days=3), given_h_today=2.0)
    live = a_live("heat_pump", "hot_water")
    live = replace(live, assets={name: replace(found, past=past) for name, found in live.assets.items()})
    request = build_request(a_situation("heat_pump", "hot_water", live=live))
    pump, tank = state_of(request, "heat_pump"), state_of(request, "hot_water")
    assert (pump.on, pump.since, tank.since) == (True, past.since, past.since)
    assert tank.last_disinfected == past.last_disinfected


def test_the_plan_that_holds_is_what_the_next_one_is_compared_with():
    situation = a_situation("battery")
    plan = fallback_plan(build_request(situation), "test")
    request = build_request(replace(situation, previous=plan))
    assert request.previous.powers_kw["battery"].values == plan.asset("battery").power_kw
    old = replace(plan, expires_at=NOW)
    assert build_request(replace(situation, previous=old)).previous is None


def test_scenarios_are_made_as_many_as_are_wanted():
    situation = a_situation("pv", "battery")
    assert build_request(situation).scenarios == ()
    request = build_request(replace(situation, home=replace(situation.home, scenarios=3)))
    assert len(request.scenarios) == 3
    assert sum(scenario.probability for scenario in request.scenarios) == pytest.approx(1.0)


def test_scenarios_spread_the_further_the_longer_the_homes_errors_last():
    situation = a_situation("pv", "battery")
    situation = replace(situation, home=replace(situation.home, scenarios=5))

    def most_kwh(memory):
        outlook = replace(situation.outlook, load_memory=memory)
        scenarios = build_request(replace(situation, outlook=outlook)).scenarios
        return max(sum(scenario.load_kw.values) for scenario in scenarios)

    hour = timedelta(hours=1)
    assert most_kwh(hour) < most_kwh(None) < most_kwh(50 * hour)
    assert most_kwh(None) == most_kwh(6 * hour)


def test_the_peak_of_the_month_goes_with_the_charge_on_it():
    tariff = {"kind": "fixed", "import_price_per_kwh": 0.3, "export_price_per_kwh": 0.1, "capacity_price_per_kw": 4.0}
    entry = a_running_entry("battery", tariff=tariff)
    live = replace(a_live("battery"), peak_import_kw=3.2)
    capacity = build_request(a_situation(entry=entry, live=live)).tariff.capacity
    assert (capacity.price_per_kw, capacity.peak_so_far_kw) == (4.0, 3.2)
    assert build_request(a_situation(entry=entry, live=a_live("battery"))).tariff.capacity.peak_so_far_kw == 0.0


def test_the_charge_wanted_each_day_is_wanted_at_that_local_time_of_every_day_ahead():
    entry = an_entry(a_subentry("battery", target_soc=0.9, target_by="06:30:00") | {"subentry_id": "battery"})
    targets = state_of(build_request(a_situation(entry=entry, live=a_live("battery"))), "battery").targets
    assert [(target.by, target.soc) for target in targets] == [
        (datetime(2026, 6, day, 4, 30, tzinfo=UTC), 0.9) for day in (21, 22)
    ]
    assert state_of(build_request(a_situation("battery")), "battery").targets == ()


def test_a_battery_behind_an_inverter_is_planned_with_it():
    battery = a_subentry("battery", inverter="01HYBRID")
    entry = an_entry(battery, a_subentry("inverter") | {"subentry_id": "01HYBRID"})
    name = next(name for name in entry.subentries if name != "01HYBRID")
    live = replace(a_live("battery"), assets={name: AssetReading(power_kw=0.0, soc=0.5)})
    request = build_request(a_situation(entry=entry, live=live))
    assert request.site.asset(name).inverter == "01HYBRID"
    assert state_of(request, "01HYBRID").kind == "inverter"


def test_a_battery_whose_inverter_was_removed_is_named():
    entry = an_entry(a_subentry("battery", inverter="01HYBRID"))
    (name,) = entry.subentries
    live = replace(a_live("battery"), assets={name: AssetReading(power_kw=0.0, soc=0.5)})
    request = build_request(a_situation(entry=entry, live=live))
    assert request.site.asset(name).inverter is None
    assert health_of(request)[f"{name}.inverter"] == "degraded"


def test_a_home_with_all_that_can_be_asked_for_gets_a_plan():
    whole = {
        "inverter": {"max_ac_charge_kw": 4.0, "phase": "l1"},
        "pv": {"inverter": "inverter"},
        "battery": {"inverter": "inverter", "reserve_soc": 0.3, "full_power_up_to_soc": 0.8, "power_when_full_kw": 1.0},
        "ev_charger": {"max_discharge_kw": 7.0, "at_once_soc": 0.4, "phase": "l2"},
        "heat_pump": {"min_electric_kw": 0.8, "min_on_min": 20, "mass_share": 0.8, "mass_coupling_kw_per_k": 3.0},
        "hot_water": {"legionella": True, "night_from": "22:00", "night_until": "06:00", "night_min_c": 40.0},
        "flexible_load": {"min_on_h_per_day": 3.0},
    }
    entry = an_entry(
        *(a_subentry(kind, **changes) | {"subentry_id": kind} for kind, changes in whole.items()),
        grid={"max_import_kw": 17.0, "max_export_kw": 10.0, "max_import_a_per_phase": 25},
    )
    live = a_live("pv", "battery", "ev_charger", "heat_pump", "hot_water")
    request = build_request(a_situation(entry=entry, live=live))
    plan = fallback_plan(decode(PlanRequest, encode(request)), "test")
    assert {asset.asset for asset in plan.assets} == set(whole)


def test_poor_inputs_are_completed_and_named():
    request = build_request(a_situation("pv", "heat_pump"))
    assert health_of(request) == {"pv.available_kw": "degraded", "outdoor_c": "degraded", "load_kw": "degraded"}


def test_complete_inputs_are_taken_as_they_are():
    outlook = Outlook(
        load_kw=constant(0.7),
        outdoor_c=constant(3.0),
        pv_kw={"pv": constant(1.0)},
        draw_kw={"hot_water": constant(0.2)},
    )
    request = build_request(a_situation("pv", "heat_pump", "hot_water", outlook=outlook))
    assert request.health == ()
    assert request.load_kw == constant(0.7)
    assert request.outdoor_c.at(NOW) == 3.0


def test_holes_in_the_draw_are_filled_and_named():
    short = Series.constant(0.2, HORIZON.start, HORIZON.start + timedelta(hours=12))
    request = build_request(
        a_situation("hot_water", outlook=Outlook(load_kw=constant(0.5), draw_kw={"hot_water": short}))
    )
    assert health_of(request) == {"hot_water.draw_kw": "degraded"}


def test_pv_that_hems_must_not_touch_is_planned_with_but_not_curtailed():
    request = build_request(a_situation("pv", pv={"automatic": False}))
    assert request.site.asset("pv").curtailable is False


def test_asset_run_by_hand_counts_as_load_for_an_hour():
    live = reading("battery", power_kw=2.0)
    outlook = Outlook(load_kw=constant(0.5))
    request = build_request(a_situation("battery", live=live, outlook=outlook, battery={"automatic": False}))
    assert request.site.assets == ()
    assert request.load_kw.at(NOW) == 2.5
    assert request.load_kw.at(NOW + timedelta(minutes=61)) == 0.5


def test_battery_discharged_by_hand_does_not_make_the_load_negative():
    live = reading("battery", power_kw=-3.0)
    request = build_request(a_situation("battery", live=live, battery={"automatic": False}))
    assert request.load_kw.at(NOW) == 0.0


MODES = [("cost", 0.0, 1.0), ("self_consumption", 0.05, 1.0), ("comfort", 0.0, 5.0)]


@pytest.mark.parametrize(("mode", "exchange", "comfort"), MODES)
def test_mode_becomes_weights(mode, exchange, comfort):
    weights = build_request(a_situation("battery", site={"mode": mode})).weights
    assert (weights.exchange_price_per_kwh, weights.comfort) == (exchange, comfort)


def test_overrides_of_planned_assets_are_kept_within_the_device():
    situation = a_situation("battery", "hot_water", hot_water={"automatic": False})
    until = NOW + timedelta(hours=1)
    overrides = (
        Override(asset="battery", power_kw=50.0, until=until),
        Override(asset="hot_water", power_kw=0.5, until=until),
    )
    request = build_request(replace(situation, wishes=replace(situation.wishes, overrides=overrides)))
    assert request.overrides == (Override(asset="battery", power_kw=5.0, until=until),)
    late = tuple(replace(override, until=NOW) for override in overrides)
    assert build_request(replace(situation, wishes=replace(situation.wishes, overrides=late))).overrides == ()


def runs_with(asked=None, known=()):
    situation = a_situation("appliance", outlook=Outlook(load_kw=constant(0.5), runs={"appliance": tuple(known)}))
    wishes = replace(situation.wishes, runs={} if asked is None else {"appliance": asked})
    request = build_request(replace(situation, wishes=wishes))
    return request, state_of(request, "appliance").runs


def a_run(earliest_h, latest_h):
    return ApplianceRun(earliest_start=NOW + timedelta(hours=earliest_h), latest_end=NOW + timedelta(hours=latest_h))


def test_households_own_word_beats_the_habit_of_the_same_time():
    asked, same, other = a_run(0, 6), a_run(2, 8), a_run(24, 30)
    assert runs_with(asked, (same, other))[1] == (asked, other)


def test_run_that_no_longer_fits_starts_as_soon_as_possible_and_is_named():
    request, (run,) = runs_with(a_run(-5, 1))
    assert run.earliest_start == NOW
    assert health_of(request)["appliance.run"] == "degraded"


def test_run_whose_window_is_over_is_gone():
    assert runs_with(a_run(-5, -1))[1] == ()


def test_flexible_load_is_wanted_as_its_schedule_says():
    entry = an_entry(a_subentry("flexible_load"))
    (name,) = (subentry_id for subentry_id in entry.subentries)
    live = replace(a_live("battery"), assets={name: AssetReading(power_kw=0.0)})
    without = build_request(a_situation(entry=entry, live=live))
    assert state_of(without, name).wanted == constant(1.0)
    short = Series.constant(0.0, HORIZON.start, HORIZON.start + timedelta(hours=3))
    request = build_request(a_situation(entry=entry, live=live, outlook=Outlook(wanted={name: short})))
    assert state_of(request, name).wanted.at(NOW + timedelta(hours=1)) == 0.0
    assert health_of(request)[f"{name}.wanted"] == "degraded"


TARIFFS = [
    ({"kind": "fixed", "import_price_per_kwh": 0.3, "export_price_per_kwh": 0.08}, 0.3, 0.08),
    (
        {
            "kind": "time_of_use",
            "periods": [{"start": "12:00:00", "end": "14:00:00", "import_price_per_kwh": 0.1}],
            "import_price_per_kwh": 0.3,
            "export_price_per_kwh": 0.05,
        },
        0.1,
        0.05,
    ),
]


@pytest.mark.parametrize(("tariff", "import_price", "export_price"), TARIFFS)
def test_tariff_covers_the_horizon_in_local_time(tariff, import_price, export_price):
    request = build_request(a_situation(entry=a_running_entry("battery", tariff=tariff), live=a_live("battery")))
    assert request.tariff.import_price.at(NOW) == import_price
    assert request.tariff.export_price.at(NOW) == export_price


def test_the_request_says_from_when_on_prices_are_estimates():
    tariff = {"kind": "entity", "import_price_entity": "sensor.price", "export_price_per_kwh": 0.08}
    short = Series.regular(NOW - timedelta(hours=2), timedelta(hours=1), [0.2] * 5)
    entry, live = a_running_entry("battery", tariff=tariff), a_live("battery")
    request = build_request(a_situation(entry=entry, live=live, outlook=Outlook(import_price=short)))
    assert request.prices_known_until == NOW + timedelta(hours=3)
    assert health_of(request)["tariff.import_price"] == "degraded"
    fixed = {"kind": "fixed", "import_price_per_kwh": 0.3, "export_price_per_kwh": 0.08}
    request = build_request(a_situation(entry=a_running_entry("battery", tariff=fixed), live=live))
    assert request.prices_known_until is None


def test_price_list_from_long_ago_is_an_error():
    tariff = {"kind": "entity", "import_price_entity": "sensor.price", "export_price_per_kwh": 0.08}
    old = Series.regular(NOW - timedelta(days=90), timedelta(hours=1), [0.2] * 24)
    situation = a_situation(
        entry=a_running_entry("battery", tariff=tariff), live=a_live("battery"), outlook=Outlook(import_price=old)
    )
    assert health_of(build_request(situation))["tariff.import_price"] == "error"


DEPARTURES = [
    ("later today", datetime(2026, 6, 20, 4, 0, tzinfo=UTC), time(7, 30), datetime(2026, 6, 20, 5, 30, tzinfo=UTC)),
    ("tomorrow", datetime(2026, 6, 20, 5, 30, tzinfo=UTC), time(7, 30), datetime(2026, 6, 21, 5, 30, tzinfo=UTC)),
    (
        "in an hour that is skipped",
        datetime(2026, 3, 28, 22, 0, tzinfo=UTC),
        time(2, 30),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    ),
    (
        "after the clock went back",
        datetime(2026, 10, 24, 22, 0, tzinfo=UTC),
        time(7, 30),
        datetime(2026, 10, 25, 6, 30, tzinfo=UTC),
    ),
]


@pytest.mark.parametrize(
    ("now", "clock", "expected"), [row[1:] for row in DEPARTURES], ids=[row[0] for row in DEPARTURES]
)
def test_departure_is_the_next_local_time(now, clock, expected):
    assert next_time_of_day(now, clock, "Europe/Berlin") == expected


def test_series_is_completed_only_where_it_has_holes():
    start, end = NOW, NOW + timedelta(hours=4)
    spare = Series.constant(9.0, start, end)
    holed = Series(times=(start, start + timedelta(hours=1), start + timedelta(hours=2)), values=(1.0, None))
    full, missing = completed(holed, spare, start, end)
    assert [full.at(start + timedelta(hours=hour)) for hour in range(4)] == [1.0, 9.0, 9.0, 9.0]
    assert missing == 0.75
    assert completed(None, spare, start, end) == (spare, 1.0)
    assert completed(full, spare, start, end) == (full, 0.0)


def test_raised_series_keeps_its_holes():
    series = Series(times=(NOW, NOW + timedelta(hours=1), NOW + timedelta(hours=2)), values=(None, 1.0))
    assert raised(series, 2.0, NOW, NOW + timedelta(minutes=90)).values == (None, 3.0, 1.0)


def test_emissions_weigh_what_the_household_says_where_they_are_known():
    prices = {"kind": "fixed", "import_price_per_kwh": 0.3, "export_price_per_kwh": 0.08}
    entry = an_entry(tariff={**prices, "co2_price_per_t": 120.0})
    outlook = Outlook(co2_kg_per_kwh=constant(0.35))
    known = build_request(a_situation(entry=entry, outlook=outlook))
    assert known.weights.co2_price_per_kg == 0.12
    assert known.co2_kg_per_kwh.at(NOW) == 0.35
    unknown = build_request(a_situation(entry=entry))
    assert unknown.weights.co2_price_per_kg == 0.0
    assert unknown.co2_kg_per_kwh is None


@pytest.mark.parametrize(("price", "weight"), [({}, 0.0), ({"ramping_price_per_kw": 0.2}, 0.2)], ids=["off", "even"])
@pytest.mark.parametrize("mode", ["cost", "self_consumption", "comfort"])
def test_changes_of_the_exchange_weigh_what_the_household_says_in_every_mode(mode, price, weight):
    prices = {"kind": "fixed", "import_price_per_kwh": 0.3, "export_price_per_kwh": 0.08}
    entry = an_entry(a_subentry("battery"), tariff=prices | price)
    assert build_request(a_situation(entry=entry, site={"mode": mode})).weights.ramping_price_per_kw == weight


METERS = [
    ("unknown", None, None),
    ("import", 1.5, 1.5),
    ("export", -2.0, -2.0),
    ("beyond", 90.0, 17.25),
    ("out", -90.0, -10.0),
]


@pytest.mark.parametrize(("shown_kw", "grid_kw"), [row[1:] for row in METERS], ids=[row[0] for row in METERS])
def test_the_first_change_begins_where_the_meter_is_as_far_as_the_connection_goes(shown_kw, grid_kw):
    live = replace(a_live("battery"), grid_kw=shown_kw)
    assert build_request(a_situation("battery", live=live)).grid_kw == grid_kw
