"""The life of an event: accepted or refused, active in its time, done, and forgotten a day later."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.demand_response import (
    KEPT,
    EventRefused,
    Ledger,
    Reach,
    Steerable,
    advanced,
    asked,
    cancelled,
    limits,
    next_change,
    opted_out,
    signals,
    steering,
    words,
)
from custom_components.hems.core.dispatch.limits import limits_at
from custom_components.hems.core.model.grid_event import EventState, ExportLimit, ImportLimit, Level, SetPoint
from custom_components.hems.core.wire import decode, encode
from tests.builders import START, a_site, hours

REACH = Reach(
    home="h-1",
    max_import_kw=9.0,
    max_export_kw=4.0,
    assets={
        "home_battery": Steerable(name="battery", kind="battery", low_kw=-5.0, high_kw=5.0),
        "wallbox": Steerable(name="ev_charger", kind="ev_charger", low_kw=0.0, high_kw=3.68),
        "car_2": Steerable(name="second", kind="ev_charger", low_kw=0.0, high_kw=3.68),
    },
)


def a_limit(key="dso-1", limit_kw=4.2, start=START, duration_h=1.0, **changes) -> ImportLimit:
    return ImportLimit(id=key, limit_kw=limit_kw, start=start, duration_s=int(3600 * duration_h), **changes)


def a_level(direction, key="level", start=START, duration_h=1.0, **changes) -> Level:
    return Level(id=key, direction=direction, start=start, duration_s=int(3600 * duration_h), **changes)


def a_ledger(*requests, now=START, **changes) -> Ledger:
    ledger = Ledger(**changes)
    for request in requests:
        ledger, _ = asked(ledger, request, REACH, now)
    return ledger


def refused(request, ledger=None, now=START) -> EventRefused:
    with pytest.raises(EventRefused) as error:
        asked(ledger or Ledger(), request, REACH, now)
    return error.value


def test_an_event_lives_from_its_acceptance_until_a_day_after_its_end():
    ledger = a_ledger(a_limit(start=hours(1)))
    seen = []
    for h in (0, 0.99, 1, 1.99, 2, 25.99):
        ledger = advanced(ledger, hours(h))
        seen.append(str(ledger.events[0].state))
    assert seen == ["accepted", "accepted", "active", "active", "done", "done"]
    assert ledger.events[0].since == hours(2)
    assert advanced(ledger, hours(26)).events == ()


def test_an_event_without_a_start_begins_at_once():
    ledger, event = asked(Ledger(), a_limit(start=None), REACH, hours(3))
    assert (event.state, event.start, event.end) == (EventState.ACTIVE, hours(3), hours(4))
    assert limits(ledger)[0].max_import_kw == 4.2


def test_the_next_change_is_when_something_changes():
    ledger = a_ledger(a_limit(start=hours(1)), a_limit("b", start=hours(2)))
    times = []
    now = START
    while (change := next_change(ledger, now)) is not None:
        now, ledger = change, advanced(ledger, change)
        times.append(now)
    assert times == [hours(1), hours(2), hours(3), hours(2) + KEPT, hours(3) + KEPT]


@pytest.mark.parametrize(
    ("description", "request_", "code", "said"),
    [
        ("expired", a_limit(expires=START), "expired", "has passed"),
        ("over already", a_limit(start=hours(-2)), "expired", "would have ended"),
        ("too far", a_limit(start=hours(24 * 40)), "impossible", "more than 31 days ahead"),
        ("foreign", a_limit(home="h-2"), "foreign", "this is not h-2"),
        ("no number", a_limit(limit_kw=float("nan")), "out_of_range", "got nan"),
        ("negative", a_limit(limit_kw=-1.0), "out_of_range", "between 0 and 1000 kW, got -1"),
        ("watts", SetPoint(id="a", power_kw=4200.0, duration_s=60), "out_of_range", "between -4 and 9 kW"),
        ("beyond", SetPoint(id="a", asset="wallbox", power_kw=-1.0, duration_s=60), "out_of_range", "0 and 3.68 kW"),
        ("lost", SetPoint(id="a", asset="toaster", power_kw=1.0, duration_s=60), "unknown_asset", "there are: car_2"),
        ("kind", a_level("up", kinds=("toaster",)), "unknown_asset", "there are: battery, ev_charger"),
        ("asset", a_level("up", assets=("wallbox", "toaster")), "unknown_asset", "assets: toaster not in this home"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_request_that_cannot_be_met_is_refused_with_a_reason(description, request_, code, said):
    error = refused(request_)
    assert error.code == code, description
    assert said in str(error)


def test_an_id_is_used_once_even_after_its_event_is_over():
    ledger = advanced(a_ledger(a_limit()), hours(2))
    assert refused(a_limit(start=hours(3)), ledger, hours(2)).code == "duplicate"
    _, event = asked(advanced(ledger, hours(26)), a_limit(start=hours(26)), REACH, hours(26))
    assert event.state is EventState.ACTIVE


def test_a_script_gone_wild_is_stopped():
    ledger = a_ledger(*(a_limit(f"e{number}", start=hours(1)) for number in range(200)))
    assert refused(a_limit("one-more"), ledger).code == "too_many"


@pytest.mark.parametrize(("end", "state"), [(cancelled, EventState.CANCELLED), (opted_out, EventState.OPTED_OUT)])
def test_an_event_that_is_taken_back_asks_for_nothing_any_more(end, state):
    ledger = end(a_ledger(a_limit(), a_level("down")), "dso-1", hours(0.5))
    assert ledger.event("dso-1").state is state
    assert limits(ledger) == ()
    assert steering(ledger, REACH, hours(0.5)).down
    with pytest.raises(EventRefused, match="is over already"):
        end(ledger, "dso-1", hours(0.6))
    with pytest.raises(EventRefused, match="there is no event other"):
        end(ledger, "other", hours(0.6))


def test_a_household_that_does_not_take_part_opts_out_of_everything():
    _, event = asked(Ledger(takes_part=False), a_limit(), REACH, START)
    assert (event.state, event.reason) == (EventState.OPTED_OUT, "the household does not take part in events")
    _, event = asked(Ledger(), a_limit(), REACH, START, opt_out=True)
    assert event.state is EventState.OPTED_OUT


def test_an_event_that_nobody_was_there_for_says_so():
    event = advanced(a_ledger(a_limit(start=hours(1))), hours(5)).events[0]
    assert (event.state, event.since, event.reason) == (
        EventState.DONE,
        hours(2),
        "HEMS did not run while it lasted",
    )


def test_of_limits_that_overlap_the_tightest_counts():
    ledger = a_ledger(
        a_limit("a", 5.0, duration_h=2),
        a_limit("b", 3.0, start=hours(1)),
        ExportLimit(id="c", limit_kw=1.0, start=START, duration_s=1800),
    )
    site = a_site(max_import_kw=9.0, max_export_kw=4.0)
    kept = [limits_at(site, limits(ledger), hours(h)) for h in (0, 1, 2)]
    assert [entry.max_import_kw for entry in kept] == [5.0, 3.0, 9.0]
    assert [entry.max_export_kw for entry in kept] == [1.0, 4.0, 4.0]


def test_less_counts_before_more_and_the_lower_power_before_the_higher():
    ledger = a_ledger(
        a_level("up", "up"),
        a_level("down", "down", kinds=("ev_charger",)),
        SetPoint(id="p1", asset="home_battery", power_kw=2.0, start=START, duration_s=3600),
        SetPoint(id="p2", asset="battery", power_kw=-1.0, start=START, duration_s=3600),
        SetPoint(id="g1", power_kw=2.0, start=START, duration_s=3600),
        SetPoint(id="g2", power_kw=1.0, start=START, duration_s=1800),
    )
    now = steering(ledger, REACH, START)
    assert (now.down, now.up, now.powers_kw, now.exchange_kw) == (
        {"ev_charger", "second"},
        frozenset(),
        {"battery": -1.0},
        1.0,
    )
    assert steering(ledger, REACH, hours(0.5)).exchange_kw == 2.0
    assert not steering(ledger, REACH, hours(1))


def test_an_asset_that_shall_draw_less_holds_no_power_that_was_asked_of_it():
    ledger = a_ledger(
        a_level("down", assets=("wallbox",)),
        SetPoint(id="p", asset="wallbox", power_kw=3.0, start=START, duration_s=3600),
    )
    now = steering(ledger, REACH, START)
    assert (now.down, dict(now.powers_kw)) == ({"ev_charger"}, {})


def test_the_plan_hears_of_powers_as_words_and_of_levels_as_prices_that_nobody_pays():
    ledger = a_ledger(
        SetPoint(id="p", asset="wallbox", power_kw=3.0, start=hours(1), duration_s=3600),
        a_level("down"),
        a_level("up", "up", start=hours(2)),
    )
    (word,) = words(ledger, REACH)
    assert (word.asset, word.power_kw, word.start, word.until) == ("ev_charger", 3.0, hours(1), hours(2))
    dear, cheap = signals(ledger, 0.5, 0.2)
    assert (dear.import_price_per_kwh, dear.export_price_per_kwh, dear.paid) == (0.5, 0.5, False)
    assert (cheap.import_price_per_kwh, cheap.export_price_per_kwh, cheap.paid) == (-0.2, 0.0, False)


@st.composite
def _requests(draw):
    key = draw(st.sampled_from("abcdef"))
    when = {"start": draw(st.none() | st.sampled_from([hours(h) for h in (-1, 0, 0.5, 2, 30)]))}
    when["duration_s"] = draw(st.sampled_from([60, 3600, 86400]))
    match draw(st.integers(0, 3)):
        case 0:
            return ImportLimit(id=key, limit_kw=draw(st.floats(0, 20)), **when)
        case 1:
            return ExportLimit(id=key, limit_kw=draw(st.floats(0, 20)), **when)
        case 2:
            return Level(id=key, direction=draw(st.sampled_from(["up", "down"])), **when)
        case _:
            asset = draw(st.sampled_from([None, *REACH.assets]))
            return SetPoint(id=key, asset=asset, power_kw=draw(st.floats(-6, 6)), **when)


@given(st.lists(st.tuples(_requests(), st.floats(0, 3), st.booleans()), max_size=8))
def test_whatever_happens_states_only_move_forward_and_nothing_acts_outside_its_time(story):
    ledger, now, over = Ledger(), START, {}
    for request, later_h, cancel in story:
        now += timedelta(hours=later_h)
        ledger = advanced(ledger, now)
        before = ledger.events
        try:
            ledger, event = asked(ledger, request, REACH, now)
        except EventRefused:
            assert ledger.events == before
        else:
            assert event.start < event.end > now
            if cancel and not event.over:
                ledger = cancelled(ledger, event.id, now)
        for event in ledger.events:
            assert event.acts(now) == (event.state is EventState.ACTIVE)
            assert over.get(id(event.request), event.state) == event.state, "what is over stays so"
            if event.over:
                over[id(event.request)] = event.state
        assert len({event.id for event in ledger.events}) == len(ledger.events)
        assert decode(Ledger, encode(ledger)) == ledger
    end = now + timedelta(days=60)
    assert advanced(ledger, end).open == ()
    assert not steering(ledger, REACH, end)
