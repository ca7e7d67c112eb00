"""What is taken from the broker, what is dropped, and that every drop is counted."""

from datetime import timedelta
import json
import logging

from hems_agent.intake import Intake
from hems_core.exchange import EventAnswer, EventState, encode
from hypothesis import given
from hypothesis import strategies as st
import pytest

from tests.agent.test_agent_lines import NOON, NOON_MS, a_long_plan, a_plan

TOPIC = "hems/h-1/telemetry/meter"


def an_intake(**options):
    heard = []
    intake = Intake("h-1", lambda asset, time_ms: heard.append((asset, time_ms)), **options)
    return intake, heard


def said(second=0.0, site="home", kind="meter", **values):
    at = NOON.replace(second=int(second), microsecond=round(second % 1 * 1e6))
    return json.dumps(
        {"schema": 1, "time": at.isoformat(), "site": site, "kind": kind, "values": values or {"power_kw": 1.0}}
    ).encode()


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (TOPIC, b"power=3", "message"),
        (TOPIC, b"\xff\xfe", "message"),
        (TOPIC, b"", "message"),
        (TOPIC, b"[]", "message"),
        (TOPIC, b'{"schema":2,"site":"home","kind":"meter","values":{}}', "schema"),
        (TOPIC, b'{"site":"home","kind":"toaster","values":{"power_kw":1}}', "kind"),
        (TOPIC, b'{"site":"home","kind":"meter","values":{"power_kw":"1"}}', "values"),
        (TOPIC, b'{"site":"home","kind":"meter","values":{"power_kw":NaN}}', "values"),
        (TOPIC, b'{"site":"home","kind":"meter","values":{"soc_percent":101}}', "values"),
        (TOPIC, b'{"site":"home","kind":"meter","values":{"watts":1}}', "values"),
        (TOPIC, b'{"site":"home","kind":"meter","values":{"power_kw":1},"x":1}', "unknown field"),
        (TOPIC, b'{"time":"2026-11-21T12:00:00","site":"home","kind":"meter","values":{"power_kw":1}}', "time"),
        (TOPIC, b'{"time":"2026-11-21T12:09:00Z","site":"home","kind":"meter","values":{"power_kw":1}}', "clock"),
        (TOPIC, b'{"time":"1970-01-01T00:00:07Z","site":"home","kind":"meter","values":{"power_kw":1}}', "clock"),
        (TOPIC, said(site="two\nlines"), "site"),
        ("hems/h-1/telemetry/Not An Asset", said(), "topic"),
        ("hems/h-1/telemetry/a/b", said(), "topic"),
        ("hems/h-2/telemetry/a", said(), "topic"),
        ("hems/h-1/plan", b"{}", "site"),
        ("hems/h-1/events/state/a", b'{"id":"a","state":"odd","time":"2026-11-21T12:00:00Z"}', "state"),
    ],
)
def test_a_bad_message_is_dropped_and_counted_by_its_reason(topic, payload, reason):
    intake, heard = an_intake()
    intake.take(topic, payload, NOON_MS)
    assert (intake.lines, heard, dict(intake.counts.bad)) == ([], [], {reason: 1})


@given(st.binary(max_size=200), st.sampled_from([TOPIC, "hems/h-1/plan", "hems/h-1/events/state/x", "hems/h-1/x"]))
def test_nothing_a_sensor_sends_stops_the_intake(payload, topic):
    intake, _ = an_intake()
    intake.take(topic, payload, NOON_MS)
    intake.take(TOPIC, said(), NOON_MS)
    assert intake.counts.points >= 1


def test_bad_messages_are_logged_once_a_minute(caplog):
    intake, _ = an_intake()
    with caplog.at_level(logging.WARNING):
        for second in range(130):
            intake.take(TOPIC, b"x", NOON_MS + 1000 * second)
    assert [record.args[0] for record in caplog.records] == [1, 60, 60]
    assert intake.counts.bad["message"] == 130


def test_a_repeated_or_older_value_is_dropped_and_counted():
    intake, heard = an_intake()
    for second in (1, 2, 2, 1, 3):
        intake.take(TOPIC, said(second), NOON_MS)
    assert [line.split()[-1] for line in intake.lines] == ["1795262401000", "1795262402000", "1795262403000"]
    assert (intake.counts.duplicates, intake.counts.bad, len(heard)) == (2, {}, 3)


def test_quantities_of_the_same_moment_may_come_in_two_messages():
    intake, _ = an_intake()
    intake.take(TOPIC, said(1, power_kw=1.0), NOON_MS)
    intake.take(TOPIC, said(1, power_kw=1.0, voltage_v=230.0), NOON_MS)
    assert [line.split()[1] for line in intake.lines] == ["power_kw=1.0", "voltage_v=230.0"]
    assert intake.counts.duplicates == 1


def test_the_same_name_at_two_sites_is_two_series():
    intake, _ = an_intake()
    for site in ("home", "barn"):
        intake.take(TOPIC, said(1, site=site), NOON_MS)
    assert len(intake.lines) == 2


def test_invented_names_do_not_fill_the_memory():
    intake, _ = an_intake(max_series=3)
    for number in range(5):
        intake.take(f"{TOPIC}{number}", said(), NOON_MS)
    intake.take(f"{TOPIC}0", said(1), NOON_MS)
    assert (len(intake.lines), intake.counts.bad["series"]) == (4, 2)


def test_a_retained_measurement_without_a_time_is_dropped():
    intake, _ = an_intake()
    payload = b'{"site":"home","kind":"meter","values":{"power_kw":1}}'
    intake.take(TOPIC, payload, NOON_MS, retained=True)
    intake.take(TOPIC, payload, NOON_MS + 1, retained=False)
    assert (len(intake.lines), dict(intake.counts.bad)) == (1, {"retained": 1})


def test_measurements_without_a_time_that_arrive_together_are_all_kept():
    intake, _ = an_intake()
    for power_kw in (1, 1, 2):
        payload = b'{"site":"home","kind":"meter","values":{"power_kw":%d}}' % power_kw
        intake.take(TOPIC, payload, NOON_MS)
    assert [line.split()[1:] for line in intake.lines] == [
        ["power_kw=1.0", "1795262400000"],
        ["power_kw=1.0", "1795262400001"],
        ["power_kw=2.0", "1795262400002"],
    ]


def test_a_plan_that_is_told_again_is_written_once():
    intake, _ = an_intake()
    for _ in range(2):
        intake.take("hems/h-1/plan", encode(a_plan()), NOON_MS, retained=True)
    assert len(intake.lines) == 4


def test_the_first_plan_of_an_hour_tells_what_is_expected_a_day_ahead():
    intake, _ = an_intake()
    told = []
    for minutes, hours in ((1, 48), (6, 48), (11, 48), (61, 20), (66, 48), (71, 48)):
        plan = a_long_plan(NOON + timedelta(minutes=minutes), hours)
        intake.take("hems/h-1/plan", encode(plan), NOON_MS, retained=True)
        told.append([int(line.split()[-1]) for line in intake.lines if line.startswith("forecast,")])
        intake.lines = []
    quarters = [[NOON_MS + (hour * 60 + quarter) * 60_000 for quarter in (0, 15, 30, 45)] for hour in (25, 26)]
    assert told == [quarters[0], [], [], [], quarters[1], []]
    assert intake.counts.points == 5 * 2 * 48 + 2 * 20 + 2 * 4


def test_an_event_is_written_and_told_once_for_each_state_and_its_end_is_no_error():
    told = []
    intake, _ = an_intake(on_event=told.append)
    for state in ("accepted", "active", "active", "done"):
        payload = encode(EventAnswer(id="a", state=EventState(state), time=NOON))
        intake.take("hems/h-1/events/state/a", payload, NOON_MS, retained=True)
    intake.take("hems/h-1/events/state/a", b"", NOON_MS)
    assert [str(answer.state) for answer in told] == ["accepted", "active", "done"]
    assert (len(intake.lines), intake.counts.bad) == (3, {})
