"""Feed loss on a clock of the test's own."""

from hems_agent.feeds import Change, FeedOptions, Feeds, Trouble, feed_line, feeds_of
import pytest


class Bench:
    """A sensor that speaks at its seconds, looked at every ten seconds."""

    def __init__(self, known=None, **options):
        self.feeds = Feeds(FeedOptions(**options), 0.0, known)
        self.now_s, self.found = 0.0, []

    def run(self, until_s, step_s=1.0, speaks=lambda second: True):
        while self.now_s < until_s:
            self.now_s += step_s
            if speaks(self.now_s):
                self.feeds.heard("meter", int(self.now_s * 1000), self.now_s)
            if self.now_s % 10 == 0:
                self.found += [(self.now_s, change) for change in self.feeds.changes(self.now_s)]
        return self

    @property
    def state(self):
        return next(iter(self.feeds.states(self.now_s)))


def test_a_silent_feed_raises_within_its_time_and_clears_on_its_return():
    bench = Bench(silent_after_s=30.0).run(100).run(200, speaks=lambda second: False).run(220)
    assert bench.found == [(140.0, Change("meter", Trouble.SILENT)), (210.0, Change("meter", None))]
    assert (bench.state.gaps, bench.state.interval_s) == (1, 1.0)


def test_a_slow_feed_is_given_three_of_its_intervals():
    bench = Bench().run(1200, speaks=lambda second: second % 60 == 0)
    bench.run(1500, speaks=lambda second: False)
    assert bench.found == [(1390.0, Change("meter", Trouble.SILENT))]


def test_loss_is_the_share_of_the_expected_messages():
    bench = Bench().run(100)
    bench.run(1100, speaks=lambda second: second % 10 != 0)
    assert bench.state.loss_percent == pytest.approx(100 * 100 / 1100, abs=0.5)
    assert bench.state.gaps == pytest.approx(100, abs=1)


def test_a_feed_that_loses_every_third_message_is_lossy_until_the_window_has_passed():
    bench = Bench(window_s=600.0).run(100).run(700, speaks=lambda second: second % 3 != 0).run(2000)
    assert [change for _, change in bench.found] == [Change("meter", Trouble.LOSSY), Change("meter", None)]
    assert bench.state.loss_percent == 0.0


def test_the_present_silence_counts_as_loss():
    bench = Bench(window_s=600.0).run(300).run(600, speaks=lambda second: False)
    assert bench.state.loss_percent == pytest.approx(50, abs=5)


def test_a_given_interval_is_not_learned_over():
    bench = Bench(intervals_s={"meter": 2.0}).run(100)
    assert bench.state.interval_s == 2.0


def test_a_sensor_that_is_expected_and_never_speaks_is_missed_for_good():
    bench = Bench(intervals_s={"meter": 20.0}, forgotten_after_s=300.0).run(1000, speaks=lambda second: False)
    assert bench.found == [(70.0, Change("meter", Trouble.SILENT))]


def test_a_sensor_that_is_switched_off_raises_nothing_not_even_as_an_old_acquaintance():
    bench = Bench(known={"meter": 1.0}, ignored=frozenset({"meter"})).run(100).run(500, speaks=lambda second: False)
    assert bench.found == []
    assert list(bench.feeds.states(500.0)) == []
    assert bench.feeds.known() == {}


def test_an_operator_says_what_is_expected_of_each_sensor():
    options = feeds_of("battery=10, pv-roof=0.5 old_meter=off,")
    assert options.intervals_s == {"battery": 10.0, "pv-roof": 0.5}
    assert options.ignored == {"old_meter"}
    assert feeds_of("") == FeedOptions()


@pytest.mark.parametrize("wrong", ["battery", "battery=", "battery=0", "battery=700000", "Battery=1", "b=1=2", "b=nan"])
def test_a_wrong_entry_is_named(wrong):
    with pytest.raises(ValueError, match=f"FEEDS: '{wrong}' must be like"):
        feeds_of(f"pv=1,{wrong}")


def test_a_sensor_cannot_be_both_off_and_expected():
    with pytest.raises(ValueError, match="battery is both"):
        feeds_of("battery=off,battery=1")


def test_a_feed_that_speaks_when_it_likes_is_judged_by_its_long_pauses():
    burst = {0, 1, 2, 30, 31, 32, 33, 90, 91, 150}
    bench = Bench().run(3000, speaks=lambda second: second % 200 in burst)
    assert bench.state.interval_s >= 50
    assert not [change for _, change in bench.found if change.trouble is Trouble.SILENT]


def test_what_the_broker_kept_meanwhile_is_no_loss():
    bench = Bench().run(100)
    for second in range(101, 161):
        bench.feeds.heard("meter", second * 1000, 160.0)
    bench.now_s = 160.0
    bench.run(300)
    assert (bench.state.gaps, bench.state.loss_percent, bench.found) == (0, 0.0, [])


def test_silence_counts_from_the_return_of_the_broker():
    bench = Bench().run(100)
    bench.feeds.resume(500.0)
    assert bench.feeds.changes(510.0) == []
    assert bench.feeds.changes(540.0) == [Change("meter", Trouble.SILENT)]


def test_a_sensor_that_died_with_the_agent_is_missed():
    bench = Bench(known={"meter": 1.0}).run(60, speaks=lambda second: False)
    assert [change for _, change in bench.found] == [Change("meter", Trouble.SILENT)]
    assert bench.feeds.known() == {"meter": 1.0}


def test_a_sensor_that_was_taken_away_is_forgotten():
    bench = Bench(forgotten_after_s=1000.0).run(100).run(1200, speaks=lambda second: False)
    assert bench.found[-1][1] == Change("meter", None)
    assert list(bench.feeds.states(1200.0)) == []


def test_a_feed_becomes_this_line():
    bench = Bench().run(100)
    assert feed_line("h-1", bench.state, 5) == (
        "feeds,asset=meter,home=h-1 age_s=0.0,interval_s=1.0,gaps=0.0,loss_percent=0.0,silent=0.0 5\n"
    )
