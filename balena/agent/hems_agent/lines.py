"""InfluxDB line protocol: `measurement,tag=… field=… time`.

One point a line, times in ms, tags in the order of the alphabet, every number a float.
"""

from collections.abc import Iterable, Mapping
from math import isfinite

_TAG = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})
_TEXT = str.maketrans({'"': r"\"", "\\": r"\\"})


def head(measurement: str, tags: Mapping[str, str]) -> str:
    """The part of a line that all points of a series share, up to the space before its fields.

    Raises:
        ValueError: a tag that line protocol cannot carry: empty, with a control character, or ending in a backslash.
    """
    return ",".join([measurement, *(f"{key}={_tag(key, tags[key])}" for key in sorted(tags))]) + " "


def point(series: str, values: Mapping[str, float], time_ms: int) -> str:
    """A line of a series with finite numbers, at least one; not checked, as this is done a thousand times a second."""
    return f"{series}{','.join([f'{name}={value!r}' for name, value in values.items()])} {time_ms}\n"


def line(measurement: str, tags: Mapping[str, str], fields: Mapping[str, float | str | None], time_ms: int) -> str:
    """Any point; fields that are None are left out, numbers become floats. Empty when no field is left.

    Raises:
        ValueError: as for `head`, or a number that is not finite, or a text with a control character.
    """
    told = [f"{name}={_field(name, value)}" for name, value in fields.items() if value is not None]
    return f"{head(measurement, tags)}{','.join(told)} {time_ms}\n" if told else ""


def joined(lines: Iterable[str]) -> bytes:
    """Lines as they are sent."""
    return "".join(lines).encode()


def _tag(key: str, value: str) -> str:
    if not value or not value.isprintable() or value.endswith("\\"):
        raise ValueError(f"{key}: a tag must be printable and must not end in a backslash, got {value!r}")
    return value.translate(_TAG)


def _field(name: str, value: float | str) -> str:
    if isinstance(value, str):
        if any(ord(character) < ord(" ") for character in value):
            raise ValueError(f"{name}: a text must have no control characters, got {value!r}")
        return f'"{value.translate(_TEXT)}"'
    if not isfinite(value):
        raise ValueError(f"{name}: must be a finite number, got {value}")
    return repr(float(value))
