"""What events make devices do: limits are kept, wishes give way to comfort, and afterwards all is as before."""

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.demand_response import (
    Ledger,
    Reach,
    Steerable,
    advanced,
    asked,
    limits,
    steering,
)
from custom_components.hems.core.dispatch import LiveAsset, LiveHome, of_override, setpoints
from custom_components.hems.core.model import Override, Source
from custom_components.hems.core.model.grid_event import ExportLimit, ImportLimit, Level, SetPoint
from custom_components.hems.core.model.steering import Steering
from tests.builders import (
    START,
    a_battery,
    a_flexible_load,
    a_flexible_load_state,
    a_heat_pump,
    a_hot_water,
    a_pv,
    a_run,
    a_site,
    an_appliance,
    an_appliance_state,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)

ASSETS = (
    a_pv(),
    a_battery(min_soc=0.1),
    an_ev_charger(),
    a_heat_pump(),
    a_hot_water(),
    an_appliance(),
    a_flexible_load(),
)
SITE = a_site(*ASSETS, max_import_kw=9.0, max_export_kw=4.0)
NAMES = [asset.name for asset in ASSETS]
REACH = Reach(
    home="h-1",
    max_import_kw=9.0,
    max_export_kw=4.0,
    assets={asset.name: Steerable(name=asset.name, kind=asset.kind, low_kw=-20.0, high_kw=20.0) for asset in ASSETS},
)
CAR_HAS_TIME = an_ev_charger_state(an_ev_session(0, 12, energy_kwh=20.0, target_kwh=30.0, capacity_kwh=60.0))
CAR_IS_LATE = an_ev_charger_state(an_ev_session(0, 1, energy_kwh=20.0, target_kwh=30.0, capacity_kwh=60.0))
STATES = (
    CAR_HAS_TIME,
    an_appliance_state(a_run(0, 12)),
    a_flexible_load_state(1.0),
)


def a_home(load_kw=1.0, grid_kw=None, **measured):
    """Everything at rest but the load, rooms and water in the middle of their comfort."""
    powers = dict.fromkeys(NAMES, 0.0)
    ordinary = {
        "battery": {"soc": 0.5},
        "ev_charger": {"connected": True, "energy_kwh": 20.0},
        "heat_pump": {"temperature_c": 21.0},
        "hot_water": {"temperature_c": 52.0},
        "appliance": {"running": False},
    }
    assets = {
        name: LiveAsset(**{"power_kw": powers[name]} | ordinary.get(name, {}) | measured.get(name, {}))
        for name in NAMES
    }
    drawn_kw = sum(asset.power_kw or 0.0 for asset in assets.values())
    return LiveHome(at=START, grid_kw=load_kw + drawn_kw if grid_kw is None else grid_kw, assets=assets)


def told(live, asked_for, *, states=STATES, overrides=(), manual=(), at=START):
    proposals = [of_override(entry) for entry in overrides]
    decided = setpoints(SITE, None, proposals, live, (), at, states=states, manual=manual, steering=asked_for)
    return {setpoint.asset: setpoint for setpoint in decided}


def powers(*args, **kwargs):
    return {name: setpoint.power_kw for name, setpoint in told(*args, **kwargs).items()}


EVERYTHING = frozenset(NAMES)
DOWN, UP = Steering(down=EVERYTHING), Steering(up=EVERYTHING)


def test_level_down_pauses_every_load_and_the_battery_covers_the_rest():
    live = a_home(
        load_kw=1.5,
        ev_charger={"power_kw": 3.0, "connected": True},
        heat_pump={"power_kw": 2.0, "temperature_c": 21.5},
        flexible_load={"power_kw": 1.0},
    )
    now = told(live, DOWN)
    assert {name: now[name].power_kw for name in NAMES if name not in ("battery", "pv")} == dict.fromkeys(
        ("ev_charger", "heat_pump", "hot_water", "appliance", "flexible_load"), 0.0
    )
    assert now["battery"].power_kw == pytest.approx(-1.5)
    assert now["heat_pump"].source is Source.GRID_OPERATOR
    assert now["heat_pump"].reason == "level_down"


@pytest.mark.parametrize(
    ("description", "asset", "measured", "states"),
    [
        ("a cold room", "heat_pump", {"power_kw": 2.0, "temperature_c": 19.9}, STATES),
        ("a room just warm enough", "heat_pump", {"power_kw": 2.0, "temperature_c": 20.2}, STATES),
        ("a cold tank", "hot_water", {"power_kw": 2.0, "temperature_c": 44.0}, STATES),
        ("a running programme", "appliance", {"power_kw": 2.0, "running": True}, STATES),
        ("a room of unknown warmth", "heat_pump", {"power_kw": 2.0, "temperature_c": None}, STATES),
    ],
)
def test_level_down_leaves_alone_what_is_needed(description, asset, measured, states):
    assert told(a_home(**{asset: measured}), DOWN, states=states)[asset].power_kw is None, description


def test_level_down_lets_a_car_charge_that_would_leave_too_empty():
    now = told(a_home(), DOWN, states=(CAR_IS_LATE, *STATES[1:]))["ev_charger"]
    assert now.power_kw > 3.0
    assert now.reason == "deadline"


def test_level_up_runs_what_there_is_use_for():
    now = powers(a_home(load_kw=0.5), Steering(up=EVERYTHING - {"battery"}))
    assert now["ev_charger"] == pytest.approx(3.68)
    assert now["appliance"] > 0.0
    assert now["flexible_load"] > 0.0
    limited = powers(a_home(load_kw=0.5), UP)
    assert sum(kw or 0.0 for kw in limited.values()) + 0.5 <= 9.0 + 1e-6, "the connection is kept"


@pytest.mark.parametrize(
    ("description", "asset", "measured", "states"),
    [
        ("a warm room", "heat_pump", {"temperature_c": 23.9}, STATES),
        ("a hot tank", "hot_water", {"temperature_c": 59.0}, STATES),
        ("no car", "ev_charger", {"connected": False}, STATES),
        ("a full car", "ev_charger", {"connected": True, "energy_kwh": 30.0}, STATES),
        ("an unwanted load", "flexible_load", {}, (CAR_HAS_TIME, a_flexible_load_state(0.0))),
        ("no programme waits", "appliance", {"running": False}, (CAR_HAS_TIME,)),
        ("a programme for later", "appliance", {"running": False}, (an_appliance_state(a_run(3, 12)),)),
    ],
)
def test_level_up_takes_up_nothing_without_use(description, asset, measured, states):
    assert not powers(a_home(**{asset: measured}), UP, states=states)[asset], description


def test_a_level_leaves_what_the_household_told_a_device_and_what_it_runs_by_hand():
    word = Override(asset="ev_charger", power_kw=3.0, until=hours(1))
    assert powers(a_home(), DOWN, overrides=[word])["ev_charger"] == pytest.approx(3.0)
    by_hand = told(a_home(ev_charger={"power_kw": 3.0, "connected": True}), DOWN, manual={"ev_charger"})
    assert by_hand["ev_charger"].power_kw is None


@pytest.mark.parametrize("asked_kw", [-3.0, 0.0, 2.0])
def test_a_battery_holds_the_power_that_is_asked_of_it(asked_kw):
    assert powers(a_home(load_kw=1.0), Steering(powers_kw={"battery": asked_kw}))["battery"] == pytest.approx(asked_kw)


def test_a_power_gives_way_to_reserve_and_comfort():
    empty = a_home(load_kw=1.0, battery={"soc": 0.1})
    assert powers(empty, Steering(powers_kw={"battery": -3.0}))["battery"] == pytest.approx(0.0)
    cold = a_home(heat_pump={"power_kw": 2.0, "temperature_c": 19.0})
    assert powers(cold, Steering(powers_kw={"heat_pump": 0.0}))["heat_pump"] is None


@pytest.mark.parametrize(("asked_kw", "battery_kw"), [(0.5, -1.0), (-2.0, -3.5), (4.0, 2.5)])
def test_the_battery_makes_the_meter_show_the_exchange_that_is_asked(asked_kw, battery_kw):
    assert powers(a_home(load_kw=1.5), Steering(exchange_kw=asked_kw))["battery"] == pytest.approx(battery_kw)


def test_an_exchange_moves_nothing_that_something_else_is_asked_of():
    now = powers(
        a_home(load_kw=1.0), Steering(exchange_kw=8.0, powers_kw={"battery": 0.0}, down=frozenset({"ev_charger"}))
    )
    assert (now["battery"], now["ev_charger"]) == (0.0, 0.0)


def test_loads_follow_where_the_battery_cannot():
    site = a_site(an_ev_charger(), a_heat_pump(), max_import_kw=20.0)
    live = LiveHome(
        at=START,
        grid_kw=6.0,
        assets={
            "ev_charger": LiveAsset(power_kw=3.0, connected=True, energy_kwh=20.0),
            "heat_pump": LiveAsset(power_kw=2.0, temperature_c=21.5),
        },
    )

    def decide(exchange_kw):
        decided = setpoints(site, None, (), live, (), START, states=STATES, steering=Steering(exchange_kw=exchange_kw))
        return {setpoint.asset: setpoint.power_kw for setpoint in decided}

    assert decide(1.0) == {"ev_charger": 0.0, "heat_pump": 0.0}
    assert decide(6.5)["ev_charger"] == pytest.approx(3.5)


_kw = st.floats(0, 12)


@st.composite
def _stories(draw):
    start = {"start": START, "duration_s": 3600}
    kinds = {
        "i": ImportLimit(id="i", limit_kw=draw(st.floats(0, 9)), **start),
        "e": ExportLimit(id="e", limit_kw=draw(st.floats(0, 4)), **start),
        "l": Level(id="l", direction=draw(st.sampled_from(["up", "down"])), **start),
        "s": SetPoint(id="s", power_kw=draw(st.floats(-4, 9)), **start),
        "b": SetPoint(id="b", asset="battery", power_kw=draw(st.floats(-5, 5)), **start),
    }
    ledger = Ledger()
    for key in draw(st.sets(st.sampled_from(sorted(kinds)), min_size=1)):
        ledger, _ = asked(ledger, kinds[key], REACH, START)
    return ledger


@settings(max_examples=200, deadline=None)
@given(
    ledger=_stories(),
    load_kw=_kw,
    pv_kw=st.floats(0, 5),
    soc=st.floats(0.1, 0.95),
    car_kw=st.sampled_from([0.0, 1.5, 3.68]),
    room_c=st.floats(18, 25),
)
def test_a_hard_limit_is_kept_whenever_the_home_can_keep_it_whatever_else_is_asked(
    ledger, load_kw, pv_kw, soc, car_kw, room_c
):
    live = a_home(
        load_kw=load_kw,
        pv={"power_kw": -pv_kw},
        battery={"soc": soc},
        ev_charger={"power_kw": car_kw, "connected": True, "energy_kwh": 20.0},
        heat_pump={"power_kw": 0.0, "temperature_c": room_c},
    )
    decided = setpoints(
        SITE, None, (), live, limits(ledger), START, states=STATES, steering=steering(ledger, REACH, START)
    )
    now = {setpoint.asset: setpoint.power_kw for setpoint in decided}
    after_kw = load_kw + sum(now[name] or 0.0 for name in NAMES if name != "pv")
    after_kw += -pv_kw if now["pv"] is None else max(-pv_kw, now["pv"])
    max_import_kw = min([9.0, *(limit.max_import_kw for limit in limits(ledger) if limit.max_import_kw is not None)])
    max_export_kw = min([4.0, *(limit.max_export_kw for limit in limits(ledger) if limit.max_export_kw is not None)])
    most_discharge_kw = min(5.0, max(0.0, 10.0 * soc - 1.0) * 0.95 * 60)
    assert after_kw <= max(max_import_kw, load_kw - pv_kw - most_discharge_kw) + 1e-6
    assert -after_kw <= max_export_kw + 1e-6
    assert now["battery"] >= -most_discharge_kw - 1e-6, "never below its reserve"


@settings(max_examples=50, deadline=None)
@given(ledger=_stories(), load_kw=_kw, pv_kw=st.floats(0, 5), soc=st.floats(0.1, 0.95))
def test_after_its_end_an_event_leaves_no_trace(ledger, load_kw, pv_kw, soc):
    live = a_home(load_kw=load_kw, pv={"power_kw": -pv_kw}, battery={"soc": soc})
    after = advanced(ledger, hours(1))

    def decide(**options):
        return setpoints(SITE, None, (), LiveHome(at=hours(1), grid_kw=live.grid_kw, assets=live.assets), **options)

    with_it = decide(limits=limits(after), now=hours(1), states=STATES, steering=steering(after, REACH, hours(1)))
    assert with_it == decide(limits=(), now=hours(1), states=STATES)
