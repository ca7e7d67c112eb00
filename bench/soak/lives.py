"""Memory of each service over a run in which it may be restarted, and what it gave to the disk."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import mean

from bench.recovery.footprint import MIB, Used

HOUR_S = 3600.0
SHORTEST_LIFE_S = 900.0
"""Of a process whose growth says anything."""
WARM_S = 240.0
"""What a process takes at its start is no leak."""
AT_EACH_END = 3


@dataclass(slots=True)
class Life:
    """Between two starts: times since the beginning of the run, and bytes of RSS."""

    looks: list[tuple[float, int]] = field(default_factory=list)

    @property
    def warm(self) -> list[tuple[float, int]]:
        """Without its first minutes."""
        return [look for look in self.looks if look[0] - self.looks[0][0] >= WARM_S]

    @property
    def seconds(self) -> float:
        """That it was looked at."""
        return self.looks[-1][0] - self.looks[0][0] if self.looks else 0.0

    @property
    def growth_bytes_h(self) -> float | None:
        """From the first looks to the last ones; None for a short life."""
        warm = self.warm
        if self.seconds < SHORTEST_LIFE_S or len(warm) < 2 * AT_EACH_END:
            return None
        first, last = warm[:AT_EACH_END], warm[-AT_EACH_END:]
        grown = mean(rss for _, rss in last) - mean(rss for _, rss in first)
        return grown / (mean(at for at, _ in last) - mean(at for at, _ in first)) * HOUR_S


class Lives:
    """Of all services."""

    def __init__(self) -> None:
        self._lives: dict[str, list[Life]] = {}
        self._starts: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self.written: dict[str, int] = {}
        """Bytes; without what a process wrote between the last look and its end."""

    def tell(self, at_s: float, used: Mapping[str, Used], starts: Mapping[str, int]) -> None:
        """One look; `starts` counts those of each service."""
        for name, one in used.items():
            if not one.rss:
                continue
            if starts[name] != self._starts.get(name):
                self._lives.setdefault(name, []).append(Life())
                before, self._starts[name] = (0 if name in self._starts else one.written), starts[name]
            else:
                before = self._last[name]
            self._lives[name][-1].looks.append((at_s, one.rss))
            self.written[name] = self.written.get(name, 0) + max(0, one.written - before)
            self._last[name] = one.written

    def figures(self) -> Iterator[tuple[str, str, float]]:
        """Service, metric, value."""
        for name, lives in self._lives.items():
            looks = [look for life in lives for look in life.looks]
            yield name, "starts", len(lives)
            yield name, "rss_start_mb", looks[0][1] / MIB
            yield name, "rss_middle_mb", looks[len(looks) // 2][1] / MIB
            yield name, "rss_end_mb", looks[-1][1] / MIB
            yield name, "rss_worst_mb", max(rss for _, rss in looks) / MIB
            longest = max(lives, key=lambda life: life.seconds)
            if (growth := longest.growth_bytes_h) is not None:
                yield name, "longest_life_min", longest.seconds / 60.0
                yield name, "rss_growth_mb_per_h", growth / MIB
            yield name, "written_mb", self.written[name] / MIB
