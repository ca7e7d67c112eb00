"""Points of the stand-in for InfluxDB: line protocol in, annotated CSV out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
import hashlib
import re

type Value = float | int | bool | str
type Series = tuple[str, tuple[tuple[str, str], ...]]

SECOND_NS = 1_000_000_000
PRECISIONS = {"ns": 1, "us": 1000, "ms": 1_000_000, "s": SECOND_NS}
_FROM = re.compile(r'from\(bucket:\s*"([^"]+)"\)')
_RANGE = re.compile(r"range\(start:\s*([^,\s]+),\s*stop:\s*([^)\s]+)\)")
_MEASUREMENTS = re.compile(r'r\._measurement == "([^"]+)"')


class Unsigned(int):
    """An unsigned integer, which is another type of field."""


@dataclass(slots=True)
class Points:
    """What a bucket holds: a value for each series, field and time; a repeat overwrites."""

    values: dict[tuple[Series, str], dict[int, Value]] = field(default_factory=dict)

    def write(self, text: str, precision: str, now_ns: int) -> int:
        """All lines or none. Raises ValueError as InfluxDB words it."""
        parsed = [point for line in text.splitlines() if line and not line.startswith("#") for point in [parse(line)]]
        for series, fields, _ in parsed:
            for name, value in fields.items():
                kept = self.values.get((series, name))
                if kept and type(next(iter(kept.values()))) is not type(value):
                    raise ValueError(f"partial write: field type conflict: input field {name!r} dropped=1")
        for series, fields, time in parsed:
            time_ns = now_ns if time is None else time * PRECISIONS[precision]
            for name, value in fields.items():
                self.values.setdefault((series, name), {})[time_ns] = value
        return len(parsed)

    def rows(self) -> Iterator[tuple[Series, str, int, Value]]:
        """Series, field, time in ns and value, in order."""
        for (series, name), values in sorted(self.values.items(), key=lambda item: item[0]):
            for time_ns, value in sorted(values.items()):
                yield series, name, time_ns, value

    def count(self) -> int:
        """How many values."""
        return sum(len(values) for values in self.values.values())

    def checksum(self) -> str:
        """The same for the same points, in whatever order and how often they came."""
        digest = hashlib.sha256()
        for row in self.rows():
            digest.update(repr(row).encode())
        return digest.hexdigest()

    def query(self, flux: str) -> str:
        """`from |> range |> filter by measurements`, each optional part as the agent writes it; annotated CSV."""
        start_ns, stop_ns = (nanoseconds(limit) for limit in range_of(flux))
        wanted = set(_MEASUREMENTS.findall(flux))
        blocks: list[str] = []
        for table, ((series, name), values) in enumerate(sorted(self.values.items(), key=lambda item: item[0])):
            chosen = {time: value for time, value in sorted(values.items()) if start_ns <= time < stop_ns}
            if chosen and (not wanted or series[0] in wanted):
                blocks.append(_table(table, series, name, chosen))
        return "".join(blocks) or "\r\n"


def bucket_of(flux: str) -> str:
    """The bucket that a query reads. Raises ValueError where there is none."""
    found = _FROM.search(flux)
    if found is None:
        raise ValueError("error in query: no bucket")
    return found[1]


def range_of(flux: str) -> tuple[str, str]:
    """From when to when a query reads. Raises ValueError where it does not say."""
    limits = _RANGE.search(flux)
    if limits is None:
        raise ValueError("error in query: no range")
    return limits[1], limits[2]


def _table(table: int, series: Series, name: str, values: dict[int, Value]) -> str:
    kind = {float: "double", int: "long", Unsigned: "unsignedLong", bool: "boolean", str: "string"}[
        type(next(iter(values.values())))
    ]
    measurement, tags = series
    columns = ["result", "table", "_time", "_value", "_field", "_measurement", *(key for key, _ in tags)]
    shared = ",".join(map(_quoted, (name, measurement, *(value for _, value in tags))))
    groups = ",".join(["#group", *["false"] * 4, *["true"] * (2 + len(tags))])
    lines = [
        ",".join(["#datatype", "string", "long", "dateTime:RFC3339", kind, *["string"] * (2 + len(tags))]),
        groups,
        ",".join(["#default", "_result", *[""] * (5 + len(tags))]),
        "," + ",".join(columns),
        *(f",,{table},{rfc3339(time)},{_quoted(_text(value))},{shared}" for time, value in values.items()),
        "",
        "",
    ]
    return "\r\n".join(lines)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n]', text) else text


def nanoseconds(text: str) -> int:
    """From RFC 3339 with up to nine decimals."""
    whole, _, decimals = text.rstrip("Z").partition(".")
    return int(datetime.fromisoformat(f"{whole}+00:00").timestamp()) * SECOND_NS + int(decimals.ljust(9, "0") or 0)


def rfc3339(time_ns: int) -> str:
    """As InfluxDB writes times."""
    seconds, rest = divmod(time_ns, SECOND_NS)
    decimals = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{decimals}Z"


def parse(line: str) -> tuple[Series, dict[str, Value], int | None]:
    """A line of line protocol. Raises ValueError as InfluxDB words it."""
    try:
        head = _split(line, " ")[0]
        fields, *time = _split(line[len(head) + 1 :], " ", quotes=True)
        measurement, *tags = _split(head, ",")
        pairs = tuple(sorted((_plain(key), _plain(value)) for key, value in (_split(tag, "=") for tag in tags)))
        entries = (_split(entry, "=", quotes=True) for entry in _split(fields, ",", quotes=True))
        values = {_plain(key): _value(value) for key, value in entries}
        return (_plain(measurement), pairs), values, int(time[0]) if time else None
    except (ValueError, IndexError) as err:
        raise ValueError(f"unable to parse '{line}': {err}") from err


def _value(text: str) -> Value:
    if text.startswith('"'):
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if text in {"t", "T", "true", "True", "TRUE"}:
        return True
    if text in {"f", "F", "false", "False", "FALSE"}:
        return False
    if text.endswith("i"):
        return int(text[:-1])
    return Unsigned(text[:-1]) if text.endswith("u") else float(text)


def _plain(text: str) -> str:
    return re.sub(r"\\([,= \\])", r"\1", text)


def _split(text: str, separator: str, *, quotes: bool = False) -> list[str]:
    """At separators that are not escaped nor, among fields, inside quotes."""
    parts, quoted, escaped = [""], False, False
    for character in text:
        if escaped or character == "\\":
            escaped = not escaped
        elif character == '"' and quotes:
            quoted = not quoted
        elif character == separator and not quoted:
            parts.append("")
            continue
        parts[-1] += character
    return parts
