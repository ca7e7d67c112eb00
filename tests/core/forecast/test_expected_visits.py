"""When a car will come, and what it will need."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.hems.core.forecast import PastVisit, ev_forecast
from custom_components.hems.core.model import HealthStatus

BERLIN = "Europe/Berlin"
ZONE = ZoneInfo(BERLIN)
MONDAY = datetime(2026, 3, 2, 12, tzinfo=ZONE)


def a_visit(day: datetime, arrives=17.5, stays=14.0, kwh=8.0) -> PastVisit:
    midnight = datetime.combine(day.date(), time(), tzinfo=ZONE)
    return PastVisit(
        arrival=(midnight + timedelta(hours=arrives)).astimezone(UTC),
        departure=(midnight + timedelta(hours=arrives + stays)).astimezone(UTC),
        charged_kwh=kwh,
    )


def habits(weeks=6, weekdays=(0, 1, 2, 3, 4), until=MONDAY, **kw) -> list[PastVisit]:
    days = [until - timedelta(days=back) for back in range(weeks * 7, 0, -1)]
    return [a_visit(day, **kw) for day in days if day.weekday() in weekdays]


def test_a_commuter_is_expected_on_weekdays_at_the_usual_time():
    visits, health = ev_forecast(habits(), MONDAY, MONDAY + timedelta(days=7), BERLIN, "ev.session")
    assert health == ()
    assert [visit.arrival[0.5].astimezone(ZONE).weekday() for visit in visits] == [0, 1, 2, 3, 4]
    assert visits[0].arrival[0.5] == a_visit(MONDAY).arrival
    assert visits[0].departure[0.5] == a_visit(MONDAY).departure
    assert visits[0].need_kwh[0.5] == 8.0


def test_a_habit_keeps_its_local_time_over_the_clock_change():
    friday = datetime(2026, 3, 27, 12, tzinfo=ZONE)
    visits, _ = ev_forecast(habits(until=friday), friday, friday + timedelta(days=5), BERLIN, "ev.session")
    times = [visit.arrival[0.5].astimezone(ZONE).time() for visit in visits]
    assert times == [time(17, 30)] * 3


def test_a_car_that_comes_on_wednesdays_is_expected_on_wednesdays():
    visits, _ = ev_forecast(habits(weekdays=(2,)), MONDAY, MONDAY + timedelta(days=7), BERLIN, "ev.session")
    assert [visit.arrival[0.5].astimezone(ZONE).weekday() for visit in visits] == [2]


def test_a_few_visits_are_no_habit():
    visits, (health,) = ev_forecast(habits()[-4:], MONDAY, MONDAY + timedelta(days=2), BERLIN, "ev.session")
    assert visits == ()
    assert health.status is HealthStatus.DEGRADED
    assert health.reason == "4 visits are known, 5 are needed: none is expected"


def test_nothing_of_the_future_is_used():
    past = habits()
    later = [a_visit(MONDAY + timedelta(days=day), arrives=9.0) for day in range(5)]
    span = (MONDAY, MONDAY + timedelta(days=4), BERLIN, "ev.session")
    assert ev_forecast(past + later, *span) == ev_forecast(past, *span)


def test_a_plan_counts_on_an_early_departure_and_a_large_need():
    past = [a_visit(visit.arrival, stays=12.0 + i % 5, kwh=4.0 + i % 5) for i, visit in enumerate(habits())]
    (visit, *_), _ = ev_forecast(past, MONDAY, MONDAY + timedelta(days=1), BERLIN, "ev.session")
    session = visit.session(capacity_kwh=60.0, target_kwh=48.0)
    assert session.departure < visit.departure[0.5]
    assert session.energy_kwh < 48.0 - visit.need_kwh[0.5]


def test_a_car_that_came_today_is_not_expected_again():
    evening = MONDAY + timedelta(hours=11)
    today = a_visit(MONDAY, arrives=17.5, stays=1.0)
    visits, _ = ev_forecast([*habits(), today], evening, evening + timedelta(hours=10), BERLIN, "ev.session")
    assert visits == ()


@settings(max_examples=40, deadline=None)
@given(
    past=st.lists(
        st.tuples(st.integers(1, 80), st.floats(0, 23.9), st.floats(0.1, 40), st.floats(0, 90)), min_size=5, max_size=40
    ),
    hours=st.integers(1, 24 * 8),
)
def test_whatever_was_seen_quantiles_are_in_order_and_visits_do_not_overlap(past, hours):
    visits = [a_visit(MONDAY - timedelta(days=day), arrives, stays, kwh) for day, arrives, stays, kwh in past]
    expected, _ = ev_forecast(visits, MONDAY, MONDAY + timedelta(hours=hours), BERLIN, "ev.session")
    for visit in expected:
        assert 0.5 <= visit.probability <= 1.0
        for found in (visit.arrival, visit.departure, visit.need_kwh):
            assert list(found.values()) == sorted(found.values())
        session = visit.session(60.0, 48.0)
        assert session.arrival > MONDAY
        assert session.energy_kwh <= 48.0 + 1e-6
    sessions = [visit.session(60.0, 48.0) for visit in expected]
    assert all(a.departure <= b.arrival for a, b in pairwise(sessions))
