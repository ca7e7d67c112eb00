"""Which sensors have gone silent or lose messages: last seen, gaps, and the share that is missing.

Gaps and loss go by the times of the measurements, so that what a broker kept during a restart of the agent counts as
received; silence goes by arrival. Seconds are of any clock that only goes forward.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
import re
from statistics import fmean, quantiles

from .lines import line

BUCKETS = 12
LEARN_FROM = 8
"""Intervals between messages before one is expected."""
REMEMBERED = 32
LONGEST_INTERVAL_S = 7 * 86400.0
_ENTRY = re.compile(r"([a-z0-9_-]{1,64})=(off|\d{1,6}(?:\.\d{1,3})?)")


class Trouble(StrEnum):
    """What can be wrong with a feed."""

    SILENT = "silent"
    LOSSY = "lossy"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOptions:
    """When a feed is in trouble."""

    intervals_s: Mapping[str, float] = field(default_factory=dict)
    """By asset; learned where not given. A sensor that is given here is missed even if it never speaks."""
    ignored: frozenset[str] = frozenset()
    """Assets that may speak or be silent as they like."""
    window_s: float = 3600.0
    silent_after_intervals: float = 3.0
    silent_after_s: float = 30.0
    """Whichever of the two is longer."""
    lossy_percent: float = 20.0
    """Of single messages; a silence that is over does not count here."""
    forgotten_after_s: float = 7 * 86400.0
    """A sensor silent for so long was taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """One feed at one moment."""

    asset: str
    age_s: float
    """Since the last message."""
    interval_s: float | None
    """Expected between two messages; None while learning."""
    gaps: int
    """How often messages were missing, since the agent started."""
    loss_percent: float
    """Over the window, with the present silence."""
    trouble: Trouble | None


@dataclass(frozen=True, slots=True)
class Change:
    """A trouble that has begun, or ended (None)."""

    asset: str
    trouble: Trouble | None


@dataclass(slots=True)
class Feed:
    """What is remembered of one asset."""

    seen_s: float
    interval_s: float | None
    given: bool
    last_ms: int | None = None
    steps_ms: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    gaps: int = 0
    buckets: deque[list[int]] = field(default_factory=deque)
    """Number of the bucket, messages received and missed in it, and those missed in gaps too short for silence."""
    trouble: Trouble | None = None


class Feeds:
    """All feeds of a home; used by one thread. `known` are intervals by asset from before a restart."""

    def __init__(self, options: FeedOptions, now_s: float, known: Mapping[str, float] | None = None) -> None:
        self._options = options
        self._bucket_s = options.window_s / BUCKETS
        self._resumed_s = now_s
        expected = {**(known or {}), **options.intervals_s}
        self._feeds = {
            asset: self._new(asset, now_s, interval_s)
            for asset, interval_s in expected.items()
            if asset not in options.ignored
        }

    def heard(self, asset: str, time_ms: int, now_s: float) -> None:
        """A measurement of this time has arrived."""
        feed = self._feeds.get(asset)
        if feed is None:
            if asset in self._options.ignored:
                return
            feed = self._feeds[asset] = self._new(asset, now_s, None)
        feed.seen_s = now_s
        last_ms = feed.last_ms
        if last_ms is not None and time_ms <= last_ms:
            return
        step_ms = missed = 0
        if last_ms is not None:
            step_ms = time_ms - last_ms
            feed.steps_ms.append(step_ms)
            if feed.interval_s and step_ms > 1500.0 * feed.interval_s:
                missed = self._missing(step_ms / 1000.0, feed.interval_s) - 1
                feed.gaps += missed > 0
        feed.last_ms = time_ms
        bucket = int(now_s / self._bucket_s)
        if not feed.buckets or feed.buckets[-1][0] != bucket:
            feed.buckets.append([bucket, 0, 0, 0])
        newest = feed.buckets[-1]
        newest[1] += 1
        if missed:
            newest[2] += missed
            newest[3] += 0 if step_ms > 1000.0 * self._patience_s(feed) else missed

    def resume(self, now_s: float) -> None:
        """The connection to the broker is back: silence counts from here."""
        self._resumed_s = now_s

    def changes(self, now_s: float) -> list[Change]:
        """Troubles that began or ended since the last call; every ten seconds or so, while connected."""
        found = []
        for asset, feed in list(self._feeds.items()):
            if now_s - feed.seen_s > self._options.forgotten_after_s and not feed.given:
                del self._feeds[asset]
                trouble = None
            else:
                self._learn(feed)
                self._age(feed, now_s)
                trouble = self._trouble(feed, now_s)
            if trouble != feed.trouble:
                feed.trouble = trouble
                found.append(Change(asset, trouble))
        return found

    def states(self, now_s: float) -> Iterator[FeedState]:
        """Every feed, as of the last call of `changes`."""
        for asset, feed in self._feeds.items():
            yield FeedState(
                asset=asset,
                age_s=max(0.0, now_s - feed.seen_s),
                interval_s=feed.interval_s,
                gaps=feed.gaps,
                loss_percent=self._loss_percent(feed, now_s),
                trouble=feed.trouble,
            )

    def known(self) -> dict[str, float]:
        """What a restart needs, so that a sensor that dies with the agent is missed as well."""
        return {asset: feed.interval_s for asset, feed in self._feeds.items() if feed.interval_s}

    def _new(self, asset: str, now_s: float, known_s: float | None) -> Feed:
        given_s = self._options.intervals_s.get(asset)
        return Feed(seen_s=now_s, interval_s=given_s or known_s, given=given_s is not None)

    def _missing(self, silence_s: float, interval_s: float) -> int:
        return round(min(silence_s, self._options.window_s) / interval_s)

    def _learn(self, feed: Feed) -> None:
        """A low step of a steady feed, which a loss of up to half does not hide; else one of its long pauses."""
        if feed.given or len(feed.steps_ms) < LEARN_FROM:
            return
        tenths = quantiles(feed.steps_ms, n=10, method="inclusive")
        steady = fmean(feed.steps_ms) <= 2.0 * tenths[2]
        feed.interval_s = (tenths[2] if steady else tenths[8]) / 1000.0

    def _age(self, feed: Feed, now_s: float) -> None:
        while feed.buckets and feed.buckets[0][0] <= int(now_s / self._bucket_s) - BUCKETS:
            feed.buckets.popleft()

    def _silence_s(self, feed: Feed, now_s: float) -> float:
        return now_s - max(feed.seen_s, self._resumed_s)

    def _is_silent(self, feed: Feed, now_s: float) -> bool:
        return feed.interval_s is not None and self._silence_s(feed, now_s) > self._patience_s(feed)

    def _patience_s(self, feed: Feed) -> float:
        return max(self._options.silent_after_s, self._options.silent_after_intervals * (feed.interval_s or 0.0))

    def _trouble(self, feed: Feed, now_s: float) -> Trouble | None:
        if self._is_silent(feed, now_s):
            return Trouble.SILENT
        received = sum(bucket[1] for bucket in feed.buckets)
        scattered = sum(bucket[3] for bucket in feed.buckets)
        lossy = 100.0 * scattered > self._options.lossy_percent * (received + scattered)
        return Trouble.LOSSY if lossy else None

    def _loss_percent(self, feed: Feed, now_s: float) -> float:
        received = sum(bucket[1] for bucket in feed.buckets)
        missed = sum(bucket[2] for bucket in feed.buckets)
        if feed.interval_s and self._is_silent(feed, now_s):
            missed += self._missing(self._silence_s(feed, now_s), feed.interval_s)
        return 100.0 * missed / (received + missed) if missed else 0.0


def feeds_of(text: str) -> FeedOptions:
    """What the variable FEEDS asks for: `asset=seconds` or `asset=off`, separated by commas or spaces.

    Raises:
        ValueError: names the entry that is wrong.
    """
    intervals_s: dict[str, float] = {}
    ignored: set[str] = set()
    for entry in text.replace(",", " ").split():
        found = _ENTRY.fullmatch(entry)
        seconds = float(found[2]) if found and found[2] != "off" else None
        if found is None or (seconds is not None and not 0.0 < seconds <= LONGEST_INTERVAL_S):
            raise ValueError(f"FEEDS: {entry!r} must be like battery=10 (seconds, up to a week) or old_meter=off")
        if seconds is None:
            ignored.add(found[1])
        else:
            intervals_s[found[1]] = seconds
    if twice := sorted(ignored & intervals_s.keys()):
        raise ValueError(f"FEEDS: {twice[0]} is both off and expected")
    return FeedOptions(intervals_s=intervals_s, ignored=frozenset(ignored))


def feed_line(home: str, state: FeedState, time_ms: int) -> str:
    """A point of the measurement `feeds`."""
    fields: dict[str, float | str | None] = {
        "age_s": round(state.age_s, 1),
        "interval_s": state.interval_s,
        "gaps": state.gaps,
        "loss_percent": round(state.loss_percent, 2),
        "silent": state.trouble is Trouble.SILENT,
    }
    return line("feeds", {"home": home, "asset": state.asset}, fields, time_ms)
