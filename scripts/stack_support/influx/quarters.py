"""The one kind of Flux that computes something: the agent's quarters of an hour."""

from collections.abc import Iterator
import re

from .points import SECOND_NS, Points, Series, Value, nanoseconds, range_of

QUARTER_NS = 900 * SECOND_NS
_TARGET = re.compile(r'to\(bucket:\s*"([^"]+)"\)')
_LAST_FIELDS = re.compile(r"r\._field =~ /(\^[^/]+\$)/")
_LAST_MEASUREMENTS = re.compile(r'r\._measurement == "([^"]+)"')


def target_of(flux: str) -> str | None:
    """The bucket that a query writes to, if it does."""
    found = _TARGET.search(flux)
    return found[1] if found else None


def quarters(points: Points, flux: str) -> Iterator[tuple[Series, str, int, Value]]:
    """`aggregateWindow(every: 15m)`, by the mean or the last value as the filters say. Raises ValueError."""
    start_ns, stop_ns = (nanoseconds(limit) for limit in range_of(flux))
    fields, measurements = _LAST_FIELDS.search(flux), set(_LAST_MEASUREMENTS.findall(flux))
    if fields is None or flux.count("aggregateWindow(every: 15m") != 2:
        raise ValueError("error in query: not the agent's")
    windows: dict[tuple[Series, str, int], list[Value]] = {}
    for series, name, time_ns, value in points.rows():
        if start_ns <= time_ns < stop_ns:
            # A window is cut where the range is.
            windows.setdefault((series, name, max(start_ns, time_ns // QUARTER_NS * QUARTER_NS)), []).append(value)
    for (series, name, time_ns), values in windows.items():
        if re.match(fields[1], name) or series[0] in measurements:
            yield series, name, time_ns, values[-1]
        else:
            yield series, name, time_ns, _mean(name, values)


def _mean(name: str, values: list[Value]) -> float:
    numbers = [float(value) for value in values if not isinstance(value, str | bool)]
    if len(numbers) < len(values):
        raise ValueError(f"unsupported input type for mean aggregate: {name}")
    return sum(numbers) / len(numbers)
