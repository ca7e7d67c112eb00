"""What follows from one measurement after another."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.hems.core.model import Building, HeatPump, LegionellaCycle, ThermalMass
from custom_components.hems.observe.traces import LONGEST_SAMPLE, grid_traced, traced
from custom_components.hems.runtime import AssetReading
from tests.builders import a_flexible_load, a_heat_pump, a_hot_water, an_ev_charger

START = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
STEP = timedelta(minutes=5)


def after(asset, *readings, step=STEP, start=START, told_kw=None):
    """What is remembered after readings that are a step apart."""
    trace = None
    for number, reading in enumerate(readings):
        trace = traced(asset, reading, told_kw, start + number * step, BERLIN, trace)
    return trace.past


def on(power_kw, times=1):
    return (AssetReading(power_kw=power_kw),) * times


def warm(celsius, times=1):
    return (AssetReading(temperature_c=celsius),) * times


def plugged(connected):
    return AssetReading(connected=connected)


CARS = [
    ("never seen", [plugged(False)], None),
    ("there from the first look on", [plugged(True), plugged(True)], 0),
    ("came later", [plugged(False), plugged(True), plugged(True)], 1),
    ("a sensor that fails", [plugged(True), plugged(None), plugged(True)], 0),
    ("left and came back", [plugged(True), plugged(False), plugged(True)], 2),
]


@pytest.mark.parametrize(("readings", "since"), [row[1:] for row in CARS], ids=[row[0] for row in CARS])
def test_since_when_a_car_is_there_is_remembered(readings, since):
    assert after(an_ev_charger(), *readings).connected_since == (None if since is None else START + since * STEP)


PUMPS = [
    ("first look", on(2.0), True, None),
    ("standby is off", on(0.05), False, None),
    ("switched on", on(0.0) + on(2.0, 2), True, 1),
    ("switched off", on(2.0) + on(0.0, 3), False, 1),
    ("a meter that fails", on(0.0) + on(2.0) + on(None), None, None),
]


@pytest.mark.parametrize(("readings", "is_on", "since"), [row[1:] for row in PUMPS], ids=[row[0] for row in PUMPS])
def test_when_a_heater_was_switched_is_remembered(readings, is_on, since):
    past = after(a_heat_pump(min_electric_kw=0.6), *readings)
    assert past.on is is_on
    assert past.since == (None if since is None else START + since * STEP)


def test_what_was_switched_in_a_long_silence_was_switched_nobody_knows_when():
    past = after(a_hot_water(), *on(0.0), *on(2.0), step=LONGEST_SAMPLE + STEP)
    assert (past.on, past.since) == (True, None)
    past = after(a_hot_water(), *on(0.0), *on(2.0), *on(2.0), step=LONGEST_SAMPLE + STEP)
    assert (past.on, past.since) == (True, None)


@pytest.mark.parametrize(("told_kw", "is_on"), [(None, None), (0.0, False), (1.5, True)])
def test_what_has_no_meter_is_as_it_was_told(told_kw, is_on):
    assert after(a_heat_pump(), AssetReading(), told_kw=told_kw).on is is_on


CYCLE = LegionellaCycle(temperature_c=60.0, hold_s=1800)
TANKS = [
    ("cold", warm(50.0), None, None),
    ("hot, not yet for long enough", warm(50.0) + warm(61.0, 3), 1, None),
    ("a cycle is over", warm(61.0, 8), 0, 7),
    ("it is over although the tank cools", warm(61.0, 8) + warm(55.0), None, 7),
    ("interrupted", warm(61.0, 4) + warm(58.0) + warm(61.0, 4), 5, None),
    ("nobody knows", warm(61.0, 8) + warm(None), None, 7),
]


@pytest.mark.parametrize(("readings", "hot", "done"), [row[1:] for row in TANKS], ids=[row[0] for row in TANKS])
def test_a_legionella_cycle_is_seen_by_the_tank(readings, hot, done):
    past = after(a_hot_water(legionella=CYCLE), *readings)
    assert past.hot_since == (None if hot is None else START + hot * STEP)
    assert past.last_disinfected == (None if done is None else START + done * STEP)


def test_a_tank_that_was_hot_before_and_after_a_long_silence_was_not_hot_for_long():
    past = after(a_hot_water(legionella=CYCLE), *warm(61.0, 2), step=timedelta(hours=2))
    assert (past.hot_since, past.last_disinfected) == (START + timedelta(hours=2), None)


def test_hours_of_the_day_are_counted_and_begin_anew_at_local_midnight():
    load = a_flexible_load(power_kw=1.0)
    assert after(load, *on(1.0, 13)).given_h_today == pytest.approx(1.0)
    assert after(load, *on(1.0, 7), *on(0.0, 6)).given_h_today == pytest.approx(7 / 12)
    # 23:00 UTC is midnight in Berlin.
    past = after(load, *on(1.0, 13), start=datetime(2026, 3, 10, 22, 32, tzinfo=UTC))
    assert past.given_h_today == pytest.approx(32 / 60)
    assert after(load, *on(1.0, 3), step=timedelta(hours=1)).given_h_today == 0.0


def test_walls_follow_the_rooms():
    mass = ThermalMass(heat_capacity_kwh_per_k=10.0, coupling_kw_per_k=2.0)
    building = Building(heat_loss_kw_per_k=0.2, heat_capacity_kwh_per_k=2.0, mass=mass)
    pump = a_heat_pump(building=building)
    assert isinstance(pump, HeatPump)
    assert after(pump, *warm(20.0)).mass_c == 20.0
    assert after(pump, *warm(20.0), *warm(22.0), step=timedelta(hours=5)).mass_c == pytest.approx(22.0 - 2.0 / 2.71828)
    assert after(pump, *warm(20.0), *warm(None)).mass_c == 20.0
    assert after(a_heat_pump(), *warm(20.0)).mass_c is None


def test_a_clock_that_is_set_back_begins_anew():
    first = traced(an_ev_charger(), plugged(True), None, START, BERLIN, None)
    again = traced(an_ev_charger(), plugged(True), None, START - STEP, BERLIN, first)
    assert again.past.connected_since == START - STEP


def peak(*imports_kw, step=STEP, start=START):
    trace = None
    for number, import_kw in enumerate(imports_kw):
        trace = grid_traced(import_kw, start + number * step, BERLIN, trace)
    return trace.peak_kw if trace else None


PEAKS = [
    ("unknown", (None, None), None),
    ("the first quarter is not over", (6.0, 6.0, 6.0), None),
    ("a whole quarter", (6.0, 6.0, 6.0, 0.0), 6.0),
    ("its mean", (6.0, 0.0, 0.0, 0.0), 2.0),
    ("the highest of several", (6.0, 0.0, 0.0, 3.0, 3.0, 3.0, 0.0), 3.0),
    ("what is fed in is no import", (-6.0, -6.0, -6.0, 0.0), 0.0),
    ("a meter that fails for a moment", (6.0, None, 6.0, 0.0), 6.0),
]


@pytest.mark.parametrize(("imports_kw", "peak_kw"), [row[1:] for row in PEAKS], ids=[row[0] for row in PEAKS])
def test_the_peak_of_the_month_is_the_highest_mean_of_a_quarter_of_an_hour(imports_kw, peak_kw):
    assert peak(*imports_kw) == (None if peak_kw is None else pytest.approx(peak_kw))


def test_a_quarter_that_a_sample_runs_over_is_shared():
    assert peak(8.0, 0.0, 0.0, step=timedelta(minutes=10)) == pytest.approx(8.0 * 10 / 15)


def test_a_new_month_has_no_peak_yet():
    before = datetime(2026, 3, 31, 21, 40, tzinfo=UTC)
    trace = None
    seen = []
    for number in range(10):
        trace = grid_traced(4.0, before + number * STEP, BERLIN, trace)
        seen.append((trace.month, trace.peak_kw))
    assert seen[2] == (date(2026, 3, 1), pytest.approx(4.0 / 3))
    assert seen[4] == (date(2026, 4, 1), None)
    assert seen[9] == (date(2026, 4, 1), pytest.approx(4.0))


def test_a_new_day_has_no_peak_of_its_own_yet():
    before = datetime(2026, 3, 10, 22, 40, tzinfo=UTC)
    trace = None
    seen = []
    for number in range(10):
        trace = grid_traced(4.0, before + number * STEP, BERLIN, trace)
        seen.append((trace.day, trace.day_peak_kw))
    assert seen[2] == (date(2026, 3, 10), pytest.approx(4.0 / 3))
    assert seen[4] == (date(2026, 3, 11), None)
    assert seen[9] == (date(2026, 3, 11), pytest.approx(4.0))
    assert trace.peak_kw == pytest.approx(4.0)
    after_a_silence = grid_traced(1.0, trace.at + timedelta(hours=1), BERLIN, trace)
    assert after_a_silence.day_peak_kw == pytest.approx(4.0)
    next_day = grid_traced(1.0, trace.at + timedelta(days=1), BERLIN, trace)
    assert (next_day.day_peak_kw, next_day.peak_kw) == (None, pytest.approx(4.0))


def test_a_long_silence_makes_no_peak():
    assert peak(4.0, 4.0, step=timedelta(hours=1)) is None
