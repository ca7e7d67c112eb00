"""The published JSON Schemas, one file a message."""

from collections.abc import Mapping
from typing import Any

from ..model.grid_event import EventCancel, EventRequest
from .events import EventAnswer
from .plan import PlanMessage
from .reading import adapter_of
from .sealed import Sealed
from .status import Announcement, Flexibility, Status
from .telemetry import Telemetry

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MESSAGES: Mapping[str, type] = {
    "telemetry": Telemetry,
    "plan": PlanMessage,
    "flexibility": Flexibility,
    "status": Status,
    "event-request": EventRequest,
    "event-cancel": EventCancel,
    "event-state": EventAnswer,
    "stack-announce": Announcement,
    "sealed": Sealed,
}
"""By name of the file."""


def schemas() -> dict[str, dict[str, Any]]:
    """Every schema (2020-12), by name of its message."""
    return {name: {"$schema": DIALECT} | _schema(message) | {"title": name} for name, message in MESSAGES.items()}


def _schema(message: type) -> dict[str, Any]:
    """Where a message is told apart by its kind, the kind must be there."""
    schema = adapter_of(message).json_schema()
    for variant in schema.get("discriminator", {}).get("mapping", {}).values():
        schema["$defs"][variant.rpartition("/")[2]]["required"].append("kind")
    return schema
