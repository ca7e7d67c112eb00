"""Every message of the engine as JSON and back, without loss, and the schema that describes it.

Both ends use this module. Reading is strict: an unknown field, a wrong type, NaN or a value that its
own class refuses raises `WireError`, which names each field by its path.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
import re
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from .model import Plan, PlanRequest
from .model.load_learning import LearnedLoad, LearnLoadRequest, LoadForecast, LoadForecastRequest

API_VERSION = 1
"""Raised when an older integration and a newer engine (or the reverse) could misunderstand each other."""

_SAID_BY_CLASS = re.compile(r"(?P<owner>[^:]+): (?P<field>[a-z][a-z0-9_]*)?")
"""The checks of the model say `owner: field must ...`; `owner` may be a path such as `tariff.import_price`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one field of a message."""

    field: str
    """Path, e.g. `site.assets[2].max_charge_kw`; empty for the whole message."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A refusal, as RFC 9457 wants it (application/problem+json)."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "ignore", "strict": True}

    type: str
    title: str
    status: int
    detail: str = ""
    errors: tuple[FieldError, ...] = ()
    """Each field of the message that is wrong, where it is the message that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPlan:
    """The plan that the engine made last."""

    at: datetime
    seconds: float
    """From the arrival of the request to its answer."""
    outcome: str
    """Kind of its outcome, e.g. optimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineHealth:
    """How the engine is; read leniently, so that another version can at least be recognised."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "ignore", "strict": True}

    api: int
    """`API_VERSION` of the engine."""
    version: str
    status: str
    """ok: it can solve; starting: it soon can; degraded: it answers with plans made by rule."""
    solver: str | None = None
    """Names and versions, once the worker has loaded them."""
    worker: str = ""
    """starting, ready, busy, failed or stopped."""
    worker_restarts: int = 0
    waiting: int = 0
    """Requests that are being planned or wait for it."""
    uptime_s: float = 0.0
    last_plan: LastPlan | None = None


class WireError(ValueError):
    """A message could not be read."""

    def __init__(self, message: str, errors: tuple[FieldError, ...], *, is_json: bool = True) -> None:
        """`errors` holds at least one entry; `is_json` tells a wrong message from something that is none."""
        said = [f"{error.field or 'message'}: {error.message}" for error in errors[:5]]
        if len(errors) > len(said):
            said.append(f"and {len(errors) - len(said)} more")
        super().__init__(f"{message}: " + "; ".join(said))
        self.errors = errors
        self.is_json = is_json


_MESSAGES = (
    PlanRequest,
    Plan,
    LearnLoadRequest,
    LearnedLoad,
    LoadForecastRequest,
    LoadForecast,
    EngineHealth,
    Problem,
)
"""What travels between the two ends."""
_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def adapter_of[T](message: type[T]) -> TypeAdapter[T]:
    """The reader and writer of a message type; built once, as that takes tens of milliseconds."""
    if message not in _ADAPTERS:
        _ADAPTERS[message] = TypeAdapter(message)
    return _ADAPTERS[message]


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
        is_json = all(entry["type"] != "json_invalid" for entry in error.errors(include_url=False, include_input=False))
        raise WireError(f"not a valid {message.__name__}", _field_errors(message, error), is_json=is_json) from error


def to_plain(message: object) -> Any:
    """A message as plain dicts, lists, strings and numbers (for diagnostics and Home Assistant's own JSON)."""
    return adapter_of(type(message)).dump_python(message, mode="json")


@cache
def schemas() -> dict[str, Any]:
    """JSON Schemas (2020-12, as in OpenAPI 3.1) of the messages and everything they contain, by name."""
    _, definitions = TypeAdapter.json_schemas(
        [(message, "validation", adapter_of(message)) for message in _MESSAGES],
        ref_template="#/components/schemas/{model}",
    )
    return dict(definitions["$defs"])


def _field_errors(message: type, error: ValidationError) -> tuple[FieldError, ...]:
    return tuple(
        FieldError(
            field=_path(_with_named_field(message, entry["loc"], entry["msg"], entry["input"])),
            message=entry["msg"].removeprefix(_REFUSED),
        )
        for entry in error.errors(include_url=False)[:_MOST_ERRORS]
    )


_MOST_ERRORS = 50
_REFUSED = "Value error, "
"""What pydantic puts before the words of a class's own check."""


type Location = tuple[int | str, ...]


def _with_named_field(message: type, location: Location, text: str, value: object) -> Location:
    """The location of a class's own refusal, made longer by the field that the refusal names."""
    said = _SAID_BY_CLASS.match(text.removeprefix(_REFUSED)) if text.startswith(_REFUSED) else None
    if said is None:
        return location
    fields = _fields_at(message, location)
    owner = said["owner"].split(".")
    if owner[0] in fields and " " not in owner[-1]:
        return (*location, *owner)
    if said["field"] in fields:
        return (*location, said["field"])
    # What a request says about the state of one asset: `name.field: ...` or `name: ...`.
    states = value.get("states", ()) if isinstance(value, dict) and "states" in fields else ()
    for index, state in enumerate(states):
        name = state["asset"]
        if said["owner"] == name:
            return (*location, "states", index)
        if said["owner"].startswith(f"{name}.") and "." not in (field := said["owner"].removeprefix(f"{name}.")):
            return (*location, "states", index, field)
    return location


def _fields_at(message: type, location: Location) -> frozenset[str]:
    """The fields of the class that is found at `location` in a message."""
    definitions = schemas()
    schema: dict[str, Any] = definitions.get(message.__name__, {})
    for part in (*location, None):
        schema = _resolved(schema, definitions)
        if part is None:
            break
        if isinstance(part, int):
            schema = schema.get("items", {})
        elif "discriminator" in schema:
            schema = {"$ref": schema["discriminator"]["mapping"].get(part, "")}
        else:
            schema = schema.get("properties", {}).get(part, {})
    return frozenset(schema.get("properties", {}))


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """What a reference, or an optional one, stands for."""
    for choice in schema.get("anyOf", ()):
        if "$ref" in choice:
            schema = choice
    while "$ref" in schema:
        schema = definitions.get(schema["$ref"].rpartition("/")[2], {})
    return schema


def _path(location: Location) -> str:
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


# Now, while Home Assistant imports this module in a thread, rather than later in its event loop.
for _message in _MESSAGES:
    adapter_of(_message)
