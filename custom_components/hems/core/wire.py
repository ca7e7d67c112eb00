"""Every message of the engine as JSON and back, without loss, and the schema that describes it.

Both ends use this module. Reading is strict: an unknown field, a wrong type, NaN or a value that its
own class refuses raises `WireError`, which names each field by its path.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from .model import Plan, PlanRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one field of a message."""

    field: str
    """Path, e.g. `site.assets[2].max_charge_kw`; empty for the whole message."""
    message: str


class WireError(ValueError):
    """A message could not be read."""

    def __init__(self, message: str, errors: tuple[FieldError, ...]) -> None:
        """`errors` holds at least one entry."""
        super().__init__(f"{message}: " + "; ".join(f"{error.field or 'message'}: {error.message}" for error in errors))
        self.errors = errors


@cache
def adapter_of[T](message: type[T]) -> TypeAdapter[T]:
    """The reader and writer of a message type; built once, as that takes tens of milliseconds."""
    return TypeAdapter(message)


def encode(message: object) -> bytes:
    """A message as JSON."""
    return adapter_of(type(message)).dump_json(message)


def decode[T](message: type[T], data: bytes | str) -> T:
    """JSON as a message.

    Raises:
        WireError: it is not JSON, or not a valid message of that type.
    """
    try:
        return adapter_of(message).validate_json(data)
    except ValidationError as error:
        raise WireError(f"not a valid {message.__name__}", _field_errors(error)) from error


def to_plain(message: object) -> Any:
    """A message as plain dicts, lists, strings and numbers (for diagnostics and Home Assistant's own JSON)."""
    return adapter_of(type(message)).dump_python(message, mode="json")


def schemas() -> dict[str, Any]:
    """JSON Schemas (2020-12, as in OpenAPI 3.1) of the messages and everything they contain, by name."""
    _, definitions = TypeAdapter.json_schemas(
        [(message, "validation", adapter_of(message)) for message in (PlanRequest, Plan)],
        ref_template="#/components/schemas/{model}",
    )
    return dict(definitions["$defs"])


def _field_errors(error: ValidationError) -> tuple[FieldError, ...]:
    return tuple(
        FieldError(field=_path(entry["loc"]), message=entry["msg"].removeprefix("Value error, "))
        for entry in error.errors(include_url=False)
    )


def _path(location: tuple[int | str, ...]) -> str:
    """`('site', 'assets', 2, 'battery', 'max_charge_kw')` as `site.assets[2].max_charge_kw`."""
    path = ""
    after_index = False
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif not (after_index and part in _kinds()):
            path += f".{part}" if path else part
        after_index = isinstance(part, int)
    return path


@cache
def _kinds() -> frozenset[str]:
    """Tags that pydantic puts into the path for tagged unions; they are not fields."""
    return frozenset(
        schema["properties"]["kind"]["const"]
        for schema in schemas().values()
        if "const" in schema.get("properties", {}).get("kind", {})
    )
