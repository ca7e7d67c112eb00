"""Visits of cars are written down, and those to come are planned for."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from custom_components.hems.core.forecast import ExpectedVisit, PastVisit
from custom_components.hems.core.forecast.ev import LEVELS
from custom_components.hems.core.model import EvSession, HealthStatus, Horizon
from custom_components.hems.devices import Outlook
from custom_components.hems.entity_devices import EntityDevices
from custom_components.hems.home import parse_home
from custom_components.hems.observe.visits import VisitLog, Visits
from custom_components.hems.runtime import AssetReading
from custom_components.hems.settings import VISITS, Kept
from tests.integration.entries import a_subentry, an_entry
from tests.integration.test_planning import a_situation, build_request, reading, state_of

NOW = datetime(2026, 6, 20, 6, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Street:
    """A charger's log, and what it sees."""

    def __init__(self, hass):
        self.hass = hass
        self.home = parse_home(an_entry(a_subentry("ev_charger")), "UTC")
        (self.name,) = self.home.titles
        self.now = NOW
        self.log = self.restarted()

    def restarted(self):
        self.log = VisitLog(self.home, Kept(self.hass, "abc", VISITS, Visits))
        return self.log

    def sees(self, connected, lasting=MINUTE, charged_kwh=0.0, every=5 * MINUTE):
        """For so long, read every few minutes."""
        end = self.now + lasting
        while self.now < end:
            self.log.seen(self.name, AssetReading(connected=connected, charged_kwh=charged_kwh), self.now)
            self.now += every

    @property
    def known(self):
        return self.log._visits.past.get(self.name, ())

    def expected(self, start):
        found, health = self.log.expected(Horizon.even(start, HOUR, 48))
        return found[self.name], health


@pytest.fixture
def street(hass):
    return Street(hass)


async def test_a_visit_is_written_down_when_the_car_leaves(street):
    street.sees(connected=False)
    arrival = street.now
    street.sees(connected=True, lasting=2 * HOUR, charged_kwh=10.0)
    assert street.known == ()
    departure = street.now
    street.sees(connected=False)
    assert street.known == (PastVisit(arrival=arrival, departure=departure, charged_kwh=pytest.approx(9.0)),)


async def test_a_plug_sensor_that_flickers_ends_no_visit(street):
    street.sees(connected=False)
    arrival = street.now
    street.sees(connected=True, lasting=HOUR, charged_kwh=10.0)
    street.sees(connected=False)
    street.sees(connected=True, lasting=HOUR, charged_kwh=5.0)
    street.sees(connected=False)
    (visit,) = street.known
    assert (visit.arrival, visit.charged_kwh) == (arrival, pytest.approx(13.5))


async def test_a_car_that_only_passes_is_no_visit(street):
    street.sees(connected=False)
    street.sees(connected=True)
    street.sees(connected=False)
    assert street.known == ()


async def test_a_sensor_that_is_silent_sends_nobody_away(street):
    street.sees(connected=False)
    street.sees(connected=True, lasting=HOUR, charged_kwh=1.0)
    street.sees(connected=None, lasting=20 * MINUTE)
    street.sees(connected=True, lasting=HOUR, charged_kwh=2.0)
    street.sees(connected=False)
    (visit,) = street.known
    assert visit.departure - visit.arrival == 2 * HOUR + 20 * MINUTE


async def test_who_was_there_at_the_first_look_came_at_a_time_that_nobody_knows(street):
    street.sees(connected=True, lasting=2 * HOUR, charged_kwh=5.0)
    street.sees(connected=False)
    assert street.known == ()


async def test_a_visit_goes_on_over_a_restart(street):
    street.sees(connected=False)
    arrival = street.now
    street.sees(connected=True, lasting=HOUR, charged_kwh=5.0)
    await street.log.async_stop()
    await street.restarted().async_start()
    street.sees(connected=True, lasting=HOUR, charged_kwh=8.0)
    street.sees(connected=False)
    (visit,) = street.known
    assert (visit.arrival, visit.charged_kwh) == (arrival, pytest.approx(7.2))


async def test_who_left_while_nobody_looked_left_at_a_time_that_nobody_knows(street):
    street.sees(connected=False)
    street.sees(connected=True, lasting=HOUR, charged_kwh=5.0)
    await street.log.async_stop()
    await street.restarted().async_start()
    street.now += 5 * HOUR
    street.sees(connected=False)
    assert street.known == ()


async def test_who_may_have_been_away_while_nobody_looked_is_not_written_down(street):
    street.sees(connected=False)
    street.sees(connected=True, lasting=HOUR, charged_kwh=5.0)
    await street.log.async_stop()
    await street.restarted().async_start()
    street.now += 5 * HOUR
    street.sees(connected=True, lasting=HOUR)
    street.sees(connected=False)
    assert street.known == ()


async def test_visits_of_long_ago_are_forgotten(street):
    street.sees(connected=False)
    street.sees(connected=True, lasting=HOUR)
    street.sees(connected=False)
    street.now += 90 * DAY
    street.sees(connected=False)
    street.sees(connected=True, lasting=HOUR)
    street.sees(connected=False)
    assert [visit.arrival > NOW + DAY for visit in street.known] == [True]


async def test_after_some_evenings_the_next_one_is_expected(street):
    for day in range(14):
        street.now = NOW.replace(hour=17) + day * DAY
        street.sees(connected=False)
        street.sees(connected=True, lasting=12 * HOUR, charged_kwh=10.0)
        street.sees(connected=False)
    visits, health = street.expected(NOW.replace(hour=12) + 14 * DAY)
    assert [visit.arrival[0.5].hour for visit in visits] == [17, 17]
    assert health == []


async def test_too_few_visits_are_no_defect(street):
    visits, health = street.expected(NOW)
    assert visits == ()
    assert [entry.status for entry in health] == [HealthStatus.OK]


async def test_what_cannot_be_read_is_named_and_begun_afresh(hass, hass_storage, street, caplog):
    hass_storage["hems.abc.visits"] = {"version": 1, "data": {"past": {street.name: [3]}}}
    await street.log.async_start()
    assert "visits cannot be used" in caplog.text
    assert street.known == ()


async def test_a_real_home_writes_visits_down(hass, freezer):
    home = parse_home(an_entry(a_subentry("ev_charger")), "UTC")
    (name,) = home.titles
    devices = EntityDevices(hass, home, "abc")
    await devices.async_start()
    for plugged in ("off", *["on"] * 12, "off"):
        hass.states.async_set("binary_sensor.wallbox_connected", plugged)
        hass.states.async_set("sensor.wallbox_power", "6", {"unit_of_measurement": "kW"})
        devices.read()
        freezer.tick(5 * MINUTE)
    await devices.async_stop()
    visits = await Kept(hass, "abc", VISITS, Visits).async_load()
    (visit,) = visits.past[name]
    assert visit.departure - visit.arrival == HOUR
    assert visit.charged_kwh == pytest.approx(6.0 * 55 / 60 * 0.9, abs=0.2)


def an_expected(hour, hours=10, need_kwh=8.0):
    """A visit that is expected that late from now."""

    arrival = datetime(2026, 6, 20, 10, 1, tzinfo=UTC) + hour * HOUR
    return ExpectedVisit(
        probability=0.8,
        arrival=dict.fromkeys(LEVELS, arrival),
        departure=dict.fromkeys(LEVELS, arrival + hours * HOUR),
        need_kwh=dict.fromkeys(LEVELS, need_kwh),
    )


def sessions_of(outlook, connected=False, **wishes):
    live = reading("ev_charger", connected=connected, energy_kwh=30.0)
    request = build_request(a_situation("ev_charger", live=live, outlook=outlook, ev_charger=wishes))
    return request, state_of(request, "ev_charger").sessions


def test_an_expected_visit_is_planned_for_and_named():
    request, (session,) = sessions_of(Outlook(expected={"ev_charger": (an_expected(6),)}), target_soc=0.8)
    assert session.arrival == request.now + 6 * HOUR
    assert session.target_kwh - session.energy_kwh == pytest.approx(8.0)
    assert session.max_discharge_kw == 0.0
    (named,) = [entry for entry in request.health if entry.source == "ev_charger.sessions"]
    assert named.status is HealthStatus.OK
    assert "expected" in named.reason


def test_the_households_word_on_departure_comes_before_a_later_habit():
    expected = {"ev_charger": (an_expected(6, hours=30),)}
    _, (session,) = sessions_of(Outlook(expected=expected), departure=time(5, 0))
    assert session.departure == datetime(2026, 6, 21, 3, 0, tzinfo=UTC)


def test_without_a_wish_for_its_charge_no_car_is_expected():
    _, sessions = sessions_of(Outlook(expected={"ev_charger": (an_expected(6),)}), target_soc=None)
    assert sessions == ()


def test_a_source_that_knows_comes_before_what_is_expected():
    known = EvSession(
        arrival=NOW + 8 * HOUR, departure=NOW + 12 * HOUR, capacity_kwh=60.0, energy_kwh=20.0, target_kwh=40.0
    )
    outlook = Outlook(sessions={"ev_charger": (known,)}, expected={"ev_charger": (an_expected(6),)})
    _, sessions = sessions_of(outlook)
    assert [session.arrival for session in sessions] == [known.arrival]


def test_nobody_is_expected_while_a_car_is_there():
    outlook = Outlook(expected={"ev_charger": (an_expected(2), an_expected(30))})
    _, sessions = sessions_of(outlook, connected=True, departure=time(7, 30))
    assert [session.arrival for session in sessions] == [
        datetime(2026, 6, 20, 10, 1, tzinfo=UTC),
        datetime(2026, 6, 20, 10, 1, tzinfo=UTC) + 30 * HOUR,
    ]


def test_expected_visits_do_not_overlap():
    late = an_expected(8)
    _, sessions = sessions_of(Outlook(expected={"ev_charger": (an_expected(6), replace(late, probability=0.6))}))
    assert len(sessions) == 1
