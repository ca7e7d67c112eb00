"""What travels over MQTT comes back as it was, and what cannot be used is refused in words that help."""

from datetime import UTC, datetime
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
import pytest

from custom_components.hems.core.exchange import (
    KINDS,
    QUANTITIES,
    Announcement,
    EventAnswer,
    EventState,
    ExchangeError,
    Flexibility,
    Status,
    Telemetry,
    encode,
    id_of,
    plan_message,
    read_announcement,
    read_cancel,
    read_plan,
    read_request,
    read_telemetry,
)
from custom_components.hems.core.exchange.schemas import schemas
from custom_components.hems.core.model.grid_event import ImportLimit, Level, SetPoint
from tests.builders import START
from tests.core.messages import plans

SEVERAL = settings(max_examples=40, deadline=None)
"""Each example is a whole home."""
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def telemetry(**changes) -> bytes:
    said = {
        "schema": 1,
        "time": "2026-11-21T12:00:00.000Z",
        "site": "home",
        "kind": "battery",
        "values": {"power_kw": -1.2, "soc_percent": 51},
    }
    return json.dumps(said | changes).encode()


def request(**changes) -> bytes:
    said = {"schema": 1, "id": "dso-1", "kind": "import_limit", "limit_kw": 4.2, "duration_s": 900}
    return json.dumps({name: value for name, value in (said | changes).items() if value != "drop"}).encode()


def refusal(read, payload) -> str:
    with pytest.raises(ExchangeError) as refused:
        read(payload)
    return str(refused.value)


@st.composite
def any_telemetry(draw) -> Telemetry:
    names = draw(st.sets(st.sampled_from(sorted(QUANTITIES))))
    return Telemetry(
        time=draw(st.datetimes(min_value=datetime(2020, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001  # has one
        site=draw(st.text("abc-_ ", min_size=1, max_size=20)),
        kind=draw(st.sampled_from(KINDS)),
        values={name: draw(st.floats(QUANTITIES[name].low, QUANTITIES[name].high)) for name in names},
    )


@given(any_telemetry())
def test_measurements_come_back_as_they_were(said):
    payload = encode(said)
    assert read_telemetry(payload) == said
    Draft202012Validator(schemas()["telemetry"]).validate(json.loads(payload))


@given(st.binary(max_size=60) | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(str))
def test_anything_else_is_refused_and_nothing_else_happens(payload):
    for read in (read_telemetry, read_plan, read_request, read_cancel, read_announcement):
        with pytest.raises(ExchangeError):
            read(payload)
    assert id_of(payload) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"values": {"power_kw": 4000}},
            "values.power_kw: got 4000, must be between -1000 and 1000 kW; check its unit",
        ),
        ({"values": {"power_w": 4000}}, "values.power_w: got 4000, unknown; use power_kw"),
        ({"values": {"soc_percent": float("nan")}}, "values.soc_percent: got NaN, must be a plain number"),
        ({"values": {"power_kw": True}}, "values.power_kw: got true, must be a plain number"),
        ({"time": "2026-11-21T12:00:00"}, 'time: got "2026-11-21T12:00:00", a time needs its zone'),
        ({"time": "yesterday"}, "must be a time such as 2026-11-21T12:00:00Z"),
        ({"kind": "toaster"}, "kind: got \"toaster\", should be 'site', 'grid'"),
        ({"schema": 2}, "schema: got 2, should be 1"),
        ({"watts": 3}, "watts: got 3, unknown; leave it out"),
        ({"site": "x" * 70000}, "at most 65536 bytes"),
    ],
)
def test_a_measurement_that_cannot_be_used_is_refused_with_a_way_out(changes, said):
    assert said in refusal(read_telemetry, telemetry(**changes))


def test_something_that_is_no_json_is_called_that():
    assert "not JSON" in refusal(read_telemetry, b"power=3")
    assert "must be a JSON object" in refusal(read_telemetry, b"[1]")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ImportLimit(id="dso-1", limit_kw=4.2, duration_s=900)),
        (
            {"kind": "level", "limit_kw": "drop", "direction": "down", "kinds": ["ev_charger"], "start": None},
            Level(id="dso-1", direction="down", kinds=("ev_charger",), duration_s=900),
        ),
        (
            {"kind": "setpoint", "limit_kw": "drop", "power_kw": -2, "start": "2026-11-21T13:00:00+01:00"},
            SetPoint(id="dso-1", power_kw=-2.0, start=NOON, duration_s=900),
        ),
    ],
    ids=["limit", "level", "setpoint"],
)
def test_each_kind_of_event_is_read(changes, expected):
    assert read_request(request(**changes)) == expected
    assert read_request(encode(expected)) == expected
    Draft202012Validator(schemas()["event-request"]).validate(json.loads(encode(expected)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "drop"}, "kind: is missing; add it"),
        ({"kind": "panic"}, "kind: got \"panic\", must be one of 'import_limit'"),
        ({"limit_kw": "drop"}, "limit_kw: is missing; add it"),
        ({"limit_kw": -1}, "limit_kw: got -1, should be greater than or equal to 0"),
        ({"limit_kw": 4200}, "limit_kw: got 4200, should be less than or equal to 1000"),
        ({"limit_kw": float("inf")}, "limit_kw: got Infinity"),
        ({"limit_kw": "4.2"}, 'limit_kw: got "4.2", must be a plain number'),
        ({"power_kw": 1.0}, "power_kw: got 1.0, unknown"),
        ({"duration_s": 0}, "duration_s: got 0, should be greater than 0"),
        ({"duration_s": 10**9}, "duration_s: got 1000000000, should be less than or equal to 604800"),
        ({"id": "a/b"}, "id: got"),
        ({"id": "#"}, "id: got"),
        ({"start": "12:00"}, "start: got"),
    ],
)
def test_a_request_that_cannot_be_used_is_refused_with_a_way_out(changes, said):
    assert said in refusal(read_request, request(**changes))
    # The schema refuses the same, but for what a time is.
    assert "start" in changes or not Draft202012Validator(schemas()["event-request"]).is_valid(
        json.loads(request(**changes))
    )


def test_a_message_that_cannot_be_read_can_still_be_answered_by_its_id():
    assert id_of(request(limit_kw=-1)) == "dso-1"
    assert id_of(request(id="a/#")) is None
    assert id_of(b"[" * 100_000) is None


@SEVERAL
@given(plans())
def test_a_plan_comes_back_as_it_was_published(plan):
    said = plan_message(plan, None)
    payload = encode(said)
    assert read_plan(payload) == said
    assert len(said.slots) == plan.horizon.steps
    Draft202012Validator(schemas()["plan"]).validate(json.loads(payload))


def test_a_plan_whose_series_are_too_short_is_refused():
    said = {
        "site": "home",
        "made": "2026-11-21T12:00:00Z",
        "expires": "2026-11-21T12:15:00Z",
        "outcome": "optimal",
        "currency": "EUR",
        "cost": 1.0,
        "bill": 1.0,
        "slots": [{"start": "2026-11-21T12:00:00Z", "end": "2026-11-21T12:15:00Z"}],
        "assets": {"battery": {"kind": "battery", "power_kw": [1.0, 2.0]}},
        "grid_kw": [1.0],
        "load_kw": [1.0],
        "import_price_per_kwh": [0.3],
        "export_price_per_kwh": [0.1],
    }
    assert "assets.battery.power_kw must have one value for each of the 1 slots, got 2" in refusal(
        read_plan, json.dumps(said)
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("event-state", EventAnswer(id="a", state=EventState.ACTIVE, time=NOON)),
        ("status", Status(online=True, time=NOON, version="1.2.3", event="a")),
        ("flexibility", Flexibility(reason="not yet")),
        ("stack-announce", Announcement(home="h-1", time=NOON)),
    ],
)
def test_what_is_said_fits_its_published_schema(name, message):
    Draft202012Validator(schemas()[name]).validate(json.loads(encode(message)))


def test_an_announcement_names_a_home_that_can_be_a_topic():
    assert read_announcement(encode(Announcement(home="h-1", time=START))).home == "h-1"
    assert "home: got" in refusal(read_announcement, b'{"home": "a/+", "time": "2026-11-21T12:00:00Z"}')


def test_every_kind_of_event_is_told_apart_in_the_schema():
    mapped = set(schemas()["event-request"]["discriminator"]["mapping"])
    assert mapped == {"import_limit", "export_limit", "level", "setpoint"}
