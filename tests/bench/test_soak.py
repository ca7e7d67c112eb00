"""What `scripts/bench soak` does to a home, and what it makes of what it saw."""

import os
from pathlib import Path
import signal
import subprocess
import time
from types import SimpleNamespace

import pytest

from bench.recovery.footprint import MIB, Used
from bench.soak.faults import DECK, QUICK, Fault, Kind, drawn
from bench.soak.figures import availability, complaints, of_faults
from bench.soak.injector import Done, Injector
from bench.soak.lives import Lives
from bench.soak.probes import Probe, Timeline


def a_timeline(text, begun=100.0):
    """A second for each sign: `+` well, `-` not."""
    timeline = Timeline()
    for second, sign in enumerate(text):
        timeline.tell(begun + second, sign == "+")
    return timeline


def a_fault(kind=Kind.KILL, service="engine", *, at_s=0.0, lasts_s=0.0):
    return Fault(at_s=at_s, kind=kind, service=service, lasts_s=lasts_s)


def test_the_same_seed_gives_the_same_faults_and_another_one_others():
    assert drawn(7, 3600.0, 60.0) == drawn(7, 3600.0, 60.0)
    assert drawn(7, 3600.0, 60.0) != drawn(8, 3600.0, 60.0)


@pytest.mark.parametrize("seed", range(5))
def test_a_long_run_deals_every_card_and_leaves_each_fault_time_to_come_back_from(seed):
    hours = 10.0
    faults = drawn(seed, hours * 3600.0, 100.0)
    assert {(fault.kind, fault.service) for fault in faults} == set(DECK)
    assert [fault.at_s for fault in faults] == sorted(fault.at_s for fault in faults)
    assert len(faults) == pytest.approx(hours * 36, rel=0.25)
    assert max(fault.at_s for fault in faults) <= hours * 3600.0 - 120.0
    assert max(fault.at_s for fault in faults if fault.kind is Kind.HANG) <= hours * 3600.0 - 600.0


def test_a_quick_run_hurts_somebody_and_is_over_in_seconds():
    faults = drawn(1, 12.0, 3.0, QUICK)
    assert len(faults) >= 3
    assert all(fault.at_s + fault.lasts_s <= 14.0 for fault in faults)


def test_availability_is_the_share_of_seconds_and_names_the_longest_outage():
    rows = {metric: value for _, metric, value in availability("control", a_timeline("+++--+++---++-"))}
    assert rows["available_percent"] == pytest.approx(100 * 8 / 14)
    assert (rows["outages"], rows["away_s"], rows["longest_outage_s"]) == (3, 6.0, 3.0)


@pytest.mark.parametrize(
    ("text", "back_s"),
    [("++---++", 5.0), ("+++++++", 0.0), ("++-----", None), ("-+-----", 1.0), ("+" * 30 + "--+", 0.0)],
    ids=["away", "never seen away", "not back", "away again by something else", "away much later"],
)
def test_how_long_a_fault_kept_its_service_away(text, back_s):
    assert a_timeline(text).back_after(100.0, 20.0, float("inf")) == back_s


def test_what_happens_after_the_next_fault_is_that_ones_doing():
    timelines = {"engine": a_timeline("--" + "+" * 20 + "-----+")}
    done = [Done(a_fault(), 100.0, 1, ended=100.0), Done(a_fault(), 122.0, 1, ended=122.0)]
    rows = {(case, metric): value for case, metric, value in of_faults(done, [a_fault()], timelines)}
    assert rows["kill engine", "faults"] == 2
    assert rows["kill engine", "away_p50_s"] == 3.5
    assert rows["kill engine", "away_worst_s"] == 5.0
    assert rows["kill engine", "not_back"] == 0
    assert rows["all of these", "faults_left_out"] == 1


def test_a_hang_says_whether_somebody_restarted_the_service_and_whether_it_came_back():
    timelines = {"engine": a_timeline("+----")}
    done = [Done(a_fault(Kind.HANG, lasts_s=9.0), 100.0, 1, ended=104.0, rescued=True)]
    rows = {(case, metric): value for case, metric, value in of_faults(done, [], timelines)}
    assert rows["hang engine", "restarted_by_somebody"] == 1
    assert rows["hang engine", "not_back"] == 1


def test_an_answer_that_takes_seconds_counts_for_each_of_them():
    answers = iter([True, False])

    def check():
        answer = next(answers, True)
        time.sleep(0.0 if answer else 2.2)
        return answer

    probe = Probe("one", check)
    probe.start()
    while len(probe.timeline.seen) < 5:
        time.sleep(0.05)
    probe.end()
    assert [well for _, well in probe.timeline.seen][:5] == [True, False, False, False, True]


def test_growth_is_that_of_the_longest_life_without_its_start_and_writes_outlive_a_restart():
    lives = Lives()
    for minute in range(61):
        mb = 100 if minute < 3 else 150 + minute / 10
        lives.tell(60.0 * minute, {"agent": Used(round(mb * MIB), 0, 1000 + 10 * minute)}, {"agent": 1})
    lives.tell(3700.0, {"agent": Used(0, 0, 0)}, {"agent": 1})
    lives.tell(3720.0, {"agent": Used(90 * MIB, 0, 50)}, {"agent": 2})
    rows = {metric: value for _, metric, value in lives.figures()}
    assert rows["starts"] == 2
    assert rows["rss_growth_mb_per_h"] == pytest.approx(6.0, rel=0.01)
    assert (rows["rss_start_mb"], rows["rss_end_mb"]) == (100.0, 90.0)
    assert rows["written_mb"] == pytest.approx((600 + 50) / MIB)


def test_a_short_life_says_nothing_of_leaks():
    lives = Lives()
    for minute in range(10):
        lives.tell(60.0 * minute, {"agent": Used(minute * MIB + 1, 0, 0)}, {"agent": 1})
    assert "rss_growth_mb_per_h" not in {metric for _, metric, _ in lives.figures()}


def test_complaints_of_home_assistant_are_counted_by_logger():
    log = [
        "2026-11-21 18:57:23.001 ERROR (MainThread) [homeassistant.components.mqtt] no broker",
        "Traceback (most recent call last):",
        "2026-11-21 18:57:24.001 ERROR (MainThread) [homeassistant.components.mqtt] no broker",
        "2026-11-21 18:57:25.001 WARNING (SyncWorker_1) [custom_components.hems] no engine",
        "2026-11-21 18:57:25.001 INFO (MainThread) [custom_components.hems] ERROR of another kind",
    ]
    assert list(complaints(log)) == [
        ("homeassistant's log", "criticals", 0),
        ("homeassistant's log", "errors", 2),
        ("homeassistant's log", "warnings", 1),
        ("homeassistant's log", "error homeassistant.components.mqtt", 2),
        ("homeassistant's log", "warning custom_components.hems", 1),
    ]


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def until(condition):
    deadline = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def victim():
    process = subprocess.Popen(["sleep", "100"], start_new_session=True)
    yield process
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait()


def a_home(victim, asked=None):
    return SimpleNamespace(
        pid=lambda service: victim.pid,
        kill=lambda service: os.kill(victim.pid, signal.SIGKILL),
        ask=lambda *wish: asked.append(wish),
    )


def test_a_frozen_service_goes_on_when_its_time_is_over(victim):
    injector = Injector(a_home(victim), [a_fault(Kind.FREEZE, lasts_s=1.0)], lambda service: True)
    begun = time.monotonic()
    injector.look(begun)
    until(lambda: state_of(victim.pid) == "T")
    while injector.done[0].ended is None:
        injector.look(begun)
        time.sleep(0.02)
    until(lambda: state_of(victim.pid) != "T")
    assert not injector.done[0].rescued


def test_a_hang_that_somebody_ends_is_seen(victim):
    injector = Injector(a_home(victim), [a_fault(Kind.HANG, lasts_s=100.0)], lambda service: True)
    injector.look(time.monotonic())
    victim.kill()
    victim.wait()
    injector.look(time.monotonic())
    assert injector.done[0].rescued


def test_who_is_down_already_or_hurt_is_not_hurt_again(victim):
    faults = [a_fault(Kind.HANG, lasts_s=100.0), a_fault(), a_fault(service="agent")]
    injector = Injector(a_home(victim), faults, lambda service: service != "agent")
    injector.look(time.monotonic())
    assert [one.fault.kind for one in injector.done] == [Kind.HANG]
    assert injector.left_out == faults[1:]
    assert victim.poll() is None


def test_a_cut_stops_the_service_and_starts_it_again_at_the_latest_at_the_end(victim):
    asked = []
    injector = Injector(a_home(victim, asked), [a_fault(Kind.CUT, "influxdb", lasts_s=100.0)], lambda service: True)
    injector.look(time.monotonic())
    assert asked == [("stop", "influxdb")]
    injector.end_all()
    assert asked == [("stop", "influxdb"), ("start", "influxdb")]
