"""What the spool delivers hours or weeks late is in the quarters of an hour and in the fleet's copy all the same."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hems_agent.late import LATE_S, LatePoints, stretches
from hems_agent.plans import forecast_lines, plan_lines
from hems_agent.spool import Spool
from hems_agent.writer import InfluxSink, Writer, WriterOptions
from hypothesis import given
from hypothesis import strategies as st
import pytest

from tests.stack.influx_home import NOON_S, QUARTERS, RAW, a_home
from tests.stack.recorded_home import a_plan

HOUR_S, DAY_S = 3600.0, 86_400.0


@pytest.fixture
def home(tmp_path):
    with a_home(tmp_path, queue_bytes=1_000_000) as home:
        home.step()
        yield home


def point(age_s: float, value: float = 1.0, asset: str = "battery") -> bytes:
    """As the spool holds it; the age is before noon."""
    return f"telemetry,asset={asset},home=h-1 power_kw={value!r} {round((NOON_S - age_s) * 1000)}\n".encode()


def delivers(home, *lines: bytes, batch_points: int = 5000, tmp: str = "spool") -> Writer:
    """The agent's writer empties a spool that holds these lines."""
    spool = Spool(home.options.state / tmp)
    spool.append(b"".join(lines), 0)
    sink = InfluxSink(home.influx.url, org="hems", bucket=RAW, token=lambda: home.secret("agent/write_token"))
    options = WriterOptions(batch_points=batch_points, batch_s=0.0)
    writer = Writer(spool, sink, options, clock=home.clock, late=home.late)
    while spool.state().queued_points:
        writer.step()
    spool.close()
    return writer


def quarters(home) -> dict[float, float]:
    """Value by age of the quarter's start [s before noon]."""
    return {NOON_S - time_ns / 1e9: value for _, _, time_ns, value in home.influx.points(QUARTERS).rows()}


def queries(home, since: int) -> int:
    return sum(path == "/api/v2/query" for _, path in list(home.influx.calls)[since:])


def test_points_that_come_days_late_are_in_their_quarters_within_a_minute(home):
    delivers(home, point(3 * DAY_S - 1, 2.0), point(3 * DAY_S - 60, 4.0), point(10 * DAY_S - 1, 7.0))
    home.step()
    assert quarters(home) == {3 * DAY_S: 3.0, 10 * DAY_S: 7.0}
    assert home.late.noted() == {}


def test_the_currency_and_what_was_expected_a_day_ahead_are_in_the_quarters(home):
    made = datetime.fromtimestamp(NOON_S - 3 * DAY_S, UTC)
    lines = [*plan_lines("h-1", a_plan(made, 1)), *forecast_lines("h-1", a_plan(made - timedelta(days=1), 26))]
    delivers(home, *(line.encode() for line in lines))
    home.step()
    kept = [(series[0], field, value) for series, field, _, value in home.influx.points(QUARTERS).rows()]
    assert kept.count(("plan", "currency", "EUR")) == 1
    assert kept.count(("plan", "price", 0.3)) == kept.count(("forecast", "load_kw", 0.5)) == 4


def test_a_late_point_does_not_spoil_a_quarter_that_has_others(home):
    delivers(home, *(point(3 * DAY_S - 60 * minute, 2.0) for minute in range(10)))
    home.step()
    delivers(home, point(3 * DAY_S - 600, 13.0), tmp="later")
    home.step()
    assert quarters(home) == {3 * DAY_S: 3.0}


def test_what_comes_on_time_costs_no_query_and_no_write_to_the_card(home):
    file = home.options.state.parent / "late.json"
    delivers(home, point(0), point(LATE_S - 61))
    before = len(home.influx.calls)
    home.step()
    assert not file.exists()
    assert queries(home, before) == 0


def test_a_restart_between_delivery_and_computation_loses_nothing(home):
    delivers(home, point(5 * DAY_S - 1, 2.0))
    assert quarters(home) == {}
    home.restarts()
    assert quarters(home) == {5 * DAY_S: 2.0}


def test_points_are_noted_before_they_leave_the_spool(home):
    class Killed(BaseException):
        """kill -9."""

    def dies(end):
        raise Killed(end)

    spool = Spool(home.options.state / "spool")
    spool.append(point(5 * DAY_S - 1, 2.0), 0)
    spool.advance = dies
    sink = InfluxSink(home.influx.url, org="hems", bucket=RAW, token=lambda: home.secret("agent/write_token"))
    writer = Writer(spool, sink, WriterOptions(batch_s=0.0), clock=home.clock, late=home.late)
    with pytest.raises(Killed):
        writer.step()
    home.restarts()
    assert quarters(home) == {5 * DAY_S: 2.0}


def test_a_database_that_cannot_compute_now_is_asked_again(home, caplog):
    delivers(home, point(5 * DAY_S - 1, 2.0))
    home.influx.refuses = {("POST", "/query")}
    for _ in range(3):
        home.step()
    assert quarters(home) == {}
    assert caplog.text.count("cannot be computed yet") == 1
    home.influx.refuses = set()
    home.step()
    assert quarters(home) == {5 * DAY_S: 2.0}


def test_a_backlog_of_days_is_computed_in_pieces_over_several_steps(home, monkeypatch):
    ages_s = [5 * DAY_S - 900 * number for number in range(400)]
    delivers(home, *(point(age_s, age_s) for age_s in ages_s))
    patience_s = 0.0

    def impatient() -> float:
        nonlocal patience_s
        patience_s += 10.0
        return patience_s

    monkeypatch.setattr(home.provisioner, "_patience", impatient)
    home.step()
    some = len(quarters(home))
    assert 0 < some < 400
    for _ in range(20):
        home.step()
    assert quarters(home) == {age_s: age_s for age_s in ages_s}


def test_a_quarter_that_the_raw_bucket_has_in_part_only_stays_as_it_is(home):
    delivers(home, point(30 * DAY_S - 100, 1.0), point(30 * DAY_S + 100, 1.0))
    home.step(0)
    assert quarters(home) == {}
    assert home.late.noted() == {}


@pytest.mark.parametrize("source", [RAW, QUARTERS])
@pytest.mark.parametrize("restarts", [False, True], ids=["", "agent restarts"])
def test_late_points_that_a_full_queue_did_not_take_are_copied_once_it_has_drained(tmp_path, source, restarts):
    with a_home(tmp_path) as home:
        home.step()
        home.joins(source=source)
        home.fleet.go_offline()
        for _ in range(60):
            home.clock.wait(10)
            home.measures(points=50, bucket=source)
        lost = home.step().failed_points
        assert lost
        delivers(home, *(point(20 * DAY_S - 900 * number) for number in range(1000)))
        if restarts:
            home.restarts()
        assert home.step().failed_points > lost
        home.fleet.go_online()
        home.clock.wait(15 * 60)
        assert home.catches_up()
        for _ in range(5):
            status = home.step()
        assert status.lost == ()
        assert home.in_step(source)


def test_a_loss_that_is_seen_before_the_delivery_is_told_is_not_forgotten(tmp_path):
    """The writer delivers between the moment the provisioner reads what came late and its look at the counters."""
    with a_home(tmp_path) as home:
        home.step()
        home.joins()
        home.fleet.go_offline()
        for _ in range(60):
            home.clock.wait(10)
            home.measures(points=50)
        lost = home.step().failed_points
        noted = home.late.noted
        home.late.noted = dict
        delivers(home, *(point(4 * DAY_S - 60 * minute) for minute in range(200)))
        assert home.step().failed_points > lost
        home.late.noted = noted
        home.step()
        home.fleet.go_online()
        home.clock.wait(15 * 60)
        assert home.catches_up()
        home.step()
        home.step()
        assert home.in_step()


def test_late_points_that_the_queue_took_are_not_copied_twice(home):
    home.joins()
    delivers(home, point(4 * DAY_S - 1))
    assert home.catches_up()
    status = home.step()
    assert (status.lost, status.filled_points) == ((), 0)
    assert home.in_step()


def test_points_that_come_again_while_their_quarter_is_computed_are_not_forgotten(tmp_path):
    late = LatePoints(tmp_path / "late.json", lambda: NOON_S)
    late.delivered([point(DAY_S)])
    seen_to = late.noted()
    late.delivered([point(DAY_S)])
    late.done(seen_to)
    assert len(late.noted()) == 1
    late.done(late.noted())
    assert LatePoints(tmp_path / "late.json").noted() == {}


def test_a_file_that_cannot_be_read_is_begun_again(tmp_path):
    (tmp_path / "late.json").write_text("half of a fi")
    assert LatePoints(tmp_path / "late.json").noted() == {}


def test_a_card_that_takes_nothing_does_not_stop_the_delivery(tmp_path, caplog):
    late = LatePoints(tmp_path / "not there/late.json", lambda: NOON_S)
    late.delivered([point(DAY_S)])
    assert len(late.noted()) == 1
    assert "cannot be remembered" in caplog.text


@given(st.sets(st.integers(0, 100)))
def test_stretches_hold_exactly_the_quarters_and_never_touch(numbers):
    found = stretches(numbers)
    assert {quarter for start, stop in found for quarter in range(start // 900, stop // 900)} == numbers
    assert all(stop < start for (_, stop), (start, _) in pairwise(found))
