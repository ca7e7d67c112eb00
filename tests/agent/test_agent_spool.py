"""The queue on disk: order, bounds, and what a crash at any moment leaves."""

import errno
import logging
import os
from pathlib import Path
import tempfile

from hems_agent.spool import Spool
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
import pytest

SEGMENT = 1000
PLENTY = 10**6


def a_spool(directory, max_bytes=PLENTY, segment_bytes=SEGMENT):
    return Spool(directory, max_bytes=max_bytes, segment_bytes=segment_bytes)


def lines(*numbers):
    return "".join(f"m x={number} {number}\n" for number in numbers).encode()


def numbers_of(content):
    return [int(line.split()[-1]) for line in content.splitlines()]


def drained(spool, max_points=10):
    found = []
    while batch := spool.read(max_points):
        found += numbers_of(batch.lines)
        spool.advance(batch.end)
    return found


def test_what_goes_in_comes_out_in_order_across_segments(tmp_path):
    spool = a_spool(tmp_path)
    for number in range(300):
        spool.append(lines(number), number)
    assert len(list(tmp_path.glob("*.seg"))) > 5
    assert spool.state().queued_points == 300
    assert drained(spool) == list(range(300))
    assert (spool.state().queued_points, len(list(tmp_path.glob("*.seg")))) == (0, 1)


def test_a_batch_has_no_more_points_than_asked_but_at_least_one_record(tmp_path):
    spool = a_spool(tmp_path)
    for start in (0, 4, 8):
        spool.append(lines(*range(start, start + 4)), 0)
    assert spool.read(9).points == 8
    assert spool.read(3).points == 4


def test_what_was_read_but_not_advanced_comes_again_after_a_restart(tmp_path):
    spool = a_spool(tmp_path)
    for number in range(100):
        spool.append(lines(number), 0)
    spool.advance(spool.read(30).end)
    spool.read(30)
    again = a_spool(tmp_path)
    assert again.state().queued_points == 70
    assert drained(again) == list(range(30, 100))


def test_numbers_of_segments_are_never_used_again(tmp_path):
    for number in range(5):
        spool = a_spool(tmp_path)
        spool.append(lines(number), 0)
        assert drained(spool) == [number]
        spool.close()


@pytest.mark.parametrize("cut", [1, 5, 23, 30])
def test_a_torn_tail_is_cut_off_and_the_rest_is_kept(tmp_path, cut):
    spool = a_spool(tmp_path)
    for number in range(5):
        spool.append(lines(number), 0)
    (segment,) = tmp_path.glob("*.seg")
    os.truncate(segment, segment.stat().st_size - cut)
    again = a_spool(tmp_path)
    again.append(lines(9), 0)
    assert drained(again) == [0, 1, 2, 3, 9]


def test_a_damaged_record_is_skipped_and_counted(tmp_path):
    spool = a_spool(tmp_path)
    for number in range(5):
        spool.append(lines(number), 0)
    (segment,) = tmp_path.glob("*.seg")
    content = bytearray(segment.read_bytes())
    size = len(content) // 5
    content[2 * size + 30] ^= 1
    segment.write_bytes(content)
    assert drained(spool) == [0, 1, 3, 4]
    assert spool.state().corrupt_bytes == size
    spool.append(lines(5), 0)
    assert drained(spool) == [5]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"segment": null, "offset": 1}'])
def test_a_damaged_cursor_repeats_rather_than_loses(tmp_path, content):
    spool = a_spool(tmp_path)
    spool.append(lines(1, 2), 0)
    spool.append(lines(3), 0)
    spool.advance(spool.read(1).end)
    (tmp_path / "cursor.json").write_text(content)
    assert drained(a_spool(tmp_path)) == [1, 2, 3]


def test_when_it_is_full_the_oldest_goes_and_the_loss_was_announced(tmp_path, caplog):
    spool = a_spool(tmp_path, max_bytes=4000)
    warned_at = None
    with caplog.at_level(logging.WARNING):
        for number in range(200):
            spool.append(lines(number), 0)
            assert spool.state().queued_bytes <= 4000
            if spool.state().nearly_full and warned_at is None:
                warned_at = spool.state().queued_bytes
                assert spool.state().dropped_points == 0
                assert "80 % full" in caplog.text
    assert warned_at == pytest.approx(3200, abs=60)
    state = spool.state()
    assert state.dropped_points > 0
    assert drained(spool) == list(range(state.dropped_points, 200))
    assert not spool.state().nearly_full


def test_a_batch_whose_segment_was_dropped_meanwhile_does_no_harm(tmp_path):
    spool = a_spool(tmp_path, max_bytes=4000)
    spool.append(lines(0), 0)
    batch = spool.read(10)
    for number in range(1, 200):
        spool.append(lines(number), 0)
    spool.advance(batch.end)
    dropped = spool.state().dropped_points
    assert drained(spool) == list(range(dropped, 200))


def test_a_full_disk_drops_the_oldest_segment_and_goes_on(tmp_path, monkeypatch):
    spool = a_spool(tmp_path)
    for number in range(100):
        spool.append(lines(number), 0)
    real_write = os.write
    taken = []

    def full_once(handle, content):
        if not taken:
            taken.append(real_write(handle, content[:7]))
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(handle, content)

    monkeypatch.setattr(os, "write", full_once)
    spool.append(lines(100), 0)
    monkeypatch.undo()
    dropped = spool.state().dropped_points
    assert dropped > 0
    assert drained(spool) == list(range(dropped, 101))


def test_a_disk_that_takes_nothing_is_told_and_later_nothing_is_missing(tmp_path, monkeypatch):
    spool = a_spool(tmp_path)
    spool.append(lines(0), 0)

    def broken(handle):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", broken)
    for _ in range(3):
        with pytest.raises(OSError, match="Input/output"):
            spool.append(lines(1), 0)
    monkeypatch.undo()
    spool.append(lines(2), 0)
    assert spool.state().queued_points == 2
    assert drained(a_spool(tmp_path)) == [0, 2]


def test_a_cursor_that_the_disk_does_not_take_stops_nothing_and_is_kept_later(tmp_path, caplog):
    spool = a_spool(tmp_path)
    for number in range(100):
        spool.append(lines(number), 0)
    (tmp_path / "cursor.json.new").mkdir()
    spool.advance(spool.read(30).end)
    spool.advance(spool.read(10).end)
    assert [record.message for record in caplog.records] == ["The spool's cursor cannot be kept: Is a directory"]
    assert numbers_of(spool.read(10).lines) == list(range(40, 50))
    (tmp_path / "cursor.json.new").rmdir()
    spool.advance(spool.read(10).end)
    assert drained(a_spool(tmp_path)) == list(range(50, 100))


def test_a_segment_that_cannot_be_removed_goes_when_it_can(tmp_path, monkeypatch):
    spool = a_spool(tmp_path)
    for number in range(300):
        spool.append(lines(number), 0)

    def refused(path, missing_ok=False):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "unlink", refused)
    before = len(list(tmp_path.glob("*.seg")))
    spool.advance(spool.read(200).end)
    assert len(list(tmp_path.glob("*.seg"))) == before > 5
    monkeypatch.undo()
    spool.advance(spool.read(10).end)
    assert len(list(tmp_path.glob("*.seg"))) < before
    assert drained(a_spool(tmp_path)) == list(range(210, 300))


def test_the_age_of_the_oldest_point_is_known_after_a_restart(tmp_path):
    spool = a_spool(tmp_path)
    spool.append(lines(1), 1000)
    spool.append(lines(2), 2000)
    spool.advance(spool.read(1).end)
    assert a_spool(tmp_path).state().oldest_ms == 2000


class Spooling(RuleBasedStateMachine):
    """Any sequence of appending, reading, advancing and crashing, beside a list."""

    def __init__(self):
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.spool = a_spool(Path(self.directory.name), segment_bytes=120)
        self.expected, self.next, self.batch = [], 0, None

    @rule(count=st.integers(1, 6))
    def append(self, count):
        numbers = list(range(self.next, self.next + count))
        self.spool.append(lines(*numbers), self.next)
        self.next += count
        self.expected += numbers

    @rule(most=st.integers(1, 12))
    def read(self, most):
        self.batch = self.spool.read(most)
        found = numbers_of(self.batch.lines) if self.batch else []
        assert found == self.expected[: len(found)]
        assert bool(found) == bool(self.expected)

    @precondition(lambda self: self.batch)
    @rule()
    def advance(self):
        self.spool.advance(self.batch.end)
        del self.expected[: self.batch.points]
        self.batch = None

    @rule(torn=st.binary(max_size=40), written=st.booleans())
    def crash(self, torn, written):
        """As kill -9 leaves it: perhaps in the middle of a record that nobody was told is safe."""
        segments = sorted(Path(self.directory.name).glob("*.seg"))
        if segments and written:
            with segments[-1].open("ab") as file:
                file.write(torn)
        self.spool.close()
        self.spool, self.batch = a_spool(Path(self.directory.name), segment_bytes=120), None

    @invariant()
    def counts_what_waits(self):
        assert self.spool.state().queued_points == len(self.expected)

    def teardown(self):
        assert drained(self.spool, 3) == self.expected
        self.spool.close()
        self.directory.cleanup()


Spooling.TestCase.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
TestAnySequence = Spooling.TestCase
