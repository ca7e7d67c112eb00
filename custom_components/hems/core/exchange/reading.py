"""One strict reading for every message, with errors that say what to send instead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from .quantities import QUANTITIES

LARGEST_BYTES = 65536
"""No message of this interface is larger, but for what is sealed."""
_MOST_ERRORS = 5
_VALUE_CHARACTERS = 60
_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one field."""

    field: str
    """Path, e.g. `values.power_kw`; empty for the whole message."""
    value: str
    """What stood there, shortened; empty where nothing did."""
    message: str
    """What was expected, and what to send instead."""

    def __str__(self) -> str:
        """One line for people."""
        said = f"got {self.value}, {self.message}" if self.value else self.message
        return f"{self.field}: {said}" if self.field else said


class ExchangeError(ValueError):
    """A message that cannot be used."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        """At least one error."""
        self.errors = tuple(errors)
        super().__init__("; ".join(str(error) for error in self.errors))


def adapter_of[T](message: type[T]) -> TypeAdapter[T]:
    """The reader and writer of a message; built once, as that takes a while."""
    if message not in _ADAPTERS:
        _ADAPTERS[message] = TypeAdapter(message)
    return _ADAPTERS[message]


def encode(message: object) -> bytes:
    """A message as compact JSON; what is None is left out."""
    return adapter_of(type(message)).dump_json(message, exclude_none=True)


def read[T](message: type[T], payload: bytes | bytearray | str, largest_bytes: int = LARGEST_BYTES) -> T:
    """JSON as a message.

    Raises:
        ExchangeError: it is too large, no JSON, or not a valid message of that type.
    """
    if len(payload) > largest_bytes:
        told = f"a message has at most {largest_bytes} bytes, got {len(payload)}; split it"
        raise ExchangeError((FieldError(field="", value="", message=told),))
    try:
        found: T = _ADAPTERS[message].validate_json(payload)
    except ValidationError as error:
        raise ExchangeError(_told(entry) for entry in error.errors(include_url=False)[:_MOST_ERRORS]) from error
    return found


def _told(entry: Mapping[str, Any]) -> FieldError:
    kind, location = str(entry["type"]), tuple(entry["loc"])
    if kind == "union_tag_not_found":
        location, kind = (*location, "kind"), "missing"
    elif kind == "union_tag_invalid":
        location = (*location, "kind")
    elif len(location) > 1 and location[0] in _tags():
        # A tagged union puts its tag into the path; it is not a field.
        location = location[1:]
    field = ".".join(str(part) for part in location)
    given = "" if kind in {"missing", "json_invalid"} else _shown(entry["input"], kind, entry.get("ctx", {}))
    return FieldError(field=field, value=given, message=_way_out(kind, location, entry))


_NUMBER = "must be a plain number; leave it out where it is not known"
_TIME = "must be a time such as 2026-11-21T12:00:00Z"
_MISSING = "is missing; add it"
_UNKNOWN = "unknown; leave it out"
_OBJECT = "must be a JSON object; send one in braces"
_WAYS_OUT: Mapping[str, str] = {
    "dataclass_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "missing": _MISSING,
    "missing_keyword_only_argument": _MISSING,
    "unexpected_keyword_argument": _UNKNOWN,
    "extra_forbidden": _UNKNOWN,
    "timezone_aware": "a time needs its zone; end it with Z or an offset such as +01:00",
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_type": _TIME,
    "finite_number": _NUMBER,
    "float_type": _NUMBER,
    "int_type": _NUMBER,
    "int_from_float": _NUMBER,
}
"""By pydantic's type of error: what to send instead."""


def _way_out(kind: str, location: tuple[Any, ...], entry: Mapping[str, Any]) -> str:
    """What to send instead, for the errors that people make."""
    name, context = str(location[-1]) if location else "", entry.get("ctx", {})
    if kind == "json_invalid":
        return f"not JSON ({context.get('error', '')}); send one JSON object in UTF-8"
    if kind == "union_tag_invalid":
        return f"must be one of {context.get('expected_tags', '')}"
    if location[:1] == ("values",):
        known = QUANTITIES.get(name)
        if known is not None and kind in {"greater_than_equal", "less_than_equal"}:
            return f"must be between {known.low:g} and {known.high:g} {known.unit}".rstrip() + "; check its unit"
        if near := get_close_matches(name, QUANTITIES, n=1) if known is None else []:
            return f"unknown; use {near[0]}"
    text = str(entry["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return _WAYS_OUT.get(kind, text[:1].lower() + text[1:])


def _shown(value: object, kind: str, context: Mapping[str, Any]) -> str:
    if kind == "union_tag_invalid":
        value = context.get("tag", "")
    if isinstance(value, dict):
        return "an object"
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _VALUE_CHARACTERS else f"{text[:_VALUE_CHARACTERS]}…"


def _tags() -> frozenset[str]:
    """The kinds of events, which pydantic puts into the path of their fields."""
    return frozenset({"import_limit", "export_limit", "level", "setpoint"})
