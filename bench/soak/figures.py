"""What a soak has found, as rows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
import re
from statistics import median

from .faults import Fault
from .injector import Done
from .probes import Timeline

type Row = tuple[str, str, float | int]

NOTICED_WITHIN_S = 20.0
"""Who was hurt and is still well then has not suffered; a broker's silence is seen last."""
_LINE = re.compile(r"^(?:\x1b\[\d+m)?\d{4}-\d\d-\d\d \S+ (ERROR|WARNING|CRITICAL) \([^)]*\) \[([\w.]+)\]")


def availability(case: str, timeline: Timeline) -> Iterator[Row]:
    """Of the seconds of the run, all faults included."""
    outages = timeline.outages()
    yield case, "available_percent", 100.0 * timeline.share
    yield case, "outages", len(outages)
    yield case, "away_s", sum(outages)
    yield case, "longest_outage_s", max(outages, default=0.0)


def of_faults(done: Sequence[Done], left_out: Sequence[Fault], timelines: Mapping[str, Timeline]) -> Iterator[Row]:
    """By kind and service: how many, and how long the service was away after each."""
    backs: dict[str, list[float | None]] = {}
    rescued: Counter[str] = Counter()
    for one, until in _with_ends(done):
        case = f"{one.fault.kind} {one.fault.service}"
        back = timelines[one.fault.service].back_after(one.begun, NOTICED_WITHIN_S, until)
        backs.setdefault(case, []).append(back)
        rescued[case] += one.rescued
    for case, found in sorted(backs.items()):
        yield case, "faults", len(found)
        if returned := [back for back in found if back is not None]:
            yield case, "away_p50_s", median(returned)
            yield case, "away_worst_s", max(returned)
        yield case, "not_back", found.count(None)
        if case.startswith(("hang", "freeze")):
            yield case, "restarted_by_somebody", rescued[case]
    yield "all of these", "faults", len(done)
    yield "all of these", "faults_left_out", len(left_out)


def _with_ends(done: Sequence[Done]) -> Iterator[tuple[Done, float]]:
    """With the next fault of the same service, whose doing everything later is."""
    for service in {one.fault.service for one in done}:
        mine = [one for one in done if one.fault.service == service]
        yield from ((one, later.begun) for one, later in pairwise(mine))
        yield mine[-1], float("inf")


def complaints(log: Iterable[str]) -> Iterator[Row]:
    """Lines of Home Assistant's log by level and logger, the most frequent first."""
    found: Counter[tuple[str, str]] = Counter(
        (match[1].lower(), match[2]) for line in log if (match := _LINE.match(line))
    )
    for level in ("critical", "error", "warning"):
        yield "homeassistant's log", f"{level}s", sum(count for (what, _), count in found.items() if what == level)
    for (level, logger), count in found.most_common():
        yield "homeassistant's log", f"{level} {logger}", count
