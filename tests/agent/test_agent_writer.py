"""The writer against a sink of the test's own: what blocks, what is divided, and that all arrives in order."""

from collections import deque

from hems_agent.spool import Spool
from hems_agent.writer import Outcome, Reply, Writer, WriterOptions
import pytest

from tests.agent.test_agent_spool import lines, numbers_of

OK = Reply(status=204)
PARSE = "unable to parse 'm x=bad': invalid number"


class FakeSink:
    """Answers what is in the queue, else 204, and refuses bad numbers as InfluxDB does; keeps what it took."""

    def __init__(self, *replies, bad=(), most=10**9, message=PARSE, empty=204):
        self.replies, self.bad, self.most, self.message, self.empty = deque(replies), set(bad), most, message, empty
        self.taken, self.requests = [], 0

    def write(self, content):
        self.requests += 1
        numbers = numbers_of(content)
        if self.replies and (reply := self.replies.popleft()).status != 204:
            return reply
        if not numbers:
            return Reply(status=self.empty)
        if len(numbers) > self.most:
            return Reply(status=413)
        if self.bad & set(numbers):
            return Reply(status=400, message=self.message.format(len(self.bad & set(numbers))))
        self.taken += numbers
        return OK


class Clocked:
    """A writer with a clock that goes as far as it wants to wait."""

    def __init__(self, tmp_path, sink, points=0, record=10, jitter=0.0, **options):
        self.now_s, self.waits = 0.0, []
        self.spool = Spool(tmp_path / "spool")
        for start in range(0, points, record):
            self.spool.append(lines(*range(start, min(points, start + record))), 0)
        self.sink = sink
        self.writer = Writer(
            self.spool,
            sink,
            WriterOptions(rejects=tmp_path / "rejects.lp", **options),
            clock=lambda: self.now_s,
            jitter=lambda: jitter,
        )

    def run(self, until_s):
        while self.now_s < until_s:
            wait_s = self.writer.step()
            if wait_s:
                self.waits.append(wait_s)
                self.now_s += wait_s
        return self


def test_a_small_home_writes_every_ten_seconds(tmp_path):
    clocked = Clocked(tmp_path, FakeSink()).run(1)
    for second in range(60):
        clocked.spool.append(lines(second), 0)
        clocked.run(clocked.now_s + 1)
    assert clocked.sink.requests == 6
    assert clocked.run(80).sink.taken == list(range(60))


def test_a_backlog_is_drained_in_full_batches_without_waiting(tmp_path):
    clocked = Clocked(tmp_path, FakeSink(), points=1000, batch_points=100)
    for _ in range(10):
        assert clocked.writer.step() == 0.0
    assert (clocked.now_s, clocked.sink.taken, clocked.sink.requests) == (0.0, list(range(1000)), 10)
    assert clocked.writer.state().points == 1000


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0, Outcome.UNREACHABLE),
        (401, Outcome.UNAUTHORISED),
        (403, Outcome.FORBIDDEN),
        (404, Outcome.NOT_FOUND),
        (429, Outcome.BUSY),
        (503, Outcome.BUSY),
        (500, Outcome.FAILING),
        (302, Outcome.REFUSED),
    ],
)
def test_a_failure_blocks_is_named_and_ends_without_loss(tmp_path, status, outcome):
    sink = FakeSink(*[Reply(status=status, message="no")] * 5)
    clocked = Clocked(tmp_path, sink, points=250, batch_points=100)
    clocked.run(10)
    state = clocked.writer.state()
    assert (state.outcome, sink.taken, state.message) == (outcome, [], f"{status} no" if status else "no")
    assert state.failing_s > 0
    clocked.run(60)
    assert sink.taken == list(range(250))
    state = clocked.writer.state()
    assert (state.outcome, state.failing_s, state.failures) == (Outcome.WRITTEN, 0.0, 5)


def test_attempts_grow_apart_up_to_half_a_minute(tmp_path):
    clocked = Clocked(tmp_path, FakeSink(*[Reply(status=500)] * 12), points=10, batch_points=5, jitter=1.0).run(500)
    assert clocked.waits[:9] == [1, 2, 4, 8, 16, 30, 30, 30, 30]


def test_homes_do_not_come_back_in_step(tmp_path):
    waits = [
        Clocked(tmp_path / str(jitter), FakeSink(Reply(status=500)), points=10, batch_points=5, jitter=jitter)
        .run(0.1)
        .waits[0]
        for jitter in (0.0, 0.5, 0.99)
    ]
    assert waits == [0.5, 0.75, 0.995]


def test_retry_after_is_obeyed(tmp_path):
    clocked = Clocked(tmp_path, FakeSink(Reply(status=429, retry_after_s=77.0)), points=10, batch_points=5).run(1)
    assert clocked.waits == [77.0]


@pytest.mark.parametrize("message", [PARSE, "partial write: field type conflict dropped={}", "something new"])
def test_bad_lines_are_set_aside_and_the_rest_is_written_in_order(tmp_path, message):
    sink = FakeSink(bad={3, 77, 140}, message=message)
    clocked = Clocked(tmp_path, sink, points=250, batch_points=100).run(30)
    assert sink.taken == [number for number in range(250) if number not in sink.bad]
    assert clocked.writer.state().rejected_points == 3
    kept = (tmp_path / "rejects.lp").read_text().splitlines()
    assert [line for line in kept if not line.startswith("#")] == ["m x=3 3", "m x=77 77", "m x=140 140"]
    assert kept[0].startswith("# 400 ")


def test_a_batch_that_is_all_bad_does_not_take_a_request_for_each_line(tmp_path):
    sink = FakeSink(bad=set(range(100)), message="partial write: field type conflict dropped={}")
    clocked = Clocked(tmp_path, sink, points=200, batch_points=100).run(30)
    assert (sink.requests, sink.taken) == (2, list(range(100, 200)))
    assert clocked.writer.state().rejected_points == 100


def test_no_line_is_blamed_for_a_wrong_bucket(tmp_path):
    """InfluxDB answers 400 to a request that it does not understand, whatever the lines are."""
    sink = FakeSink(bad=set(range(100)), message="Please provide either orgID or org", empty=400)
    clocked = Clocked(tmp_path, sink, points=100, batch_points=100).run(30)
    state = clocked.writer.state()
    assert (state.outcome, state.rejected_points, state.message) == (
        Outcome.REFUSED,
        0,
        "400 Please provide either orgID or org",
    )
    assert clocked.spool.state().queued_points == 100


def test_a_batch_that_is_too_large_is_halved_and_nothing_is_refused(tmp_path):
    clocked = Clocked(tmp_path, FakeSink(most=30), points=250, batch_points=100).run(30)
    assert clocked.sink.taken == list(range(250))
    assert clocked.writer.state().rejected_points == 0


def test_an_outage_amid_the_search_for_a_bad_line_refuses_it_once(tmp_path):
    sink = FakeSink(OK, Reply(status=0), Reply(status=503), bad={5})
    clocked = Clocked(tmp_path, sink, points=20, batch_points=20).run(30)
    assert sink.taken == [number for number in range(20) if number != 5]
    assert clocked.writer.state().rejected_points == 1


def test_the_reject_file_stays_bounded(tmp_path):
    sink = FakeSink(bad=set(range(500)))
    Clocked(tmp_path, sink, points=500, batch_points=100, rejects_bytes=2000).run(30)
    sizes = [path.stat().st_size for path in tmp_path.glob("rejects.lp*")]
    assert len(sizes) == 2
    assert max(sizes) < 2200


def test_a_record_longer_than_a_batch_is_sent_in_parts(tmp_path):
    clocked = Clocked(tmp_path, FakeSink(most=100), points=450, record=450, batch_points=100).run(30)
    assert (clocked.sink.taken, clocked.sink.requests) == (list(range(450)), 5)


def test_what_was_not_answered_is_sent_again_by_the_next_process(tmp_path):
    clocked = Clocked(tmp_path, FakeSink(OK, OK, *[Reply(status=0)] * 50), points=250, batch_points=50)
    clocked.run(5)
    again = Clocked(tmp_path, FakeSink(), batch_points=50).run(30)
    assert clocked.sink.taken + again.sink.taken == list(range(250))
